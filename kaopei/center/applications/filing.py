"""How a judged pack becomes rows, and rows become applications."""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from kaopei.center.applications import bulk, decisions, judging
from kaopei.center.applications.models import Application, Batch, Decision, Intake, Row, Workbook
from kaopei.center.applications.pack import APPLICATIONS, COLUMNS, Delivery, Pack, Unusable, open_delivery
from kaopei.center.applications.pseudonyms import pseudonym
from kaopei.center.registry import queries as registry
from kaopei.law import rulesets
from kaopei.law.verdict import Reason
from kaopei.office import software
from kaopei.office.accounts.roles import Actor
from kaopei.office.clock import CHINA
from kaopei.office.personal import blind_index, decrypt_bytes, encrypt_bytes

KINDS = {"first": Application.Kind.INITIAL, "review": Application.Kind.REVIEW, "renewal": Application.Kind.RENEWAL}
PURPOSE = "applications.workbook"
SOME = 1000


def judged(delivery: Delivery | Pack, city: str, batch: str, at: dt.datetime) -> tuple[Pack, judging.Judgement]:
    """Open and judge a delivery in the light of what its batch has received. Workbooks that a correction lacks come from the last one."""
    pack = delivery if isinstance(delivery, Pack) else open_delivery(delivery, _kept(batch) if batch else {})
    judgement = judging.judge(pack, received_on=None, today=at.astimezone(CHINA).date(), city=city)
    number = batch_number(judgement)
    if batch and number != batch:
        raise Unusable(f"这份考试计划属于批次 {number}，不是批次 {batch} 的更正。请核对日期，或作为新批次上传。")
    return pack, _in_batch(pack, judgement, Batch.objects.filter(number=number).first(), at)


def _in_batch(pack: Pack, first: judging.Judgement, batch: Batch | None, at: dt.datetime) -> judging.Judgement:
    """Judge again if the batch has an earlier day of receipt, applications that this sheet does not repeat, or the register knows better."""
    city, day = first.city.code, first.context.first_day
    decided = {code: now for code, now in registry.decided(city, day).items() if code in first.context.institutions}
    stopped = registry.stopped(first.sites, city)
    received_on: dt.date | None = None
    taken: dict[tuple[str, str], str] = {}
    if batch is not None:
        began = batch.intakes.order_by("round").values_list("received_at", flat=True).first()
        received_on = began.astimezone(CHINA).date() if began else None
        keys = {row.key for row in first.rows}
        others = Application.objects.filter(batch=batch, decision__in=[Decision.ACCEPT, Decision.HOLD]).exclude(serial__in=keys)
        taken = {(row.id_number, row.operation): row.serial for row in others if row.id_number}
    if not taken and not decided and not stopped and received_on in (None, first.context.received_on):
        return first
    today = at.astimezone(CHINA).date()
    return judging.judge(pack, received_on=received_on, today=today, taken=taken, city=city, decided=decided, stopped=stopped)


def _kept(batch: str) -> dict[str, tuple[str, bytes]]:
    """Workbooks of the batch's latest confirmed intake: name → file name and bytes."""
    latest = Intake.objects.filter(batch__number=batch, status=Intake.Status.CONFIRMED).order_by("-round").first()
    return workbooks(latest) if latest else {}


def workbooks(intake: Intake) -> dict[str, tuple[str, bytes]]:
    """The files of an intake, decrypted."""
    return {row.name: (row.filename, decrypt_bytes(bytes(row.content), PURPOSE)) for row in intake.workbooks.all()}


def batch_number(judgement: judging.Judgement) -> str:
    """City and month of the first day of the plan: 440600-2026-12."""
    return f"{judgement.city.code}-{judgement.context.first_day:%Y-%m}"


def same(number: str, digest: str) -> Intake | None:
    """The latest intake of the batch that was not set aside, if it says the same."""
    live = Intake.objects.filter(batch__number=number).exclude(status=Intake.Status.SET_ASIDE)
    latest = live.order_by("-round").select_related("batch").first()
    return latest if latest and latest.digest == digest else None


