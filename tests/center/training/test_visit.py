"""The unannounced visit: heads beside sign-ins, kept for good; a difference is a lead that the visited do not see before the decision."""

import datetime as dt

import pytest
from django.test import Client

from kaopei.center.training import presence, recount
from kaopei.center.training.actions import leads, visits
from kaopei.center.training.models import HoursTotal, Lead, SignInRecord, Visit
from kaopei.center.training.queries import hours
from kaopei.center.training.queries import visits as read
from kaopei.office import clock, scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.append_only import Frozen
from kaopei.office.audit.models import Event
from tests.center.training.test_phone import BLOCK, CODE, START, lesson_of, refused, room  # noqa: F401
from tests.people import FOSHAN, PEOPLE, Person, log_in

PHOTO = b"\xff\xd8\xff\xe0" + b"room" * 50
MIDDLE, OVER = START + dt.timedelta(hours=1), START + BLOCK
SEEN = "点名时此人不在教室，同桌说今天没有来过"


@pytest.fixture
def institution(foshan):
    return PEOPLE["institution"].make()


@pytest.fixture
def lesson(room, institution):  # noqa: F811
    """Both signed in by card and were confirmed."""
    one = lesson_of(room)
    for card in ("C1", "C2"):
        presence.by_card(one, card, "in", by=institution, at=START)
    presence.confirm(one, list(room.enrolments.values_list("pk", flat=True)), by=institution, at=START)
    return one


def visit(lesson, heads=2, who="inspector", at=MIDDLE, **more) -> Visit:
    said = {"as_reported": True, "not_found": [], "note": "", "photo": None, **more}
    return visits.visit(lesson, heads=heads, **said, by=PEOPLE[who].make(), at=at)


@pytest.mark.django_db
def test_a_visit_that_fits_opens_nothing_and_stays(lesson):
    made = visit(lesson, photo=PHOTO)
    assert (made.lead, made.difference, made.expected, len(made.signed_in)) == (None, 0, 2, 2) and bytes(made.photo) == PHOTO
    assert not Lead.objects.filter(kind=read.HIDDEN).exists()
    with pytest.raises(Frozen):
        made.save()
    facts = Event.objects.get(code="training.visited").facts
    assert (facts["heads"], facts["signed"], facts["differs"]) == (2, 2, False)


@pytest.mark.django_db
def test_a_difference_is_hidden_from_the_visited_until_decided(lesson, room, institution):  # noqa: F811
    gone = room.enrolments.last()
    made = visit(lesson, heads=1, not_found=[gone.pk], note=SEEN)
    assert made.lead.rows == list(SignInRecord.objects.filter(enrolment=gone, kind="in").values_list("number", flat=True))
    for card in ("C1", "C2"):
        presence.by_card(lesson, card, "out", by=institution, at=OVER)
    recount.recount(FOSHAN, by=SYSTEM, at=OVER, classes=[room.pk])
    assert Lead.objects.get(pk=made.lead_id).status == "open" and HoursTotal.objects.get(enrolment=gone).hours == 4
    assert not hours.leads(institution=CODE).filter(kind=read.HIDDEN).exists()
    client = log_in(Client(), PEOPLE["institution"])
    for page in (f"leads/{made.lead_id}/", f"visits/{made.pk}/", "visits/", f"visits/{made.pk}/photo/"):
        assert client.get(f"/training/{page}").status_code in (403, 404), page
    assert "抽查人数不符 " not in client.get("/training/leads/?status=-").content.decode()
    reason = "对照门禁和监控，此人当天没有进入教学楼，签到由他人刷卡"
    leads.propose(made.lead, reason=reason, by=PEOPLE["clerk"].make(), at=OVER)
    leads.uphold(made.lead, reason=reason, by=PEOPLE["approver"].make(), at=OVER)
    assert HoursTotal.objects.get(enrolment=gone).hours == 0 and HoursTotal.objects.get(enrolment=room.enrolments.first()).hours == 4
    assert client.get(f"/training/leads/{made.lead_id}/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"at": START - dt.timedelta(hours=3)}, "not_now"), ({"at": OVER + dt.timedelta(hours=3)}, "not_now"), ({"heads": -1}, "heads"),
        ({"heads": 5000}, "heads"), ({"photo": b"GIF89a"}, "photo"), ({"photo": PHOTO[:3] + b"x" * visits.MOST_PHOTO}, "photo"),
        ({"as_reported": False, "note": "没人"}, "note"), ({"not_found": [987654]}, "stale"),
        ({"who": "clerk"}, "role"), ({"who": "institution"}, "role"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_refused(lesson, how, code):
    refused(code, visit, lesson, **how)
    assert not Visit.objects.exists()


@pytest.mark.django_db
def test_nobody_there_is_a_lead_that_takes_no_trainee_anything(lesson):
    made = visit(lesson, heads=0, as_reported=False, note="教室锁着，楼层管理员说这一周没有人来上过课")
    assert made.lead.rows == [] and made.lead.enrolments == [] and "与报告的课次不符" in made.lead.note


@pytest.mark.django_db
def test_inspector_sees_his_city_the_province_all(lesson, room):  # noqa: F811
    other = Person("inspector_gz", "程法", ("inspector",), city="440100")
    refused("city", visits.visit, lesson, heads=2, as_reported=True, not_found=[], note="", photo=None, by=other.make(), at=MIDDLE)
    now = clock.now().replace(microsecond=0)
    lesson.starts_at, lesson.ends_at = now - dt.timedelta(minutes=5), now + dt.timedelta(hours=3)
    lesson.save()
    page = f"/training/visits/lessons/{lesson.pk}/"
    assert log_in(Client(), other).get(page).status_code == 404
    for who in ("inspector", "province"):
        client = log_in(Client(), PEOPLE[who])
        text = client.get("/training/visits/").content.decode()
        assert room.number in text and "签到在场 2" in text, who
        assert client.get("/training/visits/?pick=1").headers["Location"] == page
    names = client.get(page).content.decode()
    assert "甲*" in names and "甲某" not in names
    answer = client.post(page, {"heads": "1"})
    with scope.entered(scope.PROVINCE):
        made = Visit.objects.get()
    assert answer.headers["Location"] == f"/training/visits/{made.pk}/" and made.by == "province"
    assert "签到多于清点" in client.get(answer.headers["Location"]).content.decode()
    assert client.post(page, {"heads": ""}).status_code == 422
