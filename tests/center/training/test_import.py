"""A delivery taken in: the same hours as from file to file, once; and a record that was changed is found by the ledger."""

from pathlib import Path

import psycopg
import pytest
from django.db import connection

from kaopei.center.registry.unusable import Unusable
from kaopei.center.training import delivery, recount, sealing
from kaopei.center.training.actions import imports
from kaopei.center.training.models import Enrolment, HoursTotal, Lead, Seal, SignInRecord, StudyRecord
from kaopei.center.training.study import files, totals
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.sheets import write_xlsx
from tests.center.training.study.test_command import HEADS
from tests.conftest import url
from tests.people import FOSHAN, NOW

CLASS_COLUMNS = (
    "班号", "培训机构信用代码", "操作项目", "培训类别", "方式", "开始日期", "结束日期", "教室", "教室容量", "经度", "纬度", "教学单元与学时",
    "各单元教师", "固定考勤终端", "总学时", "名册人数",
)  # fmt: skip
PEOPLE = [f"4406041997123{nth:04d}"[:17] for nth in range(6)]
STUDY_HEAD = "班号,报名序号,学员身份证号码,单元,时间,事件,位置秒,结果,设备号,IP"


def whole(body: str) -> str:
    """With its check digit."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def study_rows(who, device="PC-1", lost=False):
    rows = [("08:00:00", "play", 0, "")]
    rows += [(f"08:{minute:02d}:00", "heartbeat", minute * 60, "") for minute in range(1, 45) if not (lost and 10 <= minute < 20)]
    rows += [(f"08:{minute:02d}:30", "identity-check", minute * 60 + 30, "pass") for minute in (5, 20, 35)]
    rows += [("08:45:00", "pause", 2700, ""), ("08:46:00", "quiz", 2700, "90")]
    return [f"4406-2026-001,1,{who},V01,2026-09-29 {time},{kind},{position},{result},{device},1.1.1.1" for time, kind, position, result in rows]


@pytest.fixture
def pack(tmp_path):
    """One class of six: five came in the same seconds, one lost ten minutes of a film, one signed in without being on the roster."""
    folder = tmp_path / "pack"
    folder.mkdir()
    numbers = [whole(body) for body in PEOPLE]
    name = "4406-2026-001"
    start = [name, "91440606MAXEYYL4K1", "低压电工作业", "初训", "线下", "2026-09-28", "2026-09-30", "101", 40, 113.2, 22.7, "U1 法规=12", ""]
    start += ["KQ-1", 12, 6]
    (folder / "培训班.xlsx").write_bytes(write_xlsx("培训班", CLASS_COLUMNS, [start]))
    (folder / "学员报名.xlsx").write_bytes(write_xlsx("报名", ("序号", "已完成学时"), [["1", "9"]]))
    lesson = f"{name},1,2026-09-28,09:00,12:15,U1,4,440606199010207712,101,40,"
    roster = [f"{name},{nth + 1 if not nth else ''},{number},学员{nth}" for nth, number in enumerate(numbers[:5])]
    signs = [
        f"Q{nth},{name},,{number},2026-09-28,U1,08:55:10,12:16:00,刷卡;动态码,D{nth},,,,440606199010207712,2026-09-28 12:17:00,"
        for nth, number in enumerate(numbers)
    ]
    for file, rows in {"课程表": [lesson], "培训班名册": roster, "签到记录": signs}.items():
        (folder / f"{file}.csv").write_text("\n".join([HEADS[file], *rows]) + "\n", "utf-8-sig")
    events = study_rows(numbers[0], lost=True) + study_rows(numbers[1], "PC-2")
    (folder / "线上学习.csv").write_text("\n".join([STUDY_HEAD, *events]) + "\n", "utf-8")
    return folder


def take(folder: Path):
    made = delivery.opened(folder)
    with scope.entered(made.city):
        taken = imports.take(made, source="test", by=SYSTEM, at=NOW)
        recount.recount(made.city, by=SYSTEM, at=NOW)
    return taken


def stored() -> list[tuple]:
    rows = HoursTotal.objects.filter(enrolment__is_listed=True).order_by("enrolment__study_class__number", "enrolment__position")
    return [
        (one.enrolment.trainee.id_number, one.records, one.gross, one.effective, one.hours, one.excluded)
        for one in rows.select_related("enrolment__trainee")
    ]


def from_files(folder: Path) -> list[tuple]:
    study, _ = files.read(folder)
    found = []
    for _, _, who, records, gross, effective, hours, _, excluded in totals.rows(totals.count(study)):
        codes = dict(part.split(":") for part in excluded.split(";") if part)
        found.append((who, int(records), int(gross), int(effective), int(hours), {code: int(minutes) for code, minutes in codes.items()}))
    return found


@pytest.mark.django_db
def test_stored_hours_are_those_of_the_files(pack, province):
    taken = take(pack)
    assert taken.city == FOSHAN and taken.counts["sign_in"] == 6 and taken.counts["unlisted"] == 1
    assert stored() == from_files(pack) and len(stored()) == 5
    assert {one.kind for one in Lead.objects.all()} >= {"batch_identical", "hours_overclaimed", "online_idle", "teacher_unreported"}
    assert not Lead.objects.exclude(status="open").exists()


@pytest.mark.django_db
def test_same_delivery_again_changes_nothing(pack, province):
    take(pack)
    before = (SignInRecord.objects.count(), StudyRecord.objects.count(), Seal.objects.count(), Lead.objects.count())
    assert take(pack).before
    assert before == (SignInRecord.objects.count(), StudyRecord.objects.count(), Seal.objects.count(), Lead.objects.count())


@pytest.mark.django_db
def test_more_rows_join_and_known_ones_stay(pack, province):
    take(pack)
    path = pack / "签到记录.csv"
    rows = path.read_text("utf-8-sig").splitlines()
    path.write_text("\n".join([*rows, rows[1].replace("Q0,", "Q9,").replace("2026-09-28", "2026-09-29")]) + "\n", "utf-8")
    assert take(pack).counts["sign_in"] == 1
    assert stored() == from_files(pack)


@pytest.mark.django_db
def test_known_number_with_other_words_refuses_the_file(pack, province):
    take(pack)
    path = pack / "签到记录.csv"
    path.write_text(path.read_text("utf-8-sig").replace("08:55:10", "08:54:10"), "utf-8")
    with pytest.raises(Unusable, match=r"Q0 已经入库.*更正"):
        take(pack)
    assert SignInRecord.objects.count() == 6


@pytest.mark.django_db
def test_city_that_class_numbers_do_not_tell_must_be_named(pack, province):
    for name in ("课程表", "培训班名册", "签到记录", "线上学习"):
        (pack / f"{name}.csv").write_text((pack / f"{name}.csv").read_text("utf-8-sig").replace("4406-2026-001", "A1"), "utf-8")
    (pack / "培训班.xlsx").write_bytes(write_xlsx("培训班", CLASS_COLUMNS, [["A1", *[""] * (len(CLASS_COLUMNS) - 1)]]))
    with pytest.raises(Unusable, match="--city"):
        delivery.opened(pack)


def as_owner(statement: str) -> None:
    """What only the owner of the database can do: switch the trigger off and change rows."""
    with psycopg.connect(url("owner", connection.settings_dict["NAME"]), autocommit=True) as line:
        line.execute("SELECT set_config('kaopei.scope', '*', false)")
        for table in ("signinrecord", "studyrecord", "seal"):
            line.execute(f"ALTER TABLE training_{table} DISABLE TRIGGER USER")
        line.execute(statement)


CHANGES = {
    "sign_in": """UPDATE training_signinrecord SET "end" = "end" + interval '1 hour' WHERE number = 'Q3'""",
    "both": "UPDATE training_signinrecord SET evidence = 15, leaf = (SELECT leaf FROM training_signinrecord WHERE number = 'Q1') WHERE number = 'Q3'",
    "removed": "DELETE FROM training_signinrecord WHERE number = 'Q5'",
    "study": "UPDATE training_studyrecord SET events = replace(events, 'heartbeat\t600', 'heartbeat\t660') WHERE device = 'PC-2'",
    "seal": "DELETE FROM training_seal WHERE \"table\" = 'sign_in'; DELETE FROM training_signinrecord",
}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", CHANGES)
def test_change_by_the_owner_is_found(pack, how):
    with scope.entered(scope.PROVINCE):
        take(pack)
        seen, faults = sealing.check()
        assert not faults and seen == 6 + StudyRecord.objects.count()
        as_owner(CHANGES[how])
        seen, faults = sealing.check()
        assert len(faults) == 1, "exactly the seal that was broken"
        assert faults[0].table == ("study" if how == "study" else "sign_in")
        if how == "sign_in":
            assert faults[0].row == SignInRecord.objects.get(number="Q3").pk


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("batch", "words"), [("made-up", "没有这一批的封签"), ("", "封签以外的记录")])
def test_a_record_that_the_owner_puts_in_is_found(pack, batch, words):
    with scope.entered(scope.PROVINCE):
        take(pack)
        as_owner(
            f"CREATE TEMP TABLE one AS SELECT * FROM training_signinrecord WHERE number = 'Q3';"
            f"UPDATE one SET id = -5, number = 'Q99', batch = '{batch}'; INSERT INTO training_signinrecord SELECT * FROM one"
        )
        (fault,) = sealing.check()[1]
        assert fault.table == "sign_in" and words in str(fault)


@pytest.mark.django_db
def test_program_can_neither_change_nor_remove(pack, province):
    take(pack)
    from django.db import transaction
    from django.db.utils import ProgrammingError

    for words in ("UPDATE training_signinrecord SET unit = 'x'", "DELETE FROM training_studyrecord", "TRUNCATE training_signinrecord"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(words)


@pytest.mark.django_db
def test_counting_one_class_gives_what_counting_all_gives(pack, province):
    take(pack)
    before = stored()
    HoursTotal.objects.all().delete()
    with scope.entered(FOSHAN):
        recount.recount(FOSHAN, by=SYSTEM, at=NOW, classes=[Enrolment.objects.first().study_class_id])
    assert stored() == before


