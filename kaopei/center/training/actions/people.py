"""Rosters, changes of class, and the phones that trainees sign with."""

import datetime as dt
import hashlib
import secrets

from kaopei.center.training import codes, identity
from kaopei.center.training.bounds import locked, no
from kaopei.center.training.models import Device, EnrolCode, Enrolment, Trainee, TrainingClass
from kaopei.law.rules.c1_3_identity import datum_is_right
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.clock import CHINA
from kaopei.office.personal import blind_index, mask_name
from kaopei.office.refused import Refused

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@records("training.enrolled", act="training.enrol")
def enrol(study_class: TrainingClass, people: list[tuple[str, str, str]], *, by: Actor, at: dt.datetime) -> list[Enrolment]:
    """一（三） N1.3.11: put people (name, identity number, card) on the roster; all or none. Numbers and names are checked as read."""
    held = locked(study_class, by)
    if held.status not in ("draft", "reported"):
        raise no("N1.3.11", f"本班{held.get_status_display()}，不能再加学员。", "state")
    place = Enrolment.objects.filter(study_class=held).order_by("-position").values_list("position", flat=True).first() or 0
    room = held.capacity
    if room is not None and held.enrolments.filter(left_on=None).count() + len(people) > room:
        raise no("N1.1.1", f"教室容量 {room}，加上这 {len(people)} 人就超了，请换教室或另开一班。", "capacity")
    made = []
    for nth, (name, number, card) in enumerate(people, 1):
        for kind, text in (("name", name), ("id", number)):
            verdict = datum_is_right(kind, text)
            if not verdict.allowed:
                reason = verdict.reasons[0]
                raise no(reason.clause, f"第 {nth} 行：{reason.text}。请对照证件改正后整份重新提交，没有登记任何人。", reason.code)
        name, number = identity.read("name", name), identity.read("id_number", number)
        person = blind_index(number, "person").hex()
        _not_somebody_else(nth, name, number, person, held)
        trainee, _ = Trainee.objects.get_or_create(city=held.city, person=person, defaults={"name": name, "id_number": number})
        if Enrolment.objects.filter(study_class=held, trainee=trainee, left_on=None).exists():
            raise no("N1.3.11", f"第 {nth} 行：此人已在本班名册中。", "twice")
        made.append(
            Enrolment.objects.create(
                city=held.city,
                study_class=held,
                trainee=trainee,
                position=place + nth,
                joined_on=at.astimezone(CHINA).date(),
                card=blind_index(card, "training.card").hex() if card else "",
            )  # fmt: skip
        )
    digest = hashlib.sha256(",".join(str(one.trainee_id) for one in made).encode()).hexdigest()
    event(obj=f"class:{held.number}", city=held.city, count=len(made), digest=digest)
    return made


def _not_somebody_else(nth: int, name: str, number: str, person: str, held: TrainingClass) -> None:
    """The number is known under another name, or somebody of this name is in the class whose number differs by a slip."""
    known = Trainee.objects.filter(city=held.city, person=person).first()
    if known is not None and known.name and known.name != name:
        text = f"第 {nth} 行：这个号码已登记为另一个姓名（{mask_name(known.name)}）。请对照证件；登记有错的，到该学员的“身份信息”申请更正。"
        raise no("N1.3.11", text, "other_name")
    others = Trainee.objects.filter(enrolments__study_class=held, enrolments__left_on=None)
    if known is None and (twin := identity.looks_twice(name, number, others)) is not None:
        text = f"第 {nth} 行：与名册中的 {mask_name(twin.name)} 同名，号码只差一两位，可能是同一人录了两次。请对照证件。"
        raise no("N1.3.11", text, "looks_twice")


