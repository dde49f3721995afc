"""The read API: described, versioned, for people who have logged in, each in his scope; no input makes a server error."""

import json
import os
from pathlib import Path

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings

from kaopei.center.applications import actions as intake
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from tests.center.allocation.city import OWNER, City
from tests.people import CAST, FOSHAN, NOW, PEOPLE, log_in

SAMPLE, MANY = 2, int(os.environ.get("KAOPEI_API_EXAMPLES", "150"))


@pytest.fixture
def taken(db):
    with scope.entered(FOSHAN):
        intake.confirm(intake.receive(City().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)


@pytest.fixture
def clerk(client, taken):
    return log_in(client, PEOPLE["clerk"])


def test_lists_name_nobody(clerk):
    """Neither a whole name nor an identity number, whatever the list; and every list answers."""
    from kaopei.center.applications.models import Application
    from kaopei.center.registry.models import ExamStaff

    with scope.entered(FOSHAN):
        people = [*ExamStaff.objects.all(), *Application.objects.all()]
        names = {one.name for one in people if len(one.name) > 1} | {one.id_number for one in people}
    assert len(names) > 50
    for path, ways in document()["paths"].items():
        if "get" in ways and "{" not in path:
            answer = clerk.get(path, {"before": "2026-11-01", "after": "2026-12-31"})
            said = answer.content.decode()
            assert answer.status_code in (200, 403) and not [name for name in names if name in said], path


ROOMS = "考试点编号,考场,机位\n440601,一号,30\n440601,,5\n"


def file(text=ROOMS):
    return SimpleUploadedFile("考场.csv", text.encode())


def test_sheet_is_tried_then_committed_exactly_as_shown(clerk):
    tried = clerk.post("/api/v1/registry/sheets/read", {"list": "考场", "file": file()}).json()
    assert tried["verdicts"][1]["decision"] == "refuse" and tried["changed"], tried
    other = clerk.post(f"/api/v1/registry/sheets/{tried['number']}/apply", {"digest": "0" * 64})
    assert other.status_code == 409 and "变动" in other.json()["error"]
    done = clerk.post(f"/api/v1/registry/sheets/{tried['number']}/apply", {"digest": tried["digest"]})
    assert done.status_code == 200 and done.json()["status"] == "applied"
    again = clerk.post(f"/api/v1/registry/sheets/{tried['number']}/apply", {"digest": tried["digest"]})
    assert again.status_code == 409
    with scope.entered(FOSHAN):
        assert Event.objects.filter(code__in=["registry.sheet_read", "registry.sheet_applied"]).count() == 2


def test_unfit_sheet_is_said_in_words(clerk):
    for name, text, word in [("没有", ROOMS, "可用"), ("考场", "x", ""), ("考场", "", ""), ("考场", None, "参数")]:
        answer = clerk.post("/api/v1/registry/sheets/read", {"list": name} | ({} if text is None else {"file": file(text)}))
        assert answer.status_code == 422 and word in answer.json()["error"], (name, text)


def test_change_needs_the_token_of_the_page(taken):
    strict = log_in(Client(), PEOPLE["clerk"])
    strict.handler.enforce_csrf_checks = True
    answer = strict.post("/api/v1/registry/sheets/read", {"list": "考场", "file": file()})
    assert answer.status_code == 403 and "X-CSRFToken" in answer.json()["error"]


def test_pack_is_tried_then_confirmed(client, province):
    clerk = log_in(client, PEOPLE["clerk"])
    files = [SimpleUploadedFile(name, content) for name, content in City().files().items()]
    tried = clerk.post("/api/v1/applications/intakes/read", {"files": files})
    assert tried.status_code == 200, tried.content.decode()
    number = tried.json()["number"]
    rows = clerk.get(f"/api/v1/applications/intakes/{number}/verdicts?count=3").json()
    assert len(rows) == 3 and {"serial", "decision", "code"} <= set(rows[0])
    assert clerk.post(f"/api/v1/applications/intakes/{number}/confirm").json()["confirmed_at"]


def document():
    from kaopei.center.api import api

    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/")))


def test_document_is_served_and_names_its_version(clerk):
    found = clerk.get("/api/v1/openapi.json").json()
    assert found["openapi"].startswith("3.1") and found["info"]["version"] == "1.1.0"
    assert {"/api/v1/registry/institutions", "/api/v1/registry/sites", "/api/v1/allocation/sittings"} <= set(found["paths"])
    operations = [op for ways in found["paths"].values() for op in ways.values()]
    assert len(operations) >= 40 and len({op["operationId"] for op in operations}) == len(operations)
    assert all("401" in op["responses"] and "422" in op["responses"] and op["x-act"] for op in operations)


def test_page_of_the_docs_is_current():
    from kaopei.center.api import page

    there = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    assert there == page(), "run: python -m tests.center.write_api"


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


def fuzz(client, examples, share=1):
    """Every `share`-th operation of the document with generated input, valid and not: no server error, every answer as described. How many."""
    every = list(schemathesis.openapi.from_dict(document()).get_all_operations())
    return sum(tried(client, found.ok(), examples) for found in every[::share])


def sent(body):
    """A generated body as a browser would send it: bytes are files, everything else text."""
    if not isinstance(body, dict):
        return {}
    return {name: _file(value) if isinstance(value, bytes | list) else "" if value is None else str(value) for name, value in body.items()}


def _file(value):
    every = value if isinstance(value, list) else [value]
    return [SimpleUploadedFile("x.csv", one if isinstance(one, bytes) else str(one).encode()) for one in every]


def tried(client, operation, examples):
    answers = []

    @given(case=operation.as_strategy())
    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def one(case):
        query = {key: value for key, value in (case.query or {}).items() if value is not None}
        answer = client.get(case.formatted_path, query) if operation.method.upper() == "GET" else client.post(case.formatted_path, sent(case.body))
        assert answer.status_code < 500, (case.formatted_path, case.query)
        answers.append((str(answer.status_code), case.formatted_path))

    with transaction.atomic():
        one()
        transaction.set_rollback(True)
    # An empty piece of a path is another address: the 404 of the program itself.
    assert {status for status, _path in answers} <= {*operation.responses.status_codes, "404"}, answers[:20]
    return len(answers)


def test_no_input_makes_a_server_error(clerk):
    assert fuzz(clerk, SAMPLE, share=12) >= SAMPLE


@pytest.mark.long
@pytest.mark.parametrize("who", [person.username for person in CAST if person.username in ("clerk", "province", "institution", "party_city")])
def test_no_input_makes_a_server_error_in_many_tries(client, taken, who):
    count = fuzz(log_in(client, PEOPLE[who]), MANY)
    print(f"{who}: {count} calls")
    assert count >= MANY
