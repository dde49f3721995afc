"""一（三） N1.3.4 What a class's file holds: every record, what was decided about it, and which of the parts that belong to it are there."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kaopei.center.registry import queries as registry
from kaopei.center.training import sealing
from kaopei.center.training.decisions import REASONS
from kaopei.center.training.identity import is_confirmed
from kaopei.center.training.models import Contest, Correction, Exclusion, FilePart, HoursTotal, Lead, Seal, SignInRecord, StudyRecord, TrainingClass
from kaopei.center.training.queries import classes, hours, people
from kaopei.center.training.timetable import shown
from kaopei.law.rules.c1_3_records import ARCHIVE, archive_is_whole
from kaopei.law.rules.c1_3_teachers import TeacherFacts, may_teach
from kaopei.ledger import tree
from kaopei.office import scope
from kaopei.office.clock import CHINA
from kaopei.office.personal import mask_id
from kaopei.office.sheets import write_csv

# A path needs all leaves of its batch: for the large batch of a whole city's file the root and its event are named instead.
LARGEST_PATH = 2000
SIGN_COLUMNS = (
    "记录号", "种类", "名册序号", "日期", "单元", "签到", "签退", "凭据", "设备", "记录时间", "补录单号", "更正或恢复的记录", "原因", "第二人",
)  # fmt: skip
HOURS_COLUMNS = ("名册序号", "姓名", "身份证号码", "记录数", "剔除前分钟", "有效分钟", "计得学时", "含换班前学时", "不计（代码:分钟）", "培训证明")


@dataclass(frozen=True, slots=True)
class Completeness:
    """Parts by key with their words and whether each is there; `score` in a hundred."""

    parts: dict[str, tuple[str, bool]]

    @property
    def score(self) -> int:
        return 100 * sum(there for _, there in self.parts.values()) // len(self.parts)

    @property
    def missing(self) -> list[str]:
        return [word for word, there in self.parts.values() if not there]

    @property
    def verdict(self) -> Any:
        """By the rule of the law's room."""
        return archive_is_whole({part for part, (_, there) in self.parts.items() if there})


def completeness(one: TrainingClass) -> Completeness:
    """Which of the eight parts there are: from records where there are records, from papers where there are none."""
    papers = set(FilePart.objects.filter(study_class=one).values_list("part", flat=True))
    lessons = list(classes.lessons(one).filter(status="planned"))
    quizzed = StudyRecord.objects.filter(study_class=one, events__contains="\tquiz\t").exists()
    there = {
        "plan": bool(one.plan) or "plan" in papers,
        "roster": one.enrolments.filter(is_listed=True).exists(),
        "sign_in": SignInRecord.objects.filter(study_class=one).exists() or StudyRecord.objects.filter(study_class=one).exists(),
        "lessons": bool(lessons) or "lessons" in papers,
        "teachers": bool(lessons) and all(_reported(one, lesson.teacher, lesson.day) for lesson in lessons),
        "tests": quizzed or "tests" in papers,
        "evaluation": "evaluation" in papers,
        "proof": not any(deserving(one)) and one.enrolments.filter(proof__isnull=False).exists(),
    }
    return Completeness({part: (word, there[part]) for part, word in ARCHIVE.items()})


def _reported(one: TrainingClass, person: str, day: dt.date) -> bool:
    versions = [row for row in classes.reports_of(one.city, one.institution_code, person) if row.ended_at is None]
    return any(may_teach(TeacherFacts(person, row.reported_on, row.last), day).allowed for row in versions)


def deserving(one: TrainingClass) -> Iterator[Any]:
    """Enrolments whose hours reach what the syllabus asks for (where it is known) and that have no proof yet."""
    needed = hours.needed(one)
    for row in people.roster(one).filter(left_on=None, is_listed=True, proof__isnull=True):
        counted = hours.of(row)
        if counted and (needed is None or counted >= needed):
            yield row


def hours_digest(one: TrainingClass) -> str:
    """Of everybody's hours as they are counted now."""
    rows = HoursTotal.objects.filter(enrolment__study_class=one).order_by("enrolment").values_list("enrolment", "effective", "hours")
    return hashlib.sha256(json.dumps([list(row) for row in rows]).encode()).hexdigest()


