"""Signing in by phone: the key is the phone's, the code the class room's; a second person on the phone is refused."""

import base64
import datetime as dt
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from kaopei.center.training import codes, facts, live, presence, recount, sealing
from kaopei.center.training.actions import classes, contests, corrections
from kaopei.center.training.actions import people as people_actions
from kaopei.center.training.models import Contest, EnrolCode, Exclusion, HoursTotal, Lesson, SignInRecord, TeacherReport, TrainingClass
from kaopei.center.training.queries import hours, people
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused
from tests.center.training.test_import import PEOPLE, whole
from tests.people import FOSHAN, NOW
from tests.people import PEOPLE as CAST

CODE = CAST["institution"].institution
START = dt.datetime(2026, 11, 24, 9, 0, tzinfo=CHINA)
BLOCK, DAY = dt.timedelta(minutes=195), dt.timedelta(days=1)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Phone:
    """What the trainee's phone does, with the same bytes."""

    def __init__(self, fingerprint="f" * 32):
        self.key, self.fingerprint, self.number = ec.generate_private_key(ec.SECP256R1()), fingerprint, ""

    @property
    def public(self) -> str:
        point = self.key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return base64url(point)

    def sign(self, text: str) -> str:
        r, s = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return base64url(r.to_bytes(32) + s.to_bytes(32))

    def event(self, lesson, kind="in", at=START, code=None, **more):
        moment = int(at.timestamp())
        shown = code or codes.code(bytes(lesson.study_class.secret), lesson.pk, moment)
        payload = json.dumps({"v": 1, "device": self.number, "kind": kind, "lesson": lesson.pk, "code": shown, "at": moment, "nonce": "n", **more})
        return payload, self.sign(payload)


@pytest.fixture
def institution(foshan):
    return CAST["institution"].make()


@pytest.fixture
def room(institution):
    """A reported class of two with one lesson tomorrow at nine."""
    teacher = classes.report_teacher(
        city=FOSHAN, institution=CODE, name="许知行", id_number=whole("44060419900102201"), subject="专业理论", qualification="", until=None,
        username="teacher", by=institution, at=NOW,
    )  # fmt: skip
    made = TrainingClass.objects.create(
        city=FOSHAN, number="4406-2026-P900", institution_code=CODE, operation="低压电工作业", kind="initial", first_day=START.date(),
        last_day=START.date(), room="101", capacity=40, secret=b"s" * 32, made_by="institution",
    )  # fmt: skip
    row = {"starts_at": START, "ends_at": START + BLOCK, "unit": "U1", "teacher": teacher, "room": "101", "capacity": 40}
    classes.plan(made, [row], by=institution, at=NOW)
    people_actions.enrol(made, [("甲某", whole(PEOPLE[0]), "C1"), ("乙某", whole(PEOPLE[1]), "C2")], by=institution, at=NOW)
    return classes.report(made, by=institution, at=NOW)


def lesson_of(room) -> Lesson:
    return Lesson.objects.select_related("study_class").get(study_class=room)


def bound(enrolment, phone, institution, at=NOW):
    shown = people_actions.issue_code(enrolment, by=institution, at=at)
    issued = people.code(codes.enrol_digest(shown))
    phone.number = people_actions.bind(
        issued, public_key=phone.public, fingerprint=phone.fingerprint, last_four=enrolment.trainee.id_number[-4:], by=SYSTEM, at=at
    ).number
    return people.device(phone.number)


def refused(code, work, *args, **facts_):
    with pytest.raises(Refused) as caught:
        work(*args, **facts_)
    assert caught.value.verdict.reasons[0].code == code, str(caught.value)


@pytest.mark.django_db
def test_presence_with_code_and_teacher_counts(room, institution):
    one, lesson, phone = room.enrolments.first(), lesson_of(room), Phone()
    device = bound(one, phone, institution)
    presence.take(*phone.event(lesson), device, at=START)
    out = START + BLOCK
    presence.confirm(lesson, [one.pk], by=institution, at=START)
    presence.take(*phone.event(lesson, "out", out), device, at=out)
    recount.recount(FOSHAN, by=SYSTEM, at=out, classes=[room.pk])
    assert HoursTotal.objects.get(enrolment=one).effective == 180 and hours.of(one) == 4
    assert sealing.seal_live(SYSTEM, out) == {FOSHAN: {room.pk}} and sealing.unsealed() == {"sign_in": 0, "study": 0}
    with scope.entered(scope.PROVINCE):
        assert sealing.check() == (3, [])
        shown = sealing.proof(SignInRecord.objects.first())
        assert shown["size"] == 3 and Event.objects.get(ulid=shown["event"]).facts["root"] == shown["root"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"code": "000000"}, "code"),
        ({"at": START + dt.timedelta(seconds=200), "code": "early"}, "code"),
        ({"at": START - dt.timedelta(hours=2)}, "other_time"),
        ({"kind": "out"}, "outside"),
        ({"kind": "maybe"}, "unsigned"),
    ],
)
def test_what_is_not_so_is_refused(room, institution, how, code):
    lesson, phone = lesson_of(room), Phone()
    device = bound(room.enrolments.first(), phone, institution)
    if how.get("code") == "early":
        how = {**how, "code": codes.code(b"s" * 32, lesson.pk, int(START.timestamp()))}
    refused(code, presence.take, *phone.event(lesson, **how), device, at=how.get("at", START))
    assert not SignInRecord.objects.exists()


