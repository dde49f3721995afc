"""Brings stored rows to what a list says; counts what differed. Old facts end, they are never overwritten."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from kaopei.center.registry import planning, telephone
from kaopei.center.registry.entries import InstitutionEntry, RelationEntry, SiteEntry, StaffEntry, TieEntry
from kaopei.center.registry.models import (
    BodyStanding,
    ExamStaff,
    Institution,
    Qualification,
    Registration,
    Room,
    Site,
    SiteRecord,
    StaffRecord,
    StaffRelation,
    Tie,
)
from kaopei.center.registry.versioning import close, keep
from kaopei.office.personal import blind_index

# Until a site reports its rooms. 50 is what the city's own equipment lists show; an assumption, marked as one.
ROOM_SEATS = 50
SITE_FACTS = ("name", "kind", "host_code", "district", "longitude", "latitude", "theory_seats")
AGREEMENT_FACTS = ("accepted_on", "agreement", "agreement_from", "agreement_to")
STAFF_FACTS = (
    "post", "full_time", "institution_code", "trained_on", "appraisal", "has_pledge", "has_agreement", "pledge_until", "agreement_until",
)  # fmt: skip
STANDINGS = {"suspended": "suspended", "disqualified": "disqualified", "deregistered": "deregistered", "pending": "suspended"}


def plain(value: Any) -> Any:
    """JSON form of entries for digests."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.name != "row"}
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value)


def institutions(entries: Sequence[InstitutionEntry], city: str, day: dt.date, source: str, at: dt.datetime) -> int:
    """一（一）: institutions and their registrations. Who deregistered by a report of his own is not brought back by a list."""
    known = {body.code: body for body in Institution.objects.filter(city=city)}
    held = {row.institution_id: row for row in Registration.objects.filter(city=city, to_day=None, ended_at=None)}
    changed = 0
    for entry in entries:
        facts = entry.facts
        body = known.get(facts.code)
        old = held.get(body.pk) if body else None
        if old and old.report and not old.is_registered:
            continue
        # Our own list hands a mobile number out masked: that is the number that is known.
        phone = body.phone if body and entry.phone == telephone.shown(body.phone) else entry.phone
        said = {"name": facts.name, "district": facts.district, "address": entry.address, "phone": phone}
        body, differs = describe(Institution, body, {"city": city, "code": facts.code}, said)
        row = said | {
            "scope": sorted(facts.scope),
            "registered_on": facts.registered_on,
            "is_registered": facts.standing.on(day) == "good",
            "status_text": facts.standing.text,
        }
        if old is None or any(getattr(old, name) != value for name, value in row.items()):
            # What is first heard of held since its registration; a change holds from now on.
            since = min(facts.registered_on or day, day) if old is None else close(old, day, at)
            Registration.objects.create(city=city, institution=body, from_day=since, source=source, recorded_at=at, website=body.website, **row)
            differs = True
        changed += differs
    return changed


def describe(model: Any, body: Any, identity: Mapping[str, Any], said: Mapping[str, Any]) -> tuple[Any, bool]:
    """Make or amend the describing columns of a body; whether anything differed."""
    if body is None:
        return model.objects.create(**identity, **said), True
    wrong = [name for name, value in said.items() if getattr(body, name) != value]
    for name in wrong:
        setattr(body, name, said[name])
    if wrong:
        body.revision += 1
        body.save(update_fields=[*wrong, "revision"])
    return body, bool(wrong)


def sites(entries: Sequence[SiteEntry], practical: Mapping[str, Sequence[str]] | None, city: str, day: dt.date, source: str, at: dt.datetime) -> int:
    """二（二）: sites with rooms, qualifications and standing. A list adds no site on an institution to a register in use (N2.2.7)."""
    stopped = planning.stopped(entries, city)
    known = {site.number: site for site in Site.objects.filter(city=city)}
    records = {row.site_id: row for row in SiteRecord.objects.filter(city=city, to_day=None, ended_at=None)}
    held: dict[int, dict[tuple[str, str], Qualification]] = {}
    for row in Qualification.objects.filter(city=city, to_day=None, ended_at=None):
        held.setdefault(row.site_id, {})[row.part, row.operation] = row
    changed = 0
    for entry in entries:
        if entry.number in stopped:
            continue
        said = {name: getattr(entry, name) for name in SITE_FACTS}
        site, differs = describe(Site, known.get(entry.number), {"city": city, "number": entry.number}, said)
        differs |= site_record(site, said, records.get(site.pk), day, source, at)
        wanted = {("T", operation) for operation in entry.operations if entry.theory_seats}
        if practical is None:  # not delivered: what is known of practical exams stays
            wanted |= {key for key in held.get(site.pk, {}) if key[0] == "P"}
        else:
            wanted |= {("P", operation) for operation in practical.get(entry.number, ())}
        differs |= rooms(site, day)
        differs |= qualifications(site, wanted, held.get(site.pk, {}), day, source, at)
        differs |= _standing(site, entry, day, source, at)
        changed += differs
    return changed


def rooms(site: Site, day: dt.date) -> bool:
    """Rooms of at most 50 seats, unless the site has reported its own."""
    now = list(Room.objects.filter(site=site, closed_on=None).order_by("position"))
    wanted = [min(ROOM_SEATS, site.theory_seats - start) for start in range(0, site.theory_seats, ROOM_SEATS)]
    if any(not room.is_assumed for room in now) or [room.seats for room in now] == wanted:
        return False
    for room in now:
        room.closed_on = day
        room.save(update_fields=["closed_on"])
    Room.objects.bulk_create(
        Room(city=site.city, site=site, position=place, name=f"第{place}考场", seats=seats) for place, seats in enumerate(wanted, start=1)
    )
    return True


