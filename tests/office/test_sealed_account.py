"""The emergency account: two halves taken by two holders, opened once by both, for two hours, every act marked, reported."""

from datetime import timedelta

import pytest
from django.test import Client

from kaopei.office import clock, scope
from kaopei.office.accounts import actions, queries, roles, tasks
from kaopei.office.accounts.models import SealedAccount
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals import queries as asked
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from tests.people import FOSHAN, NOW, PASSWORD, PEOPLE, log_in

pytestmark = pytest.mark.django_db
REASON = "全部安全管理员的通行密钥同时损坏，考试明日开考"
REPORT = "安全管理员的密钥损坏，启用后为一名安全管理员恢复登录，现已恢复正常，账号已停用。"


@pytest.fixture
def people(signing_cast):
    return signing_cast


def seal(people, role="security_admin", city=FOSHAN, holders=("clerk", "approver"), by="security"):
    return actions.seal(role, city=city, holders=holders, by=people[by], at=NOW)


@pytest.fixture
def sealed(people):
    """The row, and the two halves as their holders wrote them down."""
    row = seal(people)
    return row, tuple(actions.take_half(row, by=people[who], at=NOW) for who in ("clerk", "approver"))


def unseal(row, halves, at=NOW, reason=REASON):
    return actions.unseal(row, halves=halves, reason=reason, by=roles.SYSTEM, at=at)


def refused(words, act, *args, **facts):
    with pytest.raises(Refused, match=words):
        act(*args, **facts)


def test_nobody_logs_in_with_a_sealed_account(sealed):
    user = sealed[0].user
    assert not queries.find(user.username).is_active and queries.opened(user, NOW) is None
    answer = Client().post("/login/", {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"holders": ("clerk", "clerk")}, "不同的人"), ({"holders": ("clerk", "nobody")}, "不同的人"), ({"holders": ("clerk", "security")}, "自己"),
        ({"holders": ("clerk", "clerk_gz")}, "本市或省级"), ({"role": "system"}, "岗位"), ({"role": "x"}, "岗位"), ({"by": "clerk"}, "安全管理员"),
    ],
)  # fmt: skip
def test_sealing_wants_two_holders_and_a_role(people, facts, words):
    refused(words, seal, people, **facts)
    assert not SealedAccount.objects.exists()


def test_each_holder_takes_his_half_once_and_nobody_elses(people):
    row = seal(people)
    half = actions.take_half(row, by=people["clerk"], at=NOW)
    refused("已经领取", actions.take_half, row, by=people["clerk"], at=NOW)
    for who in ("security", "approver2"):
        refused("不是这个应急账号的持有人", actions.take_half, row, by=people[who], at=NOW)
    refused("还没有都领取", unseal, row, (half, half))
    assert half.replace("-", "").encode() not in bytes(SealedAccount.objects.get().first_digest)


def test_one_half_opens_nothing(sealed):
    row, (first, second) = sealed
    for halves in ((first, first), (second, second), (first, ""), (first, second[:-1] + "?"), ("", "")):
        refused("不对", unseal, row, halves)
    assert SealedAccount.objects.get().opened_at is None
    tries = Event.objects.filter(code="accounts.unseal_refused")
    assert tries.count() == 5 and tries[0].facts["reason"] == "halves"


def test_both_halves_open_it_once_for_two_hours_in_either_order(sealed):
    row, (first, second) = sealed
    refused("紧急情况", unseal, row, (first, second), reason="急")
    made = unseal(row, (second.lower(), f" {first} "))
    assert made.user.is_active and queries.opened(made.user, NOW + timedelta(hours=2, seconds=-1))
    assert not queries.opened(made.user, NOW + timedelta(hours=2))
    event = Event.objects.get(code="accounts.unsealed")
    assert event.facts["holders"] == ["approver", "clerk"] and event.city == FOSHAN and REASON not in str(event.facts)
    refused("不能再次启用", unseal, row, (first, second))


def test_it_ends_by_itself(sealed):
    row, halves = sealed
    unseal(row, halves)
    tasks.end_sealed(NOW + timedelta(hours=2, seconds=-1))
    assert queries.find(row.user.username).is_active
    for _ in range(2):
        tasks.end_sealed(NOW + timedelta(hours=2))
    assert not queries.find(row.user.username).is_active and Event.objects.filter(code="accounts.unsealed_ended").count() == 1


