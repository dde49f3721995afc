"""Accounts: made, changed and closed by the security administrator, on pages that say why not."""

import pytest

from kaopei.office.accounts import queries
from kaopei.office.audit.models import Event
from tests.people import PASSWORD, PEOPLE, log_in

pytestmark = pytest.mark.django_db
WORDS = {"username": "t001", "name": "谭一", "city": "440600", "institution": "", "password": PASSWORD, "held": ["clerk"]}


@pytest.fixture
def desk(client):
    return log_in(client, PEOPLE["security"])


def test_new_person_may_log_in(desk, client, province):
    assert desk.post("/people/new/", WORDS).headers["Location"] == "/people/t001/"
    assert queries.find("t001").held() == {"clerk"}
    assert Event.objects.get(code="accounts.created", obj="person:t001").actor == "security"
    assert desk.post("/login/", {"username": "t001", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"username": "谭一"}, "小写字母"),
        ({"password": "short"}, "至少 10 个字符"),
        ({"name": ""}, "field-wrong"),
        ({"city": "999999"}, "field-wrong"),
        ({"held": ["system"]}, "field-wrong"),
    ],
)
def test_wrong_words_are_shown_beside_the_field(desk, change, says):
    answer = desk.post("/people/new/", {**WORDS, **change})
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert queries.find("t001") is None


def test_forbidden_pair_is_a_page_with_the_reason(desk):
    answer = desk.post("/people/new/", {**WORDS, "held": ["clerk", "draw_freezer"]})
    assert answer.status_code == 409
    assert "不得由同一人担任" in answer.content.decode()
    assert queries.find("t001") is None


def test_taken_name_is_refused(desk):
    desk.post("/people/new/", WORDS)
    assert "已有人使用" in desk.post("/people/new/", WORDS).content.decode()


def test_roles_are_given_and_ended(desk):
    PEOPLE["clerk"].make()
    desk.post("/people/clerk/assign", {"role": "inspector"})
    assert queries.find("clerk").held() == {"clerk", "inspector"}
    desk.post("/people/clerk/unassign", {"role": "clerk"})
    assert queries.find("clerk").held() == {"inspector"}
    page = desk.get("/people/clerk/").content.decode()
    assert "考务员" in page
    assert "执法人员" in page


def test_closed_account_has_no_role(desk):
    PEOPLE["clerk"].make()
    desk.post("/people/clerk/close")
    person = queries.find("clerk")
    assert (person.is_active, person.held()) == (False, frozenset())


def test_own_account_is_not_closed(desk):
    assert desk.post("/people/security/close").status_code == 409
    assert queries.find("security").is_active


@pytest.mark.parametrize("who", ["clerk", "approver", "province", "auditor", "sysadmin"])
def test_nobody_else_makes_people(client, who):
    page = log_in(client, PEOPLE[who])
    for path in ("/people/new/", "/people/clerk/assign", "/people/clerk/close"):
        assert page.post(path, WORDS).status_code == 403


def test_unknown_person_is_not_there(desk):
    assert desk.get("/people/nobody/").status_code == 404


def test_list_names_city_and_roles(desk):
    PEOPLE["clerk_gz"].make()
    page = desk.get("/people/").content.decode()
    assert "广州市" in page
    assert "方晓" in page


@pytest.fixture
def city_desk(client):
    """The security administrator of 广州 alone."""
    from tests.people import GUANGZHOU, Person

    return log_in(client, Person("security_gz", "穗安", ("security_admin",), city=GUANGZHOU))


def test_a_city_looks_after_its_own_people_only(city_desk):
    PEOPLE["clerk"].make()
    PEOPLE["clerk_gz"].make()
    page = city_desk.get("/people/").content.decode()
    assert "方晓" in page and "林秀兰" not in page
    assert city_desk.get("/people/clerk/").status_code == 404
    for path in ("assign", "unassign", "close", "recover"):
        assert city_desk.post(f"/people/clerk/{path}", {"role": "inspector", "reason": "核对过本人身份"}).status_code == 404
    assert queries.find("clerk").held() == {"clerk"}


@pytest.mark.parametrize("city", ["440600", "*"])
def test_a_city_makes_nobody_of_another_city_or_of_the_province(city_desk, city):
    answer = city_desk.post("/people/new/", {**WORDS, "city": city})
    assert answer.status_code == 409
    assert "本市人员" in answer.content.decode()
    assert queries.find("t001") is None