def real_rooms(site: Site, wanted: Sequence[tuple[str, int]], day: dt.date) -> bool:
    """Rooms as the site has reported them: name and seats, in their order."""
    now = list(Room.objects.filter(site=site, closed_on=None).order_by("position"))
    if not any(room.is_assumed for room in now) and [(room.name, room.seats) for room in now] == list(wanted):
        return False
    for room in now:
        room.closed_on = day
        room.save(update_fields=["closed_on"])
    Room.objects.bulk_create(
        Room(city=site.city, site=site, position=place, name=name, seats=seats, is_assumed=False)
        for place, (name, seats) in enumerate(wanted, start=1)
    )
    return True


def site_record(site: Site, said: Mapping[str, Any], old: SiteRecord | None, day: dt.date, source: str, at: dt.datetime) -> bool:
    """The versioned facts of a site; what this source does not speak of (acceptance, agreement) stays as it was."""
    rest = {name: getattr(old, name) for name in AGREEMENT_FACTS} if old else {}
    return keep(SiteRecord, {"city": site.city, "site": site}, rest | dict(said), day=day, source=source, at=at)


def qualifications(
    site: Site, wanted: set[tuple[str, str]], held: Mapping[tuple[str, str], Qualification], day: dt.date, source: str, at: dt.datetime
) -> bool:
    """End what a site is no longer accepted for, begin what is new."""
    for key in sorted(set(held) - wanted):
        close(held[key], day, at)
    new = sorted(wanted - set(held))
    Qualification.objects.bulk_create(
        Qualification(city=site.city, site=site, part=part, operation=operation, from_day=day, source=source, recorded_at=at)
        for part, operation in new
    )
    return bool(new or set(held) - wanted)


def _standing(site: Site, entry: SiteEntry, day: dt.date, source: str, at: dt.datetime) -> bool:
    """A list replaces only what an earlier list said; a measure that people took (ground 三（二）) is not lifted by a list."""
    listed = BodyStanding.objects.filter(site=site, ended_at=None, ground="")
    standing = entry.standing
    wanted = None
    if standing.state != "good":
        wanted = (STANDINGS[standing.state], standing.first or day, standing.last, standing.text or "状态空白")
    now = [(row.standing, row.from_day, row.to_day, row.reason) for row in listed]
    # A standing without a first day began on the day of the list that first named it.
    if wanted and standing.first is None and now and (now[0][0], now[0][2], now[0][3]) == (wanted[0], wanted[2], wanted[3]):
        return False
    if now == ([wanted] if wanted else []):
        return False
    listed.update(ended_at=at)
    if wanted:
        state, first, last, text = wanted
        BodyStanding.objects.create(
            city=site.city, site=site, standing=state, from_day=first, to_day=last, ground="", reason=text, source=source, recorded_at=at
        )
    return True


def ties(entries: Sequence[TieEntry], city: str, at: dt.datetime) -> int:
    """二（二） N2.2.5: the list as a whole: new ties are added, those no longer named are struck out."""
    fields = [field.name for field in dataclasses.fields(TieEntry)]
    listed = {tuple(getattr(row, name) for name in fields): row.pk for row in Tie.objects.filter(city=city, ended_at=None)}
    wanted = {tuple(getattr(entry, name) for name in fields): entry for entry in entries}
    gone = [pk for key, pk in listed.items() if key not in wanted]
    new = [entry for key, entry in wanted.items() if key not in listed]
    Tie.objects.filter(pk__in=gone).update(ended_at=at)
    Tie.objects.bulk_create(Tie(city=city, **{name: getattr(entry, name) for name in fields}) for entry in new)
    return len(gone) + len(new)


def staff(entries: Sequence[StaffEntry], city: str, day: dt.date, source: str, at: dt.datetime) -> int:
    """二（五） N2.5.2: exam staff by person."""
    known = {row.person: row for row in ExamStaff.objects.filter(city=city)}
    changed = 0
    for entry in entries:
        person = person_of(entry.id_number)
        said = {field.name: getattr(entry, field.name) for field in dataclasses.fields(StaffEntry) if not field.name.endswith("_until")}
        row, differs = describe(ExamStaff, known.get(person), {"city": city, "person": person}, said)
        # The list does not say until when pledge and agreement hold: what was entered stays.
        facts = {name: getattr(row, name) for name in STAFF_FACTS}
        changed += keep(StaffRecord, {"city": city, "staff": row}, facts, day=day, source=source, at=at) | differs
    return changed


def person_of(id_number: str) -> str:
    """The keyed index by which a person is found again."""
    return blind_index(id_number, "person").hex()


def relations(entries: Sequence[RelationEntry], city: str, source: str, at: dt.datetime) -> int:
    """二（二） N2.2.5: the list of staff relations as a whole: new ones are added, those no longer named are struck out."""
    fields = [field.name for field in dataclasses.fields(RelationEntry) if field.name not in ("id_number", "row")]
    listed = {(row.person, *(getattr(row, name) for name in fields)): row.pk for row in StaffRelation.objects.filter(city=city, ended_at=None)}
    wanted = {(person_of(entry.id_number), *(getattr(entry, name) for name in fields)): entry for entry in entries}
    gone = [pk for key, pk in listed.items() if key not in wanted]
    new = [key for key in wanted if key not in listed]
    StaffRelation.objects.filter(pk__in=gone).update(ended_at=at)
    StaffRelation.objects.bulk_create(
        StaffRelation(city=city, person=key[0], source=source, recorded_at=at, **dict(zip(fields, key[1:], strict=True))) for key in new
    )
    return len(gone) + len(new)
