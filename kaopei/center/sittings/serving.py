"""Who may serve at a sitting, as far as the city's staff file tells: trained, pledged, and tied to nobody who sits there."""

from collections.abc import Iterable, Mapping
from typing import Any

from kaopei.center.allocation import queries as allocation
from kaopei.center.registry import gates
from kaopei.center.registry import queries as registry
from kaopei.center.registry.queries import SiteOn
from kaopei.center.sittings.models import Conduct
from kaopei.law.rules.c2_4_rooms import StaffTies, may_prepare
from kaopei.law.verdict import Verdict, allow


def judge(row: Conduct, site: SiteOn, names: Iterable[str]) -> tuple[Verdict, str, list[str]]:
    """(verdict, whom it concerns, who does not stand in the staff file). Of people with one name one who may serve is enough."""
    listed: dict[str, list[Verdict]] = {}
    wanted = set(names)
    bodies = registry.controllers(row.city, row.day)
    institutions = {bodies.get(one.institution, one.institution) for one in allocation.seated(row.sitting)}
    for person in registry.staff(row.city):
        if person.name in wanted:
            listed.setdefault(person.name, []).append(_verdict(person, row, site, bodies, institutions))
    for name, verdicts in listed.items():
        if not any(verdict.allowed for verdict in verdicts):
            return verdicts[0], name, []
    return allow(), "", sorted(wanted - set(listed))


def _verdict(person: Any, row: Conduct, site: SiteOn, bodies: Mapping[str, str], institutions: set[str]) -> Verdict:
    fit = gates.of(person, row.day)
    if not fit.allowed or not person.institution_code:
        return fit
    # Bodies that one company controls are one body, 二（二） N2.2.5
    own = bodies.get(person.institution_code, person.institution_code)
    host = bodies.get(site.host_code, site.host_code) if site.host_code else ""
    tied = may_prepare(StaffTies(person.person, frozenset({own})), site.number, host, institutions)
    return tied if not tied.allowed else fit


def unlisted(city: str, names: Iterable[str]) -> set[str]:
    """Of these, who does not stand in the staff file."""
    return set(names) - {person.name for person in registry.staff(city)}
