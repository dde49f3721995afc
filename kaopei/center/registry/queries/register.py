"""What others may ask of the register; everything as of a day."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from kaopei.center.registry import ties as components
from kaopei.center.registry.models import ExamStaff, Institution, Qualification, Registration, Room, Site, SiteRecord, Standing, Tie
from kaopei.center.registry.queries import standing
from kaopei.center.registry.versioning import on
from kaopei.law import operations
from kaopei.law.places import cities


@dataclass(frozen=True, slots=True)
class InstitutionOn:
    """An institution or platform as it stood on a day; `is_listed` if the register said anything of it then."""

    code: str
    kind: str
    name: str
    district: str
    address: str
    phone: str
    website: str
    scope: tuple[str, ...]
    is_registered: bool
    status_text: str
    registered_on: dt.date | None
    is_listed: bool = True
    standing: str = Standing.GOOD
    standing_text: str = ""

    @property
    def in_good_standing(self) -> bool:
        """Registered, and barred by no measure: may train and take part."""
        return self.is_registered and self.standing == Standing.GOOD


@dataclass(frozen=True, slots=True)
class SiteOn:
    """A site as it stood on a day. `suspensions` are all times out of good standing that end on or after the day."""

    number: str
    name: str
    kind: str
    host_code: str
    district: str
    longitude: Decimal | None
    latitude: Decimal | None
    theory_seats: int
    rooms: tuple[tuple[str, int], ...]
    theory: tuple[str, ...]
    practical: tuple[str, ...]
    standing: str
    standing_text: str
    suspensions: tuple[tuple[dt.date, dt.date | None], ...]
    is_listed: bool = True
    accepted_on: dt.date | None = None
    agreement: str = ""
    agreement_from: dt.date | None = None
    agreement_to: dt.date | None = None

    @property
    def is_public(self) -> bool:
        """Public bases come first in the draw, 二（三）."""
        return self.kind == Site.Kind.PUBLIC

    @property
    def is_campus(self) -> bool:
        """Full-time students of the school may sit here, 二（三）."""
        return self.kind == Site.Kind.CAMPUS


@dataclass(frozen=True, slots=True)
class TieOn:
    """A tie as listed, and whether it counts on the day."""

    one_code: str
    one_name: str
    kind: str
    other_code: str
    other_name: str
    share: Decimal | None
    from_day: dt.date | None
    to_day: dt.date | None
    source: str
    counts: bool


def institutions(city: str, day: dt.date, known: dt.datetime | None = None) -> list[InstitutionOn]:
    """一（一） All institutions that have ever been listed, with what held on that day; without a registration then: not registered.

    `known`: as the register knew it at that moment, without what was entered later.
    """
    held = {row.institution_id: row for row in Registration.objects.filter(on(day, known), city=city).order_by("from_day", "pk")}
    barred = standing.periods(city, known)
    return [_institution(body, held.get(body.pk), standing.on_day(barred.get(body.code, ()), day)) for body in Institution.objects.filter(city=city)]


def _institution(body: Institution, held: Registration | None, now: standing.Period | None) -> InstitutionOn:
    said = held or body
    return InstitutionOn(
        code=body.code,
        kind=body.kind,
        name=said.name,
        district=said.district,
        address=said.address,
        phone=said.phone,
        website=said.website,
        scope=tuple(held.scope) if held else (),
        is_registered=bool(held and held.is_registered),
        status_text=held.status_text if held else "未登记",
        registered_on=held.registered_on if held else None,
        is_listed=held is not None,
        standing=now.standing if now else Standing.GOOD,
        standing_text=now.reason if now else "",
    )


def institution(city: str, code: str, day: dt.date) -> InstitutionOn | None:
    """One institution on a day."""
    return next((body for body in institutions(city, day) if body.code == code), None)


def registrations(city: str, code: str) -> list[Registration]:
    """All registrations of an institution, the latest first."""
    return list(Registration.objects.filter(city=city, institution__code=code).order_by("-from_day"))


def sites(city: str, day: dt.date, known: dt.datetime | None = None) -> list[SiteOn]:
    """二（二） All sites of the city, by number, as they stood on that day (`known`: as the register knew it at that moment)."""
    held = Qualification.objects.filter(on(day, known), city=city).order_by("operation").values_list("site_id", "part", "operation")
    rooms = Room.objects.filter(city=city, closed_on=None).order_by("position").values_list("site_id", "name", "seats")
    said = {row.site_id: row for row in SiteRecord.objects.filter(on(day, known), city=city).order_by("from_day", "pk")}
    barred = standing.periods(city, known)
    return [_site(site, said.get(site.pk), day, held, rooms, barred.get(site.number, ())) for site in Site.objects.filter(city=city)]


def _site(site: Site, record: SiteRecord | None, day: dt.date, held: Iterable, rooms: Iterable, barred: Sequence[standing.Period]) -> SiteOn:
    said = record or site
    now = standing.on_day(barred, day)
    return SiteOn(
        number=site.number,
        name=said.name,
        kind=said.kind,
        host_code=said.host_code,
        district=said.district,
        longitude=said.longitude,
        latitude=said.latitude,
        theory_seats=said.theory_seats,
        rooms=tuple((name, seats) for pk, name, seats in rooms if pk == site.pk),
        theory=tuple(operation for pk, part, operation in held if pk == site.pk and part == "T"),
        practical=tuple(operation for pk, part, operation in held if pk == site.pk and part == "P"),
        standing=now.standing if now else Standing.GOOD,
        standing_text=now.reason if now else "正常",
        suspensions=tuple((row.from_day, row.to_day) for row in barred if row.to_day is None or row.to_day >= day),
        is_listed=record is not None,
        accepted_on=record.accepted_on if record else None,
        agreement=record.agreement if record else "",
        agreement_from=record.agreement_from if record else None,
        agreement_to=record.agreement_to if record else None,
    )


def site(city: str, number: str, day: dt.date) -> SiteOn | None:
    """One site on a day."""
    return next((one for one in sites(city, day) if one.number == number), None)


def rooms_are_assumed(city: str, number: str) -> bool:
    """Whether the rooms of a site are only derived from its seats, because it has reported none."""
    return Room.objects.filter(city=city, site__number=number, closed_on=None, is_assumed=True).exists()


def revision_of_site(city: str, number: str) -> int:
    """How often a site's facts have changed: named again when one changes them."""
    return Site.objects.filter(city=city, number=number).values_list("revision", flat=True).first() or 0


