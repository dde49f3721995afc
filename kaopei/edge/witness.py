"""The first step of the witness ladder: what the standby knows of the primary's ledger, and that it never takes back.

二（四） N2.4.13/14. The standby counts every entry that it takes to its own disk, holds each checkpoint of the primary against that count,
and keeps the newest one in a file of its own, signed by both machines. A primary whose log has become shorter (an old disk image), or
another one where it was known, is refused within seconds; the two notes are kept as evidence, and from then on nothing of it is taken.
"""

from typing import Any, NoReturn

import apsw

from kaopei.edge.keystore import Keystore, write_private
from kaopei.edge.settings import Settings
from kaopei.ledger import checkpoint, entry, tree
from kaopei.ledger.checkpoint import BadCheckpoint, Checkpoint
from kaopei.parcel import base64url
from kaopei.parcel.enrolment import Edge as Machine

STATE, EVIDENCE = "witness.note", "witness.fork"
# What a log that goes on from another one says in its first entry of its own.
SUCCESSIONS = ("ledger.succeeded", "standby.promoted")


class Fork(ValueError):
    """The primary's log is not what this machine has seen of it."""


class Witness:
    """Used by the receiving thread alone; pages read `known` and `fork`."""

    def __init__(self, settings: Settings, keys: Keystore, peer: Machine) -> None:
        self._state, self._evidence = settings.data / STATE, settings.data / EVIDENCE
        self._signer, self._peer, self._verify = keys.signer, peer, keys.signer.suite.verify
        self._site = f"edge.{settings.city}.{settings.site}/{peer.payload['edge_serial']}/"
        self._grown, self._signed = tree.Frontier(), 0
        self.known: Checkpoint | None = checkpoint.parse(self._state.read_bytes()) if self._state.exists() else None
        self.fork = self._evidence.read_text("utf-8").split("\n", 1)[0] if self._evidence.exists() else ""

    def look_whole(self, connection: apsw.Connection) -> None:
        """A whole copy that is about to become this machine's: it must contain what is known."""
        self._grown, self._signed = tree.Frontier(), 0
        origin = self._origin(connection)
        if self.known is not None and self.known.origin != origin:
            self._succeeds(connection, self.known, origin)
        elif self.known is not None:
            ((size,),) = _rows(connection, "SELECT coalesce(max(seq), -1) + 1 FROM entry")
            if size < self.known.size:
                self._refuse(f"主机台账只有 {size} 条，本机已见证到 {self.known.size} 条：被截断，或恢复了旧盘", connection)
        self.look(connection)

    def look(self, connection: apsw.Connection) -> None:
        """What was added since the last look, inside the transaction that adds it. Fork: take nothing of it."""
        if self.fork:
            raise Fork(self.fork)
        grown, newest = self._grown.copy(), None
        notes = dict(_rows(connection, "SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size", self._signed))
        if grown.size in notes:
            # Signed in a transaction of its own, after the entries.
            newest = self._believed(bytes(notes.pop(grown.size)), grown, connection)
        for seq, leaf in connection.execute("SELECT seq, leaf FROM entry WHERE seq >= ? ORDER BY seq", (grown.size,)):
            if seq != grown.size:
                self._refuse(f"主机台账第 {grown.size} 条缺失", connection)
            grown.append(tree.leaf_hash(bytes(leaf)))
            if self.known is not None and grown.size == self.known.size and grown.root() != self.known.root and self._same(connection):
                self._refuse(f"主机台账在 {grown.size} 条处与本机见证过的不同：有内容被改动，或有两份台账", connection)
            if grown.size in notes:
                newest = self._believed(bytes(notes.pop(grown.size)), grown, connection)
        if notes:
            self._refuse(f"主机签署到 {max(notes)} 条，却只送来 {grown.size} 条", connection)
        self._grown = grown
        if newest is not None:
            self._keep(newest)

    def _same(self, connection: apsw.Connection) -> bool:
        return self.known is not None and self.known.origin == self._origin(connection)

    def _origin(self, connection: apsw.Connection) -> str:
        rows = _rows(connection, "SELECT value FROM meta WHERE key = 'origin'")
        origin = str(rows[0][0]) if rows else ""
        if not origin.startswith(self._site):
            self._refuse(f"送来的台账 {origin or '（无名）'} 不是登记的主机的", connection)
        return origin

    def _succeeds(self, connection: apsw.Connection, known: Checkpoint, origin: str) -> None:
        """Another log of the same machine: one of its entries names the one that is known, at no smaller size."""
        for (leaf,) in connection.execute("SELECT leaf FROM entry ORDER BY seq"):
            row = entry.decode(bytes(leaf))
            if row["type"] in SUCCESSIONS and row["body"].get("origin") == known.origin and int(row["body"].get("size", 0)) >= known.size:
                return
        self._refuse(f"主机换了台账（{origin}），却没有说明从本机见证过的 {known.size} 条续写", connection)

    def _believed(self, note: bytes, grown: tree.Frontier, connection: apsw.Connection) -> bytes:
        """A checkpoint counts with the enrolled key's signature, and with the root that was counted here."""
        origin = self._origin(connection)
        try:
            said = checkpoint.verify(note, {origin: base64url.decode(self._peer.sign.pub, "公钥")}, self._verify)
        except BadCheckpoint as problem:
            self._refuse(f"主机在 {grown.size} 条处的检查点不成立：{problem}", connection)
        if (said.origin, said.size, said.root) != (origin, grown.size, grown.root()):
            self._refuse(f"主机在 {grown.size} 条处签署的根与本机收到的台账不符", connection)
        return note

    def _keep(self, note: bytes) -> None:
        """On the disk before the primary hears that its batch is taken."""
        self.known = checkpoint.parse(note)
        self._signed = self.known.size
        write_private(self._state, checkpoint.cosign(note, self._signer, f"standby.{self._signer.kid}"))

    def _refuse(self, words: str, connection: apsw.Connection) -> NoReturn:
        """Both notes side by side, for whoever looks into it."""
        rows = _rows(connection, "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
        theirs = bytes(rows[0][0]).decode("utf-8", "replace") if rows else ""
        mine = self._state.read_text("utf-8") if self._state.exists() else ""
        self.fork = words
        write_private(self._evidence, f"{words}\n\n{mine}\n{theirs}".encode())
        raise Fork(words)


def _rows(connection: apsw.Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return connection.execute(sql, values).fetchall()
