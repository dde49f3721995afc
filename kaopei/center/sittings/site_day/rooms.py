"""二（四）N2.4.4–7 Rooms: checked and closed the day before, all four checks, unsealed in time, by people without ties."""

from collections.abc import Callable, Iterator

from kaopei.center.sittings.site_day.facts import CHECKS, Check, Finding, Settings, SiteDay

# Whether a person is tied to the site on the day of a moment
Tied = Callable[[str, int], bool]


def findings(day: SiteDay, settings: Settings, midnight: int, tied: Tied) -> Iterator[Finding]:
    """`midnight` is the first second of the exam day."""
    by_room: dict[str, list[Check]] = {}
    for check in day.checks:
        by_room.setdefault(check.room, []).append(check)
    for room, checks in sorted(by_room.items()):
        name = f"{day.site}/{room}"
        yield from _the_day_before(name, checks, midnight)
        done = {check.item for check in checks if check.result}
        for item in CHECKS:
            if item not in done:
                yield Finding("prep_missing_item", f"{name}/{item}", None, None, "N2.4.5")
        yield from _unsealed(name, checks, day, settings)
    for check in day.checks:
        if check.person and check.begin is not None and tied(check.person, check.begin):
            note = f"{check.room}{check.item}"
            yield Finding("prep_tied_person", f"{day.site}/{check.person}", check.begin, check.end or check.begin, "N2.4.7", note)


def _the_day_before(name: str, checks: list[Check], midnight: int) -> Iterator[Finding]:
    late = [at for check in checks for at in (check.end, check.sealed) if at is not None and at > midnight]
    if late:
        begins = [check.begin for check in checks if check.begin is not None]
        ends = [check.end for check in checks if check.end is not None]
        yield Finding("prep_same_day", name, min(begins, default=min(late)), max(ends, default=max(late)), "N2.4.4")


def _unsealed(name: str, checks: list[Check], day: SiteDay, settings: Settings) -> Iterator[Finding]:
    opened = min((check.unsealed for check in checks if check.unsealed is not None), default=None)
    first = min((start for start, _ in day.sittings), default=None)
    if opened is None or first is None:
        return
    earliest = first - 60 * settings.unseal_minutes
    if opened < earliest:
        yield Finding("unsealed_early", name, opened, earliest, "N2.4.6")