def store(pack: Pack, judgement: judging.Judgement, by: Actor, at: dt.datetime) -> Intake:
    """Keep files and verdicts. An intake that waits for confirmation gives way to the newer one."""
    context = judgement.context
    batch, _ = Batch.objects.get_or_create(
        number=batch_number(judgement), defaults={"city": judgement.city.code, "first_day": context.first_day, "last_day": context.last_day}
    )
    Batch.objects.select_for_update().get(pk=batch.pk)
    batch.intakes.filter(status=Intake.Status.JUDGED).update(status=Intake.Status.SET_ASIDE)
    made = Intake.objects.create(
        city=batch.city,
        batch=batch,
        round=batch.intakes.count() + 1,
        digest=pack.digest,
        rules=f"{rulesets.name_on(context.received_on)}@{context.received_on}",
        rules_digest=rulesets.on(context.received_on).digest,
        software=software.named(decisions.RULES),
        plan=[row.as_json() for row in judgement.plan],
        warnings=[{"text": str(message), "loud": message.is_loud} for message in judgement.messages],
        counts=judgement.counts(),
        names={entry.facts.code: entry.facts.name for entry in judgement.institutions},
        letters=dict(judgement.rows[0].line.letters) if judgement.rows else {},
        received_by=by.username,
        received_at=at,
    )
    Workbook.objects.bulk_create(
        Workbook(
            city=batch.city, intake=made, name=name, filename=filename,
            digest=hashlib.sha256(content).hexdigest(), content=encrypt_bytes(content, PURPOSE),
        )
        for name, (filename, content) in pack.contents.items()
    )  # fmt: skip
    before = _before(batch)
    bulk.insert(_row(made, position, row, before) for position, row in enumerate(judgement.rows, start=1))
    return made


def _before(batch: Batch) -> dict[str, Application]:
    """What the batch had, by 序号."""
    return {row.serial: row for row in Application.objects.filter(batch=batch).select_related("row")}


def _row(intake: Intake, position: int, judged: judging.Judged, before: Mapping[str, Application]) -> Row:
    said = cells(judged)
    row = Row(
        city=intake.city,
        intake=intake,
        position=position,
        serial=judged.key,
        written_serial=judged.serial,
        sheet_row=judged.line.row,
        cells=json.dumps(said, ensure_ascii=False),
        mark=mark(said),
        decision=judged.verdict.decision,
        code=judged.verdict.code,
        codes=[reason.code for reason in judged.verdict.reasons],
        reasons=[_reason(reason) for reason in judged.verdict.reasons],
        notes=[_reason(reason) for reason in judged.verdict.notes],
        institution_code=judged.facts.institution,
    )
    row.change, row.changed_columns = compare(row, said, before.get(judged.key))
    return row


def cells(judged: judging.Judged) -> dict[str, str]:
    """Cells of the known columns as written; a number where the law wants text says so."""
    said = {column: judged.line.text(column) for column in COLUMNS[APPLICATIONS]}
    if judged.line.cell("身份证号码").kind == "number":
        said["身份证号码"] += "（数值）"
    return said


def mark(said: Mapping[str, str]) -> str:
    """A keyed digest: equal rows are found without opening them, and nobody can try numbers against it."""
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return blind_index(hashlib.sha256(text.encode()).hexdigest(), "applications.row").hex()


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "clause": reason.clause, "text": reason.text, "columns": list(judging.CELLS.get(reason.code, ()))}


def compare(row: Row, said: Mapping[str, str], application: Application | None) -> tuple[str, list[str]]:
    """What a delivered row means for the application of that 序号: new, same, changed, or changed but frozen; and which columns."""
    if application is None:
        return Row.Change.NEW, []
    old = application.row
    verdict_same = (old.decision, old.codes) == (row.decision, row.codes)
    if old.mark == row.mark and verdict_same:
        return Row.Change.SAME, []
    earlier = json.loads(old.cells)
    columns = [column for column in said if earlier.get(column, "") != said[column]]
    return (Row.Change.FROZEN if application.frozen_in else Row.Change.CHANGED), columns


