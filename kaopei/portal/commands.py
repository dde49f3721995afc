"""The portal's door for the command line: serve the public pages from the center's database, as `kaopei_portal`."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from kaopei.office import database, database_files
from kaopei.office.database import Unusable
from kaopei.office.database_roles import PORTAL

SETTINGS = "kaopei.portal.settings"


def serve(data: Path, port: int, *, workers: int = 1) -> int:
    """Serve on 127.0.0.1 until told to stop. The center must have been started on this data directory (or server) before."""
    data = data.absolute()
    os.environ.update(KAOPEI_DATA=str(data), DJANGO_SETTINGS_MODULE=SETTINGS)
    named = os.environ.get("DATABASE_URL", "")
    if named and urlsplit(named).username == PORTAL:  # a machine of its own that knows no other role
        return _serve(named, port, workers)
    # Where the cluster lies is the launcher's business: under /var/lib when its user cannot enter the data directory.
    if not named and not has_center(data):
        raise Unusable(f"{data} 里没有中心的数据库。门户只显示中心公布的内容：请先用同一数据目录启动中心（./run 或 ./run center serve）。")
    with database.find("center", data) as server:
        return _serve(server.portal_url, port, workers)


def has_center(data: Path) -> bool:
    """Whether a center has made its database for this data directory; the cluster may lie elsewhere if its user cannot enter here."""
    return data.is_dir() and (database_files.settle(data / "pg").base / "data").exists()


def _serve(url: str, port: int, workers: int) -> int:
    refuse_unready(url)
    os.environ["DATABASE_URL"] = url
    from kaopei.office import server

    server.serve("kaopei.portal.wsgi:application", "127.0.0.1", port, workers=workers, jobs=False)
    return 0


def refuse_unready(url: str) -> None:
    """The right role, and tables that the center has made; otherwise one sentence with the remedy."""
    try:
        with psycopg.connect(url, autocommit=True) as line:
            who, table = line.execute("SELECT current_user, to_regclass('publication_publication')").fetchone() or ("", None)
            if who != PORTAL:
                raise Unusable(f"门户只能以 {PORTAL} 的身份连接数据库，现在是 {who}。请把 DATABASE_URL 的用户改为 {PORTAL}。")
            if table is None:
                raise Unusable("数据库里还没有“公布”的表。请先启动中心，由它建立或升级表结构。")
            line.execute("SELECT id FROM publication_publication LIMIT 1")
    except psycopg.Error as problem:
        raise Unusable(f"门户读不到公布的内容（{str(problem).strip().splitlines()[0]}）。请先启动中心，并核对 {PORTAL} 的权限。") from None
