"""The register follows the lists; what was true before stays true of its time."""

from datetime import date, timedelta

import pytest

from kaopei.center.applications import actions as intake
from kaopei.center.registry import queries
from kaopei.center.registry.models import BodyStanding, ExamStaff, Institution, Qualification, Registration, Site, Tie
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from tests.center.packs import HIGH, HOURS, LOW, Pack, id_number
from tests.people import NOW

pytestmark = pytest.mark.django_db
CITY, DAY = "440600", date(2026, 12, 7)
LATER = NOW + timedelta(days=5)


@pytest.fixture
def take(province):
    def take(made, at=NOW):
        return intake.confirm(intake.receive(made.files(), by=SYSTEM, at=at), by=SYSTEM, at=at)

    return take


def body(made, day=DAY):
    return queries.institution(CITY, made.codes[1], day)


def test_first_list_holds_since_the_registration(take):
    made = Pack()
    take(made)
    assert body(made).is_registered and set(body(made).scope) == set(HOURS)
    assert body(made, date(2024, 3, 1)).is_registered and not body(made, date(2024, 2, 29)).is_registered


def test_change_ends_the_former_fact_the_day_before(take):
    made = Pack()
    take(made)
    made.sheets["培训机构"][1] |= {"业务范围": LOW}
    take(made, LATER)
    assert set(body(made, LATER.date() - timedelta(days=1)).scope) == set(HOURS)
    assert body(made, LATER.date()).scope == (LOW,)
    made.sheets["培训机构"][1] |= {"业务范围": HIGH}
    take(made, LATER)
    assert body(made, LATER.date()).scope == (HIGH,)
    assert Registration.objects.filter(institution__code=made.codes[1]).count() == 3, "nothing is deleted"


def test_deregistered_institution_is_not_registered(take):
    made = Pack()
    made.sheets["培训机构"][1] |= {"状态": "已注销", "登记日期": ""}
    take(made)
    assert not body(made).is_registered and body(made).status_text == "已注销"


def test_institution_that_a_list_no_longer_names_stays(take):
    made = Pack()
    take(made)
    made.sheets["培训机构"].pop()
    take(made, LATER)
    assert Institution.objects.count() == 4


def test_site_has_rooms_of_at_most_fifty(take):
    made = Pack()
    made.sheets["考试点"][0]["理论机位"] = 120
    take(made)
    assert queries.site(CITY, "440601", DAY).rooms == (("第1考场", 50), ("第2考场", 50), ("第3考场", 20))
    made.sheets["考试点"][0]["理论机位"] = 30
    take(made, LATER)
    assert queries.site(CITY, "440601", DAY).rooms == (("第1考场", 30),)


def test_suspended_on_its_days_only(take):
    made = Pack()
    made.sheets["考试点"][1]["状态"] = "暂停（2026-10-15至2027-01-14）"
    take(made)
    assert queries.site(CITY, "440602", DAY).standing == "suspended"
    assert queries.site(CITY, "440602", date(2027, 1, 14)).standing == "suspended"
    assert queries.site(CITY, "440602", date(2027, 1, 15)).standing == "good"
    assert queries.site(CITY, "440602", DAY).suspensions == ((date(2026, 10, 15), date(2027, 1, 14)),)


def test_list_lifts_what_a_list_said_but_no_measure(take):
    made = Pack()
    made.sheets["考试点"][1]["状态"] = "暂停"
    take(made)
    take(made, LATER)
    site = Site.objects.get(number="440603")
    BodyStanding.objects.create(
        city=CITY,
        site=site,
        standing="suspended",
        from_day=DAY,
        to_day=None,
        ground="N3.2.0b",
        reason="现场检查",
        source="approver",
        recorded_at=NOW,
    )
    made.sheets["考试点"][1]["状态"] = "正常"
    take(made, LATER)
    assert queries.site(CITY, "440602", DAY).standing == "good"
    assert queries.site(CITY, "440603", DAY).standing == "suspended"
    assert BodyStanding.objects.count() == 2


