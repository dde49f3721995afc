"""The board as it changes: server-sent events, one computation a second for all who look at the same rooms.

Each open board first gets everything, then only the tiles that changed. Remaining time counts down in the browser; the
server sends it again when the browser's own count would be wrong. A slow reader that missed a step gets everything again.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from kaopei.edge import tiles
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting

PERIOD = 1.0
# How far a browser's own countdown may be off before it is corrected.
DRIFT_SECONDS = 1.6
log = logging.getLogger("kaopei.edge")


class View:
    """One view of one sitting (all rooms, or one); it works only while somebody looks."""

    def __init__(self, edge: Edge, sitting: Sitting, room: str) -> None:
        self.edge, self.sitting, self.room = edge, sitting, room
        self.version, self.listeners = 0, 0
        self.closed = False
        self.changes = b""
        self._sent: dict[str, tuple[dict[str, Any], int | None, float]] = {}
        self._next: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    def whole(self) -> bytes:
        """Everything, for a board that begins or missed a step."""
        return _event("board", tiles.board(self.edge, self.sitting, self.room))

    async def listen(self) -> AsyncIterator[bytes]:
        """What one open board reads, until it or the server goes."""
        self.listeners += 1
        if self._task is None:
            self._next = asyncio.get_running_loop().create_future()
            self._task = asyncio.get_running_loop().create_task(self._work())
        try:
            seen = self.version
            yield self.whole()
            while not self.closed and self._next is not None:
                await asyncio.shield(self._next)
                yield self.changes if self.version == seen + 1 else self.whole()
                seen = self.version
        finally:
            self.listeners -= 1

    def close(self) -> None:
        """The server stops: let every reader end."""
        self.closed = True
        if self._next and not self._next.done():
            self._next.set_result(None)

    async def _work(self) -> None:
        while self.listeners and not self.closed:
            await asyncio.sleep(PERIOD)
            try:
                self.changes = self._step()
            except Exception:
                # A board that stands still says so by itself; the exam goes on.
                log.exception("board")
                continue
            self.version += 1
            done, self._next = self._next, asyncio.get_running_loop().create_future()
            if done and not done.done():
                done.set_result(None)
        self._task = None
        self._sent.clear()

    def _step(self) -> bytes:
        facts, now = tiles.board(self.edge, self.sitting, self.room), self.edge.now()
        facts["seats"] = [tile for tile in facts["seats"] if self._changed(tile, now)]
        return _event("change", facts)

    def _changed(self, tile: dict[str, Any], now: float) -> bool:
        left = tile["left"]
        rest = {name: value for name, value in tile.items() if name != "left"}
        known = self._sent.get(tile["attempt"])
        if known and known[0] == rest and (left is None) == (known[1] is None):
            counted = (known[1] or 0) - (now - known[2] if tile["ticks"] else 0.0)
            if left is None or abs(left - counted) < DRIFT_SECONDS:
                return False
        self._sent[tile["attempt"]] = (rest, left, now)
        return True


def view(edge: Edge, sitting: Sitting, room: str) -> View:
    """The one view that all boards of these rooms share."""
    key = (sitting.sitting_id, room)
    if key not in edge.views or edge.views[key].closed:
        edge.views[key] = View(edge, sitting, room)
    found: View = edge.views[key]
    return found


def close_all(edge: Edge) -> None:
    """Before the server stops, so that open boards do not hold it up."""
    for one in edge.views.values():
        one.close()


def _event(name: str, facts: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(facts) + b"\n\n"
