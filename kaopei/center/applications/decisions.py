"""Refusals and holds as numbered decisions: what was judged, by which rules and program, what the person may do, what has happened since."""

import datetime as dt
import json
from pathlib import Path

from kaopei.center.applications.models import Application, Intake, Row, Ruling
from kaopei.center.applications.showing import masked
from kaopei.law.decision import ANSWER_DAYS, COURT, SYSTEM, Decision, Remedy, Review, Service, Statement
from kaopei.law.places import cities
from kaopei.law.verdict import Reason
from kaopei.office.clock import CHINA

# Beside the cells that the reasons are about.
ALWAYS = ("操作项目", "申请类型")
# What judges, beside the law: the modules of this app.
RULES = Path(__file__).parent


def of(application: Application) -> Decision | None:
    """The decision that weighs on an application now, or None: it is accepted, or nobody has confirmed its intake."""
    ruling = application.rulings.order_by("-pk").first()
    if ruling is not None and ruling.row_id != application.row_id:
        ruling = None  # a corrected row opened the question again
    if application.decision == "accept" or application.row.intake.confirmed_at is None:
        return None
    made = _of(application.row, application, ruling)
    steps = {step.kind: step for step in application.steps.filter(number=made.number)}
    service, said, looked = (steps.get(kind) for kind in ("service", "statement", "review"))
    return made.with_steps(
        Service(service.text, service.on, service.proof) if service else None,
        Statement(said.text, said.on) if said else None,
        Review(looked.recorded_by, looked.on, bool(looked.upheld), looked.text) if looked else None,
    )


def _of(row: Row, application: Application, ruling: Ruling | None) -> Decision:
    intake = row.intake
    at = ruling.decided_at if ruling else intake.confirmed_at
    decided_on = at.astimezone(CHINA).date()
    reasons = tuple(Reason(reason["clause"], reason["text"], reason["code"]) for reason in row.reasons)
    return Decision(
        number=ruling.number if ruling else f"{intake.number}-{row.position}",
        kind="hold" if application.decision == "hold" else "refusal",
        about=f"application:{intake.batch.number}:{row.serial}",
        facts=_facts(row),
        reasons=(*reasons, Reason("N1.3.11", ruling.reason, "ruled")) if ruling else reasons,
        rules=intake.rules,
        rules_digest=intake.rules_digest,
        software=intake.software,
        decided_by=ruling.decided_by if ruling else _confirmed_by(intake),
        decided_on=decided_on,
        remedies=remedies(intake.city, intake.batch.first_day),
        answer_by=decided_on + dt.timedelta(days=ANSWER_DAYS),
    )


def _confirmed_by(intake: Intake) -> str:
    """Who answers for it: the clerk that confirmed, or the rules alone where a command did."""
    return intake.confirmed_by or SYSTEM


def _facts(row: Row) -> tuple[tuple[str, str], ...]:
    """The cells that were judged, masked where they are personal."""
    said = json.loads(row.cells)
    about = dict.fromkeys(column for reason in row.reasons for column in reason["columns"])
    return tuple((column, masked(column, said.get(column, ""))) for column in dict.fromkeys([*ALWAYS, *about]))


def remedies(city: str, first_day: dt.date) -> tuple[Remedy, ...]:
    """What the applicant may do: correct the row until the plan begins, or go to law."""
    body = f"{cities()[city].name}考试机构"
    return (
        Remedy("更正表格后再报，或书面提出异议", body, first_day - dt.timedelta(days=1)),
        COURT,
    )
