"""The page frame: log-in, today, language, static files, what is not allowed, what browsers are told."""

import re

import pytest
from django.test import Client

from kaopei.office import clock
from kaopei.office.accounts import queries
from kaopei.office.accounts.models import FailedLogin
from kaopei.office.audit.models import Event
from tests.people import CAST, NOW, PASSWORD, PEOPLE, lay_trust, log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client):
    return log_in(client, PEOPLE["clerk"])


def test_today_asks_for_log_in(client):
    assert client.get("/").headers["Location"] == "/login/?next=/"


def test_log_in_opens_today(clerk):
    page = clerk.get("/").content.decode()
    for word in ("林秀兰", "考务员", "佛山市", "今日"):
        assert word in page


def test_log_in_goes_where_one_wanted_but_never_elsewhere(client):
    PEOPLE["clerk"].make()
    words = {"username": "clerk", "password": PASSWORD}
    assert client.post("/login/", {**words, "next": "/jobs/"}).headers["Location"] == "/jobs/"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert Client().post("/login/", {**words, "next": elsewhere}).headers["Location"] == "/"


def test_wrong_password_is_refused_and_written_down(client, province):
    PEOPLE["clerk"].make()
    answer = client.post("/login/", {"username": "clerk", "password": "wrong"})
    assert answer.status_code == 400
    assert "用户名或密码不对" in answer.content.decode()
    assert Event.objects.filter(code="accounts.login_refused", obj="person:clerk").count() == 1


def test_unknown_name_gives_the_same_answer_and_is_not_in_the_record(client, province):
    answer = client.post("/login/", {"username": "440601199001011237", "password": "wrong"})
    assert "用户名或密码不对" in answer.content.decode()
    assert Event.objects.get(code="accounts.login_refused").obj == "person:unknown"
    assert "440601199001011237" not in str(FailedLogin.objects.values_list().get()), "an identity number typed as a name is nowhere in clear"


def test_guessing_is_slowed_down_by_name_not_by_room(client):
    PEOPLE["clerk"].make()
    PEOPLE["approver"].make()
    for _ in range(queries.TRIES):
        client.post("/login/", {"username": "clerk", "password": "wrong"})
    answer = client.post("/login/", {"username": "clerk", "password": PASSWORD})
    assert "十分钟后" in answer.content.decode()
    assert client.post("/login/", {"username": "approver", "password": PASSWORD}).status_code == 302
    FailedLogin.objects.update(at=clock.now() - queries.WITHIN)
    assert client.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 302


def test_person_who_left_does_not_get_in(client, province):
    from kaopei.office.accounts import actions
    from kaopei.office.accounts.roles import SYSTEM

    actions.close(PEOPLE["clerk"].make(), by=SYSTEM, at=NOW)
    assert client.post("/login/", {"username": "clerk", "password": PASSWORD}).status_code == 400


def test_person_who_leaves_is_out_at_once(clerk, province):
    from kaopei.office.accounts import actions
    from kaopei.office.accounts.roles import SYSTEM

    actions.close(queries.find("clerk"), by=SYSTEM, at=NOW)
    assert clerk.get("/").status_code == 302


@pytest.mark.parametrize(("who", "minutes", "stays"), [("clerk", 60, True), ("approver", 60, False), ("clerk", 121, False)])
def test_idle_log_in_ends_sooner_for_people_who_decide(client, monkeypatch, who, minutes, stays):
    from datetime import timedelta

    page = log_in(client, PEOPLE[who])
    page.get("/")
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=minutes))
    assert (page.get("/").status_code == 200) is stays


def test_log_out_needs_a_post(clerk):
    assert clerk.get("/logout/").status_code == 405
    assert clerk.post("/logout/").status_code == 302
    assert clerk.get("/").status_code == 302


def test_form_without_token_is_refused_in_words(province):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/login/", {"username": "clerk", "password": PASSWORD})
    assert answer.status_code == 403
    assert "页面已失效" in answer.content.decode()


def test_clerk_may_not_see_accounts(clerk):
    answer = clerk.get("/people/")
    assert answer.status_code == 403
    assert "安全管理员" in answer.content.decode()


def test_language_is_switched(clerk):
    clerk.post("/language/", {"lang": "en", "next": "/"})
    page = clerk.get("/").content.decode()
    assert "Log out" in page
    assert 'lang="en"' in page
    clerk.post("/language/", {"lang": "zh", "next": "/"})
    assert "退出" in clerk.get("/").content.decode()


def test_language_never_leads_elsewhere(client):
    for elsewhere in ("https://evil.example/x", "//evil.example/x"):
        assert client.post("/language/", {"lang": "en", "next": elsewhere}).headers["Location"].startswith("/x")


def test_missing_page_says_so(clerk):
    answer = clerk.get("/nowhere/")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()


def test_policy_forbids_everything_inline(clerk):
    policy = clerk.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def pages(client):
    return [client.get(path).content.decode() for path in ("/", "/jobs/", "/approvals/", "/login/")]


def test_pages_have_no_inline_script_style_or_handler(clerk):
    for page in pages(clerk):
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)


def test_static_files_come_with_digest_and_stay(client):
    page = client.get("/login/").content.decode()
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(found) == 3
    for address in found:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert b"".join(answer.streaming_content)


@pytest.mark.parametrize("path", ["../settings_base.py", "ui/../../urls.py", "/etc/passwd", "ui/", "nothing.css"])
def test_static_gives_nothing_else(client, path):
    assert client.get(f"/static/{path}").status_code in (400, 404)


def test_demo_log_ins_are_hinted_in_a_rehearsal_only(client, own_data, province):
    for person in CAST[:3]:
        person.make()
    assert "演练账号" not in client.get("/login/").content.decode()
    lay_trust(own_data, [])
    page = client.get("/login/").content.decode()
    assert "演练账号" in page
    assert "陈国强" in page
    assert "演练：" in page


def test_health_answers_without_database(client):
    assert client.get("/healthz").content == b"ok\n"


def test_stylesheet_is_short():
    from pathlib import Path

    import kaopei.office.ui

    sheet = (Path(kaopei.office.ui.__file__).parent / "static/ui/style.css").read_text()
    assert sheet.count("\n") <= 1200
    assert "!important" not in sheet
