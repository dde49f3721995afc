"""The register as people see it, as of a day."""

import pytest

from kaopei.center.applications import actions as intake
from kaopei.office.accounts.roles import SYSTEM
from tests.center.packs import Pack
from tests.people import NOW, PEOPLE, Person, log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def register(province):
    for city in ("440600", "441900"):
        intake.confirm(intake.receive(Pack(city).files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    return Pack()


ADDRESSES = ["/registry/institutions/", "/registry/institutions/{code}/", "/registry/sites/", "/registry/sites/440603/", "/registry/ties/"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("query", ["", "?day=2026-12-07", "?day=nonsense", "?day=1999-01-01"])
def test_pages_open_as_of_any_day(register, client, address, query):
    log_in(client, PEOPLE["clerk"])
    assert client.get(address.format(code=register.codes[0]) + query).status_code == 200


def test_empty_register_says_what_to_do(client, province):
    log_in(client, PEOPLE["clerk"])
    for address in ("/registry/institutions/", "/registry/sites/"):
        assert "受理表格" in client.get(address).content.decode()
    assert "请上传" in client.get("/registry/ties/").content.decode()
    assert client.get("/registry/sites/440699/").status_code == 404


def test_province_chooses_a_city_and_a_clerk_sees_his_own(register, client):
    log_in(client, PEOPLE["province"])
    assert "441901" in client.get("/registry/sites/?city=441900").content.decode()
    client.logout()
    log_in(client, PEOPLE["clerk"])
    page = client.get("/registry/sites/?city=441900").content.decode()
    assert "441901" not in page and "440601" in page
    assert client.get("/registry/sites/441901/?city=441900").status_code == 404


def test_institution_sees_itself_only(register, client):
    log_in(client, Person("inst-c", "何敏", ("institution",), institution=register.codes[1]))
    page = client.get("/registry/institutions/").content.decode()
    assert register.codes[1] in page and register.codes[0] not in page
    assert client.get(f"/registry/institutions/{register.codes[0]}/").status_code == 404


def test_tied_bodies_are_shown_as_one(register, client):
    log_in(client, PEOPLE["clerk"])
    page = client.get("/registry/ties/?day=2026-12-07").content.decode()
    assert "当日视为同一方" in page and register.codes[2] in page
