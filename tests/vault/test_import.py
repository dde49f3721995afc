"""Taking banks in: rows into the bank, idempotent, encrypted, recorded."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from kaopei.paper.bank import RowVerdict
from kaopei.vault.bank import actions, queries
from kaopei.vault.bank.models import BankImport, Blueprint, Item, ItemBank
from kaopei.vault.bank.reading import read_bank
from kaopei.vault.bank.records import blueprint_of
from tests.vault.workbooks import PLAN, SUBJECT, Rows, bank, blueprint, folder, rows

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def province(db: None) -> Iterator[None]:
    with scope.entered(scope.PROVINCE):
        yield


def take(path: Path, lines: Rows, name: str = "题库.xlsx", plan: bytes | None = None, **more: object) -> list[RowVerdict]:
    file = read_bank(folder(path, {name: bank(lines, **more)}, plan) / name)  # type: ignore[arg-type]
    return actions.take_in(file, by=SYSTEM, at=AT)


def test_keep_what_is_accepted_and_remember_all_verdicts(tmp_path: Path) -> None:
    lines = rows()
    lines[3]["答案"], lines[5]["题型"], lines[7]["状态"] = "", "判断", None
    verdicts = take(tmp_path, lines)
    assert {(one.row, one.decision, one.code) for one in verdicts if one.code} == {
        (6, "refuse", "answer_missing"), (8, "normalise", "type_synonym"), (10, "normalise", "status_blank"),
    }  # fmt: skip
    kept = queries.items(SUBJECT)
    assert len(kept) == 39
    assert [item for item in kept if item.number == "QZ-0001"] == [verdicts[0].item]
    found = ItemBank.objects.get()
    assert (found.subject, found.version, queries.version(SUBJECT)) == (SUBJECT, 1, "1")
    assert BankImport.objects.get().verdicts[3] == ["QZ-0004", 6, "refuse", "answer_missing"]
    event = Event.objects.get(code="bank.imported")
    assert event.facts["counts"] == {"accept": 37, "normalise": 2, "refuse": 1}
    assert "金丝雀" not in str(event.facts)


def test_change_nothing_when_the_same_file_comes_again(tmp_path: Path) -> None:
    lines = rows()
    lines[9]["题号"] = lines[8]["题号"]
    lines[11]["题干"] = f" {lines[10]['题干']}！"
    first = take(tmp_path, lines)
    assert [one.code for one in first if one.code] == ["dup_id", "dup_stem"]
    assert take(tmp_path, lines, "另存的.xlsx") == first
    assert (Item.objects.count(), BankImport.objects.count(), Blueprint.objects.count()) == (38, 1, 1)
    assert Event.objects.filter(code="bank.imported").count() == 1
    assert ItemBank.objects.get().version == 1


def test_add_a_second_file_to_the_bank(tmp_path: Path) -> None:
    take(tmp_path / "1", rows()[:20])
    more = rows()[20:]
    more[0]["题号"], more[1]["题干"] = "QZ-0001", "金丝雀第QZ-0002号 编号1的题干"
    codes = [one.code for one in take(tmp_path / "2", more)]
    assert codes[:3] == ["dup_id", "dup_stem", ""]
    assert ItemBank.objects.get().version == 2
    assert len(queries.items(SUBJECT)) == 38


def test_keep_banks_of_subjects_apart(tmp_path: Path) -> None:
    plan = blueprint((SUBJECT, PLAN), ("安装、维护作业", PLAN))
    take(tmp_path, rows(), plan=plan)
    verdicts = take(tmp_path, rows(), "b.xlsx", plan, title="安装维护作业题库")
    assert all(one.code == "" for one in verdicts)
    assert len(queries.items("安装维护作业")) == len(queries.items(SUBJECT)) == 40
    assert [line["total"] for line in queries.banks()] == [40, 40]


def test_refuse_points_that_the_blueprint_does_not_have(tmp_path: Path) -> None:
    lines = rows()
    lines[0]["知识点编码"] = "P99"
    assert take(tmp_path, lines)[0].code == "kp_unknown"


def test_keep_the_newest_blueprint(tmp_path: Path) -> None:
    assert queries.current_blueprint(SUBJECT) is None
    take(tmp_path, rows())
    take(tmp_path, rows(), plan=blueprint((SUBJECT, PLAN), minutes=120))
    assert Blueprint.objects.count() == 2
    plan = queries.current_blueprint(SUBJECT)
    assert plan is not None
    assert (plan.duration_minutes, plan.counts, plan.marks) == (120, PLAN, 20)
    assert blueprint_of(Blueprint.objects.earliest("id").content).duration_minutes == 90


def test_retire_by_status_and_never_bring_back(tmp_path: Path) -> None:
    lines = rows()
    take(tmp_path, lines)
    stopped = [dict(line) for line in lines]
    stopped[0]["状态"] = "停用"
    assert take(tmp_path, stopped)[0].code == ""
    take(tmp_path, lines)
    assert Item.objects.get(number="QZ-0001").retired
    assert ItemBank.objects.get().version == 2


def test_retire_an_item_by_a_reviewer_only(tmp_path: Path) -> None:
    take(tmp_path, rows())
    item = Item.objects.get(number="QZ-0002")
    with pytest.raises(Refused):
        actions.retire(item, by=SYSTEM, at=AT)
    item.refresh_from_db()
    assert not item.retired


def test_leave_no_question_in_the_database_in_clear(tmp_path: Path) -> None:
    take(tmp_path, rows())
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = ""
        for table in tables:
            cursor.execute(f'SELECT string_agg(t::text, E"\\n") FROM "{table}" t'.replace('E"\\n"', "E'\\n'"))
            found += str(cursor.fetchone()[0])
    assert "QZ-0001" in found
    for phrase in ("金丝雀", "编号1", "QZ-0001 之"):
        assert phrase not in found
        assert phrase.encode().hex() not in found


def test_name_the_banks_there_are_when_one_is_missing(tmp_path: Path) -> None:
    with pytest.raises(queries.NoBank, match="（无）"):
        queries.items(SUBJECT)
    take(tmp_path, rows())
    with pytest.raises(queries.NoBank, match=f"没有科目“焊接”的试题。已有：{SUBJECT}") as refused:
        queries.items("焊接")
    assert refused.value.exit_status == 2
    assert queries.version("焊接") == "0"
