"""一（三） N1.3.9 Presence as it happens: signed by the phone, carried by a card, confirmed by the teacher.

Not actions with an event each: the rows themselves are the record, and the timer seals them in the ledger within a minute (ADR 11).
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from kaopei.center.training import codes, sealing
from kaopei.center.training.bounds import no
from kaopei.center.training.codes import SAMPLE
from kaopei.center.training.models import Device, Enrolment, Lesson, SignInRecord, TeacherReport
from kaopei.office.accounts.roles import Actor
from kaopei.office.clock import CHINA
from kaopei.office.personal import blind_index

CLAUSE = "N1.3.9"
CODE, CARD, TEACHER = 2, 4, 8
WORDS = {"in": "签到", "out": "签退"}
Kind = SignInRecord.Kind


@dataclass(frozen=True, slots=True)
class Signed:
    """What became of one event of a phone."""

    number: str
    kind: str
    at: dt.datetime
    again: bool = False
    late: bool = False


def take(payload: str, signature: str, device: Device, *, at: dt.datetime) -> Signed:
    """One event that the trainee's phone has signed: {v, device, kind, lesson, code, at, nonce, longitude?, latitude?}.

    Refused with the reason the trainee reads. An event that was taken before is answered in the same way again.
    """
    try:
        said = codes.opened(payload, signature, device.public_key)
        kind, lesson_id, code, signed_at = str(said["kind"]), int(said["lesson"]), str(said["code"]), int(said["at"])
        if said["device"] != device.number or kind not in WORDS or said["v"] != 1:
            raise codes.Unsigned("不是这台手机的签到")
        moment = dt.datetime.fromtimestamp(signed_at, CHINA)
    except (codes.Unsigned, KeyError, TypeError, ValueError, OverflowError, OSError) as problem:
        raise no(CLAUSE, f"这条签到不能接受：{problem}。请在自己已绑定的手机上重新签到。", "unsigned") from None
    number = "P" + hashlib.sha256(payload.encode()).hexdigest()[:24]
    with transaction.atomic():
        if SignInRecord.objects.filter(city=device.city, number=number).exists():
            return Signed(number, kind, moment, again=True)
        lesson, enrolment = _place(device, lesson_id)
        _in_time(lesson, moment, at)
        if not codes.fits(bytes(lesson.study_class.secret or b""), lesson.pk, code, signed_at):
            raise no(CLAUSE, "动态码不对或已过期。请看教师屏幕上当前的六位数字，立即输入。", "code")
        _one_person(device, lesson, enrolment)
        _in_order(kind, lesson, enrolment)
        row = _row(kind, number, lesson, enrolment, moment, CODE, recorded=at, device=f"PH-{device.fingerprint[:24]}")
        row.longitude, row.latitude = _degrees(said, "longitude"), _degrees(said, "latitude")
        row.proof = f"{payload}\n{signature}"
        sealing.add(row)
    return Signed(number, kind, moment, late=at - moment > dt.timedelta(seconds=SAMPLE.online_seconds))


def _degrees(said: dict[str, Any], name: str) -> float | None:
    value = said.get(name)
    return float(value) if isinstance(value, int | float) and abs(value) <= 180 else None


def _row(kind: str, number: str, lesson: Lesson, enrolment: Enrolment, moment: dt.datetime, evidence: int, **more: Any) -> SignInRecord:
    fields = {
        "city": lesson.city, "kind": kind, "number": number, "study_class": lesson.study_class, "enrolment": enrolment, "lesson": lesson,
        "unit": lesson.unit, "day": lesson.day, "begin": moment.replace(microsecond=0), "evidence": evidence, "room": lesson.room,
    }  # fmt: skip
    more["recorded"] = more["recorded"].replace(microsecond=0)
    return SignInRecord(**fields, **more)


def _place(device: Device, lesson_id: int) -> tuple[Lesson, Enrolment]:
    lesson = Lesson.objects.select_related("study_class").filter(pk=lesson_id, city=device.city).first()
    if device.ended_at is not None:
        raise no(CLAUSE, "这台手机已停用，请到核验处重新绑定。", "device_ended")
    if lesson is None or lesson.status != Lesson.Status.PLANNED or lesson.study_class.status != "reported":
        raise no(CLAUSE, "这次课不存在、已取消，或培训班没有报告，不能签到。", "no_lesson")
    held = Enrolment.objects.filter(study_class=lesson.study_class, trainee=device.trainee_id, left_on=None).first()
    if held is None:
        raise no(CLAUSE, "您不在这个班的名册里，请向培训机构核实。", "not_enrolled")
    return lesson, held


def _in_time(lesson: Lesson, moment: dt.datetime, at: dt.datetime) -> None:
    opens, closes = lesson.starts_at - dt.timedelta(minutes=SAMPLE.open_minutes), lesson.ends_at + dt.timedelta(minutes=SAMPLE.close_minutes)
    if not opens <= moment <= closes:
        text = f"{moment:%m-%d %H:%M} 不在签到时间（{opens.astimezone(CHINA):%H:%M}—{closes.astimezone(CHINA):%H:%M}）内。"
        raise no(CLAUSE, text, "other_time")
    if moment > at + dt.timedelta(seconds=SAMPLE.clock_seconds):
        raise no(CLAUSE, f"手机时间快了 {int((moment - at).total_seconds())} 秒，请打开手机的自动对时后重试。", "clock")
    if at - moment > dt.timedelta(hours=SAMPLE.offline_hours):
        raise no(CLAUSE, f"离线签到须在 {SAMPLE.offline_hours} 小时内上传。请由培训机构申请更正、第二人核对。", "too_late")


def _one_person(device: Device, lesson: Lesson, enrolment: Enrolment) -> None:
    """Whoever signs for another on his phone is stopped here; the same phone under a second name in one lesson."""
    other = SignInRecord.objects.filter(lesson=lesson, device=f"PH-{device.fingerprint[:24]}").exclude(enrolment=enrolment)
    if other.exists():
        text = "这台手机在本次课已为另一名学员签到，一台手机只能由一人签到。请本人到教师处刷卡，由教师确认。"
        raise no(CLAUSE, text, "phone_of_another")


def _in_order(kind: str, lesson: Lesson, enrolment: Enrolment) -> None:
    last = SignInRecord.objects.filter(lesson=lesson, enrolment=enrolment, kind__in=WORDS).order_by("pk").last()
    inside = last is not None and last.kind == Kind.IN
    if kind == Kind.IN and inside:
        raise no(CLAUSE, "您已经签到，下课时再签退。", "inside")
    if kind == Kind.OUT and not inside:
        raise no(CLAUSE, "还没有签到，不能签退。", "outside")


def may_teach(lesson: Lesson, by: Actor) -> None:
    """The teacher of the lesson, or somebody of the institution."""
    if getattr(by, "institution", "") != lesson.study_class.institution_code:
        raise no("", "这是其他培训机构的课，不在您的工作范围内。", "institution")
    if "institution" in by.held():
        return
    mine = TeacherReport.objects.filter(institution_code=lesson.study_class.institution_code, username=by.username, to_day=None, ended_at=None)
    if lesson.teacher not in set(mine.values_list("person", flat=True)):
        raise no("N1.3.7", "这次课由另一位教师授课，请由任课教师本人操作。", "other_teacher")


def by_card(lesson: Lesson, number: str, kind: str, *, by: Actor, at: dt.datetime) -> SignInRecord:
    """A trainee without a phone: his card, read at the teacher's desk; the teacher's confirmation is the second kind of evidence."""
    may_teach(lesson, by)
    card = blind_index(number, "training.card").hex()
    held = Enrolment.objects.filter(study_class=lesson.study_class, card=card, left_on=None).first() if number.strip() else None
    if held is None:
        raise no(CLAUSE, "本班没有登记这张卡。请核对卡号，或请培训机构补登。", "card")
    _in_time(lesson, at, at)
    with transaction.atomic():
        _in_order(kind, lesson, held)
        named = hashlib.sha256(f"card/{lesson.pk}/{held.pk}/{kind}/{at.timestamp():.0f}".encode()).hexdigest()[:24]
        row = _row(kind, f"K{named}", lesson, held, at, CARD, recorded=at, device=f"KQ-{lesson.pk}", made_by=by.username)
        sealing.add(row)
    return row


def confirm(lesson: Lesson, enrolments: list[int], *, by: Actor, at: dt.datetime) -> int:
    """The teacher has seen these people in the room: a second kind of evidence for whoever has signed in. How many were new."""
    may_teach(lesson, by)
    _in_time(lesson, at, at)
    inside = set(SignInRecord.objects.filter(lesson=lesson, kind=Kind.IN, enrolment__in=enrolments).values_list("enrolment_id", flat=True))
    done = set(SignInRecord.objects.filter(lesson=lesson, kind=Kind.CONFIRM).values_list("enrolment_id", flat=True))
    with transaction.atomic():
        rows = Enrolment.objects.filter(pk__in=inside - done).order_by("position")
        for one in rows:
            named = hashlib.sha256(f"confirm/{lesson.pk}/{one.pk}".encode()).hexdigest()[:24]
            sealing.add(_row(Kind.CONFIRM, f"T{named}", lesson, one, at, TEACHER, recorded=at, made_by=by.username))
    return len(inside - done)
