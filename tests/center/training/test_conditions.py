"""Conditions of institutions: figures and findings by clause of the edition in force; what is not at hand fails nobody."""

import datetime as dt
import io

import openpyxl
import pytest
from django.test import Client

from kaopei.center.registry.models import Institution, Registration
from kaopei.center.training.actions import conditions as actions
from kaopei.center.training.models import ConditionEntry
from kaopei.center.training.queries import conditions
from tests.center.training.test_phone import CODE, refused
from tests.people import FOSHAN, NOW, PEOPLE, Person, log_in

pytestmark = pytest.mark.django_db
OLD, TODAY = dt.date(2024, 6, 1), NOW.date()
SEEN = "现场核对劳动合同和社保记录，逐人见面清点"


@pytest.fixture
def body(foshan):
    made = Institution.objects.create(city=FOSHAN, code=CODE, name="佛山市顺安培训学校")
    Registration.objects.create(
        city=FOSHAN,
        institution=made,
        name=made.name,
        scope=["低压电工作业"],
        is_registered=True,
        status_text="已登记",
        from_day=dt.date(2020, 1, 1),
        source="test",
        recorded_at=NOW,
    )
    return made


def entered(clause, who="institution", day=OLD, **more):
    said = {"figure": None, "met": None, "note": SEEN, **more}
    return actions.enter(FOSHAN, CODE, clause, day=day, **said, by=PEOPLE[who].make(), at=NOW)


def states(day=OLD):
    return {line.condition.clause: line.state for line in conditions.report(FOSHAN, CODE, day)}


def test_the_regulator_s_finding_counts_before_one_s_own(body):
    assert set(states().values()) == {"open"}
    entered("3.1.1", figure=5)
    entered("3.1.2", met=True)
    assert (states()["3.1.1"], states()["3.1.2"]) == ("met", "met")
    entered("3.1.1", "inspector", figure=2)
    entered("3.1.1", figure=9)
    assert states()["3.1.1"] == "unmet" and ConditionEntry.objects.count() == 4
    assert conditions.summary(FOSHAN, [CODE], OLD)[CODE] == {"unmet": 1, "met": 1, "open": 2}


def test_by_the_edition_in_force_and_never_by_what_is_not_at_hand(body):
    entered("4.3.2", "inspector", day=TODAY, figure=0)
    entered("4.6.1", "clerk", day=TODAY, met=False)
    assert set(states(TODAY).values()) == {"open"} and len(states(TODAY)) == 12
    assert set(states()) == {"3.1.1", "3.1.2", "3.1.3", "3.1.5"}


@pytest.mark.parametrize(
    ("how", "code"),
    [({"clause": "9.9"}, "clause"), ({}, "empty"), ({"figure": 3, "note": "有"}, "note"), ({"figure": 3, "who": "auditor"}, "role")],
)
def test_what_cannot_be_is_refused(body, how, code):
    how = {"clause": "3.1.1", **how}
    refused(code, entered, how.pop("clause"), **how)


def test_only_one_s_own_and_one_s_city(body):
    for one in (Person("other", "别家", ("institution",), institution="91440604MA00000000"), Person("gz", "穗", ("inspector",), city="440100")):
        refused("institution", actions.enter, FOSHAN, CODE, "3.1.1", day=OLD, figure=1, met=None, note=SEEN, by=one.make(), at=NOW)
        assert log_in(Client(), one).get(f"/training/conditions/{FOSHAN}/{CODE}/").status_code == 404
    refused("unknown", actions.enter, FOSHAN, "91440604MA00000000", "3.1.1", day=OLD, figure=1, met=None, note=SEEN,
            by=PEOPLE["inspector"].make(), at=NOW)  # fmt: skip


def test_gap_report_as_page_and_file(body):
    page = f"/training/conditions/{FOSHAN}/{CODE}/?on={OLD}"
    own = log_in(Client(), PEOPLE["institution"])
    assert own.get("/training/conditions/").headers["Location"].startswith(f"/training/conditions/{FOSHAN}/{CODE}/")
    assert own.post(page, {"clause": "3.1.5", "figure": "40", "met": "", "note": SEEN}).status_code == 302
    assert own.post(page, {"clause": "3.1.5", "figure": "-1", "met": "", "note": ""}).status_code == 422
    province = log_in(Client(), PEOPLE["province"])
    assert "现有 40，标准至少 60" in province.get(page).content.decode()
    assert body.name in province.get(f"/training/conditions/?city={FOSHAN}&on={OLD}").content.decode()
    sheet = openpyxl.load_workbook(io.BytesIO(province.get(f"{page}&form=xlsx").content)).active
    rows = {row[0]: row for row in sheet.iter_rows(min_row=3, values_only=True)}
    assert rows["3.1.5"][3] == "40" and rows["3.1.5"][7] == "不符合" and rows["3.1.1"][7] == "待定"
    assert "没有已知的标准" in own.get(f"/training/conditions/{FOSHAN}/{CODE}/?on=2016-01-01").content.decode()
    assert "条文未录入" in own.get(f"/training/conditions/{FOSHAN}/{CODE}/?on=nonsense").content.decode()