@records("training.enrolment_moved", act="training.enrol")
def move(enrolment: Enrolment, to: TrainingClass, *, by: Actor, at: dt.datetime) -> Enrolment:
    """一（三） N1.3.10: to another class of the same operation and institution; the hours of the old one go with him."""
    old = Enrolment.objects.select_for_update().select_related("study_class").get(pk=enrolment.pk)
    held = locked(to, by)
    locked(old.study_class, by)
    if old.left_on is not None or held.status not in ("draft", "reported"):
        raise no("N1.3.10", "学员已离开原班，或新班已结班，不能换班。", "state")
    if (held.operation, held.kind) != (old.study_class.operation, old.study_class.kind) or held.pk == old.study_class_id:
        raise no("N1.3.2", "只能换到同一操作项目、同一培训类别的另一个班，否则学时不能带过去。", "operation")
    day = at.astimezone(CHINA).date()
    old.left_on = day
    old.save(update_fields=["left_on"])
    place = Enrolment.objects.filter(study_class=held).order_by("-position").values_list("position", flat=True).first() or 0
    made = Enrolment.objects.create(
        city=held.city, study_class=held, trainee_id=old.trainee_id, position=place + 1, joined_on=day, card=old.card, serial=old.serial,
        claimed=old.claimed, continues=old,
    )  # fmt: skip
    event(obj=f"enrolment:{made.pk}", city=held.city, **{"from": old.study_class.number, "to": held.number})
    return made


@records("training.code_issued", act="training.enrol")
def issue_code(enrolment: Enrolment, *, by: Actor, at: dt.datetime) -> str:
    """一（三） N1.3.9: after the identity check, a code that binds one phone once, shown to the trainee; only its digest is kept.

    The key itself is made on the phone: whoever shows the code cannot sign with it.
    """
    locked(enrolment.study_class, by)
    made = "".join(secrets.choice(LETTERS) for _ in range(8))
    EnrolCode.objects.filter(trainee=enrolment.trainee, used_at=None).update(expires_at=at)
    expires = at + dt.timedelta(minutes=codes.SAMPLE.code_minutes)
    EnrolCode.objects.create(
        city=enrolment.city, trainee=enrolment.trainee, digest=codes.enrol_digest(made), issued_by=by.username, issued_at=at, expires_at=expires
    )
    event(obj=f"trainee:{enrolment.trainee_id}", city=enrolment.city, expires=expires.isoformat())
    return made


@records("training.device_enrolled")
def bind(issued: EnrolCode, *, public_key: str, fingerprint: str, last_four: str, by: Actor, at: dt.datetime) -> Device:
    """一（三） N1.3.9: the phone that knows the code is the trainee's from now on; one phone a person, one person a phone."""
    held = EnrolCode.objects.select_for_update().select_related("trainee").get(pk=issued.pk)
    trainee = held.trainee
    if held.used_at is not None or at >= held.expires_at or held.tries >= codes.SAMPLE.code_tries:
        raise no("N1.3.9", "绑定码已用过或已过期，请到核验处重新取码。", "code_over")
    if not secrets.compare_digest(trainee.id_number[-4:].upper().encode(), last_four.strip().upper().encode()):
        raise no("N1.3.9", "证件号码后四位不对，请核对后再输。", "last_four")
    if not codes.usable(public_key) or not 16 <= len(fingerprint) <= 64:
        raise no("N1.3.9", "手机没有生成可用的密钥，请换一个浏览器再试。", "key")
    other = Device.objects.filter(fingerprint=fingerprint, ended_at=None).exclude(trainee=trainee).first()
    if other is not None:
        raise no("N1.3.9", "这台手机已经绑定另一名学员，一台手机只能由一人签到。没有手机的，请刷卡并由教师确认。", "phone_of_another")
    Device.objects.filter(trainee=trainee, ended_at=None).update(ended_at=at, ended_by="", reason="换绑")
    held.used_at = at
    held.save(update_fields=["used_at"])
    made = Device.objects.create(
        city=trainee.city, trainee=trainee, number=ids.ulid(at), public_key=public_key, fingerprint=fingerprint, enrolled_at=at
    )
    event(obj=f"trainee:{trainee.pk}", city=trainee.city, device=made.number)
    return made


@records("training.device_ended", act="training.enrol")
def end_device(device: Device, *, reason: str, by: Actor, at: dt.datetime) -> None:
    """A phone that was lost or sold signs no more."""
    row = Device.objects.select_for_update().get(pk=device.pk)
    if row.ended_at is not None:
        raise Refused(no("N1.3.9", "这台手机已经停用。", "state").verdict)
    row.ended_at, row.ended_by, row.reason = at, by.username, reason.strip()
    row.save(update_fields=["ended_at", "ended_by", "reason"])
    event(obj=f"trainee:{row.trainee_id}", city=row.city, device=row.number)