@pytest.mark.django_db
def test_foreign_signature_and_changed_words_are_refused(room, institution):
    lesson, phone = lesson_of(room), Phone()
    device = bound(room.enrolments.first(), phone, institution)
    payload, signature = phone.event(lesson)
    other = Phone()
    other.number = phone.number
    refused("unsigned", presence.take, payload, other.sign(payload), device, at=START)
    refused("unsigned", presence.take, payload.replace('"in"', '"out"'), signature, device, at=START)


@pytest.mark.django_db
def test_offline_event_comes_later_once(room, institution):
    lesson, phone = lesson_of(room), Phone()
    device = bound(room.enrolments.first(), phone, institution)
    event = phone.event(lesson)
    later = START + dt.timedelta(minutes=20)
    assert presence.take(*event, device, at=later).late
    assert presence.take(*event, device, at=later).again and SignInRecord.objects.count() == 1
    row = SignInRecord.objects.get()
    assert (row.begin, row.recorded) == (START, later) and row.proof.endswith(event[1])
    refused("too_late", presence.take, *phone.event(lesson, nonce="x"), device, at=START + dt.timedelta(hours=25))


@pytest.mark.django_db
def test_second_person_on_the_phone_is_refused(room, institution):
    """By binding it, and by binding it again after the first was let go during the lesson."""
    first, second = room.enrolments.all()
    lesson, phone, again = lesson_of(room), Phone(), Phone()
    device = bound(first, phone, institution)
    refused("phone_of_another", bound, second, again, institution)
    presence.take(*phone.event(lesson), device, at=START)
    people_actions.end_device(device, reason="换机", by=institution, at=START)
    proxy = bound(second, again, institution, START)
    refused("phone_of_another", presence.take, *again.event(lesson), proxy, at=START)
    assert {one.enrolment_id for one in SignInRecord.objects.all()} == {first.pk}


@pytest.mark.django_db
def test_code_binds_once_and_only_the_right_person(room, institution):
    one, phone = room.enrolments.first(), Phone()
    shown = people_actions.issue_code(one, by=institution, at=NOW)
    issued = people.code(codes.enrol_digest(f" {shown.lower()[:4]} {shown[4:]}"))
    said = {"public_key": phone.public, "fingerprint": phone.fingerprint, "by": SYSTEM}
    refused("last_four", people_actions.bind, issued, last_four="0000", at=NOW, **said)
    refused("code_over", people_actions.bind, issued, last_four=one.trainee.id_number[-4:], at=NOW + dt.timedelta(minutes=11), **said)
    people_actions.bind(issued, last_four=one.trainee.id_number[-4:], at=NOW, **said)
    refused("code_over", people_actions.bind, issued, last_four=one.trainee.id_number[-4:], at=NOW, **said)
    assert shown not in str(list(EnrolCode.objects.values()))


@pytest.mark.django_db
def test_card_and_teacher_without_a_phone(room, institution):
    one, lesson = room.enrolments.first(), lesson_of(room)
    presence.by_card(lesson, "C1", "in", by=institution, at=START)
    refused("card", presence.by_card, lesson, "C9", "in", by=institution, at=START)
    presence.confirm(lesson, [one.pk], by=institution, at=START)
    presence.by_card(lesson, "C1", "out", by=institution, at=START + BLOCK)
    study = facts.of_classes(facts.city(FOSHAN), [room.pk])
    assert [sorted(record.evidence) for record in study.sign_ins] == [["刷卡", "教师确认"]]


