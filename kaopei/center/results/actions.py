"""Writes of results: take a scoring in, set one aside, ask for the release, release."""

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from kaopei.center.allocation import queries as allocation
from kaopei.center.applications import actions as applications
from kaopei.center.applications import queries as applied
from kaopei.center.applications.actions import Chance
from kaopei.center.results import agreement, judging, practicals, queries
from kaopei.center.results.judging import CLAUSE, Checked, Judged
from kaopei.center.results.models import Grade, Outcome, Quarantine, Release, Result, Scoring
from kaopei.center.sittings import queries as sittings
from kaopei.law import numbers
from kaopei.law.rules.c2_6_certificates import CertificateFacts, may_issue
from kaopei.law.rules.c2_6_results import may_resit, may_sit_practical, theory_counts_until
from kaopei.law.verdict import Reason, refuse
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals import queries as signatures
from kaopei.office.approvals.queries import Request
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused
from kaopei.parcel import approval
from kaopei.parcel.rejected import Rejected

NEEDED = 2
REASON_LENGTH = 10


@records("results.taken", act="results.import")
def take(data: bytes, *, by: Actor, at: datetime) -> Scoring:
    """二（六） N2.6.2: a scoring of the vault comes in, whole or not at all; the same file again changes nothing. Raises Rejected."""
    digest = keys.trust().algorithms.hash(data).hex()
    _one_at_a_time(str(judging.claims(data).get("sitting_id", "")))
    known = Scoring.objects.filter(digest=digest).first()
    if known is not None:
        nothing_changed()
        return known
    checked = judging.check(data, at=at)
    payload = checked.payload
    if agreement.is_aside(data):
        agreement.refuse_difference(checked)
    _follows(payload)
    agreement.refuse_difference(checked)
    row = Scoring.objects.create(
        city=checked.city,
        sitting=payload["sitting_id"],
        **{name: payload[name] for name in ("rev", "bundle_id", "bundle_hash", "package_id", "reason")},
        digest=digest,
        scored_at=datetime.fromtimestamp(payload["issued_at"], UTC),
        data=data,
        taken_by=by.username,
        taken_at=at,
    )
    Outcome.objects.bulk_create(_outcome(row, one) for one in checked.rows)
    event(obj=queries.matter(row.sitting), city=row.city, rev=row.rev, digest=digest, bundle=row.bundle_hash, counts=checked.counts)
    return row


@records("results.quarantined", act="results.import")
def set_aside(data: bytes, *, problem: Rejected, by: Actor, at: datetime) -> Quarantine:
    """二（六） N2.6.2: what does not fit is kept with the reason, and never used."""
    said = str(judging.claims(data).get("sitting_id", ""))[:160]
    conduct = sittings.conduct(said)
    home = scope.city_of(by.city)
    city = conduct.city if conduct else "" if home == scope.PROVINCE else home
    digest = judging.digest_of_file(data)
    known = Quarantine.objects.filter(digest=digest, code=problem.code, city=city).first()
    if known is not None:
        nothing_changed()
        return known
    other = agreement.edge_version(data, at=at) if problem.code == agreement.DIFFERS else b""
    named: dict[str, Any] = {"digest": digest, "code": problem.code, "reason": str(problem)}
    row = Quarantine.objects.create(city=city, sitting=said, data=data, other=other, by=by.username, at=at, **named)
    event(obj=queries.matter(said[:100]), city=city, digest=digest, code=problem.code)
    return row


@records("results.release_asked", act="results.release")
def request_release(sitting: str, *, by: Actor, at: datetime) -> Request:
    """二（六） N2.6.2: ask two persons to sign exactly these results; the file is verified again first."""
    row = queries.scoring(sitting)
    if row is None:
        raise Refused(refuse(CLAUSE, "还没有收入评分结果，不能申请发布。请先上传题库室的评分结果。", "unscored"))
    if Release.objects.filter(scoring=row).exists():
        raise Refused(refuse(CLAUSE, f"第 {row.rev} 版成绩已经发布。", "released"))
    waiting = queries.asked(row)
    if waiting is not None and waiting.status == "open" and at < waiting.expires_at:
        raise Refused(refuse(CLAUSE, "发布申请已经提出，正等待两名审批人签署。", "asked"))
    asked = approvals.request(
        action=queries.ACTION,
        object=queries.matter(sitting),
        content=_statement(row, _checked(row, at), at),
        rev=row.rev,
        needed=NEEDED,
        title=f"发布成绩 {sitting}（第 {row.rev} 版）",
        approve_act="results.approve",
        url=f"/results/{sitting}/",
        by=by,
        at=at,
    )
    event(obj=queries.matter(sitting), city=row.city, rev=row.rev, digest=asked.digest)
    return asked