def contents(one: TrainingClass, at: dt.datetime) -> dict[str, Any]:
    """All of it as data; times are those of China."""
    body = registry.institution(one.city, one.institution_code, at.astimezone(CHINA).date())
    teachers = classes.ever_reported(one.city, one.institution_code)
    lessons, whole = list(classes.lessons(one)), completeness(one)
    taught = {lesson.teacher for lesson in lessons}
    return {
        "class": {
            "number": one.number, "operation": one.operation, "kind": one.get_kind_display(), "room": one.room, "capacity": one.capacity,
            "first_day": str(one.first_day), "last_day": str(one.last_day), "report": one.report_number, "reported_at": _time(one.reported_at),
            "plan": one.plan, "city": one.city,
        },
        "institution": {"code": one.institution_code, "name": body.name if body else ""},
        "hours_needed": str(hours.needed(one) or ""),
        "lessons": [{**shown(row), "teacher": teachers[row.teacher].name if row.teacher in teachers else ""} for row in lessons],
        "changes": [
            {"kind": row.get_kind_display(), "before": row.before, "after": row.after, "reason": row.reason, "by": row.by, "at": _time(row.at)}
            for row in classes.changes(one)
        ],
        "teachers": [
            {"name": row.name, "subject": row.subject, "qualification": row.qualification, "reported_on": str(row.reported_on or ""),
             "until": str(row.until or "")}
            for person, row in teachers.items() if person in taught
        ],
        "trainees": [_trainee(row) for row in people.roster(one)],
        **_decided(one),
        "attachments": [
            {"part": row.get_part_display(), "name": row.name, "file": attachment(row), "sha256": row.digest, "by": row.by, "at": _time(row.at)}
            for row in FilePart.objects.filter(study_class=one).defer("content")
        ],
        "completeness": {"score": whole.score, "parts": dict(whole.parts.values())},
        "reasons": {code: {"clause": clause, "text": text} for code, (clause, text) in REASONS.items()},
        "seals": seals(one),
    }  # fmt: skip


def _decided(one: TrainingClass) -> dict[str, list[dict[str, Any]]]:
    """What people have decided about its records: corrections, contests, upheld leads."""
    return {
        "corrections": [
            {"position": row.enrolment.position, "replaces": row.replaces, "reason": row.reason, "state": row.get_status_display(),
             "asked_by": row.asked_by, "second_by": row.second_by, "second_at": _time(row.second_at)}
            for row in Correction.objects.filter(enrolment__study_class=one).select_related("enrolment")
        ],
        "contests": [
            {"position": row.enrolment.position, "record": row.key, "code": row.code, "minutes": row.minutes, "state": row.get_status_display(),
             "decision": row.decision_number, "reason": row.reason, "decided_at": _time(row.decided_at)}
            for row in Contest.objects.filter(enrolment__study_class=one).select_related("enrolment")
        ],
        "leads_upheld": [
            {"kind": row.kind, "decision": row.decision_number, "records": row.rows, "decided_at": _time(row.decided_at)}
            for row in Lead.objects.filter(classes__contains=[one.number], status="upheld")
        ],
    }  # fmt: skip


def plain(data: dict[str, Any]) -> bytes:
    """JSON for people and programs: Chinese as it is, a field a line."""
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def paper(data: dict[str, Any]) -> dict[str, Any]:
    """The same for the PDF: identity numbers masked, no paths."""
    trainees = [{**one, "id_number": mask_id(one["id_number"]), "excluded": _codes(one["excluded"])} for one in data["trainees"]]
    return {**data, "title": f"培训档案 {data['file']['number']}", "trainees": trainees, "seals": [
        {name: value for name, value in one.items() if name != "paths"} for one in data["seals"]
    ], "parts": [[word, there] for word, there in data["completeness"]["parts"].items()]}  # fmt: skip


def _codes(excluded: dict[str, int]) -> str:
    return "；".join(f"{code} {minutes} 分" for code, minutes in sorted(excluded.items()))


def attachment(row: FilePart) -> str:
    """Its name in the ZIP: safe everywhere."""
    ending = row.name.rpartition(".")[2].lower()
    ending = ending if ending.isascii() and ending.isalnum() and len(ending) <= 5 else "bin"
    return f"attachments/{row.part}-{row.digest[:12]}.{ending}"


def _time(value: dt.datetime | None) -> str:
    return value.astimezone(CHINA).isoformat(timespec="seconds") if value else ""


