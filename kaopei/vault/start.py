"""Bringing the vault up for one command: its database found or started, its tables made, Django told."""

import fcntl
import os
from pathlib import Path

from kaopei.office import database
from kaopei.office.database_roles import prepare

SETTINGS = "kaopei.vault.settings"


def up(data: Path) -> database.Cluster | database.Server:
    """Start the vault in `DATA/vault`; the caller stops the server (`with up(data):`)."""
    home = data.absolute() / "vault"
    # As root, PostgreSQL runs as another user that must pass through this folder; its own folders are closed.
    home.mkdir(parents=True, exist_ok=True, mode=0o711)
    server = database.find("vault", data.absolute())
    os.environ.update(
        KAOPEI_DATA=str(data.absolute()), DJANGO_SETTINGS_MODULE=SETTINGS, VAULT_DATABASE_URL=server.app_url
    )
    import django

    django.setup()
    _follow_rehearsal_clock(home)
    _migrate(home, server.owner_url)
    return server


def _migrate(home: Path, owner_url: str) -> None:
    """As owner, under a lock; without an open step nothing is asked of the owner."""
    from django.core.management import call_command
    from django.db import connection, connections
    from django.db.migrations.executor import MigrationExecutor
    from django.db.utils import ProgrammingError

    try:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return
    except ProgrammingError:
        connections.close_all()
    with (home / "migrate.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare(owner_url)
        working = connection.settings_dict
        connections.close_all()
        from kaopei.office.environment import database as parts

        os.environ["VAULT_DATABASE_URL"], app_url = owner_url, os.environ["VAULT_DATABASE_URL"]
        kept = dict(working)
        working.update(parts("VAULT_DATABASE_URL"))
        call_command("migrate", verbosity=0)
        connections.close_all()
        working.clear()
        working.update(kept)
        os.environ["VAULT_DATABASE_URL"] = app_url


def _follow_rehearsal_clock(home: Path) -> None:
    """A rehearsal moves one clock for all programs; only a rehearsal's trust list makes anybody look at it."""
    link = home / "clock.json"
    if not link.exists() and not link.is_symlink():
        link.symlink_to(Path("..") / "clock.json")
