"""From the register, the applications and the plan to the prepared facts of one draw."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from kaopei.center.allocation import pool
from kaopei.center.allocation.models import Draw, SiteException, Sitting
from kaopei.center.allocation.queries import late
from kaopei.center.applications import queries as applications
from kaopei.center.registry import queries as registry
from kaopei.law import numbers, operations, places
from kaopei.law.cells import read_standing
from kaopei.law.exceptions import ExceptionFacts
from kaopei.law.facts import SiteFacts
from kaopei.law.rules.c2_3_cross_exam import host_may_host
from kaopei.law.rules.c2_6_results import may_sit_practical
from kaopei.law.verdict import Verdict, refuse
from kaopei.lottery import pool as lottery_pool
from kaopei.lottery.draw import Outcome
from kaopei.lottery.draw import draw as lottery_draw
from kaopei.lottery.eligibility import Eligibility
from kaopei.lottery.table import BadInstance

# A site of a kind that the format does not know is treated like one on an institution: never as a public base.
KINDS = {"public": "public", "campus": "school"}
TRIAL = "0" * 64
PART_NAMES = {"T": "理论", "P": "实操"}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Sittings of a site that do not enter the draw, and why."""

    site: str
    name: str
    sittings: tuple[str, ...]
    seats: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a draw would be made of now: the facts, the parsed pool, and what stays outside."""

    pool: lottery_pool.Pool
    sittings: tuple[Sitting, ...]
    left_out: tuple[LeftOut, ...]
    # Those who are to be drawn with the seats there are for them: of an incremental draw without whoever keeps his seat
    to_draw: lottery_pool.Pool
    # Of a practical draw: whose theory no longer counts on its last day; he could be drawn to a day too late
    lapsing: tuple[str, ...] = ()
    # Of an incremental draw: how many seats of the result before can no longer be used, and which sittings are new
    affected: int = 0
    added: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Thin:
    """Candidates of one institution and subject who have fewer sites to be drawn to than the rule table asks."""

    institution: str
    subject: str
    options: int
    candidates: int


class NothingToDraw(ValueError):
    """No sitting or no candidate."""

    exit_status = 2


def prepare(draw: Draw) -> Prepared:
    """二（三）: the pool as of now. Frozen sittings and applications belong to other draws, unless this one changes one of them."""
    if draw.follows:
        return _prepare_late(draw)
    planned = list(Sitting.objects.filter(batch=draw.batch, part=draw.part, frozen_in="", day__gte=late.first_day(draw)))
    if not planned:
        text = f"批次 {draw.batch} 在 {late.first_day(draw)}（抽签次日）以后没有可用的{PART_NAMES[draw.part]}场次"
        raise NothingToDraw(f"{text}：请先按考试计划生成场次。")
    first = min(sitting.day for sitting in planned)
    sites = registry.sites(draw.city, first)
    left_out = out_of_the_draw(draw, planned, sites)
    gone = {number for one in left_out for number in one.sittings}
    kept = tuple(sitting for sitting in planned if sitting.number not in gone)
    people, lapsing = _people(draw, max(sitting.day for sitting in planned))
    if not people:
        raise NothingToDraw(_nobody(draw, lapsing))
    facts = _facts(draw, kept, sites, people, first)
    found = lottery_pool.parse(pool.files(facts))
    return Prepared(found, kept, left_out, found, lapsing)


def _people(draw: Draw, last: date) -> tuple[list[applications.Accepted], tuple[str, ...]]:
    """Who may be drawn and belongs to no draw yet. To a practical: whose passed theory still counts on its last day; and whose does not."""
    if draw.part == "T":
        return [one for one in applications.accepted(draw.batch) if not one.frozen_in], ()
    waiting = applications.practical(draw.city)
    lapsing = tuple(one.pseudonym for one in waiting if not may_sit_practical(one.training_end, last).allowed)
    return [one for one in waiting if one.pseudonym not in lapsing], lapsing


def _nobody(draw: Draw, lapsing: tuple[str, ...]) -> str:
    if draw.part == "T":
        return f"批次 {draw.batch} 没有可以参加本次抽签的考生：请先完成受理和待定件的决定。"
    more = f"有 {len(lapsing)} 人的理论成绩在最后一场实操以前到期。" if lapsing else "理论成绩发布以后，合格的初次取证考生自动列入。"
    return f"实操名单里没有可以参加本次抽签的考生（二（六）N2.6.2）：{more}"


def _prepare_late(draw: Draw) -> Prepared:
    """The pool of an incremental draw; one that could not be drawn is found out now, with a seed that decides nothing.

    Who keeps his seat does not depend on the seed. All others are drawn to days after the draw only: nobody can go to a sitting of yesterday.
    """
    added, left_out, lapsing = _added(draw)
    before = late.previous_result(draw)
    try:
        files = late.instance(draw, added)
        kept = _kept(lottery_draw(lottery_pool.parse(files, before), TRIAL))
        files = files | {"candidates.csv": late.not_before(files["candidates.csv"], set(kept), late.first_day(draw))}
        found = lottery_pool.parse(files, before)
        outcome = lottery_draw(found, TRIAL)
        to_draw = lottery_pool.parse(late.remaining(files, kept))
    except BadInstance as fault:
        raise NothingToDraw(f"增量抽签的输入还不完整：{fault}") from None
    sittings = (*Sitting.objects.filter(frozen_in=draw.base), *(one for one in added.sittings if not one.frozen_in))
    affected = sum(1 for move in outcome.moves if move.old)
    return Prepared(found, sittings, left_out, to_draw, lapsing, affected, tuple(one.number for one in added.sittings))


def _kept(outcome: Outcome) -> dict[str, str]:
    """Who keeps which sitting."""
    rows = map(json.loads, outcome.rows)
    return {row["cand"]: row["session"] for row in rows if row["how"] == "kept"}


def _added(draw: Draw) -> tuple[late.Added, tuple[LeftOut, ...], tuple[str, ...]]:
    """What an incremental draw has beyond the input before, new sittings and candidates accepted late; sittings and people that stay outside."""
    planned = late.new_sittings(draw)
    day = min((one.day for one in planned), default=late.first_day(draw))
    sites = registry.sites(draw.city, day)
    open_ones = [one for one in planned if one.frozen_in or one.site in late.sites(draw)]
    left_out = (*out_of_the_draw(draw, open_ones, sites), *_unknown_sites(planned, open_ones, sites))
    gone = {number for one in left_out for number in one.sittings}
    chain = Sitting.objects.filter(frozen_in=draw.base).order_by("-day").values_list("day", flat=True)
    people, lapsing = _people(draw, max([day, *chain[:1], *(one.day for one in planned)]))
    campus = {site.host_code: site.number for site in sites if site.is_campus and site.host_code}
    sittings = tuple(one for one in open_ones if one.number not in gone)
    subjects = {name for one in sittings for name in one.subjects} | {one.operation for one in people}
    candidates = tuple(_candidate(one, campus, day) for one in people)
    return late.Added(sittings, candidates, tuple(subject(name, day) for name in sorted(subjects))), left_out, lapsing


def _unknown_sites(planned: Iterable[Sitting], known: Iterable[Sitting], sites: Iterable[registry.SiteOn]) -> list[LeftOut]:
    """A site that is not in the frozen list cannot come in with a change: it waits for the next batch."""
    names = {site.number: site.name for site in sites}
    found: dict[str, list[Sitting]] = {}
    for one in planned:
        if one not in known:
            found.setdefault(one.site, []).append(one)
    verdict = refuse("N2.3.2", "考试点不在冻结的名单里，增量抽签不能增加考试点，请并入下一批。", "new_site")
    return [
        LeftOut(site, names.get(site, site), tuple(one.number for one in rows), sum(one.seats for one in rows), verdict)
        for site, rows in found.items()
    ]


def _facts(
    draw: Draw,
    sittings: tuple[Sitting, ...],
    sites: list[registry.SiteOn],
    people: list[applications.Accepted],
    first: date,
) -> pool.PoolFacts:
    city = places.cities()[draw.city]
    last = max((sitting.day for sitting in sittings), default=first)
    subjects = {name for sitting in sittings for name in sitting.subjects} | {one.operation for one in people}
    campus = {site.host_code: site.number for site in sites if site.is_campus and site.host_code}
    return pool.PoolFacts(
        city=pool.CityFacts(city.code, city.name, city.lng, city.lat, own_school_allowed=draw.own_school_allowed),
        part=draw.part,
        districts=tuple(sorted({site.district for site in sites if site.district} | {one.district for one in people if one.district})),
        subjects=tuple(subject(name, first) for name in sorted(subjects)),
        institutions=_institutions(draw.city, first, people),
        sites=tuple(_site(site, last) for site in sites),
        sittings=tuple(pool.SittingFacts(s.number, s.site, s.day, s.start, s.part, tuple(s.subjects), s.seats) for s in sittings),
        candidates=tuple(_candidate(one, campus, first) for one in people),
        controllers=registry.controllers(draw.city, first),
        rules=draw.rules,
    )


def subject(name: str, day: date) -> pool.SubjectFacts:
    """二（六） N2.6.3: the categories that may cross cities are a list with its dates; every operation has a
    practical part.
    """
    category = operations.category_no(name)
    return pool.SubjectFacts(name, category, has_practical=True, cross_city=category in numbers.at("crosscity.worktypes", day))


def _institutions(city: str, day: date, people: Iterable[applications.Accepted]) -> tuple[pool.InstitutionFacts, ...]:
    listed = {body.code for body in registry.institutions(city, day)} | {one.institution_code for one in people}
    return tuple(pool.InstitutionFacts(code) for code in sorted(listed) if code)


def _site(site: registry.SiteOn, last: date) -> pool.SiteFacts:
    spot = (float(site.longitude), float(site.latitude)) if site.longitude is not None and site.latitude is not None else None
    closed = tuple((start, end or max(last, start)) for start, end in site.suspensions)
    kind = KINDS.get(site.kind, "attached")
    return pool.SiteFacts(site.number, kind, site.host_code, site.district, spot, site.theory, site.practical, closed)


def _candidate(one: applications.Accepted, campus: Mapping[str, str], first: date) -> pool.CandidateFacts:
    """二（三） N2.3.6: a student counts as one where his own school has a site; one trained at another school's
    site does not.
    """
    elsewhere = campus.get(one.institution_code, one.school_site) != one.school_site
    return pool.CandidateFacts(
        one.pseudonym,
        one.institution_code,
        one.operation,
        one.district,
        one.training_end or first - timedelta(days=1),
        student=bool(one.school_site) and not elsewhere,
    )


def out_of_the_draw(draw: Draw, sittings: Iterable[Sitting], sites: Iterable[registry.SiteOn]) -> tuple[LeftOut, ...]:
    """二（四） N2.4.2: sittings at sites whose host is no longer registered, unless two persons made an exception."""
    known = {site.number: site for site in sites}
    excepted = {one.site: exception_facts(one) for one in draw.exceptions.all()}
    states: dict[date, dict[str, str]] = {}
    found: dict[str, list[tuple[Sitting, Verdict]]] = {}
    for sitting in sittings:
        site = known[sitting.site]
        if sitting.day not in states:
            bodies = registry.institutions(draw.city, sitting.day)
            states[sitting.day] = {body.code: "good" if body.is_registered else body.status_text for body in bodies}
        # The host of a campus site is a school, which is in no register of training institutions.
        state = states[sitting.day].get(site.host_code, "good" if site.is_campus else "未登记")
        verdict = host_may_host(_law_site(draw.city, site), state, sitting.day, excepted.get(site.number))
        if not verdict.allowed:
            found.setdefault(site.number, []).append((sitting, verdict))
    return tuple(
        LeftOut(number, known[number].name, tuple(s.number for s, _ in rows), sum(s.seats for s, _ in rows), rows[0][1])
        for number, rows in sorted(found.items())
    )


def _law_site(city: str, site: registry.SiteOn) -> SiteFacts:
    standing = read_standing(site.standing_text)
    return SiteFacts(site.number, city, site.is_public, site.host_code, "", site.is_campus, site.theory, standing)


def exception_facts(one: SiteException) -> ExceptionFacts:
    """An exception as the law looks at it; without the second person's name it does not stand."""
    return ExceptionFacts(
        "N2.4.2",
        one.ground,
        one.reason,
        one.attachment_digest,
        f"site:{one.site}",
        one.from_day,
        one.to_day,
        one.asked_by,
        one.approved_by,
    )


def thin_market(drawn: lottery_pool.Pool, part: str) -> list[Thin]:
    """二（三） AMB8: who could be drawn to fewer than k sites; the draw is predictable for them whatever the
    algorithm.
    """
    people, eligibility = drawn.candidates, Eligibility(drawn, part)
    alike: Counter[tuple[str, str, int]] = Counter()
    for row in zip(people.city, people.subject, people.inst, people.student, people.avoid, people.earliest, strict=True):
        city, name, institution, student, avoid, earliest = row
        sites = eligibility.home_sites(city, name, institution, student, avoid)
        alike[institution, name, len(eligibility.kind(sites, name, (earliest, -1)).sites)] += 1
    return [Thin(*key, count) for key, count in sorted(alike.items()) if key[2] < drawn.rules.k]
