"""The page of today: last days in working days, and what the record asks of its keepers."""

from datetime import date, timedelta

import pytest
from django.template import Context, Template

from kaopei.office.approvals import queries as approvals
from kaopei.office.audit import queries
from kaopei.office.audit import tree as office_tree
from kaopei.office.audit.tasks import sequence
from tests.office.test_export import grow
from tests.people import NOW, PEOPLE, lay_trust, log_in


def due(day, lang="zh"):
    return " ".join(Template("{% load ui %}{% due day %}").render(Context({"day": day, "now": NOW, "lang": lang})).split())


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 23), "2026-11-23 周一<small>今天到期</small>"), (date(2026, 11, 24), "还剩 1 个工作日"),
        (date(2026, 11, 30), "还剩 5 个工作日"), (date(2026, 11, 28), "还剩 4 个工作日"), (date(2026, 11, 20), "已逾期 1 个工作日"),
        (date(2026, 11, 22), "已逾期 1 个工作日"), (date(2026, 11, 16), "已逾期 5 个工作日"),
    ],
)
def test_a_last_day_is_counted_in_working_days(day, words):
    """NOW is Monday, 2026-11-23."""
    shown = due(day)
    assert words in shown
    assert (' late"' in shown) == (day < NOW.date())


def test_in_english_as_well():
    assert "4 working days left" in due(date(2026, 11, 27), "en")
    assert "today" in due(NOW.date(), "en")
    assert "1 working days overdue" in due(date(2026, 11, 20), "en")


def test_without_a_calendar_only_the_day_is_shown():
    assert due(date(2099, 1, 5)).endswith("周一<small></small></span>")


@pytest.fixture
def signed(own_data, province):
    lay_trust(own_data, [])
    office_tree._grown.clear()


def texts(at):
    [card] = queries.cards(PEOPLE["auditor"].make(), at)
    return [line.text for line in card.lines], card.empty


def test_the_auditor_sees_when_the_record_was_last_signed_and_that_it_stopped(signed):
    lines, empty = texts(NOW)
    assert (lines, "还没有签署过" in empty) == ([], True)
    grow(2)
    sequence(NOW)
    assert texts(NOW + timedelta(minutes=5))[0] == ["最近签署 11-23 09:00"]
    grow(1)
    assert len(texts(NOW + timedelta(minutes=9))[0]) == 1
    assert texts(NOW + timedelta(minutes=11))[0][0] == "台账没有按时签署，请联系系统管理员"


def test_a_clerk_has_no_such_card(signed, client):
    assert queries.cards(PEOPLE["clerk"].make(), NOW) == []
    log_in(client, PEOPLE["auditor"])
    assert "台账" in client.get("/").content.decode()


@pytest.mark.django_db
def test_an_approver_is_told_that_nothing_waits_and_a_clerk_is_not_asked(client):
    [card] = approvals.cards(PEOPLE["approver"].make(), NOW)
    assert (card.count, card.url, card.empty) == (0, "/approvals/", "没有等您签署的事项。")
    assert approvals.cards(PEOPLE["clerk"].make(), NOW) == []
    log_in(client, PEOPLE["approver"])
    assert "没有等您签署的事项" in client.get("/").content.decode()