@records("results.released", act="results.approve")
def release(sitting: str, *, rev: int, shown: bytes, asked_by: str, by: Actor, at: datetime) -> Release:
    """二（六） N2.6.2: the second signature releases, if everything still is what both have signed."""
    row = queries.scoring(sitting)
    if row is None or row.rev != rev or Release.objects.filter(scoring=row).exists():
        raise Refused(refuse(CLAUSE, "申请之后又收入了新的评分，或成绩已经发布：请考务员重新提出申请。", "changed"))
    checked = _checked(row, at)
    if _statement(row, checked, at) != shown:
        raise Refused(refuse(CLAUSE, "申请之后名册、回传包或评分有变，与签署的内容不符：请考务员重新提出申请。", "changed"))
    listed = keys.trust()
    digest = listed.algorithms.hash(shown).hex()
    matter = queries.matter(sitting)
    signed = signatures.granted(queries.ACTION, matter, digest)
    try:
        names = approval.two(signed, listed, action=queries.ACTION, object=matter, digest=digest, rev=rev, at=int(at.timestamp()))
    except Rejected as problem:
        raise Refused(refuse(CLAUSE, f"审批签名不成立：{problem}", problem.code)) from None
    made = Release.objects.create(
        city=row.city,
        sitting=sitting,
        scoring=row,
        rev=rev,
        content=shown,
        digest=digest,
        approvals=signed,
        asked_by=asked_by,
        released_by=by.username,
        released_at=at,
    )
    Result.objects.bulk_create(_results(made, checked))
    _lead_on(made, by, at)
    facts: dict[str, Any] = {"outcomes": row.digest, "counts": checked.counts, "approvers": sorted(names), "asked_by": asked_by}
    event(obj=matter, city=row.city, rev=rev, digest=digest, **facts)
    return made


@records("results.practical_again", act="results.enter")
def enter_again(pseudonyms: Collection[str], *, reason: str, city: str, by: Actor, at: datetime) -> int:
    """二（六） N2.6.2: whoever was taken off the practical list, stayed away or got no seat comes on it again, under a fresh pseudonym."""
    if len(reason.strip()) < REASON_LENGTH:
        raise Refused(refuse(CLAUSE, f"请写明理由（不少于 {REASON_LENGTH} 个字）。", "reason_short"))
    found = list(applied.practical_entries(city=city, pseudonyms=pseudonyms))
    if not pseudonyms or len(found) != len(set(pseudonyms)):
        raise Refused(refuse(CLAUSE, "请先勾选要重新列入的人。", "nobody"))
    today = at.astimezone(CHINA).date()
    for entry in found:
        verdict = practicals.may_enter_again(entry, today)
        if not verdict.allowed:
            raise Refused(refuse(verdict.clause, f"{entry.pseudonym} 不能重新列入：{verdict.text}。请去掉后再提交。", verdict.code))
    for source in sorted({entry.source for entry in found}):
        chances = [
            Chance(one.attempt, "again", one.theory_on, one.counts_until, reason.strip()) for one in found if one.source == source
        ]
        applications.enter_practical(chances, source=source, city=city, by=by, at=at)
    event(obj=f"city:{city}", city=city, entered=len(found))
    return len(found)


def _lead_on(made: Release, by: Actor, at: datetime) -> None:
    """二（六） Who passed the theory of a first certificate, or may sit the practical again, goes on the list of the next practical draw.

    A corrected release takes those off the list again whom it no longer leads there; whom a draw has frozen the clerk sees on the list.
    """
    rows = list(made.results.all())
    goes_on = {row.attempt: row for row in rows if (row.part, row.next) in practicals.LEADS_ON}
    waiting = applied.practical_entries(city=made.city).filter(source=made.sitting, status="waiting")
    back = [entry.pseudonym for entry in waiting if entry.attempt not in goes_on]
    if back:
        reason = f"场次 {made.sitting} 成绩更正（第 {made.rev} 版）后不再具备实操条件"
        applications.close_practical(back, reason=reason, city=made.city, by=by, at=at)
    theory = queries.theory_passed({row.person for row in rows})
    chances = [_chance(row, theory.get((row.person, row.subject))) for row in goes_on.values()]
    fresh = [one for one in chances if one is not None]
    if fresh:
        applications.enter_practical(fresh, source=made.sitting, city=made.city, by=by, at=at)


def _chance(row: Result, passed_on: date | None) -> Chance | None:
    """None: a practical that stood on no theory leads nowhere, whatever its marks."""
    if row.part == "T":
        return Chance(row.attempt, "first", row.day, theory_counts_until(row.day))
    return Chance(row.attempt, "resit", passed_on, theory_counts_until(passed_on)) if passed_on else None


