"""Reads about results, for pages and for later apps."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, QuerySet

from kaopei.center.allocation import queries as allocation
from kaopei.center.results import agreement, judging
from kaopei.center.results.models import Grade, Outcome, Quarantine, Release, Result, Scoring
from kaopei.center.sittings import queries as sittings
from kaopei.law.calendar import Due
from kaopei.law.rules.c2_6_results import results_due
from kaopei.office import keys
from kaopei.office.approvals import queries as approvals
from kaopei.office.approvals.queries import Request
from kaopei.office.personal import mask_name
from kaopei.office.ui.cards import Card, Line
from kaopei.parcel import approval
from kaopei.parcel.rejected import Rejected

ACTION = "results.release"
BACK = ("returned", "receipted")
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Stage:
    """Where one sitting is with its results. `state`: unscored, scored, asked, released, rescored."""

    sitting: str
    site: str
    day: date
    due: Due
    state: str
    rev: int
    counts: dict[str, int]
    released_at: datetime | None
    signed: int = 0
    part: str = "T"

    @property
    def done(self) -> bool:
        """Nothing more is to be done here."""
        return self.state == "released"

    def late(self, today: date) -> bool:
        """Past the last day and not released."""
        return not self.done and self.due.day is not None and today > self.due.day


@dataclass(frozen=True, slots=True)
class Released:
    """A released result for the candidate himself; the pseudonym leads to ticket and person."""

    pseudonym: str
    sitting: str
    subject: str
    part: str
    outcome: str
    answers: int
    receipt: str
    released_at: datetime
    counts_until: date | None
    next: str


@dataclass(frozen=True, slots=True)
class ReleasedTicket:
    """That a result is out; never which."""

    ticket: str
    sitting: str
    subject: str
    day: date
    released_at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """What a certificate rests on, verified again just now: the scoring, the sealed roster, the two approvals."""

    checked: judging.Checked
    release_digest: str
    rev: int
    approvals: tuple[dict[str, Any], ...]
    approvers: tuple[str, ...]
    released_at: datetime


def scorings(sitting: str) -> QuerySet[Scoring]:
    """All scorings of a sitting, the newest first, without the bytes."""
    return Scoring.objects.filter(sitting=sitting).defer("data").order_by("-rev")


def scoring(sitting: str, rev: int | None = None) -> Scoring | None:
    """One scoring, by default the newest."""
    rows = scorings(sitting)
    return (rows.filter(rev=rev) if rev else rows).first()


def outcomes(made: Scoring, *, grade: str = "", subject: str = "", ticket: str = "") -> QuerySet[Outcome]:
    """The outcomes of a scoring, filtered."""
    rows = made.outcomes.all()
    for field, value in (("grade", grade), ("subject", subject), ("ticket__contains", ticket)):
        rows = rows.filter(**{field: value}) if value else rows
    return rows


def counts(made: Scoring) -> dict[str, int]:
    """Number of attempts by grade."""
    found = dict(made.outcomes.order_by().values_list("grade").annotate(number=Count("pk")))
    return {name: found.get(name, 0) for name in Grade.values}


def notes(made: Scoring) -> list[dict[str, str]]:
    """What the outcomes of a scoring rest on (an assumption, a carried-over number), each once."""
    found = {note["text"]: note for one in made.outcomes.all() for note in one.notes}
    return list(found.values())


def release(sitting: str) -> Release | None:
    """The release in force: the newest."""
    return Release.objects.filter(sitting=sitting).select_related("scoring").order_by("-rev").first()


def results(sitting: str) -> QuerySet[Result]:
    """Released results in force."""
    made = release(sitting)
    return Result.objects.filter(release=made) if made else Result.objects.none()


def asked(made: Scoring) -> Request | None:
    """The newest request to release exactly this revision."""
    found = approvals.standing(ACTION, matter(made.sitting))
    return found if found is not None and found.rev == made.rev else None


def matter(sitting: str) -> str:
    """How approvals and events name a sitting."""
    return f"sitting:{sitting}"


def names(sitting: str) -> dict[str, str]:
    """attempt → masked name, from the roster."""
    row = sittings.conduct(sitting)
    return {one["attempt"]: mask_name(one["name"]) for one in sittings.roster(row)} if row else {}


def failures(people: Collection[str], part: str = "T") -> dict[tuple[str, str], set[str]]:
    """(person, subject) → sittings of this part whose result in force says failed."""
    newest: dict[tuple[str, str, str], tuple[int, bool]] = {}
    rows = Result.objects.filter(person__in=set(people) - {""}, part=part).select_related("release")
    for row in rows.order_by("release__rev"):
        newest[row.person, row.subject, row.sitting] = row.release.rev, row.grade == Grade.FAILED
    found: dict[tuple[str, str], set[str]] = {}
    for (person, subject, sitting), (_, failed) in newest.items():
        if failed:
            found.setdefault((person, subject), set()).add(sitting)
    return found


def theory_passed(people: Collection[str]) -> dict[tuple[str, str], date]:
    """(person, subject) → day of the newest theory that he passed, by the result in force of each sitting."""
    newest: dict[tuple[str, str, str], tuple[str, date]] = {}
    rows = Result.objects.filter(person__in=set(people) - {""}, part="T").select_related("release")
    for row in rows.order_by("release__rev"):
        newest[row.person, row.subject, row.sitting] = row.grade, row.day
    found: dict[tuple[str, str], date] = {}
    for (person, subject, _), (grade, day) in newest.items():
        if grade == Grade.PASSED:
            found[person, subject] = max(day, found.get((person, subject), day))
    return found


def handed_back() -> list[Any]:
    """Conducts of sittings that were handed back: those with something to do by day, then the released ones, the latest first."""
    rows = [row for row in sittings.conducts() if row.status in BACK]
    newest = dict(Scoring.objects.order_by("rev").values_list("sitting", "rev"))
    made = dict(Release.objects.order_by("rev").values_list("sitting", "rev"))
    done = [row for row in rows if row.sitting in made and made[row.sitting] == newest.get(row.sitting)]
    open_ones = sorted((row for row in rows if row not in done), key=lambda row: (row.day, row.sitting))
    return [*open_ones, *sorted(done, key=lambda row: (row.day, row.sitting), reverse=True)]


def described(rows: Iterable[Any]) -> list[Stage]:
    """How far each of these sittings is."""
    return [_stage(row, scoring(row.sitting), release(row.sitting)) for row in rows]


def stage(sitting: str) -> Stage | None:
    """One sitting."""
    row = sittings.conduct(sitting)
    return described([row])[0] if row else None


def _stage(row: Any, newest: Scoring | None, made: Release | None) -> Stage:
    state, signed = "unscored", 0
    if newest is not None:
        request = asked(newest)
        waiting = request is not None and request.status == "open"
        signed = request.signatures.filter(agrees=True).count() if request is not None and waiting else 0
        state = "asked" if waiting else "scored" if made is None else "rescored" if made.rev < newest.rev else "released"
    found = counts(newest) if newest else {}
    done_at = made.released_at if made else None
    facts = allocation.facts(row.sitting)
    part = facts.part if facts else "T"
    return Stage(row.sitting, row.site, row.day, results_due(row.day), state, newest.rev if newest else 0, found, done_at, signed, part)


def released(city: str) -> Iterator[Released]:
    """Released results in force of a city, with what the candidate's receipt said."""
    for sitting in sorted(set(Release.objects.filter(city=city).values_list("sitting", flat=True))):
        made = release(sitting)
        assert made is not None
        receipts = {one.attempt: one.receipt for one in sittings.attempts(sitting)}
        for row in Result.objects.filter(release=made):
            frame = (row.attempt, sitting, row.subject, row.part, row.grade, row.answered, receipts.get(row.attempt, ""))
            yield Released(*frame, made.released_at, row.counts_until, row.next)