def again(intake: Intake) -> judging.Judgement:
    """Judge the stored files once more, now that they are carried out; Unusable if something that matters has changed since."""
    pack = open_delivery({}, workbooks(intake))
    earliest = intake.batch.intakes.order_by("round").values_list("received_at", flat=True).first() or intake.received_at
    first = judging.judge(pack, received_on=None, today=earliest.astimezone(CHINA).date(), city=intake.city)
    judgement = _in_batch(pack, first, intake.batch, intake.received_at)
    shown = list(Row.objects.filter(intake=intake).order_by("position").values_list("serial", "decision", "code"))
    now = [(row.key, row.verdict.decision, row.verdict.code) for row in judgement.rows]
    if shown != now:
        raise Unusable(f"受理 {intake.number} 审核之后，本批次的情况有变化，结论已不同。请重新上传表格。")
    return judgement


def apply(batch: Batch, intake: Intake, judgement: judging.Judgement) -> dict[str, int]:
    """Make new applications, replace changed ones that are not frozen, leave the rest; how many of each."""
    before = _before(batch)
    needed = ("serial", "mark", "decision", "codes", "change", "changed_columns", "intake")
    rows = {row.serial: row for row in Row.objects.filter(intake=intake).only(*needed)}
    made, replaced, differing = [], [], []
    done: Counter[str] = Counter()
    for judged in judgement.rows:
        row, old = rows[judged.key], before.get(judged.key)
        change, columns = compare(row, cells(judged), old)
        if (change, columns) != (row.change, row.changed_columns):
            row.change, row.changed_columns = change, columns
            differing.append(row)
        done[change] += 1
        if change == Row.Change.NEW:
            made.append(_fill(Application(city=batch.city, batch=batch, serial=judged.key), row, judged))
        elif change == Row.Change.CHANGED and old is not None:
            replaced.append(_fill(old, row, judged))
    Row.objects.bulk_update(differing, ["change", "changed_columns"], SOME)
    bulk.insert(made)
    Application.objects.bulk_update(replaced, FILLED, SOME)
    done["absent"] = len(before.keys() - rows.keys())
    return dict(done)


FILLED = (
    "row", "pseudonym", "decision", "person", "name", "id_number", "phone", "institution_code", "operation", "kind", "district",
    "training_end", "is_student", "school",
)  # fmt: skip


def _fill(application: Application, row: Row, judged: judging.Judged) -> Application:
    """The application as the row has it. A pseudonym once given stays with the application."""
    facts = judged.facts
    application.row = row
    application.decision = judged.verdict.decision
    if application.decision == Decision.ACCEPT and not application.pseudonym:
        application.pseudonym = pseudonym(application.batch.number, application.serial)
    application.person = blind_index(facts.id_number.value, "person").hex() if not facts.id_number.fault else ""
    application.name = facts.name.value
    application.id_number = facts.id_number.value
    application.phone = facts.mobile.value
    application.institution_code = facts.institution
    application.operation = facts.operation
    application.kind = KINDS.get(facts.kind, "")
    application.district = facts.district
    application.training_end = facts.trained_until
    application.is_student = facts.is_student
    application.school = facts.school
    return application


def close(batch: Batch, intake: Intake, judgement: judging.Judgement, changed: dict[str, int], by: Actor, at: dt.datetime) -> None:
    """The intake is carried out; the batch has the days of its plan."""
    intake.status, intake.confirmed_by, intake.confirmed_at = Intake.Status.CONFIRMED, by.username, at
    intake.changed = changed
    intake.save(update_fields=["status", "confirmed_by", "confirmed_at", "changed"])
    batch.first_day, batch.last_day = judgement.context.first_day, judgement.context.last_day
    batch.save(update_fields=["first_day", "last_day"])
