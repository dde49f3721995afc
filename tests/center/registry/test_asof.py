"""The register as of any day, as known at any moment, and what differs between two days."""

import csv
import io
import json
from datetime import date, timedelta

import pytest

from kaopei.center.registry import actions, queries
from kaopei.center.registry.queries import asof
from tests.center.packs import LOW
from tests.center.registry.conftest import NEW_CODE, report, verify
from tests.people import NOW, PEOPLE, Person, log_in

pytestmark = pytest.mark.django_db
CITY = "440600"


def codes(day, known=None):
    return {one.code: one for one in asof.entries(CITY, day, known)}


def test_three_past_dates(register, people):
    verify(report(people["institution"]), people["clerk"], day=date(2026, 11, 25))
    later = NOW + timedelta(days=9)
    verify(report(people["institution"], "scope", scope=[LOW], at=later), people["clerk"], day=date(2026, 12, 2), at=later)
    assert NEW_CODE not in codes(date(2026, 11, 24))
    assert codes(date(2026, 11, 25))[NEW_CODE].cell("业务范围或可考项目").count("作业") == 2
    assert codes(date(2026, 12, 2))[NEW_CODE].cell("业务范围或可考项目") == LOW
    assert codes(date(1999, 1, 1)) == {}
    # What was entered on 2 December was not known on 24 November, whatever day one asks for.
    assert codes(date(2026, 12, 2), NOW + timedelta(days=1))[NEW_CODE].cell("业务范围或可考项目").count("作业") == 2
    assert NEW_CODE not in codes(date(2026, 12, 2), NOW - timedelta(seconds=1))


def test_differences_between_two_days(register, people):
    verify(report(people["institution"]), people["clerk"], day=date(2026, 11, 25))
    actions.suspend_site(
        "440601", city=CITY, from_day=date(2026, 12, 1), to_day=date(2027, 3, 1), reason="监控录像缺失", by=people["approver"], at=NOW
    )
    found = {one.code: one for one in asof.differences(*(asof.entries(CITY, day) for day in (date(2026, 11, 24), date(2026, 12, 1))))}
    assert found[NEW_CODE].what == "new" and found["440601"].words == (("状态", "正常", "暂停"),)
    assert set(found) == {NEW_CODE, "440601"}
    back = list(asof.differences(*(asof.entries(CITY, day) for day in (date(2026, 12, 1), date(2026, 11, 24)))))
    assert {one.what for one in back} == {"gone", "changed"}


def test_download_is_the_page_and_an_institution_gets_itself(client, register, people):
    log_in(client, PEOPLE["clerk"])
    table = list(csv.reader(io.StringIO(client.get("/registry/register.csv?day=2026-12-07").content.decode())))
    said = json.loads(client.get("/registry/register.json?day=2026-12-07").content)
    assert len(table) - 1 == len(said["entries"]) == 7 and tuple(table[0]) == asof.COLUMNS
    assert client.get("/registry/register.exe").status_code == 404
    assert client.get("/registry/differences/?from=2026-11-01&to=nonsense").status_code == 200
    client.logout()
    log_in(client, Person("inst-c", "何敏", ("institution",), institution=register.codes[1]))
    mine = json.loads(client.get("/registry/register.json?day=2026-12-07").content)["entries"]
    assert [one["code"] for one in mine] == [register.codes[1]]


def test_raw_sql_without_a_scope_sees_nothing(register, people):
    from django.db import connection

    from kaopei.office import scope

    report(people["institution"])
    tables = [f"registry_{name}" for name in ("writtenreport", "attachment", "siterecord", "registration", "bodystanding", "staffrecord", "sheet")]
    with scope.entered(""), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table
    assert queries.institutions(CITY, NOW.date())
