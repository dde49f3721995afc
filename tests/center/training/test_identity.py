"""Identity data: looked at when entered, confirmed by the trainee, put right by a second person who says whose error it was, and counted."""

import datetime as dt

import pytest
from django.test import Client

from kaopei.center.training import identity
from kaopei.center.training.actions import identity as actions
from kaopei.center.training.actions import people as people_actions
from kaopei.center.training.models import IdentityConfirmation, Trainee
from kaopei.center.training.queries import identity as read
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from tests.center.training.test_import import PEOPLE as NUMBERS
from tests.center.training.test_import import whole
from tests.center.training.test_phone import CODE, refused, room  # noqa: F401
from tests.center.training.test_phone_pages import phone  # noqa: F401
from tests.people import NOW, PEOPLE, log_in

PROOF = "对照身份证原件，名字第二个字应为“某”，录入时选错"
PICTURE = b"\xff\xd8\xff\xe0" + b"face" * 40 + b"\xff\xd9"
pytestmark = pytest.mark.django_db


@pytest.fixture
def institution(foshan):
    return PEOPLE["institution"].make()


@pytest.fixture
def one(room):  # noqa: F811
    return room.enrolments.select_related("trainee", "study_class").first()


def asked(one, field="name", new="甲莫", by=None, **more):
    said = {"fault": "institution", "evidence": PROOF, **more}
    return actions.ask(one, field, new, **said, by=by or PEOPLE["institution"].make(), at=NOW)


def slip(number):
    """The same number with two digits changed, and still a number."""
    for place in range(14, 17):
        for digit in "0123456789":
            other = whole(number[:place] + digit + number[place + 1 : 17])
            if other != number and sum(a != b for a, b in zip(other, number, strict=True)) == 2:
                return other
    raise AssertionError


@pytest.mark.parametrize(("name", "number", "code"), [("甲某某", 0, "other_name"), ("甲某", "slip", "looks_twice"), ("甲某", "bad", "id_checksum")])
def test_entries_are_compared_with_what_is_known(room, institution, name, number, code):  # noqa: F811
    first = whole(NUMBERS[0])
    number = {"slip": slip(first), "bad": first[:-1] + ("1" if first[-1] != "1" else "2"), 0: first}[number]
    if code == "other_name":
        room.enrolments.filter(position=1).update(left_on=NOW.date())
    refused(code, people_actions.enrol, room, [(name, number, "")], by=institution, at=NOW)
    assert Trainee.objects.count() == 2


def test_a_photograph_is_whole_and_of_one_person(room, one, institution):  # noqa: F811
    actions.keep_photo(one, PICTURE, by=institution, at=NOW)
    for bad in (b"", PICTURE[:-2], b"GIF89a", b"\x89PNG\r\n\x1a\n", PICTURE + b"x" * actions.MOST):
        refused("photo", actions.keep_photo, one, bad, by=institution, at=NOW)
    refused("photo_of_another", actions.keep_photo, room.enrolments.last(), PICTURE, by=institution, at=NOW)


def test_what_changes_is_confirmed_again(one, institution):
    actions.confirm(one.trainee, how="phone", device="D", by=SYSTEM, at=NOW)
    refused("twice", actions.confirm, one.trainee, how="phone", device="D", by=SYSTEM, at=NOW)
    refused("role", actions.confirm, one.trainee, how="paper", by=PEOPLE["clerk"].make(), at=NOW)
    actions.approve(asked(one), fault="institution", disposal="约谈并记入监管台账", by=PEOPLE["clerk"].make(), at=NOW)
    one.trainee.refresh_from_db()
    assert one.trainee.name == "甲莫" and not identity.is_confirmed(one.trainee)
    actions.confirm(one.trainee, how="paper", by=institution, at=NOW)
    assert identity.is_confirmed(one.trainee) and IdentityConfirmation.objects.count() == 2


