"""The trainee's phone over HTTP: it proves itself by its key; what is broken, foreign or made up is refused in words and changes nothing."""

import datetime as dt
import json

import pytest
from django.test import Client

from kaopei.center.training.actions import classes
from kaopei.center.training.actions import people as people_actions
from kaopei.center.training.models import Device, SignInRecord, StudyRecord, TeacherReport, TrainingClass
from kaopei.office import clock
from kaopei.office.audit.models import Event
from tests.center.training.test_import import PEOPLE, whole
from tests.center.training.test_phone import BLOCK, CODE, Phone
from tests.people import FOSHAN
from tests.people import PEOPLE as CAST

ROOT = "/training/phone/"
BROKEN = [
    b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000,
    b'{"device": "\\ud800", "code": "\\ud800"}', b'{"device": "\\u0000", "code": "\\u0000"}',
]  # fmt: skip


@pytest.fixture
def room(foshan):
    """A reported class of one with a lesson that has just begun and one unit of online study."""
    institution, now = CAST["institution"].make(), clock.now().replace(microsecond=0)
    teacher = classes.report_teacher(
        city=FOSHAN, institution=CODE, name="许知行", id_number=whole("44060419900102201"), subject="专业理论", qualification="", until=None,
        username="teacher", by=institution, at=now,
    )  # fmt: skip
    made = TrainingClass.objects.create(
        city=FOSHAN, number="4406-2026-P900", institution_code=CODE, operation="低压电工作业", kind="initial", first_day=now.date(),
        last_day=now.date() + dt.timedelta(days=1), room="101", capacity=40, secret=b"s" * 32, made_by="institution",
    )  # fmt: skip
    row = {"starts_at": now + dt.timedelta(minutes=5), "ends_at": now + BLOCK, "unit": "U1", "teacher": teacher, "room": "101", "capacity": 40}
    later = {**row, "starts_at": row["ends_at"] + dt.timedelta(hours=1), "ends_at": row["ends_at"] + dt.timedelta(hours=2), "unit": "V1"}
    classes.plan(made, [row, later], by=institution, at=now)
    people_actions.enrol(made, [("甲某", whole(PEOPLE[0]), "C1")], by=institution, at=now)
    classes.report(made, by=institution, at=now)
    assert TeacherReport.objects.count() == 1
    return made


@pytest.fixture
def phone(room):
    """Bound and logged in over HTTP, as the page does it."""
    made, one = Phone(), room.enrolments.first()
    made.client = Client()
    shown = people_actions.issue_code(one, by=CAST["institution"].make(), at=clock.now())
    said = {"code": shown, "last_four": one.trainee.id_number[-4:], "public_key": made.public, "fingerprint": made.fingerprint}
    assert post(made.client, "enrol/", {**said, "last_four": "\ud7ff1"}).json()["code"] == "last_four"
    made.number = post(made.client, "enrol/", said).json()["device"]
    asked = made.client.get(f"{ROOT}challenge/").json()["challenge"]
    assert post(made.client, "log-in/", {"device": made.number, "signature": made.sign(f"log-in/{asked}")}).json() == {"ok": True}
    again = post(made.client, "log-in/", {"device": made.number, "signature": made.sign(f"log-in/{asked}")})
    assert again.status_code == 403, "a challenge is good once"
    return made


def post(client, path, said):
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return client.post(ROOT + path, data=body, content_type="application/json")


@pytest.mark.django_db
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("path", ["enrol/", "log-in/", "events/"])
def test_what_cannot_be_read_is_refused_in_words(foshan, path, body):
    answer = post(Client(), path, body)
    assert answer.status_code in (403, 409) and answer.json()["ok"] is False and answer.json()["text"]
    assert not Device.objects.exists()


@pytest.mark.django_db
def test_signed_events_are_taken_once_and_broken_ones_are_told(phone, room):
    lesson, now = room.lessons.select_related("study_class").get(unit="U1"), clock.now()
    payload, signature = phone.event(lesson, at=now)
    sent = [{"device": phone.number, "payload": payload, "signature": signature}]
    for more in ({"code": "\ud800"}, {"at": 10**30}, {"at": -(10**18)}, {"lesson": 10**30}, {"nonce": "\0"}):
        broken = json.dumps(json.loads(payload) | more)
        sent.append({"device": phone.number, "payload": broken, "signature": phone.sign(broken)})
    sent += [{"device": phone.number, "payload": payload, "signature": "é"}, {"device": "X"}, None, 7]
    answers = post(phone.client, "events/", {"events": sent}).json()["results"]
    assert [one["ok"] for one in answers] == [True] + [False] * (len(sent) - 1) and all(one["text"] for one in answers)
    assert post(phone.client, "events/", {"events": sent[:1]}).json()["results"][0]["ok"]
    assert SignInRecord.objects.count() == 1
    assert Event.objects.filter(code="training.sign_in_refused").count() == 7, "with the four digits that were not his"
    shown = phone.client.get(ROOT).content.decode()
    assert "低压电工作业" in shown and "甲*" in shown


@pytest.mark.django_db
def test_online_study_counts_units_of_the_plan_only(phone, room):
    one, now = room.enrolments.first(), int(clock.now().timestamp())
    listed = [[now, "play", 0, ""], [now + 10, "heartbeat", 10, ""]]
    path = f"study/{one.pk}/V1/events/"
    assert phone.client.get(f"{ROOT}study/{one.pk}/V1/").status_code == 200
    for _ in range(2):
        answer = post(phone.client, path, {"sequence": 1, "events": listed})
        assert answer.status_code == 200 and answer.json()["ok"], answer.content
    assert StudyRecord.objects.count() == 1, "the same delivery twice"
    assert phone.client.get(f"{ROOT}study/{one.pk}/V99/").status_code == 404
    for unit, said in (
        ("V99", {"sequence": 2, "events": listed}), ("U1", {"sequence": 2, "events": listed}), ("V1", {"sequence": 2, "events": []}),
        ("V1", {"sequence": 2, "events": [[now, "quiz", 0, "100"]]}), ("V1", {"sequence": 2, "events": [[10**30, "play", 0, ""]]}),
        ("V1", {"sequence": "x", "events": listed}), ("V1", {"sequence": 2, "events": [[now, "play", 0, "\0"]]}),
    ):  # fmt: skip
        answer = post(phone.client, f"study/{one.pk}/{unit}/events/", said)
        assert (answer.status_code, answer.json()["ok"]) == (409, False), (unit, said)
    assert StudyRecord.objects.count() == 1
    assert Client().get(f"{ROOT}study/{one.pk}/V1/").status_code == 302, "only for the phone itself"