def _trainee(row: Any) -> dict[str, Any]:
    total, proof = getattr(row, "total", None), getattr(row, "proof", None)
    return {
        "enrolment": row.pk, "position": row.position, "name": row.trainee.name, "id_number": row.trainee.id_number, "listed": row.is_listed,
        "confirmed": is_confirmed(row.trainee), "joined_on": str(row.joined_on),
        "left_on": str(row.left_on or ""), "records": total.records if total else 0,
        "gross_minutes": total.gross if total else 0, "effective_minutes": total.effective if total else 0, "hours": total.hours if total else 0,
        "hours_with_earlier_class": hours.of(row), "excluded": dict(total.excluded) if total else {},
        "exclusions": [
            {"record": one.key, "code": one.code, "minutes": one.minutes, "begin": _time(one.begin)}
            for one in Exclusion.objects.filter(enrolment=row).order_by("begin", "key")
        ],
        "proof": proof.number if proof else "",
    }  # fmt: skip


def seals(one: TrainingClass) -> list[dict[str, Any]]:
    """The seals that hold the class's records, with a path for each record where the batch is small."""
    found = []
    with scope.entered(scope.PROVINCE):
        for table, (model, _) in sealing.TABLES.items():
            rows = model.objects.filter(study_class=one)
            batches = set(rows.exclude(batch="").values_list("batch", flat=True))
            wanted = list(Seal.objects.filter(table=table, ulid__in=batches))
            for pk in rows.filter(batch="").order_by("pk").values_list("pk", flat=True):
                if not any(seal.source == "live" and seal.first_id <= pk <= seal.last_id for seal in wanted):
                    wanted += Seal.objects.filter(table=table, source="live", first_id__lte=pk, last_id__gte=pk)
            found += [_seal(seal, model, one) for seal in sorted(wanted, key=lambda seal: seal.pk)]
    return found


def _seal(seal: Seal, model: Any, one: TrainingClass) -> dict[str, Any]:
    said = {"table": seal.table, "batch": seal.ulid, "records": seal.count, "root": seal.root, "event": seal.event, "at": _time(seal.at)}
    if seal.count > LARGEST_PATH:
        return said
    batch = seal.ulid if seal.source == "import" else ""
    rows = model.objects.filter(batch=batch, pk__gte=seal.first_id, pk__lte=seal.last_id).order_by("pk")
    listed = list(rows.values_list("study_class_id", "leaf"))
    leaves = [bytes(leaf) for _, leaf in listed]
    paths = [
        {"leaf": leaves[place].hex(), "index": place, "path": [step.hex() for step in tree.inclusion_proof(leaves, place)]}
        for place, (study_class, _) in enumerate(listed) if study_class == one.pk
    ]  # fmt: skip
    return {**said, "paths": paths}


def lines(one: TrainingClass, table: str) -> bytes:
    """The records of a table as they were hashed, one a line."""
    model, fields = sealing.TABLES[table]
    rows = model.objects.filter(study_class=one).order_by("pk").values_list(*fields)
    return b"".join(sealing.line(row) + b"\n" for row in rows.iterator(chunk_size=2000))


def sign_in_table(one: TrainingClass) -> bytes:
    """Sign-ins for a spreadsheet."""
    kinds = dict(SignInRecord.Kind.choices)
    positions = dict(one.enrolments.values_list("pk", "position"))
    rows = SignInRecord.objects.filter(study_class=one).order_by("pk")
    return write_csv(SIGN_COLUMNS, (
        (row.number, kinds[row.kind], positions.get(row.enrolment_id, ""), str(row.day), row.unit, _time(row.begin), _time(row.end),
         _evidence(row.evidence), row.device, _time(row.recorded), row.supplement, row.replaces, row.reason, row.second)
        for row in rows.iterator(chunk_size=2000)
    ))  # fmt: skip


def _evidence(bits: int) -> str:
    return ";".join(word for bit, word in ((1, "人脸"), (2, "动态码"), (4, "刷卡"), (8, "教师确认")) if bits & bit)


def hours_table(data: dict[str, Any]) -> bytes:
    """Everybody's hours for a spreadsheet, of what `contents` gave."""
    return write_csv(HOURS_COLUMNS, (
        (one["position"], one["name"], one["id_number"], one["records"], one["gross_minutes"], one["effective_minutes"], one["hours"],
         one["hours_with_earlier_class"], ";".join(f"{code}:{minutes}" for code, minutes in sorted(one["excluded"].items())), one["proof"])
        for one in data["trainees"]
    ))  # fmt: skip
