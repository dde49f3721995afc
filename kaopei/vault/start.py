"""Bringing the vault up for one command: its database found or started, its tables made, Django told."""

import os
from pathlib import Path

from kaopei.office import database, schema

SETTINGS = "kaopei.vault.settings"


def up(data: Path) -> database.Cluster | database.Server:
    """Start the vault in `DATA/vault`; the caller stops the server (`with up(data):`)."""
    data = data.absolute()
    home = data / "vault"
    # As root, PostgreSQL runs as another user that must pass through this folder; its own folders are closed.
    home.mkdir(parents=True, exist_ok=True, mode=0o711)
    server = database.find("vault", data)
    os.environ.update(KAOPEI_DATA=str(data), DJANGO_SETTINGS_MODULE=SETTINGS, VAULT_DATABASE_URL=server.app_url)
    _follow_rehearsal_clock(home)
    schema.migrate(SETTINGS, server)
    import django

    django.setup()
    return server


def _follow_rehearsal_clock(home: Path) -> None:
    """A rehearsal moves one clock for all programs; only a rehearsal's trust list makes anybody look at it."""
    link = home / "clock.json"
    if not link.exists() and not link.is_symlink():
        link.symlink_to(Path("..") / "clock.json")
