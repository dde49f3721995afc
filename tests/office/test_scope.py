"""Queries name the city of the scope in force: when they run, not when they were written down; without a scope they give nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef
from django.test.utils import CaptureQueriesContext

from kaopei.office import scope
from kaopei.office.append_only import Frozen
from kaopei.office.approvals.models import Request
from kaopei.office.audit.models import Event
from kaopei.office.tasks.models import Job
from tests.people import FOSHAN, GUANGZHOU, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs():
    with scope.entered(scope.PROVINCE):
        for city in (FOSHAN, GUANGZHOU):
            Job.objects.create(ulid=f"{city:0>26}", kind="k", title=city, by="x", city=city, asked_at=NOW)


def said(rows):
    with CaptureQueriesContext(connection) as seen:
        found = sorted(rows.values_list("city", flat=True))
    return found, [one["sql"] for one in seen]


def test_city_stands_in_the_query(jobs):
    with scope.entered(FOSHAN):
        found, (sql,) = said(Job.objects.all())
    assert found == [FOSHAN] and f"\"city\" = '{FOSHAN}'" in sql


def test_the_province_sees_all_and_names_none(jobs):
    with scope.entered(scope.PROVINCE):
        found, (sql,) = said(Job.objects.all())
    assert found == [GUANGZHOU, FOSHAN] and '"city" =' not in sql


def test_without_a_scope_nothing_is_asked(jobs):
    rows = Job.objects.all()
    assert said(rows) == ([], []) and rows.count() == 0 and not rows.exists() and rows.first() is None


def test_a_query_obeys_the_scope_in_which_it_runs(jobs):
    with scope.entered(FOSHAN):
        rows = Job.objects.order_by("pk")
    with scope.entered(GUANGZHOU):
        assert said(rows)[0] == [GUANGZHOU]
        assert said(rows.exclude(title="x"))[0] == [GUANGZHOU]
        assert said(rows.filter(title=FOSHAN) | rows.filter(title=GUANGZHOU))[0] == [GUANGZHOU]


def test_another_citys_rows_are_neither_changed_nor_taken_away(jobs):
    with scope.entered(FOSHAN):
        assert Job.objects.update(title="changed") == 1 and Job.objects.all().delete()[0] == 1
    with scope.entered(scope.PROVINCE):
        assert [(one.city, one.title) for one in Job.objects.all()] == [(GUANGZHOU, GUANGZHOU)]


def test_inside_another_query_too(jobs):
    with scope.entered(scope.PROVINCE):
        for city in (FOSHAN, GUANGZHOU):
            Request.objects.create(
                ulid=f"R{city:0>25}", action="a.b", object=city, title=city, approve_act="x", content=b"", digest="", requester="x", city=city,
                asked_at=NOW, expires_at=NOW + timedelta(days=1),
            )  # fmt: skip
    with scope.entered(FOSHAN):
        found, (sql,) = said(Job.objects.filter(Exists(Request.objects.filter(title=OuterRef("title")))))
    assert found == [FOSHAN] and sql.count(f"\"city\" = '{FOSHAN}'") == 2


def test_what_is_written_once_names_its_city_and_stays(jobs):
    with scope.entered(FOSHAN):
        assert f"\"city\" = {FOSHAN}" in str(Event.objects.filter(code="x").query)
        with pytest.raises(Frozen):
            Event.objects.update(code="y")
