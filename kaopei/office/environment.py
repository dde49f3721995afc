"""What the environment may say, read strictly: an unknown or nonsensical value stops the program with a sentence."""

import contextlib
import importlib.util
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

# All that may be set from outside: name → what it does, and what holds without it. docs/settings.md is made from this.
VARIABLES = {
    "APP_PYTHON": ("run、test 使用的 Python 解释器（3.12–3.14）", "自动寻找"),
    "CHROMIUM": ("浏览器测试使用的 Chromium", "自动寻找"),
    "DATABASE_OWNER_URL": ("中心数据库所有者（kaopei_owner）的地址，只用于升级表结构", "与 DATABASE_URL 相同"),
    "DATABASE_URL": ("中心和门户的 PostgreSQL 服务器：postgresql://用户@主机/库名", "在数据目录内启动自带的 PostgreSQL"),
    "DJANGO_SETTINGS_MODULE": ("程序：kaopei.center.settings、kaopei.portal.settings 或 kaopei.vault.settings", "由各命令自行设定"),
    "KAOPEI_CERTIFICATE_NUMBER": ("证书编号格式：{city}、{year}、{serial} 各一次，可加其他文字，不得含身份证号码", "{city}-{year}-{serial:06d}"),
    "KAOPEI_DATA": ("数据目录", "项目下的 var/"),
    "KAOPEI_DOMAIN": ("通行密钥所属的域名（省级注册域名，访问用的域名须在其下）", "浏览器访问时的主机名"),
    "KAOPEI_HOSTS": ("允许访问的域名，逗号分隔，不得为 *", "仅本机"),
    "KAOPEI_PRACTICAL_COMBINE": ("实操总分在允许分差以内时：lower 取较低分，mean_down、mean_up 取平均分舍去或进位", "没有设置：总分须相等"),
    "KAOPEI_PRACTICAL_DIFFERENCE": ("实操考评员总分的允许分差，与 KAOPEI_PRACTICAL_COMBINE 一起才起作用", "没有设置：总分须相等，否则另一人再评"),
    "KAOPEI_PRACTICAL_EXAMINERS": ("实操每名考生的考评员人数（1–5）", "2"),
    "KAOPEI_PRACTICAL_THIRD": ("实操有第三名考评员时：median 取中间分，third 以第三人为准", "没有设置：须与其中一人总分相等"),
    "KAOPEI_SCORE_DISPLAY": ("考试点是否显示初评成绩：never 不显示，at_close 收场评分后显示；写入试卷密封包", "never"),
    "KAOPEI_TLS": ("设为 1：经 HTTPS 访问（前面有反向代理，并由它设定 X-Forwarded-Proto），Cookie 只走加密连接", "经 HTTP 访问，仅限本机与内网"),
    "VAULT_DATABASE_OWNER_URL": ("题库室数据库所有者的地址，只用于升级表结构", "与 VAULT_DATABASE_URL 相同"),
    "VAULT_DATABASE_URL": ("题库室的 PostgreSQL 服务器，不得与 DATABASE_URL 同一台", "在题库室数据目录内启动自带的 PostgreSQL"),
}
DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
PROJECT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """KAOPEI_DATA, else `var/` in the project."""
    return Path(os.environ.get("KAOPEI_DATA") or PROJECT / "var").absolute()


def program() -> str:
    """center, portal, vault …: the middle of kaopei.center.settings."""
    words = os.environ.get("DJANGO_SETTINGS_MODULE", "").split(".")
    return words[-2] if len(words) > 1 else "office"


def database_variable(named: str) -> str:
    """Which variable names this program's server: the vault has one of its own."""
    return "VAULT_DATABASE_URL" if named == "vault" else "DATABASE_URL"


def package_folder(package: str) -> Path:
    """Folder of an installed wheel, which is not imported for it."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ImproperlyConfigured(f"没有安装 {package}。请重新运行 ./run。")
    return Path(found.submodule_search_locations[0])


def hosts() -> list[str]:
    """KAOPEI_HOSTS: names under which the program may be reached, separated by commas; else this machine only."""
    named = [host.strip() for host in os.environ.get("KAOPEI_HOSTS", "").split(",") if host.strip()]
    if "*" in named:
        raise ImproperlyConfigured("KAOPEI_HOSTS 不得为 *，请列出域名")
    return ["127.0.0.1", "localhost", "[::1]", *named]


def domain() -> str:
    """KAOPEI_DOMAIN: a name with a dot, no address, no port."""
    named = os.environ.get("KAOPEI_DOMAIN", "").strip().lower()
    if named and not DOMAIN.fullmatch(named):
        raise ImproperlyConfigured("KAOPEI_DOMAIN 应为域名，例如 exam.example.gov.cn，不带协议和端口")
    return named


def tls() -> bool:
    """KAOPEI_TLS: whether browsers reach the program by HTTPS through a proxy."""
    said = os.environ.get("KAOPEI_TLS", "0")
    if said not in ("0", "1"):
        raise ImproperlyConfigured("KAOPEI_TLS 只能是 0 或 1")
    return said == "1"


def database(variable: str) -> dict[str, Any]:
    """The Django form of the address in `variable`; a missing one fails at the first query, with the remedy."""
    url = os.environ.get(variable)
    options: dict[str, Any] = {}
    parts: dict[str, Any] = {"host": "/nonexistent", "dbname": f"请设置_{variable}_或用_run_启动"}
    if url:
        parts = dict(conninfo_to_dict(url))
        if not parts.get("dbname"):
            raise ImproperlyConfigured(f"{variable} 没有写数据库名：postgresql://用户@主机/库名")
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    options = {key: value for key, value in parts.items() if key not in known}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{name: parts.get(key, "") for key, name in known.items()},
        "OPTIONS": options,
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }


def secret_key(path: Path) -> str:
    """The signing key of cookies, made at the first start; two starters at once end with one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, beside = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
        Path(beside).unlink()
    return path.read_text(encoding="utf-8")