def released_sittings(city: str = "") -> list[Release]:
    """The release in force of each sitting, without the bytes."""
    rows = Release.objects.defer("content").order_by("rev")
    newest = {row.sitting: row for row in (rows.filter(city=city) if city else rows)}
    return [newest[sitting] for sitting in sorted(newest)]


def released_ticket(ticket: str) -> ReleasedTicket | None:
    """Whether a result is out for a ticket number."""
    row = Result.objects.filter(ticket=ticket).select_related("release").order_by("-release__rev").first()
    return ReleasedTicket(row.ticket, row.sitting, row.subject, row.day, row.release.released_at) if row else None


def rows_for_csv(batch: str = "", sitting: str = "") -> Iterator[tuple[str, str, str, str, str]]:
    """(cand_id, sitting, subject, score, outcome) of released results in force, by sitting and candidate."""
    numbers = [row.number for row in allocation.sittings(batch=batch)] if batch else None
    for made in released_sittings():
        if (sitting and made.sitting != sitting) or (numbers is not None and made.sitting not in numbers):
            continue
        for row in Result.objects.filter(release=made):
            yield row.attempt, row.sitting, row.subject, "" if row.score is None else str(row.score), row.grade


def practical_lines(made: Scoring, attempts: Collection[str], *, at: datetime) -> dict[str, tuple[dict[str, Any], date | None]]:
    """attempt → (marks of the examiners, day of the passed theory) of a practical scoring, read from its file again; empty for theory."""
    try:
        checked = judging.check(bytes(made.data), at=at)
    except Rejected:
        return {}
    if checked.part != "P":
        return {}
    people = {one.pseudonym: one.person for one in allocation.seated(made.sitting)}
    theory = theory_passed(set(people.values()))
    found = {}
    for row in checked.body["results"]:
        if row["attempt"] in attempts:
            person = people.get(row["attempt"], "")
            found[row["attempt"]] = (row["detail"], theory.get((person, row["subject"])) if person else None)
    return found


