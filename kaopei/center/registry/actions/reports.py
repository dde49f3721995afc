"""一（二） Written reports: taken with a receipt, verified by another person than who handed them in, or returned with reasons."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from kaopei.center.registry import reporting, taking, versioning
from kaopei.center.registry.models import Institution, Registration, WrittenReport
from kaopei.center.registry.reporting import Upload
from kaopei.law.ambiguous import setting
from kaopei.law.calendar import NotEntered, after_working_days, working_days_late
from kaopei.law.rules.c1_2_reports import change_reported, may_deregister, may_register
from kaopei.law.verdict import Verdict, refuse
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused

Kind, Status = WrittenReport.Kind, WrittenReport.Status
LEAST_REASON = 10
DEREGISTERED = "已注销"


@records("registry.reported", act="registry.report")
def submit(
    kind: str, code: str, said: Mapping[str, Any], *, files: Sequence[Upload], city: str, changed_on: dt.date, by: Actor, at: dt.datetime
) -> WrittenReport:
    """一（二） N1.2.1–3, 7–9: take a report in and give it a receipt number. The same report again gives the same receipt."""
    clause = reporting.CLAUSES[Kind(kind)]
    _own(code, city, by, clause)
    said = reporting.tidy(kind, said)
    now = _open_registration(city, code)
    is_registered = bool(now and now.is_registered)
    _let(reporting.check_said(kind, code, said, is_registered=is_registered, was_listed=now is not None))
    _let(reporting.check_files(files, clause))
    today = at.astimezone(CHINA).date()
    if changed_on > today and kind != Kind.DEREGISTRATION:
        raise Refused(refuse(clause, f"发生日期 {changed_on} 晚于今日，请核对。", "day"))
    if kind == Kind.DEREGISTRATION:
        _let_go(city, code, said.get("plan", ""))
    digest = reporting.digest(kind, code, said, changed_on, files)
    waiting = WrittenReport.objects.filter(city=city, code=code, status=Status.SUBMITTED).first()
    if waiting and waiting.digest == digest:
        nothing_changed()
        return waiting
    if waiting:
        text = f"该机构的报告 {waiting.number} 正在核实，一次只能有一份。请等办结，或先撤回再报。"
        raise Refused(refuse(clause, text, "report_waiting"))
    try:
        with transaction.atomic():
            made = _create(kind, code, said, digest, city, changed_on, is_registered, by, at)
    except IntegrityError:  # somebody handed one in at the same moment
        raise Refused(refuse(clause, "该机构刚刚提交了另一份报告，请刷新后查看。", "report_waiting")) from None
    reporting.attach(f"report:{made.number}", city, files, by, at)
    event(obj=f"report:{made.number}", city=city, kind=kind, code=code, digest=digest, files=[file.digest for file in files])
    return made


def _create(
    kind: str, code: str, said: Mapping[str, Any], digest: str, city: str, changed_on: dt.date, is_registered: bool, by: Actor, at: dt.datetime
) -> WrittenReport:
    today = at.astimezone(CHINA).date()
    return WrittenReport.objects.create(
        city=city,
        number=f"{city}-{today.year}-{ids.next_number('report', city, today.year):05d}",
        ulid=ids.ulid(at),
        kind=kind,
        code=code,
        said=json.dumps(dict(said), ensure_ascii=False),
        digest=digest,
        changed_on=changed_on,
        days_late=_days_late(changed_on, today) if is_registered else 0,
        submitted_by=by.username,
        submitted_at=at,
        due_on=after_working_days(today, setting("AMB5", "verification_working_days"), clause="N1.2.4").day,
    )


@records("registry.registered", act="registry.verify")
def verify(number: str, *, checked: Sequence[str], reasons: str, revision: int, from_day: dt.date, by: Actor, at: dt.datetime) -> WrittenReport:
    """一（二） N1.2.4: another person verifies and registers; what the report says is in force from `from_day`."""
    row = _decide(number, Status.REGISTERED, reasons, revision, by, at)
    _let(may_register(row.submitted_by, by.username, checked, reasons))
    row.checked = list(checked)
    if row.kind == Kind.DEREGISTRATION and (left := reporting.unfinished(row.city, row.code)):
        raise Refused(refuse("N1.2.8", reporting.road_out(left), "open_classes"))
    row.save()
    _register(row, from_day, at)
    event(obj=f"report:{number}", city=row.city, kind=row.kind, code=row.code, digest=row.digest, from_day=from_day.isoformat())
    return row


@records("registry.returned", act="registry.verify")
def return_report(number: str, *, reasons: str, revision: int, by: Actor, at: dt.datetime) -> WrittenReport:
    """一（二） N1.2.4: a report that does not do goes back with reasons; the register stays as it is."""
    row = _decide(number, Status.RETURNED, reasons, revision, by, at)
    if by.username == row.submitted_by:
        raise Refused(refuse("N1.2.4", "自己代为录入的报告，请由另一人退回；弄错了可以撤回。", "own_submission"))
    row.save()
    event(obj=f"report:{number}", city=row.city, kind=row.kind, code=row.code, digest=row.digest)
    return row


@records("registry.report_withdrawn", act="registry.report")
def withdraw(number: str, *, revision: int, by: Actor, at: dt.datetime) -> WrittenReport:
    """一（二） N1.2.1: who reported takes it back before anybody has decided."""
    row = _decide(number, Status.WITHDRAWN, "报告人撤回。书面报告尚未核实", revision, by, at)
    if by.username != row.submitted_by:
        raise Refused(refuse("N1.2.1", "只有报告人本人可以撤回。", "not_own"))
    row.save()
    event(obj=f"report:{number}", city=row.city, kind=row.kind, code=row.code, digest=row.digest)
    return row


def _decide(number: str, status: str, reasons: str, revision: int, by: Actor, at: dt.datetime) -> WrittenReport:
    """The report with its decision, not yet saved; of two who decide at once one wins."""
    row = WrittenReport.objects.filter(number=number).first()
    if row is None:
        raise Refused(refuse("N1.2.4", f"没有编号为 {number} 的书面报告，请核对。", "report_unknown"))
    if row.status != Status.SUBMITTED:
        who = f"（{row.decided_by}）" if row.decided_by else ""
        raise Refused(refuse("N1.2.4", f"报告 {number} 已由另一人办结{who}：{row.get_status_display()}。请打开查看，不需要再办。", "decided_already"))
    versioning.claim(row, revision, "N1.2.4")
    if len(reasons.strip()) < LEAST_REASON:
        raise Refused(refuse("N1.2.4", f"请写明理由（不少于 {LEAST_REASON} 个字）。", "no_reasons"))
    row.status, row.reasons, row.decided_by, row.decided_at = status, reasons.strip(), by.username, at
    return row


def _register(row: WrittenReport, from_day: dt.date, at: dt.datetime) -> None:
    """Bring the register to what the report says. The row of the body is locked: a second change waits and then finds the newer facts."""
    said = json.loads(row.said)
    body, _ = Institution.objects.get_or_create(
        city=row.city, code=row.code, defaults={"name": said.get("name", row.code), "kind": said.get("kind", Institution.Kind.INSTITUTION)}
    )
    body = Institution.objects.select_for_update().get(pk=body.pk)
    old = _open_registration(row.city, row.code)
    if old and from_day < old.from_day:
        text = f"生效日期 {from_day} 早于现有登记事实的起日 {old.from_day}，登记只能向后续写。"
        raise Refused(refuse("N1.2.4", text, "day"))
    described = {name: said.get(name, getattr(body, name)) for name in reporting.ABOUT}
    taking.describe(Institution, body, {}, described | ({"kind": said["kind"]} if "kind" in said else {}))
    gone = row.kind == Kind.DEREGISTRATION
    facts = described | {
        "scope": said.get("scope", old.scope if old else []),
        "registered_on": from_day if row.kind == Kind.FIRST or old is None else old.registered_on,
        "is_registered": not gone,
        "status_text": DEREGISTERED if gone else "已登记",
        "report": row.number,
    }
    owner = {"city": row.city, "institution": body}
    versioning.keep(Registration, owner, facts, day=from_day, source=f"书面报告 {row.number}", at=at)


def _open_registration(city: str, code: str) -> Registration | None:
    return Registration.objects.filter(city=city, institution__code=code, to_day=None, ended_at=None).first()


def _let_go(city: str, code: str, plan: str) -> None:
    """一（二） N1.2.8: who stops says what becomes of trainees who have not finished."""
    left = reporting.unfinished(city, code)
    verdict = may_deregister(len(left), plan)
    if not verdict.allowed:
        text = f"{reporting.road_out(left)}。现在报注销，请在“学员去向”里逐班写明。"
        raise Refused(refuse("N1.2.8", text, "open_classes"))


def _days_late(changed_on: dt.date, today: dt.date) -> int:
    """一（二） N1.2.7: a late report is taken, and the working days are noted; 0 where a year's calendar is not entered."""
    verdict = change_reported(changed_on, today)
    if not verdict.allowed or verdict.code != "late":
        return 0
    try:
        return working_days_late(changed_on, today) - setting("AMB5", "institution_change_working_days")
    except NotEntered:
        return 0


def _own(code: str, city: str, by: Actor, clause: str) -> None:
    """An institution reports itself, in a city where it has a log-in; a clerk enters what came on paper, in his own city."""
    if not {"clerk", "system"} & by.held() and getattr(by, "institution", "") != code:
        raise Refused(refuse(clause, "只能报告本机构的事项。", "other_institution"))
    if by.city not in ("*", "", city):
        raise Refused(refuse("N2.1.2", "只能向本市报告。", "other_city"))


def _let(verdict: Verdict) -> None:
    if not verdict.allowed:
        raise Refused(verdict)
