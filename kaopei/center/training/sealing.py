"""Records of presence and study are sealed in batches: a Merkle root of each batch stands in an event of the ledger (ADR 11).

The check starts from those events, so that neither a changed row, nor a removed one, nor a removed seal goes unseen.
"""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from kaopei.center.training.models import Seal, SignInRecord, StudyRecord
from kaopei.ledger import tree
from kaopei.office import ids, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit import queries as audit
from kaopei.office.audit.record import event, nothing_changed, records

# Live writers share this lock until they commit; the sealer takes it alone, so that no row with a lower number comes later.
LOCK = 0x6B70_7365_616C
CHUNK = 20_000
SIGN_IN = (
    "city", "number", "kind", "study_class_id", "enrolment_id", "lesson_id", "unit", "day", "begin", "end", "evidence", "device", "room", "longitude",
    "latitude", "recorded", "supplement", "replaces", "code", "reason", "proof", "made_by", "second",
)  # fmt: skip
STUDY = ("city", "study_class_id", "enrolment_id", "unit", "device", "first_at", "last_at", "count", "events")
TABLES: dict[str, tuple[Any, tuple[str, ...]]] = {"sign_in": (SignInRecord, SIGN_IN), "study": (StudyRecord, STUDY)}


def leaf(values: Iterable[Any]) -> bytes:
    """The hash of one record as `line` gives it."""
    return tree.leaf_hash(line(values))