def _one_at_a_time(sitting: str) -> None:
    """Two uploads at once of one sitting: the second waits, and then finds the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"results {sitting}"])


def _follows(payload: dict[str, Any]) -> None:
    """Revisions come one after the other, each naming the digest of the one before: none is left out, none is replaced."""
    rev, names = payload["rev"], payload["prev_hash"]
    last, digest = agreement.newest_rev(payload["sitting_id"])
    if rev <= last:
        raise Rejected("rev", f"第 {rev} 版评分已经收入，而这份文件内容不同；请题库室查明两份文件的来由")
    if rev > last + 1:
        raise Rejected("rev-gap", f"中心收入到第 {last} 版，这份是第 {rev} 版：请先上传第 {last + 1} 版")
    if names != digest:
        raise Rejected("rev-chain", f"第 {rev} 版评分接不上中心收入的第 {last} 版（摘要不同）；请题库室查明")


def _outcome(row: Scoring, one: Judged) -> Outcome:
    names = ("attempt", "ticket", "subject", "grade", "score", "max_score", "answered")
    return Outcome(city=row.city, scoring=row, reasons=_told(one.reasons), notes=_told(one.notes), **{name: getattr(one, name) for name in names})


def _told(reasons: Iterable[Reason]) -> list[dict[str, str]]:
    return [{"clause": one.clause, "text": one.text} for one in reasons]


def _checked(row: Scoring, at: datetime) -> Checked:
    try:
        return judging.check(bytes(row.data), at=at)
    except Rejected as problem:
        raise Refused(refuse(CLAUSE, f"评分结果现在对不上：{problem}", problem.code)) from None


def _statement(row: Scoring, checked: Checked, at: datetime) -> bytes:
    """What two persons sign; refused while nothing confirms the scoring."""
    try:
        return judging.statement(checked, agreement.confirmed(bytes(row.data), checked, at=at))
    except Rejected as problem:
        raise Refused(refuse(CLAUSE, str(problem), problem.code)) from None


def _results(made: Release, checked: Checked) -> list[Result]:
    """Each outcome with what it leads to: practical, certificate, resit, a new training."""
    people = {one.pseudonym: one for one in allocation.seated(made.sitting)}
    if missing := sorted(row.attempt for row in checked.rows if row.attempt not in people):
        raise Refused(refuse(CLAUSE, f"应考 {missing[0]} 在考试安排中查不到（共 {len(missing)} 人），不能发布。请联系系统管理员。", "unknown"))
    before = queries.failures({one.person for one in people.values()}, checked.part)
    theory = queries.theory_passed({one.person for one in people.values()}) if checked.part == "P" else {}
    found = []
    for row in checked.rows:
        one = people[row.attempt]
        failed = before.get((one.person, row.subject), set()) - {made.sitting} if one.person else set()
        passed_on = theory.get((one.person, row.subject)) if one.person else None
        step, until, reasons = (
            _after_practical(row, passed_on, len(failed), checked.day)
            if checked.part == "P"
            else _consequence(row, one.kind, len(failed), checked.day)
        )
        names = ("attempt", "ticket", "subject", "grade", "score", "max_score", "answered")
        same = {name: getattr(row, name) for name in names}
        frame = {"city": made.city, "release": made, "sitting": made.sitting, "person": one.person, "kind": one.kind, "day": checked.day}
        frame["part"] = checked.part
        found.append(Result(**frame, **same, counts_until=until, next=step, reasons=_told([*row.reasons, *reasons])))
    return found


def _consequence(row: Judged, kind: str, failed_before: int, day: date) -> tuple[str, date | None, list[Reason]]:
    """(next step, last day on which a pass counts, reasons) by the rules of 二（六）."""
    if row.grade == Grade.PASSED:
        until = theory_counts_until(day)
        verdict = may_issue(CertificateFacts("first" if kind == "initial" else kind, theory_passed_on=day), day)
        if verdict.allowed:
            return Result.Next.CERTIFICATE.value, until, []
        return Result.Next.PRACTICAL.value, until, [*verdict.reasons, Reason(CLAUSE, f"理论成绩有效至 {until}")]
    return _again(row, failed_before, day)


def _after_practical(row: Judged, theory: date | None, failed_before: int, day: date) -> tuple[str, date | None, list[Reason]]:
    """二（六） The practical counts only after a passed theory whose result still counts; both passed lead to a certificate."""
    if row.grade != Grade.PASSED:
        return _again(row, failed_before, day)
    verdict = may_sit_practical(theory, day)
    if theory is None or not verdict.allowed:
        return Result.Next.NONE.value, theory_counts_until(day), list(verdict.reasons)
    until = theory_counts_until(theory)
    issue = may_issue(CertificateFacts("first", theory_passed_on=theory, practical_passed_on=day), day)
    step = Result.Next.CERTIFICATE if issue.allowed else Result.Next.NONE
    return step.value, until, [*issue.reasons, Reason(CLAUSE, f"理论 {theory} 合格，有效至 {until}；实操合格")]


def _again(row: Judged, failed_before: int, day: date) -> tuple[str, date | None, list[Reason]]:
    if row.grade == Grade.FAILED:
        again, times = may_resit(failed_before + 1, day), numbers.of("ex.makeup", day)
        if again.allowed:
            return Result.Next.RESIT.value, None, [Reason(CLAUSE, f"可以补考 {times.value} 次{times.remark}")]
        return Result.Next.RETRAIN.value, None, list(again.reasons)
    return Result.Next.NONE.value, None, []