def ties(city: str, day: dt.date) -> list[TieOn]:
    """二（二） N2.2.5: all ties that are listed, with whether each counts on that day."""
    fields = ("one_code", "one_name", "kind", "other_code", "other_name", "share", "from_day", "to_day", "source")
    return [TieOn(*(getattr(tie, name) for name in fields), counts=components.in_force(tie, day)) for tie in _listed(city)]


def _listed(city: str) -> QuerySet[Tie]:
    return Tie.objects.filter(city=city, ended_at=None)


def controllers(city: str, day: dt.date) -> dict[str, str]:
    """二（三） N2.3.2: every institution, site and tied body with the smallest code of its component on that day."""
    hosts = dict(Site.objects.filter(city=city).values_list("number", "host_code"))
    codes = Institution.objects.filter(city=city).values_list("code", flat=True)
    return components.components(_listed(city), hosts, codes, day)


def campus_site(city: str, school: str, institution_code: str, candidates: Iterable[SiteOn]) -> str:
    """二（三） N2.3.6: number of the student's own school's site, empty if none or if two could be meant.

    Names are compared without this city, its district and the words for a site; where no school is written, a student trained by
    the school itself is known by its code.
    """
    campus = [one for one in candidates if one.is_campus]
    if not school.strip():
        trained = [one.number for one in campus if institution_code and one.host_code == institution_code]
        return trained[0] if len(trained) == 1 else ""
    wanted = operations.key(school)
    named = [one for one in campus if (core := _core(wanted, city, one.district)) and core == _core(operations.key(one.name), city, one.district)]
    if len(named) > 1:
        named = [one for one in named if one.district and one.district.rstrip("区县市镇") in wanted]
    return named[0].number if len(named) == 1 else ""


def _core(name: str, city: str, district: str) -> str:
    """佛山禅城技师学院考试点 and 佛山市技师学院 share 技师学院: the name without this place and without the words for a site."""
    for word in ("考试点", "考点"):
        name = name.removesuffix(word)
    home = cities().get(city)
    for word in ("广东省", "广东", home.name if home else "", home.short if home else "", district, district.rstrip("区县市镇")):
        if len(word) > 1:
            name = name.removeprefix(word)
    return name


def staff(city: str) -> list[ExamStaff]:
    """二（五） The staff file of the city."""
    return list(ExamStaff.objects.filter(city=city))


def cities_in_sight() -> set[str]:
    """Codes of cities whose register may be seen and has anything in it."""
    return set(Institution.objects.order_by().values_list("city", flat=True).distinct())


def names(city: str, listed: Iterable[TieOn] = ()) -> dict[str, str]:
    """Names of institutions, sites and tied bodies by code."""
    found = {code: name for tie in listed for code, name in ((tie.one_code, tie.one_name), (tie.other_code, tie.other_name))}
    found |= dict(Site.objects.filter(city=city).values_list("number", "name"))
    return found | dict(Institution.objects.filter(city=city).values_list("code", "name"))
