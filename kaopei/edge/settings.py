"""config.toml of one exam server; anything unknown or nonsensical is refused before the server starts."""

import hashlib
import ipaddress
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kaopei.parcel import trust

# What this program is made of; its digest stands in the enrolment record and in the ledger.
ROOMS = ("edge", "terminal", "parcel", "ledger", "paper", "law")
DEFAULTS: dict[str, Any] = {
    "city": "",
    "serial": "",
    "data": ".",
    "listen": "127.0.0.1:8750",
    "trust": "trust.json",
    "root": "",
    "keys": "keys",
    "passphrase": "../../keys/passphrase",
    "persons": "../../persons",
    "clock": "../../clock.json",
    "enrolment": "enrolment.json",
    "min_free_mib": 2048,
    "ballast_mib": 256,
    "low_mib": 200,
    "trial_hours": 0,
    "prune_after_days": 0,
    "media": ["media/1", "media/2"],
    "title": "",
    "function": "primary",
    "peer": "",
    "standby": "",
    "link": "",
    "standby_policy": "strict",
    "tls_certificate": "",
    "tls_key": "",
    "site_ca": "",
    "arp_table": "/proc/net/arp",
    "seb_config_keys": [],
    "seb_exam_keys": [],
}


class BadSettings(ValueError):
    """config.toml cannot be used; the text says which line and what to write instead."""

    exit_status = 2


@dataclass(frozen=True)
class Settings:
    """Paths are absolute; `host` is empty when the server listens on the unix socket `socket`."""

    site: str
    city: str
    serial: str
    title: str
    data: Path
    host: str
    port: int
    socket: Path | None
    trust: Path
    root: Path | None
    keys: Path
    passphrase: Path
    persons: Path
    clock: Path
    enrolment: Path
    min_free_mib: int
    ballast_mib: int
    low_mib: int
    # A trial package must have opened here within so many hours; 0 = 48 in earnest, and none is demanded in a rehearsal. And the
    # appeal term of the exam body in days, before which no payload is pruned; 0 = not set, nothing is pruned.
    trial_hours: int
    prune_after_days: int
    media: tuple[Path, ...]
    # primary | standby: what the machine was accepted as; epoch.json says what it is now.
    function: str
    # The enrolment record of the site's other server.
    peer: Path | None
    # Where the standby takes batches (host, port), and where this machine does when it is one; None: no standby.
    standby: tuple[str, int] | None
    link: tuple[str, int] | None
    standby_policy: str
    tls_certificate: Path | None
    tls_key: Path | None
    site_ca: Path | None
    # Where the kernel names the cards behind addresses.
    arp_table: Path
    seb_config_keys: tuple[str, ...]
    seb_exam_keys: tuple[str, ...]

    @property
    def inbox(self) -> Path:
        """Where parcels lie as they came: ciphertext only."""
        return self.data / "inbox"

    @property
    def outbox(self) -> Path:
        """Where what leaves the site is put: enrolment request, return parcels."""
        return self.data / "outbox"

    @property
    def database(self) -> Path:
        """The one store of this server."""
        return self.data / "edge.sqlite"