def test_qualifications_follow_list_and_practical_plan(take):
    made = Pack()
    made.sheets["考试计划_实操"] = [made.sitting(1, 7, 14, 场次编号="P1", 科目="实操", 操作项目=f"{LOW}、{HIGH}", 机位=20)]
    take(made)
    site = queries.site(CITY, "440601", DAY)
    assert set(site.theory) == set(HOURS) and site.practical == tuple(sorted((LOW, HIGH)))
    made.sheets["考试点"][0]["可考操作项目"] = LOW
    del made.sheets["考试计划_实操"]
    take(made, LATER)
    assert queries.site(CITY, "440601", DAY).theory == (LOW,)
    assert set(queries.site(CITY, "440601", DAY).practical) == {LOW, HIGH}, "not delivered: what is known stays"
    assert Qualification.objects.filter(site__number="440601", part="T").count() == len(HOURS)


def test_ties_are_the_list_and_stay_when_it_is_missing(take):
    made = Pack()
    take(made)
    one = queries.controllers(CITY, DAY)
    assert one[made.codes[1]] == one[made.codes[2]] == made.codes[1] and one["440603"] == made.codes[0]
    del made.sheets["机构关联"]
    take(made, LATER)
    assert queries.controllers(CITY, DAY) == one
    made.sheets["机构关联"] = []
    take(made, LATER)
    assert queries.controllers(CITY, DAY)[made.codes[2]] == made.codes[2] and Tie.objects.count() == 1


def test_staff_are_known_by_person(take):
    made = Pack()
    number = id_number("4406", date(1985, 5, 15), True)
    row = {"姓名": "曹新", "身份证号码": number, "岗位": "考评", "专职": "是", "关联培训机构信用代码": "", "最近培训日期": "2026-01-15"}
    made.sheets["考务人员"] = [row | {"年度考核": "2025合格", "责任书": "有", "保密协议": "有"}]
    take(made)
    made.sheets["考务人员"][0]["岗位"] = "监考"
    take(made, LATER)
    person = ExamStaff.objects.get()
    assert (person.name, person.id_number, person.post, person.trained_on) == ("曹新", number, "监考", date(2026, 1, 15))


def test_same_lists_again_are_no_event(take):
    made = Pack()
    made.sheets["考试点"][1]["状态"] = "暂停"
    take(made)
    made.apply(0, 学历="大专")
    take(made, LATER)
    assert Event.objects.filter(code="registry.taken").count() == 1


@pytest.mark.parametrize(
    ("school", "trained_by", "found"),
    [
        ("佛山市技师学院", "", "440604"),
        ("佛山禅城技师学院", "", "440604"),
        ("广东省佛山市技师学院", "", "440604"),
        ("广州市技师学院", "", ""),
        ("佛山市第二技师学院", "", ""),
        ("", "host", "440604"),
        ("佛山市职业技术学院", "host", ""),
        ("", "", ""),
    ],
)
def test_own_school_is_found_by_name_or_else_by_code(take, school, trained_by, found):
    made = Pack()
    made.sheets["考试点"].append(made.site(4, 名称="佛山禅城技师学院考试点", 类型="校内考试点", 所在区县="禅城区", 依托单位信用代码=made.codes[3]))
    take(made)
    sites = queries.sites(CITY, DAY)
    assert queries.campus_site(CITY, school, made.codes[3] if trained_by else "", sites) == found


def test_two_schools_that_could_be_meant_are_none(take):
    made = Pack()
    for number, district in ((4, "禅城区"), (5, "南海区")):
        made.sheets["考试点"].append(made.site(number, 名称=f"佛山{district[:2]}技师学院考试点", 类型="校内考试点", 所在区县=district))
    take(made)
    sites = queries.sites(CITY, DAY)
    assert queries.campus_site(CITY, "佛山市技师学院", "", sites) == ""
    assert queries.campus_site(CITY, "佛山市南海技师学院", "", sites) == "440605"