def test_a_second_person_decides_and_an_error_of_the_institution_has_a_disposal(one, institution):
    made, clerk = asked(one), PEOPLE["clerk"].make()
    refused("open", asked, one)
    refused("role", actions.approve, made, fault="institution", disposal="约谈", by=institution, at=NOW)
    refused("no_disposal", actions.approve, made, fault="institution", disposal=" ", by=clerk, at=NOW)
    refused("reason", actions.refuse, made, answer="不对", by=clerk, at=NOW)
    actions.refuse(made, answer="身份证原件与现在登记的完全一致，不需要更正", by=clerk, at=NOW)
    refused("state", actions.approve, made, fault="trainee", disposal="", by=clerk, at=NOW)


@pytest.mark.parametrize(
    ("how", "code"),
    [({"new": "甲某"}, "same"), ({"new": " "}, "name_missing"), ({"field": "id_number", "new": "44"}, "id_mangled"),
     ({"evidence": "错了"}, "evidence"),
     ({"field": "phone", "new": "123"}, "mobile_mangled"), ({"attachment": b"MZ"}, "attachment")],
)  # fmt: skip
def test_what_cannot_be_is_refused(one, how, code):
    refused(code, asked, one, **how)


def test_a_number_that_another_holds_is_not_taken(room, one):  # noqa: F811
    made = asked(one, "id_number", room.enrolments.last().trainee.id_number)
    refused("taken", actions.approve, made, fault="trainee", disposal="", by=PEOPLE["clerk"].make(), at=NOW)
    free = whole("44060419900102333")
    actions.refuse(made, answer="此号码属于名册中另一名学员，请本人带证件核对", by=PEOPLE["clerk"].make(), at=NOW)
    actions.approve(asked(one, "id_number", free), fault="trainee", disposal="", by=PEOPLE["clerk"].make(), at=NOW + dt.timedelta(1))
    assert Trainee.objects.get(pk=one.trainee_id).id_number == free
    assert free not in str(list(Event.objects.values_list("facts", flat=True)))


def test_errors_are_counted_by_institution_and_shown_to_the_regulator(one, institution):
    actions.approve(asked(one), fault="institution", disposal="约谈并记入监管台账", by=PEOPLE["clerk"].make(), at=NOW)
    asked(one, "phone", "13800138000")
    (row,) = read.counted()
    assert (row.institution, row.people, row.asked, row.approved, row.institution_fault, row.per_thousand) == (CODE, 2, 2, 1, 1, 500.0)
    for who in ("clerk", "province", "institution", "approver"):
        assert "500.00" in log_in(Client(), PEOPLE[who]).get("/training/identity/").content.decode(), who
    clerk = log_in(Client(), PEOPLE["clerk"])
    assert "500.00" in clerk.get("/training/identity/?form=csv").content.decode()
    open_one = read.corrections().get()
    assert "13800138000" in clerk.get(f"/training/identity/{open_one.pk}/").content.decode()
    said = {"what": "approve", "fault": "trainee", "text": ""}
    assert clerk.post(f"/training/identity/{open_one.pk}/", said).status_code == 302 and not read.corrections().exists()


def test_pages_at_the_desk_and_on_the_phone(phone):  # noqa: F811
    home = phone.client.get("/training/phone/").content.decode()
    assert "请核对您的身份信息" in home and whole(NUMBERS[0]) in home
    said = {"field": "name", "new": "甲谋", "fault": "institution", "evidence": PROOF}
    assert phone.client.post("/training/phone/identity/", said).status_code == 302 and read.corrections().get().asked_by.startswith("trainee-")
    assert phone.client.post("/training/phone/identity/confirm/").status_code == 302
    assert "请核对您的身份信息" not in phone.client.get("/training/phone/").content.decode()
    client, pk = log_in(Client(), PEOPLE["institution"]), read.corrections().get().enrolment_id
    assert "本人已确认" in client.get(f"/training/people/{pk}/identity/").content.decode()
    assert client.post(f"/training/people/{pk}/identity/", {**said, "what": "ask", "field": "phone", "new": "13800138000"}).status_code == 302
    assert Client().post("/training/phone/identity/confirm/").status_code == 302 and IdentityConfirmation.objects.count() == 1
