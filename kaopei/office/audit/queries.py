"""Reads of the record."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from kaopei.ledger import segment
from kaopei.ledger import tree as ledger_tree
from kaopei.office.accounts import roles
from kaopei.office.audit import tree
from kaopei.office.audit.models import Checkpoint, Event, Leaf
from kaopei.office.clock import CHINA
from kaopei.office.ui.cards import Card, Line

# The sequencer works every minute; what has waited so long waits for a person.
PATIENCE = timedelta(minutes=10)


def events(*, obj: str = "", code: str = "", actor: str = "") -> "QuerySet[Event]":
    """Events in the scope in force, newest first."""
    rows = Event.objects.order_by("-id")
    for name, value in {"obj": obj, "code": code, "actor": actor}.items():
        if value:
            rows = rows.filter(**{name: value})
    return rows


def last(code: str, obj: str) -> Event | None:
    """The newest event of this kind about this object."""
    return events(obj=obj, code=code).first()


def place(ulid: str) -> tuple[str, int] | None:
    """Where an event stands: (origin, leaf number), or None while it is in no tree yet."""
    found = Leaf.objects.filter(event__ulid=ulid).values_list("origin", "seq").first()
    return None if found is None else (str(found[0]), int(found[1]))


def places(rows: Iterable[Event]) -> list[int | None]:
    """The leaf number of each event, None while it is in no tree yet."""
    kept = list(rows)
    found = dict(Leaf.objects.filter(event__in=kept).values_list("event_id", "seq"))
    return [found.get(one.pk) for one in kept]


def inclusion(ulid: str) -> dict[str, Any] | None:
    """Proof that an event stands in the newest signed tree, as `ledger.proof.verify` reads it; None while it does not."""
    found = place(ulid)
    last = None if found is None else Checkpoint.objects.filter(origin=found[0]).order_by("-size").first()
    if found is None or last is None:
        return None
    named, seq = found
    stored = Leaf.objects.filter(origin=named, seq__lt=last.size).order_by("seq").values_list("leaf_hash", flat=True)
    path = ledger_tree.inclusion_proof([bytes(one) for one in stored], seq)
    entry = tree.leaf(Event.objects.get(ulid=ulid), seq).decode()
    return {
        "origin": named,
        "entry": entry,
        "index": seq,
        "size": int(last.size),
        "proof": [one.hex() for one in path],
        "checkpoint": last.note,
    }


def origins() -> list[str]:
    """The names of all trees that have a signed checkpoint."""
    return [str(named) for named in Checkpoint.objects.order_by("origin").values_list("origin", flat=True).distinct()]


def segment_of(origin: str) -> dict[str, bytes]:
    """One tree as files in the C2SP layout, for `./run ledger verify`: file name → bytes. Province scope only."""
    notes = list(Checkpoint.objects.filter(origin=origin).order_by("size"))
    rows = Leaf.objects.filter(origin=origin, seq__lt=notes[-1].size).order_by("seq").select_related("event")
    return segment.write([tree.leaf(row.event, row.seq) for row in rows], [one.note.encode() for one in notes])


def segments() -> dict[str, dict[str, bytes]]:
    """All trees: origin → files. Province scope only."""
    return {origin: segment_of(origin) for origin in origins()}


def last_checkpoint() -> Checkpoint | None:
    """The newest signed checkpoint."""
    return Checkpoint.objects.order_by("-id").first()


def unsequenced() -> int:
    """How many events of the scope are in no tree yet."""
    return Event.objects.filter(leaf=None).count()


def cards(user: roles.Actor, at: datetime) -> list[Card]:
    """For the page of today of those who may export the record."""
    if not roles.judge(user, "audit.export").allowed:
        return []
    last, waiting = last_checkpoint(), Event.objects.filter(leaf=None).order_by("id")
    first = waiting.first()
    lines = []
    if first is not None and at - first.at > PATIENCE:
        lines.append(Line("台账没有按时签署，请联系系统管理员", "/events/", f"{waiting.count()} 条待签", due=first.at.astimezone(CHINA).date()))
    if last is not None:
        lines.append(Line(f"最近签署 {last.at.astimezone(CHINA):%m-%d %H:%M}", "/events/", f"共 {last.size} 条"))
    return [Card("台账", "Ledger", lines, url="/events/", weight=50, empty="还没有签署过检查点。请系统管理员按手册放入信任名单和台账密钥。")]
