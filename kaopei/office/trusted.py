"""The trust list of this installation, verified from the pinned root; read again when its files change."""

import json
from functools import lru_cache
from pathlib import Path

from kaopei.parcel import trust
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


def current(data: Path) -> Trust | None:
    """The verified list in force, or None where none has been laid down yet; Rejected if it does not hold."""
    newest = data / "trust.json"
    if not newest.exists():
        return None
    chain = sorted((data / "trust").glob("*.json"), key=lambda path: int(path.stem)) or [newest]
    root = data / "root.txt"
    state = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in [*chain, newest])
    return _load(state, root.read_text(encoding="ascii").strip() if root.exists() else None)


def rehearsal(data: Path) -> bool:
    """Whether this installation's trust list says that everything is a rehearsal."""
    found = current(data)
    return found is not None and found.rehearsal


@lru_cache(maxsize=8)
def _load(state: tuple[tuple[str, int, int], ...], root: str | None) -> Trust:
    """`state` names each file of the chain and the newest list with time and size, so that a change is another call."""
    files = [Path(path).read_bytes() for path, _, _ in state]
    *chain, newest = files
    if chain[-1] != newest:
        version = json.loads(newest)["version"]
        raise Rejected("trust", f"trust.json（第 {version} 版）与 trust/ 中最新的一版不同；请重新放入整套信任名单")
    return trust.load(chain, root)
