"""The correction round: same 序号, changed row; what a draw has frozen stays."""

import pytest

from kaopei.center.applications import actions, queries, showing
from kaopei.center.applications.models import Application, Intake
from kaopei.center.registry.unusable import Unusable
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from tests.center.packs import Pack
from tests.people import NOW

pytestmark = pytest.mark.django_db
BATCH = "440600-2026-12"


def test_changed_row_replaces_and_the_rest_stays(take):
    made = Pack()
    made.apply(0, 已完成学时=1)
    take(made)
    kept = {one.serial: one.pseudonym for one in queries.accepted(BATCH)}
    made.apply(0, 已完成学时=120)
    made.apply(1, 手机号="13900001111")
    second = take(made)
    assert second.number == f"{BATCH}-2" and second.changed == {"changed": 2, "same": 10, "absent": 0}
    now = {one.serial: one.pseudonym for one in queries.accepted(BATCH)}
    assert now.keys() - kept.keys() == {"1"}
    assert all(now[serial] == pseudonym for serial, pseudonym in kept.items()), "a pseudonym stays with its application"
    assert Application.objects.count() == 12


def test_difference_is_shown_masked(take):
    made = Pack()
    take(made)
    made.apply(1, 姓名="王小明", 手机号="13900001111", 学历="大专")
    second = take(made)
    rows = queries.changes(second)
    (one,) = showing.differences(rows, queries.rows_before(second, [row.serial for row in rows]))
    assert [column for column, *_ in one.cells] == ["姓名", "手机号", "学历"]
    assert one.cells[0][2] == "王*明" and one.cells[1][2] == "139****1111" and one.cells[2][1:] == ("高中", "大专")


def test_change_that_the_mask_hides_is_said():
    assert showing._pair("身份证号码", "440601199001010011", "440601199202020011")[1].endswith("（隐去部分有变化）")


def test_frozen_application_is_not_replaced(take):
    made = Pack()
    take(made)
    one = next(one for one in queries.accepted(BATCH) if one.serial == "2")
    actions.freeze(BATCH, [one.pseudonym], draw="440600-2026-12-T1", by=SYSTEM, at=NOW)
    made.apply(1, 操作项目="高压电工作业", 已完成学时=120)
    made.apply(2, 已完成学时=111)
    second = take(made)
    assert second.changed == {"changed": 1, "frozen": 1, "same": 10, "absent": 0}
    after = next(row for row in queries.accepted(BATCH) if row.serial == "2")
    assert (after.operation, after.frozen_in) == (one.operation, "440600-2026-12-T1")
    assert {row.serial: row.change for row in queries.changes(second)} == {"2": "frozen", "3": "changed"}


def test_released_application_may_be_corrected_again(take):
    made = Pack()
    take(made)
    all_of_them = [one.pseudonym for one in queries.accepted(BATCH)]
    actions.freeze(BATCH, all_of_them, draw="D", by=SYSTEM, at=NOW)
    assert actions.release(BATCH, draw="D", by=SYSTEM, at=NOW) == 12
    made.apply(0, 学历="本科")
    assert take(made).changed["changed"] == 1


def test_freeze_of_a_list_that_has_changed_is_refused(take):
    take(Pack())
    with pytest.raises(Refused, match="重新生成"):
        actions.freeze(BATCH, [queries.accepted(BATCH)[0].pseudonym, "0000000000000000"], draw="D", by=SYSTEM, at=NOW)
    assert not any(one.frozen_in for one in queries.accepted(BATCH))


def test_rows_not_repeated_stay(take):
    made = Pack()
    take(made)
    made.sheets["学员报名"] = [made.apply(0, 学历="大专")]
    second = take(made)
    assert second.changed == {"changed": 1, "absent": 11} and len(queries.accepted(BATCH)) == 12
    assert len(queries.absent(second)) == 11


def test_new_row_for_somebody_who_already_applied_is_a_duplicate(take):
    made = Pack()
    take(made)
    made.sheets["学员报名"] = [made.sheets["学员报名"][4] | {"序号": 99}]
    row = queries.rows(take(made)).get()
    assert (row.decision, row.code) == ("refuse", "duplicate") and "序号 5" in row.reasons[0]["text"]


def test_correction_may_bring_one_workbook(province, take):
    made = Pack()
    take(made)
    made.apply(0, 学历="大专")
    only = {"学员报名.xlsx": made.files()["学员报名.xlsx"]}
    with pytest.raises(Unusable, match="缺少文件"):
        actions.receive(only, by=SYSTEM, at=NOW)
    second = actions.confirm(actions.receive(only, batch=BATCH, by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    assert second.changed["changed"] == 1 and len(queries.plan_rows(BATCH)) == 12


def test_plan_of_another_month_is_no_correction(take):
    made = Pack()
    take(made)
    for row in made.sheets["考试计划"]:
        row["日期"] = row["日期"].replace("2026-12", "2027-01")
    with pytest.raises(Unusable, match="440600-2027-01"):
        actions.receive(made.files(), batch=BATCH, by=SYSTEM, at=NOW)


def test_changed_register_changes_the_verdict_of_unchanged_rows(take):
    made = Pack()
    take(made)
    made.sheets["培训机构"][1]["状态"] = "已注销"
    second = take(made)
    assert second.changed["changed"] == 3
    assert {one.institution_code for one in queries.accepted(BATCH)} == {code for code in made.codes if code != made.codes[1]}


def test_intake_that_waits_gives_way_to_a_newer_one(province):
    made = Pack()
    first = actions.receive(made.files(), by=SYSTEM, at=NOW)
    made.apply(0, 学历="大专")
    second = actions.receive(made.files(), by=SYSTEM, at=NOW)
    assert queries.intake(first.number).status == Intake.Status.SET_ASIDE
    with pytest.raises(Refused, match="已作废"):
        actions.confirm(first, by=SYSTEM, at=NOW)
    assert actions.confirm(second, by=SYSTEM, at=NOW).status == Intake.Status.CONFIRMED
    assert Application.objects.count() == 12


def test_confirmation_after_the_batch_has_moved_on_is_refused(take):
    made = Pack()
    take(made)
    # A new row is judged in the light of what the batch has; then that changes before anybody confirms.
    wanted = made.sheets["学员报名"][4] | {"序号": 99}
    made.sheets["学员报名"] = [wanted]
    waiting = actions.receive(made.files(), by=SYSTEM, at=NOW)
    Application.objects.filter(serial="5").update(decision="refuse")
    with pytest.raises(Unusable, match="重新上传"):
        actions.confirm(queries.intake(waiting.number), by=SYSTEM, at=NOW)
    assert not Application.objects.filter(serial="99").exists()


def test_set_aside_cannot_be_confirmed_and_stays_on_record(province):
    waiting = actions.receive(Pack().files(), by=SYSTEM, at=NOW)
    actions.set_aside(waiting, by=SYSTEM, at=NOW)
    with pytest.raises(Refused):
        actions.confirm(waiting, by=SYSTEM, at=NOW)
    with pytest.raises(Refused):
        actions.set_aside(waiting, by=SYSTEM, at=NOW)
    assert Intake.objects.count() == 1 and not Application.objects.exists()
