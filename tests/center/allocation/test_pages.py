"""A whole draw by its pages: different people, log-ins, forms, jobs."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kaopei.center.allocation.models import Draw
from kaopei.office import scope
from kaopei.office.approvals.models import Request
from kaopei.office.audit import queries as events
from kaopei.office.tasks.worker import Worker
from tests.center.allocation.city import BATCH, ORPHAN, OWNER
from tests.center.allocation.conftest import DRAW_AT, LATER, PARTIES, REASON, SECRETS
from tests.people import FOSHAN, GUANGZHOU, NOW, PASSWORD, PEOPLE, PIN, Person, log_in

ONE = f"/allocation/draws/{BATCH}-T1/"


class Desk:
    """People at their browsers, and the rehearsal's clock."""

    def __init__(self, data):
        self.data = data
        self.browsers = {}

    def clock(self, moment):
        offset = int((moment - datetime.now(UTC)).total_seconds())
        (self.data / "clock.json").write_text(json.dumps({"offset_seconds": offset}))
        self.browsers.clear()  # days later everybody logs in again

    def browser(self, who):
        if who not in self.browsers:
            self.browsers[who] = log_in(Client(), PEOPLE[who])
        return self.browsers[who]

    def see(self, who, path, status=200):
        answer = self.browser(who).get(path)
        assert answer.status_code == status, answer.content.decode()[:2000]
        return answer.content.decode() if "text" in answer["Content-Type"] else answer.content

    def send(self, who, path, expect=302, **fields):
        answer = self.browser(who).post(path, fields)
        assert answer.status_code == expect, re.sub(r"<[^>]+>|\s+", " ", answer.content.decode())[:1500]
        return answer

    def take(self, who, path):
        """A file that names people: with a reason, and after the second signature if it is about many."""
        answer = self.browser(who).post(path, {"reason": "测试：核对文件内容"})
        if answer.status_code == 302:
            self.sign("approver")
            answer = self.browser(who).post(f"{answer['Location']}take")
        assert answer.status_code == 200, answer.content.decode()[:1500]
        return answer.content

    def sign(self, who):
        with scope.entered(FOSHAN):
            waiting = Request.objects.filter(status="open").order_by("-id").first()
        assert waiting.digest in self.see(who, f"/approvals/{waiting.ulid}/").replace(" ", "")
        return self.send(who, f"/approvals/{waiting.ulid}/approve", digest=waiting.digest, pin=PIN)

    def work(self):
        assert Worker().drain() > 0

    def draw(self):
        with scope.entered(FOSHAN):
            return Draw.objects.get(number=f"{BATCH}-T1")


@pytest.fixture
def desk(transactional_db, month, settings):
    desk = Desk(settings.DATA)
    desk.clock(NOW)
    return desk


def announced(desk):
    moments = {"objections_until": f"{LATER:%Y-%m-%dT%H:%M}", "public_at": f"{DRAW_AT:%Y-%m-%dT%H:%M}"}
    people = {"party_city": "party_city", "party_province": "party_province", "party_third": "party_notary"}
    desk.send(
        "announcer", "/allocation/draws/new/", batch=BATCH, part="T", rule_document="佛山市交叉考试实施办法",
        rule_published_on="2024-01-01", own_school_allowed="on", public_source="rehearsal", third_interest="notary",
        **moments, **people,
    )  # fmt: skip


def frozen(desk):
    announced(desk)
    for key, username in PARTIES.items():
        desk.send(username, f"{ONE}commit/", secret=SECRETS[key], pin=PIN)
    file = SimpleUploadedFile("接管协议.pdf", b"%PDF-1.7 agreement")
    desk.send("clerk", f"{ONE}exception/", site=ORPHAN, reason=REASON, from_day="2026-12-01", to_day="2026-12-31", attachment=file)
    desk.sign("approver")
    desk.send("freezer", f"{ONE}thin/", choice="accept", reason="本市考试点少，本月不再增开场次。")
    desk.send("freezer", f"{ONE}freeze/")
    desk.sign("approver")


def drawn(desk):
    frozen(desk)
    desk.clock(DRAW_AT + timedelta(minutes=5))
    for key, username in PARTIES.items():
        desk.send(username, f"{ONE}reveal/", secret=SECRETS[key])
    desk.work()


