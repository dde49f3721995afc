"""二（一）、二（五） The exam body of a city, and its staff file."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from kaopei.center.registry import taking, versioning
from kaopei.center.registry.models import ExamBody, ExamStaff, StaffRecord
from kaopei.law.exceptions import ExceptionFacts
from kaopei.law.rules.c2_1_exam_bodies import PROPER_NATURES, may_designate
from kaopei.law.rules.c2_5_staff import is_in_staff_file
from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.refused import Refused

DESIGNATE = "registry.designate"
REASON_CODE = "nature"


@records("registry.body_asked", act="registry.plan")
def ask_exam_body(said: Mapping[str, str], *, city: str, by: Actor, at: dt.datetime) -> None:
    """二（一） N2.1.1: ask a second person to designate the city's exam body. `said`: name, nature, document, premises, budget,
    from_day, and for another nature a reason with its proof.
    """
    _judge(said, city, asked_by=by.username, approved_by="（待第二人签署）")
    approvals.request(
        action=DESIGNATE,
        object=f"exam_body:{city}",
        content=json.dumps({"city": city, **said}, ensure_ascii=False, indent=2, sort_keys=True).encode(),
        title=f"明确考试机构：{said['name']}"[:200],
        approve_act="registry.accept",
        url="/registry/exam-body/",
        by=by,
        at=at,
    )
    event(obj=f"exam_body:{city}", city=city, nature=said["nature"])


@records("registry.body_designated", act="registry.accept")
def designate(said: Mapping[str, str], *, city: str, asked_by: str, by: Actor, at: dt.datetime) -> ExamBody:
    """二（一） N2.1.1: the second person has signed."""
    _judge(said, city, asked_by=asked_by, approved_by=by.username)
    facts = {name: said.get(name, "") for name in ("name", "nature", "document", "premises", "budget")}
    day = dt.date.fromisoformat(said["from_day"])
    source = f"{asked_by} 申请，{by.username} 批准 {at:%Y-%m-%d}"
    made = ExamBody.objects.create(city=city, from_day=day, source=source, recorded_at=at, **facts)
    event(obj=f"exam_body:{city}", city=city, nature=facts["nature"], from_day=day.isoformat())
    return made


@records("registry.body_ended", act="registry.accept")
def end_exam_body(*, city: str, last_day: dt.date, reason: str, by: Actor, at: dt.datetime) -> None:
    """二（一） N2.1.1: the exam body ends, so that another may be designated."""
    row = ExamBody.objects.select_for_update().filter(city=city, to_day=None, ended_at=None).first()
    if row is None:
        raise Refused(refuse("N2.1.1", "本市没有正在履行职责的考试机构。", "no_exam_body"))
    if not reason.strip() or last_day < row.from_day:
        raise Refused(refuse("N2.1.1", f"请写明理由；止日不得早于 {row.from_day}。", "no_reasons"))
    row.to_day, row.closed_at = last_day, at
    row.save(update_fields=["to_day", "closed_at"])
    event(obj=f"exam_body:{city}", city=city, to_day=last_day.isoformat(), reason=reason.strip())


@records("registry.staff_changed", act="registry.staff")
def amend_staff(person: str, said: Mapping[str, Any], *, revision: int, day: dt.date, city: str, by: Actor, at: dt.datetime) -> ExamStaff:
    """二（五） N2.5.1–6: post, training, appraisal, pledge and secrecy agreement of a person change from `day` on."""
    row = ExamStaff.objects.filter(city=city, person=person).first()
    verdict = is_in_staff_file(row is not None, said.get("post", row.post if row else ""))
    if row is None or not verdict.allowed:
        raise Refused(verdict)
    versioning.claim(row, revision, "N2.5.2")
    for name in taking.STAFF_FACTS:
        setattr(row, name, said.get(name, getattr(row, name)))
    row.save(update_fields=list(taking.STAFF_FACTS))
    facts = {name: getattr(row, name) for name in taking.STAFF_FACTS}
    open_record = StaffRecord.objects.filter(staff=row, to_day=None, ended_at=None).first()
    if open_record and day < open_record.from_day:
        raise Refused(refuse("N2.5.2", f"生效日期 {day} 早于现有登记的起日 {open_record.from_day}，登记只能向后续写。", "day"))
    if versioning.keep(StaffRecord, {"city": city, "staff": row}, facts, day=day, source=f"{by.username} {at:%Y-%m-%d}", at=at):
        event(obj=f"staff:{person}", city=city, from_day=day.isoformat())
    else:
        nothing_changed()
    return row


def _judge(said: Mapping[str, str], city: str, *, asked_by: str, approved_by: str) -> None:
    day = dt.date.fromisoformat(said["from_day"])
    active = ExamBody.objects.filter(city=city, to_day=None, ended_at=None).count()
    excepted = None
    if said["nature"] not in PROPER_NATURES and said.get("reason", "").strip():
        excepted = ExceptionFacts(
            clause="N2.1.1", reason_code=REASON_CODE, text=said["reason"], attachment=said.get("attachment", ""), scope=f"city:{city}",
            first=day, last=dt.date.fromisoformat(said.get("until") or said["from_day"]), requested_by=asked_by, approved_by=approved_by,
        )  # fmt: skip
    verdict = may_designate(city, active, said["nature"], day, excepted)
    if not verdict.allowed:
        raise Refused(verdict)
    if not said["name"].strip() or not said["document"].strip():
        raise Refused(refuse("N2.1.1", "请写明考试机构的名称和明确它的文件（名称、文号）。", "incomplete"))
