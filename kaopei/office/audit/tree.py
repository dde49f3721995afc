"""The tree of events: an event's canonical leaf, the frontier to which leaves are added, and the signed checkpoint.

One tree a program, deployment and year; its name is the origin of its checkpoints.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from kaopei.ledger import entry, tree
from kaopei.office.audit.models import Checkpoint, Event, Leaf
from kaopei.office.clock import CHINA
from kaopei.parcel.trust import Trust

VERSION = 1


class Mismatch(Exception):
    """What stands in the database is not what was put into the tree: no more is signed, and people are called."""


def origin(listed: Trust, at: datetime) -> str:
    """center.gd/2026"""
    return f"{settings.PROGRAM}.{listed.deployment}/{at.astimezone(CHINA).year}"


def leaf(one: Event, seq: int) -> bytes:
    """The canonical form of an event at its place."""
    return entry.encode(
        {
            "v": VERSION,
            "seq": seq,
            "src": settings.PROGRAM,
            "src_seq": one.pk,
            "id": one.ulid,
            "type": one.code,
            "wall": one.at.astimezone(CHINA).isoformat(),
            "actor": one.actor,
            "role": one.role,
            "city": one.city,
            "obj": one.obj,
            "body": one.facts,
        }
    )


def hash_of(one: Event, seq: int) -> bytes:
    """The leaf's hash."""
    return tree.leaf_hash(leaf(one, seq))


_grown: dict[str, tree.Frontier] = {}


def frontier(named: str) -> tree.Frontier:
    """The tree as it stands in the database; kept in memory between two runs as long as it fits the last checkpoint."""
    last = Checkpoint.objects.filter(origin=named).order_by("-size").first()
    kept = _grown.get(named)
    if kept is None or last is None or (kept.size, kept.root()) != (last.size, bytes(last.root)):
        stored = Leaf.objects.filter(origin=named).order_by("seq").values_list("leaf_hash", flat=True)
        kept = tree.Frontier(bytes(one) for one in stored.iterator(chunk_size=10_000))
        if last is not None and (kept.size, kept.root()) != (last.size, bytes(last.root)):
            raise Mismatch(f"{named}：数据库中的叶子与大小为 {last.size} 的检查点不符")
    return kept.copy()


def keep(named: str, grown: tree.Frontier) -> None:
    """Remember a tree whose checkpoint has been written."""
    _grown[named] = grown


def recompute(named: str, first: int) -> Iterable[bytes]:
    """Leaf hashes from place `first` on, computed again from the events as they now stand in the database."""
    rows = Leaf.objects.filter(origin=named, seq__gte=first).order_by("seq").select_related("event")
    for row in rows.iterator(chunk_size=2000):
        hashed = hash_of(row.event, row.seq)
        if hashed != bytes(row.leaf_hash):
            raise Mismatch(f"{named}：第 {row.seq} 条与写入时不同")
        yield hashed