@pytest.mark.django_db
def test_lesson_moves_only_before_it_starts(room, institution):
    lesson = lesson_of(room)
    teacher = TeacherReport.objects.get()
    row = {"starts_at": START + DAY, "ends_at": START + DAY + BLOCK, "teacher": teacher, "room": "102", "capacity": 40}
    refused("reason", classes.change_lesson, lesson, "moved", row={**row, "unit": "U1"}, reason="停电", by=institution, at=NOW)
    reason = "一零一教室停电检修，本次课改到第二天同一时间上"
    refused("started", classes.change_lesson, lesson, "moved", row={**row, "unit": "U1"}, reason=reason, by=institution, at=START)
    moved = classes.change_lesson(lesson, "moved", row={**row, "unit": "U1"}, reason=reason, by=institution, at=NOW)
    assert moved.room == "102" and live.page(room.enrolments.first().trainee, NOW)[0].notices[0].reason == reason
    later = {**row, "starts_at": START + 2 * DAY, "ends_at": START + 2 * DAY + BLOCK}
    repeated = classes.change_lesson(moved, "repeated", row=later, reason="部分学员因交通中断没有赶到，安排同样内容补课一次", by=institution, at=NOW)
    assert (repeated.unit, repeated.makes_up_id) == ("U1", moved.pk)


@pytest.mark.django_db
def test_unreported_teacher_blocks_the_timetable(room, institution):
    draft = TrainingClass.objects.create(
        city=FOSHAN, number="4406-2026-P901", institution_code=CODE, operation="低压电工作业", kind="initial", first_day=START.date(),
        last_day=START.date(), made_by="institution",
    )  # fmt: skip
    stranger = TeacherReport(city=FOSHAN, institution_code=CODE, person="x" * 64, name="无报", id_number="", reported_on=None)
    row = {"starts_at": START, "ends_at": START + BLOCK, "unit": "U1", "teacher": stranger, "room": "103", "capacity": 40}
    refused("teacher_unreported", classes.plan, draft, [row], by=institution, at=NOW)


@pytest.mark.django_db
def test_contest_that_is_granted_brings_the_hours_back(room, institution):
    one, lesson, phone = room.enrolments.first(), lesson_of(room), Phone()
    device = bound(one, phone, institution)
    presence.take(*phone.event(lesson), device, at=START)
    out = START + BLOCK
    presence.take(*phone.event(lesson, "out", out), device, at=out)
    recount.recount(FOSHAN, by=SYSTEM, at=out, classes=[room.pk])
    excluded = Exclusion.objects.get()
    assert (excluded.code, excluded.minutes, hours.of(one)) == ("E01", 180, 0), "one kind of evidence only"
    filed = contests.file(excluded, statement="教师忘了点确认，当天我从头到尾一直在教室里听课", by=SYSTEM, at=out)
    refused("open", contests.file, excluded, statement="再提一次，任课教师可以书面证明我当天一直在教室", by=SYSTEM, at=out)
    made = contests.decide(filed, "granted", reason="教师书面证明，并核对教室监控录像，本人全程在场", by=CAST["clerk"].make(), at=out)
    recount.recount(FOSHAN, by=SYSTEM, at=out, classes=[room.pk])
    assert made.decision_number and hours.of(one) == 4 and not Exclusion.objects.exists()
    refused("state", contests.decide, filed, "dismissed", reason="再次决定是不可以的，一件异议只能决定一次，理由", by=CAST["clerk"].make(), at=out)
    shown = live.page(one.trainee, out)[0].missed
    assert [row.contest.decision_number for row in shown] == [made.decision_number]
    assert Contest.objects.get().status == "granted"


@pytest.mark.django_db
def test_correction_is_a_second_record_by_a_second_person(room, institution):
    one, lesson, phone = room.enrolments.first(), lesson_of(room), Phone()
    device = bound(one, phone, institution)
    presence.take(*phone.event(lesson), device, at=START)
    presence.confirm(lesson, [one.pk], by=institution, at=START)
    record, out = SignInRecord.objects.get(kind="in"), START + BLOCK
    reason = "手机没电未能签退，教室监控录像显示本人上到下课"
    asked = corrections.ask(record, enrolment=one, lesson=lesson, begin=START, end=out, evidence=10, reason=reason, by=institution, at=out)
    with pytest.raises(Refused):
        corrections.approve(asked, by=institution, at=out)
    made = corrections.approve(asked, by=CAST["clerk"].make(), at=out)
    recount.recount(FOSHAN, by=SYSTEM, at=out, classes=[room.pk])
    assert hours.of(one) == 4 and SignInRecord.objects.filter(pk=record.pk).exists() and made.replaces == record.number