def confirmation(made: Scoring, *, at: datetime) -> tuple[bool, str]:
    """(whether it may be released, what confirms it or what is missing)."""
    data = bytes(made.data)
    try:
        return True, agreement.confirmed(data, judging.check(data, at=at), at=at)
    except Rejected as problem:
        return False, str(problem)


def proof(sitting: str, *, at: datetime) -> Proof:
    """Everything that a certificate of this sitting rests on, verified again from the files. Raises Rejected."""
    made = release(sitting)
    if made is None:
        raise Rejected("release", f"场次 {sitting} 的成绩还没有发布，不能发证")
    checked = judging.check(bytes(made.scoring.data), at=at)
    listed = keys.trust()
    digest = listed.algorithms.hash(bytes(made.content)).hex()
    sure = agreement.confirmed(bytes(made.scoring.data), checked, at=at)
    if judging.statement(checked, sure) != bytes(made.content) or digest != made.digest:
        raise Rejected("changed", f"场次 {sitting} 发布的成绩与评分结果、名册对不上，不能发证；请立即报告省考试机构")
    signed_at = int(made.released_at.timestamp())
    exact: dict[str, Any] = {"action": ACTION, "object": matter(sitting), "digest": digest, "rev": made.rev}
    names = approval.two(made.approvals, listed, at=signed_at, **exact)
    return Proof(checked, digest, made.rev, tuple(made.approvals), tuple(names), made.released_at)


def quarantined() -> QuerySet[Quarantine]:
    """What was set aside, the newest first, without the bytes."""
    return Quarantine.objects.defer("data")


STATES = {
    "unscored": ("wait", "待评分", "to be scored", "results.import"),
    "scored": ("wait", "待申请发布", "release to be asked", "results.release"),
    "asked": ("run", "待审批人签署", "waiting for signatures", "results.approve"),
    "rescored": ("wait", "有新的评分", "scored again", "results.release"),
    "released": ("good", "已发布", "released", ""),
}


def cards(user: Any, at: datetime) -> list[Card]:
    """For the page of today: results that this person must bring on, with the last day."""
    if not user.may("results.view"):
        return []
    waiting = described(handed_back()[:SHOWN])
    # Signatures have a card of their own.
    mine = [one for one in waiting if one.state not in ("asked", "released") and user.may(STATES[one.state][3])]
    lines = [Line(f"场次 {one.sitting}", f"/results/{one.sitting}/", STATES[one.state][1], due=one.due.day) for one in mine[:8]]
    found = [Card("成绩待办", "Results", lines, count=len(mine), url="/results/", weight=24)] if mine else []
    aside = quarantined()[:3] if user.may("results.import") else []
    fresh = [one for one in aside if (at - one.at).days < 10]
    if fresh:
        lines = [Line(one.sitting or "评分结果", "/results/quarantine/", one.reason[:60]) for one in fresh]
        found.append(Card("隔离的评分结果", "Quarantined scorings", lines, weight=15))
    return found