@pytest.mark.django_db(transaction=True)
def test_a_draw_from_announcement_to_tickets_by_forms(desk):
    drawn(desk)
    assert desk.draw().status == "drawn"
    assert "从培训机构到考试点" in desk.see("province", ONE)
    desk.send("clerk", f"{ONE}tickets/make/", expect=409)
    desk.send("province", f"{ONE}verify/")
    desk.work()
    assert "一致" in desk.see("province", ONE)
    desk.send("province", f"{ONE}countersign/", pin=PIN)
    desk.send("clerk", f"{ONE}tickets/make/")
    desk.work()
    assert OWNER in desk.see("clerk", f"{ONE}tickets/")
    tickets = zipfile.ZipFile(io.BytesIO(desk.take("clerk", f"{ONE}tickets/{OWNER}.zip")))
    assert f"institution-{OWNER}.pdf" in tickets.namelist()
    desk.send("freezer", f"{ONE}protocol/")
    desk.sign("approver")
    desk.sign("approver2")
    desk.send("freezer", f"{ONE}publish/")
    files = zipfile.ZipFile(io.BytesIO(desk.see("province", f"{ONE}draw.zip"))).namelist()
    assert {"instance/meta.json", "result/allocation.csv", "result/transcript.json", "result/rows.jsonl", "protocol.json"} <= set(files)


@pytest.mark.django_db(transaction=True)
def test_what_each_page_shows_on_the_way(desk):
    assert "还没有抽签" in desk.see("clerk", "/allocation/draws/")
    frozen(desk)
    page = desk.see("freezer", ONE)
    assert "已冻结" in page and 'aria-current="step"' in page
    assert desk.draw().input_digest[:8] in page
    assert "请公开密值" not in desk.see("party_city", "/")
    desk.clock(LATER + timedelta(minutes=1))
    assert "请公开密值" in desk.see("party_city", "/")
    for key, username in PARTIES.items():
        desk.send(username, f"{ONE}reveal/", secret=SECRETS[key])
    assert desk.draw().status == "revealed", "the value's time has not come"
    desk.send("freezer", f"{ONE}value/", expect=409)
    desk.clock(DRAW_AT + timedelta(minutes=1))
    assert "等待公共值和抽签" in desk.see("freezer", "/")
    job = desk.send("freezer", f"{ONE}value/")["Location"]
    desk.work()
    assert "已完成" in desk.see("freezer", job)
    with scope.entered(FOSHAN):
        placed = desk.draw().placements.select_related("sitting").first()
    for who in (placed.pseudonym, placed.ticket):
        page = desk.see("clerk", f"{ONE}explain/?who={who}")
        assert "你的号" in page and placed.sitting.number in page
    assert "没有这名考生" in desk.see("clerk", f"{ONE}explain/?who=NOBODY")
    assert "N2.3.5" in desk.see("clerk", f"{ONE}exemptions/")
    page = desk.see("clerk", f"/allocation/sittings/{placed.sitting.number}/")
    assert placed.seat in page and placed.room in page
    desk.see("clerk", f"/allocation/sittings/{placed.sitting.number}/door.pdf", status=409)
    assert placed.sitting.number in desk.see("clerk", f"/allocation/sittings/?day={placed.sitting.day}")


NOT_THEIRS = [
    ("institution", ""),
    ("institution", "files/instance/candidates.csv"),
    ("announcer", "freeze/"),
    ("clerk", "freeze/"),
    ("freezer", "commit/"),
    ("party_city", "verify/"),
    ("freezer", "countersign/"),
    ("approver", "tickets/make/"),
    ("announcer", "draw.zip"),
]


@pytest.mark.django_db(transaction=True)
def test_who_may_not(desk):
    """二（三） N2.3.3: no institution assigns or looks on; no part of a draw is played by another's role."""
    announced(desk)
    for who, path in NOT_THEIRS:
        browser = desk.browser(who)
        answer = browser.post(f"{ONE}{path}") if path.endswith("/") else browser.get(f"{ONE}{path}")
        assert answer.status_code == 403, (who, path)


@pytest.mark.django_db(transaction=True)
def test_another_city_sees_nothing(desk):
    announced(desk)
    desk.see("clerk_gz", ONE, status=404)
    assert BATCH not in desk.see("clerk_gz", "/allocation/draws/")
    assert "还没有场次" in desk.see("clerk_gz", "/allocation/sittings/")
    person = Person("announcer_gz", "外市公告人", ("draw_announcer",), city=GUANGZHOU)
    person.make()
    page = log_in(Client(), person).get("/allocation/draws/new/").content.decode()
    parties = {one: PEOPLE[one].name for one in ("party_city", "party_province", "party_notary")}
    assert [one for one, name in parties.items() if name in page] == ["party_province"], "a city's parties are its own people and the province's"


@pytest.mark.django_db(transaction=True)
def test_a_form_filled_in_wrongly_says_what_to_do(desk):
    announced(desk)
    page = desk.browser("announcer").post("/allocation/draws/new/", {"batch": BATCH}).content.decode()
    assert "wrong" in page
    answer = desk.send("party_city", f"{ONE}commit/", expect=409, secret="xyz", pin=PIN)
    assert "64 个小写十六进制" in answer.content.decode()
    answer = desk.send("party_city", f"{ONE}commit/", expect=409, secret=SECRETS["city"])
    assert "签名口令" in answer.content.decode()


