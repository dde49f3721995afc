"""Score sheets of the practical exam: in row by row, in force by a second person, sealed and scored like a paper."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client

from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals.models import Request
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from kaopei.paper import codec
from kaopei.parcel import key_share
from kaopei.parcel.exam_parcel import Parcel, Secrets
from kaopei.vault import start
from kaopei.vault.bank.workbook import BadWorkbook
from kaopei.vault.custody import sealroom
from kaopei.vault.custody.models import Exposure
from kaopei.vault.practical import queries, reading
from kaopei.vault.practical.models import ScoreSheet, SheetImport
from tests.paper import practice
from tests.paper.practice import sheet
from tests.parcel.cast import Province
from tests.people import PASSWORD, PEOPLE, PIN
from tests.vault.sealing import AT, fill_score_sheets, kids, order, score_sheet_book, sign_score_sheets, take_score_sheets
from tests.vault.workbooks import SUBJECT

pytestmark = pytest.mark.django_db
RULE = {"examiners": 2, "difference": None, "combine": "", "third": ""}


def seal(vault: Province, out: Path, *orders: bytes, seed: str | None = "00ff") -> dict[str, Any]:
    return sealroom.seal_all(orders, kids(vault), out, seed, AT)


def test_every_row_has_a_verdict_and_the_event_no_step(vault: Province) -> None:
    rules, steps = practice.lines()
    steps[1]["配分"] = 0
    verdicts = take_score_sheets(rules=rules, steps=steps)
    assert len(verdicts) == 14 and [one.code for one in verdicts if one.decision == "refuse"] == ["task_incomplete", "points", "task_incomplete"]
    assert SheetImport.objects.get().verdicts[3] == ["评分表", 4, SUBJECT, "QZ-一-1", "refuse", "points"]
    told = Event.objects.get(code="practical.sheets_taken")
    assert told.facts["counts"] == {"accept": 11, "normalise": 0, "refuse": 3} and "金丝雀" not in str(told.facts)


def test_the_steps_are_encrypted_in_the_database(vault: Province) -> None:
    take_score_sheets()
    with connection.cursor() as cursor:
        cursor.execute("SELECT content::text FROM practical_scoresheet")
        assert "金丝雀" not in str(cursor.fetchall())
    assert queries.sheets(SheetImport.objects.get()) == [sheet()]


def test_the_same_file_again_changes_nothing(vault: Province) -> None:
    first = take_score_sheets()
    assert take_score_sheets() == first
    assert SheetImport.objects.count() == ScoreSheet.objects.count() == Event.objects.filter(code="practical.sheets_taken").count() == 1


def test_nothing_is_in_force_before_a_second_person_signs(vault: Province) -> None:
    take_score_sheets()
    assert queries.in_force(SUBJECT) is None and queries.waiting([SUBJECT]) == [SUBJECT]
    sign_score_sheets(vault, settings.DATA)
    assert queries.in_force("起重机·作业") == sheet() and queries.waiting([SUBJECT]) == []
    assert Event.objects.get(code="practical.sheets_approved").facts["subjects"] == [SUBJECT]


def test_who_brought_the_file_may_not_sign_it(vault: Province) -> None:
    take_score_sheets(by=PEOPLE["reviewer"].make(held=("author", "reviewer")))
    asked = Request.objects.get(action="practical.approve")
    with pytest.raises(Refused, match="不能审批自己"):
        approvals.approve(asked, pin=PIN, digest=asked.digest, by=PEOPLE["reviewer"].make(), at=AT)
    assert queries.in_force(SUBJECT) is None


def test_a_newer_sheet_counts_only_once_it_is_signed(vault: Province) -> None:
    fill_score_sheets(vault, settings.DATA)
    version = queries.version(SUBJECT)
    rules, steps = practice.lines()
    steps[0]["考核步骤"] = "改过的第一步"
    take_score_sheets(rules=rules, steps=steps)
    assert queries.in_force(SUBJECT) == sheet() and queries.version(SUBJECT) == version
    sign_score_sheets(vault, settings.DATA)
    found = queries.in_force(SUBJECT)
    assert found and found.tasks[0].steps[0].text == "改过的第一步" and queries.version(SUBJECT) != version


def test_what_was_taken_is_never_changed(vault: Province) -> None:
    take_score_sheets()
    for table in ("sheetimport", "scoresheet"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE practical_{table} SET digest = ''")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda book: book.remove(book["考核规则"]), "考核规则"),
        (lambda book: book.remove(book["评分表"]), "没有评分表"),
        (lambda book: book["评分表"].cell(2, 10, "分数"), "缺少列“配分”"),
        (lambda book: book["考核规则"].cell(2, 1, "科目"), "缺少列“操作项目”"),
        (lambda book: book["评分表"].delete_rows(3, 99), "没有步骤"),
    ],
)
def test_a_file_that_is_none_says_what_is_missing(spoil: Any, says: str) -> None:
    with pytest.raises(BadWorkbook, match=says):
        reading.read_bytes(score_sheet_book(*practice.lines(), change=spoil), "表.xlsx")


def test_a_cut_off_file_is_refused() -> None:
    data = score_sheet_book(*practice.lines())
    with pytest.raises(BadWorkbook, match="不是完整"):
        reading.read_bytes(data[: len(data) // 2], "表.xlsx")
    with pytest.raises(BadWorkbook, match="没有文件"):
        reading.read(Path("没有.xlsx"))


# ---- sealing
def opened(vault: Province, out: Path, row: dict[str, Any]) -> tuple[Parcel, Secrets]:
    parcel = Parcel((out / row["parcel"]).read_bytes(), vault.trust)
    read = {name: key_share.read((out / file).read_bytes(), vault.trust) for name, file in row["shares"].items()}
    shares = [key_share.take(read[name], vault.trust.algorithms) for name in "AC"]
    return parcel, parcel.unlock(*shares, vault.edge.decrypt.kid, vault.edge_key)


def test_a_practical_sitting_is_sealed_like_a_theory_one(vault: Province, tmp_path: Path) -> None:
    fill_score_sheets(vault, settings.DATA)
    report = seal(vault, tmp_path / "out", order(vault, practical=RULE))
    assert report["refused"] == []
    parcel, secrets = opened(vault, tmp_path / "out", report["sealed"][0])
    assert Counter(kind for kind, _ in parcel.rows) == {"task": 4, "form": 9, "policy": 1}
    assert parcel.manifest["policy"]["practical"] == RULE
    assert "金丝雀".encode() not in (tmp_path / "out" / report["sealed"][0]["parcel"]).read_bytes()
    drawn = [codec.read_drawn(parcel.blob("form", name, secrets)) for name in parcel.ids("form")]
    assert all(len(form["tasks"]) == 2 and {codec.read_task(parcel.blob("task", one, secrets))["part"] for one in form["tasks"]} for form in drawn)
    assert len({tuple(form["tasks"]) for form in drawn}) > 1
    counted = {row.number: row.candidates for row in Exposure.objects.all()}
    seen = Counter(codec.read_task(parcel.blob("task", one, secrets))["title"] for form in drawn for one in form["tasks"])
    assert sorted(counted.values()) == sorted(seen.values()) and sum(counted.values()) == 2 * len(drawn)


def test_the_same_seed_draws_the_same_tasks_and_another_may_not(vault: Province, tmp_path: Path) -> None:
    fill_score_sheets(vault, settings.DATA)
    draws = []
    for number, seed in ((1, "00"), (2, "00"), (3, "01")):
        out = tmp_path / str(number)
        [row] = seal(vault, out, order(vault, number, practical=RULE, sitting="440601-1207-01"), seed=seed)["sealed"]
        parcel, secrets = opened(vault, out, row)
        draws.append({name: parcel.blob("form", name, secrets) for name in parcel.ids("form")})
    assert draws[0] == draws[1] != draws[2]


def test_without_a_signed_sheet_nothing_is_sealed_and_the_way_out_is_said(vault: Province, tmp_path: Path) -> None:
    [refused] = seal(vault, tmp_path / "out", order(vault, practical=RULE))["refused"]
    assert "请先导入实操评分标准" in refused["reason"] and refused["subjects"] == [SUBJECT]
    take_score_sheets()
    [refused] = seal(vault, tmp_path / "out", order(vault, practical=RULE))["refused"]
    assert "等另一名审题人签署" in refused["reason"]
    fill = order(vault, form_set="B", practical=RULE)
    assert "只密封 A 卷" in seal(vault, tmp_path / "out", fill)["refused"][0]["reason"]


# ---- pages and the command
@pytest.fixture
def author(vault: Province) -> Client:
    PEOPLE["author"].make()
    client = Client()
    assert client.post("/login/", {"username": "author", "password": PASSWORD}).status_code == 302
    return client


def test_look_first_then_take_in(author: Client) -> None:
    rules, steps = practice.lines()
    steps[1]["是否否决项"] = "也许"
    data = score_sheet_book(rules, steps)
    page = author.post("/score-sheets/import/", {"file": SimpleUploadedFile("评分.xlsx", data), "look": "1"}).content.decode()
    assert "没有导入" in page and "应为“是”或“否”" in page and not SheetImport.objects.exists()
    answer = author.post("/score-sheets/import/", {"file": SimpleUploadedFile("评分.xlsx", data)})
    assert answer.status_code == 302
    shown = author.get(answer.url).content.decode()
    assert "另一名审题人" in shown and "金丝雀" in shown and "拒收 3" in shown
    assert "待审题人签署" in author.get("/score-sheets/").content.decode()
    assert author.post("/score-sheets/import/", {}).status_code == 400 and author.get("/score-sheets/99/").status_code == 404


def test_the_command_only_looks_with_dry_run(vault: Province, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    import contextlib

    from kaopei.vault import commands

    monkeypatch.setattr(start, "up", lambda data: contextlib.nullcontext())
    file = tmp_path / "评分.xlsx"
    file.write_bytes(score_sheet_book(*practice.lines()))
    assert commands.import_score_sheets(file, tmp_path / "v.csv", True, tmp_path) == 0
    assert not SheetImport.objects.exists() and "只核对，没有导入：14 行" in capsys.readouterr().out
    assert commands.import_score_sheets(file, None, False, tmp_path) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0] == "sheet,row,操作项目,编号,decision,code" and len(told.splitlines()) == 15
    assert SheetImport.objects.get().by == "system" and json.dumps(SheetImport.objects.get().verdicts)
