"""A complete nginx configuration for one exam server: TLS 1.3, a certificate from everybody, a budget for each device.

The application is reached by its unix socket only. What identifies a machine is set here and overwrites whatever the
client sent. A machine that asks more than its budget is told to wait (429) before it costs the application anything.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from kaopei.edge.settings import BadSettings, Settings

# An honest terminal saves about once a second and pulses every few; a staff page brings a dozen files at once.
DEVICE_RATE, DEVICE_BURST, DEVICE_CONNECTIONS = 20, 80, 24
PARCEL_MIB = 512
STRANGER = "这台机器没有出示本考点签发的有效证书（没有、过期、被吊销，或别处签发）。请用登记过的机器，或请系统管理员处理。"
SLOWER = '{"error":"slower","text":"这台机器请求太快，请稍候再试。"}'
AWAY = '{"error":"away","text":"考试服务器正在启动或切换，请稍候，不要离开座位。"}'


@dataclass(frozen=True)
class Place:
    """Where nginx listens and keeps its files. `user` is empty when nginx is not started as root."""

    listen: tuple[str, ...]
    names: tuple[str, ...]
    folder: Path
    revoked: Path | None = None
    user: str = ""
    rate: int = DEVICE_RATE
    workers: str = "auto"


def configuration(settings: Settings, place: Place) -> str:
    """The text of nginx.conf; BadSettings if the server is not set up for it."""
    if settings.socket is None:
        raise BadSettings('请先在 config.toml 里设 listen = "unix:edge.sock"：nginx 只经本机套接字找程序。')
    missing = [name for name in ("tls_certificate", "tls_key", "site_ca") if getattr(settings, name) is None]
    if missing:
        raise BadSettings(f"config.toml 还没有设 {'、'.join(missing)}（本机证书、其私钥、考点证书机构的证书）。")
    blocks = [_top(place), "events { worker_connections 4096; }", "http {", _http(place, settings), "}"]
    return "\n".join(blocks) + "\n"


def _top(place: Place) -> str:
    lines = [
        "# 由 ./run edge nginx 生成：改动请改 config.toml 后重新生成。",
        f"worker_processes {place.workers};",
        "worker_rlimit_nofile 16384;",
        f"pid {place.folder}/nginx.pid;",
        f"error_log {place.folder}/error.log warn;",
    ]
    return "\n".join([f"user {place.user};", *lines] if place.user else lines)


def _http(place: Place, settings: Settings) -> str:
    folder = place.folder
    temporary = "\n".join(f"  {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""  default_type application/octet-stream;
  server_tokens off;
  access_log {folder}/access.log;
{temporary}
  # One budget a device: the key of the certificate, and the address for those that have none.
  map $ssl_client_fingerprint $device {{ default $ssl_client_fingerprint; "" $remote_addr; }}
  limit_req_zone $device zone=device:4m rate={place.rate}r/s;
  limit_conn_zone $device zone=lines:4m;
  limit_req_status 429;
  limit_conn_status 429;
  limit_req_log_level info;
  upstream edge {{ server unix:{settings.socket}; keepalive 64; }}
{_server(place, settings)}"""


def _server(place: Place, settings: Settings) -> str:
    listens = "\n".join(f"    listen {one} ssl backlog=4096;" for one in place.listen)
    revoked = f"\n    ssl_crl {place.revoked};" if place.revoked else ""
    return f"""  server {{
{listens}
    server_name {" ".join(place.names)};
    ssl_protocols TLSv1.3;
    ssl_certificate {settings.tls_certificate};
    ssl_certificate_key {settings.tls_key};
    ssl_client_certificate {settings.site_ca};
    ssl_verify_client on;
    ssl_verify_depth 1;{revoked}
    ssl_session_cache shared:tls:8m;
    ssl_session_tickets off;
    keepalive_timeout 75s;
    keepalive_requests 100000;
    client_body_timeout 20s;
    client_header_timeout 10s;
    send_timeout 20s;
    client_max_body_size 128k;
    large_client_header_buffers 4 8k;
    charset utf-8;
    limit_req zone=device burst={DEVICE_BURST} nodelay;
    limit_conn lines {DEVICE_CONNECTIONS};
    error_page 495 496 497 = @stranger;
    error_page 429 = @slower;
    error_page 502 503 504 = @away;
    # Whoever the machine says it is, these lines say who it is.
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header X-Device-Verified $ssl_client_verify;
    proxy_set_header X-Device-Certificate $ssl_client_escaped_cert;
    proxy_set_header X-Device-Address $remote_addr;
    proxy_set_header X-Forwarded-For "";
    proxy_set_header X-Forwarded-Host "";
    proxy_set_header X-Forwarded-Proto "";
    proxy_set_header X-Real-IP "";
    proxy_set_header Forwarded "";
    proxy_read_timeout 75s;
    proxy_next_upstream off;
    location / {{ client_max_body_size 5m; proxy_pass http://edge; }}
    location /api/ {{ proxy_pass http://edge; }}
    location = /parcels/upload {{ client_max_body_size {PARCEL_MIB}m; proxy_request_buffering off; proxy_read_timeout 600s; proxy_pass http://edge; }}
    # The board's live stream: every line goes out as it comes.
    location ~ ^/s/[^/]+/board/events$ {{ proxy_buffering off; proxy_cache off; gzip off; proxy_read_timeout 1h; proxy_pass http://edge; }}
    location @stranger {{ default_type text/plain; return 403 "{STRANGER}\n"; }}
    location @slower {{ default_type application/json; return 429 '{SLOWER}'; }}
    location @away {{ default_type application/json; return 503 '{AWAY}'; }}
  }}"""


def missing() -> str:
    """What a machine lacks to run this, in words; empty if nothing."""
    # Debian keeps it where an ordinary user's PATH does not look.
    return "" if shutil.which("nginx") or shutil.which("/usr/sbin/nginx") else "没有找到 nginx：请安装（Debian、统信、麒麟：apt install nginx）。"
