"""The trust list of this installation; read again when a file changes."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any


def rehearsal(data: Path) -> bool:
    """Whether this installation's trust list says that everything is a rehearsal."""
    return bool(_payload(data).get("rehearsal"))


def has_role(data: Path, kid: str, role: str) -> bool:
    """Whether the list has this key in force for this role (`current` gives the verified list)."""
    keys = _payload(data).get("keys", [])
    return any(key["kid"] == kid and key["role"] == role and not key.get("revoked_since") for key in keys)


def _payload(data: Path) -> dict[str, Any]:
    path = data / "trust.json"
    try:
        state = path.stat()
    except FileNotFoundError:
        return {}
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, changed: int, size: int) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
