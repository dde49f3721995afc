"""The unannounced visit: heads counted in the class room, kept for good beside the sign-ins of that moment."""

import datetime as dt
import hashlib

from kaopei.center.training.bounds import no
from kaopei.center.training.models import Enrolment, Lead, Lesson, SignInRecord, Visit
from kaopei.center.training.queries import people
from kaopei.center.training.queries.classes import EARLY
from kaopei.center.training.queries.visits import HIDDEN
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.office import ids
from kaopei.office.accounts.roles import PROVINCE, Actor
from kaopei.office.audit.record import event, records
from kaopei.office.clock import CHINA

CLAUSE = "N1.3.13"
MOST_HEADS, MOST_PHOTO = 2000, 8 * 1024 * 1024


@records("training.visited", act="training.visit")
def visit(
    lesson: Lesson, *, heads: int, as_reported: bool, not_found: list[int], note: str, photo: bytes | None, by: Actor, at: dt.datetime
) -> Visit:
    """一（三） N1.3.13: what was seen, once and for good; a difference opens a lead that a person reviews, none decides by itself."""
    one = Lesson.objects.select_related("study_class").select_for_update(of=("self",)).get(pk=lesson.pk)
    if by.city not in (PROVINCE, one.city):
        raise no("", "这是其他城市的培训班，不在您的工作范围内。", "city")
    if one.status != Lesson.Status.PLANNED or not one.starts_at - EARLY <= at <= one.ends_at + EARLY:
        raise no(CLAUSE, "这次课现在没有在上，不能记录抽查。", "not_now")
    if not 0 <= heads <= MOST_HEADS:
        raise no(CLAUSE, f"人数 {heads} 不对，请重新清点。", "heads")
    if photo is not None and (len(photo) > MOST_PHOTO or not photo.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))):
        raise no(CLAUSE, f"照片须为 JPEG 或 PNG，不超过 {MOST_PHOTO // 1024 // 1024} MB。", "photo")
    if not as_reported and len(note.strip()) < LEAST_TEXT:
        raise no(CLAUSE, f"与报告不符的，请写明看到什么（不少于 {LEAST_TEXT} 字）。", "note")
    signed_in = people.present(one)
    if strangers := set(not_found) - signed_in:
        raise no(CLAUSE, f"勾选的 {len(strangers)} 人此刻没有签到，页面可能过期，请刷新后重新核对。", "stale")
    year = at.astimezone(CHINA).year
    made = Visit(
        city=one.city, lesson=one, number=f"{one.city}-{year}-查-{ids.next_number('training-visit', one.city, year):05d}", heads=heads,
        as_reported=as_reported, expected=one.study_class.enrolments.filter(left_on=None, is_listed=True).count(), signed_in=sorted(signed_in),
        not_found=sorted(set(not_found)), note=note.strip(), photo=photo, photo_digest=hashlib.sha256(photo).hexdigest() if photo else "",
        by=by.username, at=at,
    )  # fmt: skip
    if made.difference or made.not_found or not as_reported:
        made.lead = _lead(made, one)
    made.save()
    event(
        obj=f"lesson:{one.pk}", city=one.city, number=made.number, heads=heads, signed=len(signed_in), expected=made.expected,
        missing=len(made.not_found), differs=made.lead is not None, photo=made.photo_digest,
    )  # fmt: skip
    return made


def _lead(made: Visit, one: Lesson) -> Lead:
    """Only those who were looked for by name and not found lose anything if it is upheld: their sign-ins are the rows behind it."""
    rows = SignInRecord.objects.filter(lesson=one, kind="in", enrolment__in=made.not_found).values_list("number", flat=True)
    said = [f"抽查 {made.number}：清点 {made.heads} 人，此刻签到 {len(made.signed_in)} 人，名册 {made.expected} 人"]
    said += [f"签到而不在场 {len(made.not_found)} 人"] if made.not_found else []
    said += ["现场与报告的课次不符"] if not made.as_reported else []
    return Lead.objects.create(
        city=made.city, digest=hashlib.sha256(f"{HIDDEN}|{made.number}".encode()).hexdigest(), kind=HIDDEN, subject=one.study_class.number,
        begin=one.starts_at, end=one.ends_at, clause=CLAUSE, classes=[one.study_class.number], institutions=[one.study_class.institution_code],
        rows=sorted(rows), enrolments=sorted(Enrolment.objects.filter(pk__in=made.not_found).values_list("pk", flat=True)),
        note="；".join(said), found_at=made.at,
    )  # fmt: skip