def test_nobody_else_ends_it_and_it_signs_nothing(people, sealed):
    row, halves = sealed
    made = unseal(row, halves)
    refused("自己可以提前结束", actions.end, row, by=people["clerk"], at=NOW)
    with scope.entered(FOSHAN):
        asking = approvals.request(
            action="accounts.x", object="o", content=b"x", title="t", approve_act="accounts.recover", by=people["clerk"], at=NOW,
        )  # fmt: skip
        refused("密钥|签名|口令", approvals.approve, asking, digest=asking.digest, pin="", by=made.user, at=NOW)
    assert asked.get(asking.ulid).status == "open"


def test_report_within_a_day_by_a_holder_once(people, sealed):
    row, halves = sealed
    refused("没有启用过", actions.report, row, text=REPORT, by=people["clerk"], at=NOW)
    unseal(row, halves)
    refused("持有人提交", actions.report, row, text=REPORT, by=people["security"], at=NOW)
    refused("不少于", actions.report, row, text="短", by=people["clerk"], at=NOW)
    actions.report(row, text=REPORT, by=people["clerk"], at=NOW + timedelta(hours=25))
    assert Event.objects.get(code="accounts.unsealed_reported").facts["late"] is True
    refused("已经提交", actions.report, row, text=REPORT, by=people["approver"], at=NOW + timedelta(hours=25))


def alarms(user, at=NOW):
    return [line.text for card in queries.cards(user, at) for line in card.lines]


def test_the_province_is_told_until_the_report_is_there(people, sealed):
    row, halves = sealed
    assert alarms(people["province"]) == []
    unseal(row, halves)
    for who in ("province", "security", "auditor", "clerk"):
        assert "已启用" in alarms(people[who])[0], who
    assert alarms(people["inspector"]) == [] and alarms(people["clerk_gz"]) == []
    actions.report(row, text=REPORT, by=people["clerk"], at=NOW)
    assert alarms(people["province"]) == []


def test_pages_from_sealing_to_the_report(people):
    browsers = {who: log_in(Client(), PEOPLE[who]) for who in ("security", "clerk", "approver", "inspector")}
    form = {"role": "security_admin", "city": FOSHAN, "first": "clerk", "second": "approver"}
    page = browsers["security"].post("/sealed/new/", form)["Location"]
    name = page.split("/")[2]
    assert browsers["inspector"].get(page).status_code == 404
    halves = []
    for who in ("clerk", "approver"):
        assert "领取我的一份口令" in browsers[who].get(page).content.decode()
        text = browsers[who].post(page, {"what": "take"}).content.decode()
        halves.append(text.split('<code class="digest-long">')[1].split("<")[0])
        assert halves[-1] not in browsers[who].get(page).content.decode()
    desk, said = Client(), {"username": name, "first": halves[0], "second": halves[0], "reason": REASON}
    assert desk.post("/login/sealed/", said).status_code == 400
    assert desk.post("/login/sealed/", {**said, "username": "nobody", "second": halves[1]}).status_code == 400
    assert desk.post("/login/sealed/", {**said, "second": halves[1]}).status_code == 302
    front = desk.get("/").content.decode()
    assert "应急账号使用中" in front and "现在结束" in front
    assert desk.get("/people/").status_code == 200
    assert browsers["clerk"].get("/").content.decode().count("应急账号使用中") == 0
    assert desk.post("/sealed/end/")["Location"] == "/login/"
    assert desk.get("/people/").status_code == 302 and Event.objects.filter(actor=name).exists()
    assert browsers["approver"].post(page, {"what": "report", "text": REPORT}).status_code == 302
    assert REPORT in browsers["security"].get(page).content.decode()


def test_after_two_hours_the_open_page_is_logged_out(people, sealed, monkeypatch):
    row, halves = sealed
    desk = Client()
    assert desk.post("/login/sealed/", {"username": row.user.username, "first": halves[0], "second": halves[1], "reason": REASON}).status_code == 302
    assert desk.get("/people/").status_code == 200
    later = clock.now() + timedelta(hours=2, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert desk.get("/people/").status_code == 302


def test_guessing_is_slowed_down(sealed):
    row, _halves = sealed
    desk, said = Client(), {"username": row.user.username, "first": "A", "second": "B", "reason": REASON}
    answers = [desk.post("/login/sealed/", said).content.decode() for _ in range(6)]
    assert "不对" in answers[0] and "不对" not in answers[-1]
