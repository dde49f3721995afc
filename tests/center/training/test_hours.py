"""Hours of the syllabus: the city's numbers, dated, with their source."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kaopei.center.registry.reading import Line
from kaopei.center.training import entries
from kaopei.center.training.actions import syllabus as actions
from kaopei.center.training.queries import syllabus as queries
from kaopei.law.cells import Written
from kaopei.law.facts import SyllabusFacts
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from tests.people import NOW, PEOPLE, log_in

LOW = "低压电工作业"


def read(*rows):
    lines = [Line("大纲学时.xlsx", 3, dict(zip(entries.COLUMNS, (Written(str(cell)) for cell in row), strict=True))) for row in rows]
    return entries.syllabus(lines)


def test_hours_with_units_and_halves():
    assert read((LOW, "108学时", "8.5")).entries == [SyllabusFacts(LOW, Decimal(108), Decimal("8.5"))]


@pytest.mark.parametrize("cell", ["", "按大纲", "99999999"])
def test_cell_without_a_number_is_no_threshold_and_named(cell):
    found = read((LOW, cell, 8))
    assert found.entries[0].first is None and "初次培训学时" in str(found.messages[0])


def test_second_and_nameless_rows_are_named():
    found = read((LOW, 108, 8), (LOW, 80, 8), ("", 1, 1))
    assert len(found.entries) == 1 and len(found.messages) == 2


def enter(first, day, by=SYSTEM):
    return actions.enter_hours([SyllabusFacts(LOW, Decimal(first), None)], city="440600", day=day, source="市大纲〔2026〕1号", by=by, at=NOW)


@pytest.mark.django_db
def test_new_number_holds_from_its_day(province):
    start = date(2026, 6, 1)
    enter(100, start)
    enter(108, start + timedelta(days=30))
    assert [row.initial_hours for row in queries.hours("440600", start + timedelta(days=29))] == [100]
    assert [row.initial_hours for row in queries.hours("440600", start + timedelta(days=30))] == [108]
    assert not queries.hours("440600", start - timedelta(days=1)).exists()


@pytest.mark.django_db
def test_same_number_again_is_no_event(province):
    assert enter(100, date(2026, 6, 1)) == 1 and enter(100, date(2026, 7, 1)) == 0
    assert Event.objects.filter(code="training.hours_entered").count() == 1


@pytest.mark.django_db
def test_institution_may_not_enter_hours(province):
    with pytest.raises(Refused):
        enter(1, date(2026, 6, 1), by=PEOPLE["institution"].make())


@pytest.mark.django_db
def test_page_names_the_source(province, client):
    log_in(client, PEOPLE["clerk"])
    assert "还没有录入学时" in client.get("/training/hours/").content.decode()
    enter(100, date(2026, 6, 1))
    page = client.get("/training/hours/").content.decode()
    assert "市大纲〔2026〕1号" in page and ">100<" in page and "—" in page
