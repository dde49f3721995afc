"""The page frame: log-in, today, what is not allowed."""

import pytest

pytestmark = pytest.mark.django_db


def test_today_asks_for_log_in(client):
    assert client.get("/").headers["Location"] == "/login/?next=/"
