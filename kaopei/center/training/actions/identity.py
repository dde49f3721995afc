"""Identity data: a photograph of one's own, confirmed by the trainee, put right by a second person who says whose error it was."""

import datetime as dt
import hashlib

from kaopei.center.training import identity
from kaopei.center.training.bounds import locked, no
from kaopei.center.training.models import Enrolment, IdentityConfirmation, IdentityCorrection, Trainee
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.law.rules.c1_3_records import correction_may_close
from kaopei.office.accounts import roles
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.personal import blind_index
from kaopei.office.refused import Refused

CLAUSE = "N1.3.11"
Status, Field = IdentityCorrection.Status, IdentityCorrection.Field
MOST = 4 * 1024 * 1024


@records("training.photo_taken", act="training.enrol")
def keep_photo(enrolment: Enrolment, content: bytes, *, by: Actor, at: dt.datetime) -> Trainee:
    """一（三） N1.3.11: the photograph made at the identity check: a whole picture, and nobody else's."""
    locked(enrolment.study_class, by)
    held = Trainee.objects.select_for_update().get(pk=enrolment.trainee_id)
    if len(content) > MOST or not identity.is_picture(content):
        raise no(CLAUSE, f"照片须为完整的 JPEG 或 PNG，不超过 {MOST // 1024 // 1024} MB，请重新拍摄或选择。", "photo")
    digest = hashlib.sha256(content).hexdigest()
    if Trainee.objects.filter(city=held.city, photo_digest=digest).exclude(pk=held.pk).exists():
        raise no("N1.3.13", "这张照片已用于另一名学员。请对照本人重新拍摄。", "photo_of_another")
    held.photo, held.photo_digest = content, digest
    held.save(update_fields=["photo", "photo_digest"])
    event(obj=f"trainee:{held.pk}", city=held.city, digest=digest)
    return held


@records("training.identity_confirmed")
def confirm(trainee: Trainee, *, how: str, device: str = "", by: Actor, at: dt.datetime) -> IdentityConfirmation:
    """一（三） N1.3.12: the trainee has read what is written of him: on his phone, or signed on paper before somebody of the institution."""
    if how == "paper" and not roles.judge(by, "training.enrol").allowed:
        raise no("N1.3.12", "纸上签字由培训机构登记。", "role")
    digest = identity.digest(trainee)
    if identity.is_confirmed(trainee):
        raise no("N1.3.12", "已经确认过，信息没有变化，不需要再确认。", "twice")
    made = IdentityConfirmation.objects.create(city=trainee.city, trainee=trainee, digest=digest, how=how, device=device, by=by.username, at=at)
    event(obj=f"trainee:{trainee.pk}", city=trainee.city, how=how)
    return made


@records("training.identity_asked")
def ask(
    enrolment: Enrolment, field: str, new: str, *, fault: str, evidence: str, attachment: bytes | None = None, device: str = "",
    by: Actor, at: dt.datetime,
) -> IdentityCorrection:  # fmt: skip
    """一（三） N1.3.14: what is wrong, what is right, whose error it was and what proves it. `device` names the phone of a trainee who asks."""
    if not device:
        verdict = roles.judge(by, "training.correct")
        if not verdict.allowed:
            raise Refused(verdict)
        locked(enrolment.study_class, by)
    said = identity.read(field, new)
    old = getattr(enrolment.trainee, field)
    if said == old:
        raise no(CLAUSE, "与现在登记的一样，没有什么要更正。", "same")
    if len(evidence.strip()) < LEAST_TEXT:
        raise no("N1.3.14", f"请写明哪里错了、凭什么证件（不少于 {LEAST_TEXT} 字）。", "evidence")
    if attachment is not None and (len(attachment) > MOST or not (identity.is_picture(attachment) or attachment.startswith(b"%PDF-"))):
        raise no("N1.3.14", f"证据须为 JPEG、PNG 或 PDF，不超过 {MOST // 1024 // 1024} MB。", "attachment")
    if IdentityCorrection.objects.filter(enrolment=enrolment, field=field, status=Status.ASKED).exists():
        raise no("N1.3.14", "这一项已有一件更正申请在等第二人核对。", "open")
    made = IdentityCorrection.objects.create(
        city=enrolment.city, enrolment=enrolment, institution_code=enrolment.study_class.institution_code, field=field, old=old, new=said,
        evidence=evidence.strip()[:2000], attachment=attachment, attachment_digest=hashlib.sha256(attachment).hexdigest() if attachment else "",
        said_fault=fault, asked_by=f"trainee-{enrolment.trainee_id}" if device else by.username, asked_at=at,
    )  # fmt: skip
    event(obj=f"identity:{made.pk}", city=made.city, field=field, fault=fault)
    return made


@records("training.identity_corrected", act="training.second")
def approve(asked: IdentityCorrection, *, fault: str, disposal: str, by: Actor, at: dt.datetime) -> IdentityCorrection:
    """一（三） N1.3.14: the second person has compared with the document; an error of the institution closes only with what is done about it."""
    held = _open(asked, by)
    verdict = correction_may_close(True, fault, disposal.strip())
    if not verdict.allowed:
        raise Refused(verdict)
    trainee = Trainee.objects.select_for_update().get(pk=held.enrolment.trainee_id)
    if held.field == Field.ID_NUMBER:
        person = blind_index(held.new, "person").hex()
        if Trainee.objects.filter(city=held.city, person=person).exclude(pk=trainee.pk).exists():
            raise no(CLAUSE, "更正后的号码已登记给另一名学员，须先查清是不是同一人，不能直接更正。", "taken")
        trainee.person = person
    setattr(trainee, held.field, held.new)
    trainee.save(update_fields=[held.field, "person"])
    held.status, held.fault, held.disposal = Status.APPROVED, fault, disposal.strip()
    held.second_by, held.second_at = by.username, at
    held.save()
    event(obj=f"identity:{held.pk}", city=held.city, field=held.field, fault=fault, institution=held.institution_code)
    return held


@records("training.identity_refused", act="training.second")
def refuse(asked: IdentityCorrection, *, answer: str, by: Actor, at: dt.datetime) -> IdentityCorrection:
    """The second person does not agree, and says why."""
    held = _open(asked, by)
    if len(answer.strip()) < LEAST_TEXT:
        raise no("N1.3.14", f"不同意时请写明理由（不少于 {LEAST_TEXT} 字）。", "reason")
    held.status, held.answer, held.second_by, held.second_at = Status.REFUSED, answer.strip(), by.username, at
    held.save()
    event(obj=f"identity:{held.pk}", city=held.city, field=held.field)
    return held


def _open(asked: IdentityCorrection, by: Actor) -> IdentityCorrection:
    held = IdentityCorrection.objects.select_for_update().select_related("enrolment").get(pk=asked.pk)
    if held.status != Status.ASKED:
        raise no("N1.3.14", f"这件更正申请{held.get_status_display()}。", "state")
    if held.asked_by == by.username:
        raise no("N1.3.14", "不能核对自己提出的更正，请由另一人核对。", "self")
    return held
