"""The read API: described, versioned, for people who have logged in, each in his scope; no input makes a server error."""

import json

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, given, settings

from kaopei.center.applications import actions as intake
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from tests.center.allocation.city import OWNER, City
from tests.people import CAST, FOSHAN, NOW, PEOPLE, log_in

SAMPLE, MANY = 12, 400


@pytest.fixture
def taken(db):
    with scope.entered(FOSHAN):
        intake.confirm(intake.receive(City().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)


@pytest.fixture
def clerk(client, taken):
    return log_in(client, PEOPLE["clerk"])


def document():
    from kaopei.center.api import api

    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))


def test_document_is_served_and_names_its_version(clerk):
    found = clerk.get("/api/v1/openapi.json").json()
    assert found["openapi"].startswith("3.1") and found["info"]["version"] == "1.0.0"
    assert {"/api/v1/registry/institutions", "/api/v1/registry/sites", "/api/v1/allocation/sittings"} <= set(found["paths"])
    assert all("401" in op["responses"] and "422" in op["responses"] for ways in found["paths"].values() for op in ways.values())


def test_register_of_the_own_city(clerk):
    rows = clerk.get("/api/v1/registry/institutions", {"day": "2026-12-01"}).json()
    assert OWNER in {row["code"] for row in rows}
    one = clerk.get(f"/api/v1/registry/institutions/{OWNER}").json()
    assert one["name"] == "佛山甲安全培训中心" and "phone" not in one
    assert clerk.get("/api/v1/registry/sites").json()


def test_nobody_sees_nothing(taken):
    answer = Client().get("/api/v1/registry/institutions")
    assert answer.status_code == 401


@pytest.mark.parametrize(("path", "want"), [(f"institutions/{OWNER}", 404), ("institutions", []), ("sites", []), (f"institutions?city={FOSHAN}", [])])
def test_another_city_gets_nothing_whatever_it_asks_for(client, taken, path, want):
    answer = log_in(client, PEOPLE["clerk_gz"]).get(f"/api/v1/registry/{path}")
    assert (answer.status_code if want == 404 else answer.json()) == want


def test_role_without_the_act_is_told_who_may(client, taken):
    answer = log_in(client, PEOPLE["party_city"]).get("/api/v1/registry/sites")
    assert answer.status_code == 403 and "考务员" in answer.json()["error"]


@pytest.mark.parametrize("query", ["day=2026-13-01", "city=x", "day=" + "9" * 400])
def test_wrong_parameters_are_said_in_words(clerk, query):
    answer = clerk.get(f"/api/v1/registry/institutions?{query}")
    assert answer.status_code == 422 and "参数不对" in answer.json()["error"]


def fuzz(client, examples):
    """Every operation of the document with generated input, valid and not: no server error, every answer as described. How many."""
    return sum(tried(client, found.ok(), examples) for found in schemathesis.openapi.from_dict(document()).get_all_operations())


def tried(client, operation, examples):
    answers = []

    @given(case=operation.as_strategy())
    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def one(case):
        answer = client.get(case.formatted_path, {key: value for key, value in (case.query or {}).items() if value is not None})
        assert answer.status_code < 500, (case.formatted_path, case.query)
        answers.append((str(answer.status_code), case.formatted_path))

    one()
    # An empty piece of a path is another address: the 404 of the program itself.
    assert {status for status, _path in answers} <= {*operation.responses.status_codes, "404"}, answers[:20]
    return len(answers)


def test_no_input_makes_a_server_error(clerk):
    assert fuzz(clerk, SAMPLE) >= SAMPLE


@pytest.mark.long
@pytest.mark.parametrize("who", [person.username for person in CAST if person.username in ("clerk", "province", "institution", "party_city")])
def test_no_input_makes_a_server_error_in_many_tries(client, taken, who):
    assert fuzz(log_in(client, PEOPLE[who]), MANY) >= MANY
