"""The page frame: log-in, today, what is not allowed."""

import pytest

from tests.people import PEOPLE, log_in

pytestmark = pytest.mark.django_db


def test_today_asks_for_log_in(client):
    assert client.get("/").headers["Location"] == "/login/?next=/"


def test_log_in_opens_today(client):
    page = log_in(client, PEOPLE["clerk"]).get("/").content.decode()
    assert "林秀兰" in page
    assert "考务员" in page
    assert "佛山市" in page


def test_wrong_password_is_refused(client):
    PEOPLE["clerk"].make()
    answer = client.post("/login/", {"username": "clerk", "password": "wrong"})
    assert answer.status_code == 400
    assert "用户名或密码不对" in answer.content.decode()


def test_clerk_may_not_see_accounts(client):
    answer = log_in(client, PEOPLE["clerk"]).get("/people/")
    assert answer.status_code == 403
    assert "安全管理员" in answer.content.decode()
