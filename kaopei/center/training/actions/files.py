"""A class's papers, proofs of hours, its sealed file; and what becomes of a proof that was false."""

import datetime as dt
import hashlib

from kaopei.center.training import packing, proofs, training_file
from kaopei.center.training.bounds import locked, no
from kaopei.center.training.models import FilePart, Seal, SignInRecord, StudyRecord, TrainingClass, TrainingFile, TrainingProof
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.office import ids, keys, pdf, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.clock import CHINA

CLAUSE = "N1.3.4"
Status = TrainingClass.Status
MOST = 10 * 1024 * 1024
# How files of the kinds that offices use begin.
BEGINNINGS = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04")


@records("training.part_added", act="training.file")
def add_part(study_class: TrainingClass, part: str, *, name: str, content: bytes, by: Actor, at: dt.datetime) -> FilePart:
    """一（三） N1.3.4: a paper of the class: tests, evaluation and what else no record of the system replaces."""
    held = locked(study_class, by)
    if held.status == Status.DRAFT or part not in FilePart.Part.values:
        raise no(CLAUSE, "培训班报告以后才能交档案材料。", "state")
    if not content:
        raise no(CLAUSE, f"“{name}”是空文件，请重新选择。", "empty")
    if len(content) > MOST:
        raise no(CLAUSE, f"“{name}”超过 {MOST // 1024 // 1024} MB，请压缩或分成几个文件。", "size")
    if not content.startswith(BEGINNINGS):
        raise no(CLAUSE, f"“{name}”不是 PDF、JPEG、PNG 或 Office（docx、xlsx）文件，请转换后再交。", "kind")
    digest = hashlib.sha256(content).hexdigest()
    if FilePart.objects.filter(study_class=held, part=part, digest=digest).exists():
        raise no(CLAUSE, f"“{name}”已经交过，不需要再交。", "twice")
    made = FilePart.objects.create(
        city=held.city, study_class=held, part=part, name=name[-120:], content=content, size=len(content), digest=digest, by=by.username, at=at
    )
    event(obj=f"class:{held.number}", city=held.city, part=part, digest=digest)
    return made


@records("training.proofs_issued", act="training.file")
def issue_proofs(study_class: TrainingClass, *, by: Actor, at: dt.datetime) -> list[TrainingProof]:
    """一（三） N1.3.4: a signed proof for everybody whose counted hours reach what the syllabus asks for, where that is known."""
    held = locked(study_class, by)
    if held.status not in (Status.CLOSED, Status.SEALED):
        raise no(CLAUSE, "结班以后才能出具培训证明。", "state")
    due = list(training_file.deserving(held))
    if not due:
        raise no(CLAUSE, "没有学时已够、还没有培训证明的学员。", "nobody")
    signer = keys.signer("center", at)
    made = [proofs.make(one, held, signer, by=by.username, at=at) for one in due]
    digest = hashlib.sha256("".join(one.digest for one in made).encode()).hexdigest()
    event(obj=f"class:{held.number}", city=held.city, count=len(made), digest=digest)
    return made


@records("training.file_sealed", act="training.file")
def seal(study_class: TrainingClass, *, reason: str = "", by: Actor, at: dt.datetime) -> TrainingFile:
    """一（三） N1.3.4: all of the class in one signed file; parts that are missing stand in it with the reason why it was sealed without them."""
    held = locked(study_class, by)
    if held.status not in (Status.CLOSED, Status.SEALED):
        raise no(CLAUSE, "结班以后才能封存培训档案。", "state")
    if _unsealed(held):
        raise no(CLAUSE, "还有签到或学习记录没有封签（系统每分钟封一次），请一分钟后再封存档案。", "unsealed")
    whole = training_file.completeness(held)
    if whole.missing and len(reason.strip()) < LEAST_TEXT:
        text = f"{whole.verdict.text}。请补齐；确实没有的，写明理由（不少于 {LEAST_TEXT} 字）后封存，档案中会写明缺项。"
        raise no(CLAUSE, text, "archive_incomplete")
    last = TrainingFile.objects.filter(study_class=held).first()
    hours, parts = training_file.hours_digest(held), FilePart.objects.filter(study_class=held)
    if last is not None and last.hours == hours and last.missing == whole.missing and not parts.filter(at__gt=last.at).exists():
        raise no(CLAUSE, f"档案 {last.number} 封存后没有变化，不需要再封。", "same")
    year = at.astimezone(CHINA).year
    number = f"{held.city}-{year}-档-{ids.next_number('training-file', held.city, year):05d}"
    packed = _pack(held, number, whole, last, reason.strip(), at)
    made = TrainingFile.objects.create(
        city=held.city, study_class=held, version=last.version + 1 if last else 1, number=number, content=packed.content, size=len(packed.content),
        digest=packed.digest, manifest=packed.manifest, hours=hours, score=whole.score, missing=whole.missing, reason=reason.strip(),
        by=by.username, at=at,
    )  # fmt: skip
    held.status = Status.SEALED
    held.save(update_fields=["status"])
    event(
        obj=f"class:{held.number}", city=held.city, number=number, version=made.version, digest=packed.digest, manifest=packed.manifest,
        score=whole.score,
    )  # fmt: skip
    return made


def _unsealed(held: TrainingClass) -> bool:
    with scope.entered(scope.PROVINCE):
        for table, model in (("sign_in", SignInRecord), ("study", StudyRecord)):
            last = Seal.objects.filter(table=table, source="live").order_by("-last_id").values_list("last_id", flat=True).first()
            if model.objects.filter(study_class=held, batch="", pk__gt=last or 0).exists():
                return True
    return False


def _pack(
    held: TrainingClass, number: str, whole: training_file.Completeness, last: TrainingFile | None, reason: str, at: dt.datetime
) -> packing.Packed:
    data = training_file.contents(held, at)
    data["file"] = {"number": number, "version": last.version + 1 if last else 1, "sealed_at": at.isoformat(timespec="seconds"), "reason": reason}
    files = {
        "file.json": training_file.plain(data),
        "file.pdf": pdf.render("training/file.typ", training_file.paper(data), at=at),
        "hours.csv": training_file.hours_table(data),
        "sign_ins.csv": training_file.sign_in_table(held),
        "sign_in.jsonl": training_file.lines(held, "sign_in"),
        "study.jsonl": training_file.lines(held, "study"),
        **{training_file.attachment(one): bytes(one.content) for one in FilePart.objects.filter(study_class=held)},
    }
    facts = {
        "number": number, "study_class": held.number, "institution_code": held.institution_code, "file_version": data["file"]["version"],
        "previous": last.manifest if last else None, "score": whole.score,
    }  # fmt: skip
    return packing.pack(files, facts, keys.signer("center", at), title=f"培训档案 {number}　培训班 {held.number}", at=int(at.timestamp()))


@records("training.file_fetched", act="training.take_file")
def note_fetched(obj: str, *, what: str, city: str, by: Actor, at: dt.datetime) -> None:
    """Names and identity numbers leave the system: who took which file."""
    event(obj=obj, city=city, what=what)
