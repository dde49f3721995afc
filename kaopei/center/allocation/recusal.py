"""二（二）、二（五）: who may not serve at which sitting, why, and along which ties. Pure: facts in, findings out.

What is a sample setting of the city (share floor, number of ties, years after leaving) stands in `Settings`.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kaopei.center.registry import gates, ties
from kaopei.center.registry.entries import StaffEntry, TieEntry

# Posts that go on counting for some years after they ended; holdings, relatives and leases end with their last day.
POSTS = ("任职", "兼职", "曾任")
HOLDING = "持股"
# The column of the staff list that names an institution says nothing of the kind of relation.
EMPLOYED = "任职"
TIE_CLAUSE = "N2.2.5"
GATES = {"gate_training": "G1", "gate_appraisal": "G2", "gate_pledge": "G3", "gate_nda": "G4"}


@dataclass(frozen=True, slots=True)
class Settings:
    """Values that a city sets; these are the samples of its rules, shown as assumptions."""

    hops: int = 2
    years_after_leaving: int = 2
    gates: Mapping[str, str] = field(default_factory=lambda: GATES)


@dataclass(frozen=True, slots=True)
class Relation:
    """One row of a person's relations: with which body, of which kind, from when to when; `share` in percent."""

    person: str
    kind: str
    body: str
    share: Decimal | None
    from_day: dt.date | None
    to_day: dt.date | None
    declared: bool


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sitting as recusal sees it: its site with the body that hosts it, and the institutions of its candidates."""

    sitting: str
    site: str
    host: str
    day: dt.date
    institutions: Collection[str]


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason why a person may not serve: code, duty, and the ways along which he is tied (none for a gate)."""

    code: str
    clause: str
    paths: tuple[str, ...] = ()


def years_before(day: dt.date, years: int) -> dt.date:
    """The same day some years earlier; 29 February becomes 28."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def counts(relation: Relation, day: dt.date, settings: Settings) -> bool:
    """Whether a relation ties its person to the body on that day."""
    if relation.from_day and day < relation.from_day:
        return False
    if HOLDING in relation.kind and relation.share is not None and relation.share < ties.SHARE_FLOOR:
        return False
    if relation.to_day is None or day <= relation.to_day:
        return True
    is_post = any(word in relation.kind for word in POSTS)
    return is_post and relation.to_day >= years_before(day, settings.years_after_leaving)


class Recusal:
    """Answers for all persons and sittings; what depends on the day alone is worked out once a day."""

    def __init__(
        self, staff: Sequence[StaffEntry], relations: Sequence[Relation], links: Sequence[TieEntry], settings: Settings | None = None
    ) -> None:
        self.staff, self._links, self._settings = staff, links, settings or Settings()
        self._relations: dict[str, list[Relation]] = {}
        for relation in relations:
            self._relations.setdefault(relation.person, []).append(relation)
        self._webs: dict[dt.date, ties.Web] = {}
        self._reach: dict[tuple[str, dt.date], dict[str, tuple[int, str]]] = {}

    def grounds(self, person: StaffEntry, sitting: Sitting) -> list[Ground]:
        """All grounds, ties before gates; empty when the person may serve."""
        reach = self.reach(person, sitting.day)
        place = {body for body in (sitting.site, sitting.host) if body}
        found = [*_grounds(reach, place, "R1", "R2"), *_grounds(reach, sitting.institutions, "R3", "R4")]
        codes = self._settings.gates
        return found + [Ground(codes[reason.code], reason.clause) for reason in gates.of(person, sitting.day).reasons]

    def of_site(self, person: StaffEntry, site: str, host: str, day: dt.date) -> list[Ground]:
        """二（四） N2.4.7: for preparing rooms only the ties to the site count."""
        return _grounds(self.reach(person, day), {body for body in (site, host) if body}, "R1", "R2")

    def reach(self, person: StaffEntry, day: dt.date) -> dict[str, tuple[int, str]]:
        """Each body that the person is tied to on that day: how many ties away (0 = directly), and the way as text."""
        key = (person.id_number, day)
        if key not in self._reach:
            self._reach[key] = self._reached(person, day)
        return self._reach[key]

    def _reached(self, person: StaffEntry, day: dt.date) -> dict[str, tuple[int, str]]:
        web = self._webs.setdefault(day, ties.Web(self._links, day))
        starts = [(r.kind, r.body) for r in self._relations.get(person.id_number, ()) if counts(r, day, self._settings)]
        if person.institution_code:
            starts.append((EMPLOYED, person.institution_code))
        found: dict[str, tuple[int, str]] = {}
        for kind, body in starts:
            for end, way in web.within(body, self._settings.hops).items():
                step = (len(way) - 1, ">".join((kind, *way)))
                if end not in found or step[0] < found[end][0]:
                    found[end] = step
        return found


def _grounds(reach: Mapping[str, tuple[int, str]], bodies: Collection[str], direct: str, tied: str) -> list[Ground]:
    """One ground for direct ties to any of the bodies and one for indirect ones, each with the shortest way to every such body."""
    ways = sorted(reach[body] for body in bodies if body in reach)
    near, far = ([way for ties_away, way in ways if (ties_away == 0) is is_near] for is_near in (True, False))
    return [Ground(code, TIE_CLAUSE, tuple(dict.fromkeys(found))) for code, found in ((direct, near), (tied, far)) if found]