def line(values: Iterable[Any]) -> bytes:
    """One record as it is hashed: canonical JSON of its columns in the order of SIGN_IN or STUDY, times as whole seconds since 1970."""
    return json.dumps([_plain(value) for value in values], ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return int(value.timestamp())
    return value.isoformat() if isinstance(value, dt.date) else value


def add(row: SignInRecord | StudyRecord) -> SignInRecord | StudyRecord:
    """Write a live record with its hash; the timer seals it within a minute."""
    fields = SIGN_IN if isinstance(row, SignInRecord) else STUDY
    row.leaf = leaf(getattr(row, name) for name in fields)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
    row.save()
    return row


@records("training.sealed")
def seal(table: str, *, batch: str, digest: str = "", city: str = "", by: Actor, at: dt.datetime) -> Seal | None:
    """Seal the rows of an imported batch, or (batch empty) all live rows that no seal holds yet; None where there are none."""
    model, _ = TABLES[table]
    rows = model.objects.filter(batch=batch)
    if not batch:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        last = Seal.objects.filter(table=table, source="live").order_by("-last_id").values_list("last_id", flat=True).first()
        rows = rows.filter(pk__gt=last or 0)
    grown, first, last_id = tree.Frontier(), 0, 0
    for pk, hashed in rows.order_by("pk").values_list("pk", "leaf").iterator(chunk_size=CHUNK):
        grown.append(bytes(hashed))
        first, last_id = first or pk, pk
    if not grown.size:
        nothing_changed()
        return None
    named, root = batch or ids.ulid(at), grown.root().hex()
    facts = {"table": table, "source": "import" if batch else "live", "batch": named, "first": first, "last": last_id, "count": grown.size}
    written = event(obj=f"seal:{named}:{table}", city=city, root=root, **facts)
    return Seal.objects.create(
        city=city, ulid=named, table=table, source=facts["source"], first_id=first, last_id=last_id, count=grown.size, root=root, digest=digest,
        event=written, at=at,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands in the database and is not what was sealed. `row` is the first record that shows it, if one does."""

    batch: str
    table: str
    text: str
    row: int = 0

    def __str__(self) -> str:
        return f"{Seal.Table(self.table).label} 封签 {self.batch}：{self.text}"


def check(batches: Iterable[str] | None = None) -> tuple[int, list[Fault]]:
    """Recompute all records under the seals that the ledger names (or of these batches); how many records, and what is wrong.

    Province scope only.
    """
    wanted = set(batches) if batches is not None else None
    seen, faults = 0, []
    for one in audit.events(code="training.sealed").order_by("id").iterator():
        if wanted is None or one.facts["batch"] in wanted:
            count, fault = _check(one.facts)
            seen += count
            faults += [fault] if fault else []
    return seen, faults if wanted is not None else [*faults, *_strays()]


def _strays() -> list[Fault]:
    """Records that no event of the ledger speaks of and that are no fresh live ones: somebody put them in."""
    faults = []
    for table, (model, _) in TABLES.items():
        seals = [one.facts for one in audit.events(code="training.sealed").iterator() if one.facts["table"] == table]
        imports = {one["batch"] for one in seals if one["source"] == "import"}
        live = [one for one in seals if one["source"] == "live"]
        for batch in model.objects.exclude(batch="").exclude(batch__in=imports).order_by().values_list("batch", flat=True).distinct():
            faults.append(Fault(batch, table, "台账中没有这一批的封签，记录是另外塞入的"))
        there = model.objects.filter(batch="", pk__lte=max((one["last"] for one in live), default=0)).count()
        # Fewer than were sealed: the seal that they are missing from has been told already.
        if there > sum(one["count"] for one in live):
            faults.append(Fault("", table, "两次封存之间有封签以外的记录，是另外塞入的"))
    return faults


def _check(facts: dict[str, Any]) -> tuple[int, Fault | None]:
    model, fields = TABLES[facts["table"]]
    rows = model.objects.filter(batch=facts["batch"]) if facts["source"] == "import" else model.objects.filter(batch="")
    rows = rows.filter(pk__gte=facts["first"], pk__lte=facts["last"]).order_by("pk")
    grown = tree.Frontier()
    for pk, stored, *values in rows.values_list("pk", "leaf", *fields).iterator(chunk_size=CHUNK):
        hashed = leaf(values)
        if hashed != bytes(stored):
            return grown.size, Fault(facts["batch"], facts["table"], f"第 {grown.size + 1} 条（行号 {pk}）与封存时不同，已被改动", pk)
        grown.append(hashed)
    if grown.size != facts["count"]:
        return grown.size, Fault(facts["batch"], facts["table"], f"封存 {facts['count']} 条，现有 {grown.size} 条，有记录被删除或塞入")
    if grown.root().hex() != facts["root"]:
        return grown.size, Fault(facts["batch"], facts["table"], "记录与台账中的根不符，记录及其摘要被一并改动")
    return grown.size, None


def unsealed() -> dict[str, int]:
    """How many live records of each table no seal holds yet."""
    found = {}
    # A seal of live records holds rows of all cities and belongs to none.
    with scope.entered(scope.PROVINCE):
        for table, (model, _) in TABLES.items():
            last = Seal.objects.filter(table=table, source="live").order_by("-last_id").values_list("last_id", flat=True).first()
            found[table] = model.objects.filter(batch="", pk__gt=last or 0).count()
    return found


def proof(row: SignInRecord | StudyRecord) -> dict[str, Any] | None:
    """That a record stands under its seal: leaf, path and root as hex, and the ULID of the ledger's event; None while it is not sealed."""
    table = "sign_in" if isinstance(row, SignInRecord) else "study"
    with scope.entered(scope.PROVINCE):
        held = Seal.objects.filter(table=table, first_id__lte=row.pk, last_id__gte=row.pk)
        found = held.filter(ulid=row.batch).first() if row.batch else held.filter(source="live").first()
        if found is None:
            return None
        rows = type(row).objects.filter(batch=row.batch, pk__gte=found.first_id, pk__lte=found.last_id)
        stored = list(rows.order_by("pk").values_list("pk", "leaf"))
    place = [pk for pk, _ in stored].index(row.pk)
    path = tree.inclusion_proof([bytes(one) for _, one in stored], place)
    where = {"index": place, "size": found.count, "path": [one.hex() for one in path]}
    return {"leaf": bytes(row.leaf).hex(), **where, "root": found.root, "event": found.event}


def seal_live(by: Actor, at: dt.datetime) -> dict[str, set[int]]:
    """Seal what was recorded live since the last time; classes (row numbers) that it belongs to, by city."""
    found: dict[str, set[int]] = {}
    with scope.entered(scope.PROVINCE):
        for table, (model, _) in TABLES.items():
            made = seal(table, batch="", by=by, at=at)
            if made is not None:
                rows = model.objects.filter(batch="", pk__gte=made.first_id, pk__lte=made.last_id).order_by()
                for city, study_class in rows.values_list("city", "study_class_id").distinct():
                    found.setdefault(city, set()).add(study_class)
    return found