def read(path: Path) -> Settings:
    """Settings of one file; relative paths are relative to that file."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadSettings(f"{path}：没有这个配置文件。请先写一份，至少含 site = \"考点代码\"。") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadSettings(f"{path}：不是有效的 TOML（{problem}）。") from None
    unknown = sorted(set(raw) - set(DEFAULTS) - {"site"})
    if unknown:
        raise BadSettings(f"{path}：不认识的设置 {'、'.join(unknown)}；可用：site、{'、'.join(DEFAULTS)}。")
    values = DEFAULTS | raw
    site = values.get("site")
    if not isinstance(site, str) or not site.isascii() or not site.replace("-", "").isalnum():
        raise BadSettings(f"{path}：site 必须是考点代码（字母、数字、连字符）。")
    for key, default in DEFAULTS.items():
        if type(values[key]) is not type(default):
            raise BadSettings(f"{path}：{key} 的类型不对，应为 {type(default).__name__}。")
    return _resolve(path, site, values)


def load_trust(settings: Settings) -> trust.Trust:
    """The chain in `trust/<version>.json` beside `trust.json`, or that file alone; the root pinned if there is one."""
    folder = settings.trust.parent / "trust"
    members = sorted(folder.glob("*.json"), key=lambda path: int(path.stem)) if folder.is_dir() else []
    chain = [path.read_bytes() for path in members]
    try:
        newest = settings.trust.read_bytes()
        root = settings.root.read_text("ascii").strip() if settings.root else None
    except FileNotFoundError as problem:
        raise BadSettings(f"{problem.filename}：没有信任名单或根指纹。请从中心取得 trust.json、root.txt 放在这里。") from None
    if newest not in chain:
        chain.append(newest)
    return trust.load(chain, root)


def _resolve(path: Path, site: str, values: dict[str, Any]) -> Settings:
    base = path.resolve().parent

    def place(key: str) -> Path:
        return (base / str(values[key])).resolve()

    host, port, socket = _listen(path, base, values["listen"])
    media = tuple((base / str(one)).resolve() for one in values["media"])
    if len(set(media)) != 2:
        raise BadSettings(f"{path}：media 应是两个不同的文件夹（两份介质），现在是 {values['media']!r}。")
    return Settings(
        site=site,
        # Site codes begin with the code of their city.
        city=values["city"] or site[:4],
        serial=values["serial"] or f"EDGE-{site}-1",
        title=values["title"] or f"考试点 {site}",
        data=place("data"),
        host=host,
        port=port,
        socket=socket,
        trust=place("trust"),
        root=place("root") if values["root"] else None,
        keys=place("keys"),
        passphrase=place("passphrase"),
        persons=place("persons"),
        clock=place("clock"),
        enrolment=place("enrolment"),
        min_free_mib=values["min_free_mib"],
        ballast_mib=max(0, values["ballast_mib"]),
        low_mib=max(0, values["low_mib"]),
        trial_hours=_hours(path, values["trial_hours"]),
        prune_after_days=max(0, values["prune_after_days"]),
        media=media,
        peer=place("peer") if values["peer"] else None,
        standby=_address(path, "standby", values["standby"]),
        link=_address(path, "link", values["link"]),
        tls_certificate=place("tls_certificate") if values["tls_certificate"] else None,
        tls_key=place("tls_key") if values["tls_key"] else None,
        site_ca=place("site_ca") if values["site_ca"] else None,
        arp_table=place("arp_table"),
        **_chosen(path, values),
    )


def _hours(path: Path, value: int) -> int:
    if not 0 <= value <= 168:
        raise BadSettings(f"{path}：trial_hours 应为 1 至 168 小时（0 为缺省：正式 48 小时，演练不要求），现在是 {value}。")
    return value


def _chosen(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Settings that are words of a short list, or hex keys."""
    for key, words in (("function", ("primary", "standby")), ("standby_policy", ("strict", "degrade"))):
        if values[key] not in words:
            raise BadSettings(f"{path}：{key} 只能是 {' 或 '.join(words)}，现在是 {values[key]!r}。")
    for key in ("seb_config_keys", "seb_exam_keys"):
        if any(not isinstance(one, str) or len(one) != 64 or set(one.lower()) - set("0123456789abcdef") for one in values[key]):
            raise BadSettings(f"{path}：{key} 应是 64 位十六进制的密钥。")
    if (values["standby"] or values["link"]) and not values["peer"]:
        raise BadSettings(f"{path}：设了 standby 或 link，还须用 peer 指明另一台服务器的登记书。")
    return {
        "function": values["function"], "standby_policy": values["standby_policy"],
        "seb_config_keys": tuple(values["seb_config_keys"]), "seb_exam_keys": tuple(values["seb_exam_keys"]),
    }  # fmt: skip


def _address(path: Path, key: str, value: str) -> tuple[str, int] | None:
    if not value:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) <= 65535:
        raise BadSettings(f"{path}：{key} 应写成 地址:端口，现在是 {value!r}。")
    return host.strip("[]"), int(port)


def _listen(path: Path, base: Path, value: str) -> tuple[str, int, Path | None]:
    if value.startswith("unix:"):
        return "", 0, (base / value.removeprefix("unix:")).resolve()
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise BadSettings(f"{path}：listen 应写成 地址:端口 或 unix:文件，现在是 {value!r}。")
    return host.strip("[]"), int(port), None


def is_loopback(host: str) -> bool:
    """Plain HTTP is for a rehearsal on one machine; its address must not be reachable from another."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def software() -> dict[str, str]:
    """Which program this is: its version and a digest over every file of the rooms that it is made of."""
    home, digest = Path(__file__).resolve().parent.parent, hashlib.sha256()
    for room in ROOMS:
        for path in sorted((home / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(home)}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    try:
        number = version("kaopei")
    except PackageNotFoundError:
        # Run from a checkout that was never installed: the digest alone says which program it is.
        number = "checkout"
    return {"version": number, "hash": digest.hexdigest()}