def test_the_cast_logs_in_with_the_password_of_the_demo(trusted_people, client):
    assert client.post("/login/", {"username": "freezer", "password": PASSWORD}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_refused_steps_stand_in_the_record(desk):
    """A wrong secret, somebody else's step and a second draw, tried at the pages: refused, and each an event."""
    frozen(desk)
    desk.clock(DRAW_AT + timedelta(minutes=5))
    desk.send("party_city", f"{ONE}reveal/", expect=409, secret=SECRETS["province"])
    desk.send("party_notary", f"{ONE}reveal/", expect=409, secret="0" * 64)
    desk.send("freezer", f"{ONE}freeze/", expect=409)
    desk.send("announcer", f"{ONE}close/", expect=409, reason="冻结以后也想终止本次抽签。")
    desk.send("clerk", f"{ONE}tickets/make/", expect=409)
    desk.send("clerk", f"{ONE}reveal/", expect=403, secret=SECRETS["city"])
    with scope.entered(FOSHAN):
        tried = [event for event in events.events(obj=f"draw:{BATCH}-T1") if event.code == "allocation.attempt_refused"]
    assert [event.facts["step"] for event in reversed(tried)] == ["reveal", "reveal", "request_freeze", "close", "tickets", "reveal"]


@pytest.mark.django_db(transaction=True)
def test_late_changes_by_forms(desk):
    """A sitting that cannot be sealed, from the button on the page to the change list on the page."""
    drawn(desk)
    desk.send("province", f"{ONE}verify/")
    desk.work()
    desk.send("province", f"{ONE}countersign/", pin=PIN)
    assert "公告增量抽签" in desk.see("announcer", ONE)
    assert "规则沿用" in desk.see("announcer", f"/allocation/draws/new/?follows={BATCH}-T1")
    later = DRAW_AT + timedelta(hours=1)
    moments = {"objections_until": f"{later:%Y-%m-%dT%H:%M}", "public_at": f"{later + timedelta(hours=1):%Y-%m-%dT%H:%M}"}
    people = {"party_city": "party_city", "party_province": "party_province", "party_third": "party_notary"}
    desk.send(
        "announcer", "/allocation/draws/new/", batch=BATCH, part="T", rule_document="佛山市交叉考试实施办法",
        rule_published_on="2024-01-01", own_school_allowed="on", public_source="rehearsal", third_interest="notary",
        follows=f"{BATCH}-T1", **moments, **people,
    )  # fmt: skip
    late = f"/allocation/draws/{BATCH}-T1.1/"
    with scope.entered(FOSHAN):
        lost = Draw.objects.get(number=f"{BATCH}-T1").placements.first().sitting.number
    desk.send("freezer", f"{late}change/", expect=409, kind="sitting_unsealed", about="X", reason=REASON)
    desk.send("freezer", f"{late}change/", kind="sitting_unsealed", about=lost, reason=REASON)
    assert lost in desk.see("freezer", late)
    for key, username in PARTIES.items():
        desk.send(username, f"{late}commit/", secret=SECRETS[key], pin=PIN)
    desk.send("freezer", f"{late}freeze/", expect=409)
    desk.send("freezer", f"{late}thin/", choice="accept", reason="变动的考生可去的考试点少，按现有考试点抽签。")
    desk.send("freezer", f"{late}freeze/")
    desk.sign("approver")
    desk.clock(later + timedelta(hours=2))
    desk.browsers.clear()  # after two idle hours everybody logs in anew
    for key, username in PARTIES.items():
        desk.send(username, f"{late}reveal/", secret=SECRETS[key])
    desk.work()
    page = desk.see("province", late)
    assert "谁动了，为什么" in page
    assert "场次不能封卷" in page
    desk.send("province", f"{late}verify/")
    desk.work()
    assert "一致" in desk.see("province", late)
    desk.send("province", f"{late}countersign/", pin=PIN)
    names = zipfile.ZipFile(io.BytesIO(desk.see("province", f"{late}draw.zip"))).namelist()
    compared = desk.see("province", "/allocation/draws/compare/")
    assert f"{BATCH}-T1.1" in compared
    assert "佛山" in compared
    assert {"result/moves.csv", "instance/changes.csv", "previous/rows.jsonl"} <= set(names)
    with scope.entered(FOSHAN):
        kept = Draw.objects.get(number=f"{BATCH}-T1").placements.exclude(sitting__number=lost).first()
    assert "沿用上一次抽签的座位" in desk.see("province", f"{late}explain/?who={kept.pseudonym}")
    slip = json.loads(desk.see("province", f"{late}slip/{kept.pseudonym}.json"))
    assert slip["format"] == "xslip/1"
    assert json.loads(slip["parts"][0]["row"])["how"] == "kept"
    desk.see("province", f"{late}slip/NOBODY.json", status=404)
