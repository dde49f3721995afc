"""The clerk's pages: preview, publish, look back, withdraw."""

import re

import pytest

from kaopei.center.publication import queries
from kaopei.center.publication.drafts import GROUPS
from kaopei.center.publication.models import Publication
from kaopei.office import clock
from kaopei.office.ui.cards import Card
from tests.center.allocation.city import BASE, BODIES
from tests.people import PEOPLE, log_in


@pytest.fixture
def desk(client, register):
    return log_in(client, PEOPLE["clerk"])


def text(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[:1500]
    return answer.content.decode()


def digest(client, group):
    return re.search(r'name="digest" value="([0-9a-f]{64})"', text(client.get(f"/publication/{group}/"))).group(1)


def test_overview_says_what_waits_and_what_must_come_first(desk):
    page = text(desk.get("/publication/"))
    assert "还没有公布过" in page and "/publication/register/" in page
    assert GROUPS["draws"].empty in page and "/publication/draws/?" not in page


def test_preview_shows_the_words_and_publishing_makes_them_public(desk):
    page = text(desk.get("/publication/register/"))
    assert "新增" in page and BASE in page and "佛山甲安全培训中心" in page
    answer = desk.post("/publication/register/publish", {"digest": digest(desk, "register")}, follow=True)
    assert "已公布" in text(answer) and "没有变动" in text(answer)
    assert len(queries.public("institution", clock.now())) == len(BODIES)
    again = desk.post("/publication/register/publish", {"digest": digest(desk, "register")}, follow=True)
    assert "没有变动" in text(again)


def test_old_preview_is_refused_with_a_page(desk):
    answer = desk.post("/publication/register/publish", {"digest": "0" * 64})
    assert "预览以后内容又有变动" in text(answer, 409)
    assert Publication.objects.count() == 0


def test_rows_are_found_and_one_is_withdrawn(desk):
    desk.post("/publication/register/publish")
    desk.post("/publication/calendar/publish")
    page = text(desk.get(f"/publication/rows/?kind=site&q={BASE}"))
    row = Publication.objects.get(kind="site", object=BASE)
    assert f"/publication/rows/{row.pk}/" in page
    assert "撤回这一条" in text(desk.get(f"/publication/rows/{row.pk}/"))
    assert "理由" in text(desk.post(f"/publication/rows/{row.pk}/withdraw", {"reason": "错"}), 409)
    done = desk.post(f"/publication/rows/{row.pk}/withdraw", {"reason": "该考试点地址登记有误，先行撤下核实。"}, follow=True)
    assert "已从门户撤下" in text(done) and "撤回这一条" not in text(done)
    assert "已撤回，不再公布" in text(desk.get("/publication/register/"))


@pytest.mark.parametrize("address", ["/publication/nothing/", "/publication/rows/999999/"])
def test_what_does_not_exist_is_not_found(desk, address):
    assert desk.get(address).status_code == 404


@pytest.mark.parametrize("query", ["?kind=nonsense", "?page=x", "?q=%00", "?q=%25"])
def test_odd_filters_do_no_harm(desk, query):
    assert desk.get(f"/publication/rows/{query}").status_code == 200


@pytest.mark.parametrize("who", ["approver", "legal", "province"])
def test_others_may_look_and_not_publish(client, register, who):
    log_in(client, PEOPLE[who])
    assert client.get("/publication/").status_code == 200
    assert "name=\"digest\"" not in text(client.get("/publication/register/"))
    assert client.post("/publication/register/publish").status_code == 403
    assert Publication.objects.count() == 0


@pytest.mark.parametrize("who", ["institution", "auditor", "sysadmin"])
def test_the_rest_may_not_even_look(client, register, who):
    log_in(client, PEOPLE[who])
    assert client.get("/publication/").status_code == 403


def test_another_citys_clerk_sees_an_empty_desk(client, desk):
    desk.post("/publication/register/publish")
    client.logout()
    log_in(client, PEOPLE["clerk_gz"])
    row = Publication.objects.get(kind="site", object=BASE)
    assert client.get(f"/publication/rows/{row.pk}/").status_code == 404
    assert BASE not in text(client.get("/publication/rows/"))


def test_today_reminds_the_clerk_of_what_is_not_published(desk):
    assert "培训机构与考试点有变动未公布" in text(desk.get("/"))
    for group in ("register", "calendar"):
        desk.post(f"/publication/{group}/publish")
    assert "有变动未公布" not in text(desk.get("/"))


def test_today_reminds_after_a_month_without_a_round(register, clerk):
    from datetime import timedelta

    from kaopei.center.publication import actions
    from kaopei.center.publication.cards import cards
    from tests.people import FOSHAN, NOW

    for group in ("register", "calendar"):
        actions.publish(group, city=FOSHAN, by=clerk, at=NOW)

    def lines(at):
        card = cards(clerk, at)[0]
        assert isinstance(card, Card)
        return [line.text for line in card.lines]

    assert lines(NOW + timedelta(days=27)) == []
    assert lines(NOW + timedelta(days=32)) == ["登记名单该再公布一次"]
    actions.publish("register", city=FOSHAN, by=clerk, at=NOW + timedelta(days=32))
    assert lines(NOW + timedelta(days=33)) == []
