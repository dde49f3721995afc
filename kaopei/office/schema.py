"""Bring a program's tables up to date: grants first, then migrations, as the owner and in a process of their own."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from kaopei.office.database import Cluster, Server, Unusable
from kaopei.office.database_roles import prepare
from kaopei.office.environment import PROJECT, database_variable

MARK = "kaopei_schema"


def migrate(settings: str, server: Cluster | Server) -> bool:
    """Migrate the program with this settings module; False if nothing had to be done (no process is started then)."""
    wanted = _digest()
    if _stamp(server.owner_url, settings) == wanted:
        return False
    prepare(server.owner_url)
    variable = database_variable(settings.split(".")[-2])
    done = subprocess.run(
        # Checks of settings and addresses load every page of the program, seconds at each first start; the tests make them.
        [sys.executable, "-m", "django", "migrate", "--skip-checks", "--verbosity", "0"],
        env={**os.environ, variable: server.owner_url, "DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path])},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unusable(f"数据库表结构升级失败：{done.stderr.strip()[-600:]}")
    with psycopg.connect(server.owner_url, autocommit=True) as line:
        line.execute(
            f"INSERT INTO {MARK} (settings, digest) VALUES (%s, %s) ON CONFLICT (settings) DO UPDATE SET digest = excluded.digest",
            [settings, wanted],
        )
    return True


def _stamp(url: str, settings: str) -> str:
    """What was migrated last: a digest of all migration files, so that a warm start need not load Django."""
    with psycopg.connect(url, autocommit=True) as line:
        line.execute(f"CREATE TABLE IF NOT EXISTS {MARK} (settings text PRIMARY KEY, digest text NOT NULL)")
        row = line.execute(f"SELECT digest FROM {MARK} WHERE settings = %s", [settings]).fetchone()
    return str(row[0]) if row else ""


def _digest() -> str:
    """Of every migration and settings file of the project."""
    found = hashlib.sha256()
    for path in sorted([*Path(PROJECT, "kaopei").rglob("migrations/*.py"), *Path(PROJECT, "kaopei").glob("*/settings*.py")]):
        found.update(str(path.relative_to(PROJECT)).encode())
        found.update(path.read_bytes())
    return found.hexdigest()
