"""Reading workbooks: formulas, merged cells, dates, and every way in which a file as a whole can be bad."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from kaopei.paper.bank import COLUMNS
from kaopei.vault.bank import workbook
from kaopei.vault.bank.reading import read_bank, read_blueprint
from kaopei.vault.bank.workbook import BadWorkbook
from tests.vault.workbooks import PLAN, SUBJECT, bank, blueprint, folder, rewritten, rows, saved

SHEET = "xl/worksheets/sheet2.xml"


def read(path: Path, data: bytes, name: str = "题库.xlsx", plan: bytes | None = None) -> object:
    return read_bank(folder(path, {name: data}, plan) / name)


def test_read_cells_with_what_they_are() -> None:
    book = openpyxl.Workbook()
    page = book.active
    page["A1"], page["B1"], page["C1"], page["D1"] = "文字", 25, 0.1 + 0.2, True
    page["A2"], page["B2"], page["C2"] = "=1+1", dt.date(2026, 3, 5), " 前后有空格 "
    page["A3"], page["B3"] = "-25 ℃", 1e-7
    page.merge_cells("E1:F2")
    sheet = workbook.read(saved(book), "x.xlsx")[0]
    kinds = {place: (cell.text, cell.kind, cell.formula) for place, cell in sheet.cells.items() if place[1] < 5}
    assert kinds == {
        (1, 1): ("文字", "text", False), (1, 2): ("25", "number", False), (1, 3): ("0.3", "number", False),
        (1, 4): ("TRUE", "truth", False), (2, 1): ("", "number", True), (2, 2): ("46086", "date", False),
        (2, 3): (" 前后有空格 ", "text", False), (3, 1): ("-25 ℃", "text", False), (3, 2): ("1e-07", "number", False),
    }  # fmt: skip
    assert sheet.merged == [(1, 5, 2, 6)]


def test_read_what_other_programs_write() -> None:
    """Cells without addresses, rich text with phonetic guides, escaped signs, inline strings, formula texts."""
    sheet = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
      <row><c t="s"><v>0</v></c><c t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r></is></c><c><v>7</v></c></row>
      <row r="5"><c r="B5" t="str"><f>A1</f><v>结果_x000A_二</v></c><c t="b"><v>0</v></c>
      <c t="e"><v>#N/A</v></c><c t="inlineStr"/></row>
      <row><c><v></v></c><c t="s"><f>A1</f></c></row></sheetData>
      <mergeCells><mergeCell ref="A1"/></mergeCells></worksheet>"""
    strings = "<sst><si><r><t>丙</t></r><rPh><t>bing</t></rPh><r><t>丁_xD800_</t></r></si></sst>"
    links = """<Relationships><Relationship Id="r1" Type="x/worksheet" Target="/xl/worksheets/sheet1.xml"/>
      <Relationship Id="r2" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>"""
    listed = """<workbook xmlns:r="r"><sheets><sheet name="一" r:id="r1"/>
      <sheet name="二" r:id="r9"/></sheets></workbook>"""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as book:
        book.writestr("xl/workbook.xml", listed)
        book.writestr("xl/_rels/workbook.xml.rels", links)
        book.writestr("xl/sharedStrings.xml", strings)
        book.writestr("xl/worksheets/sheet1.xml", sheet)
    [found] = workbook.read(target.getvalue(), "x.xlsx")
    assert {place: (cell.text, cell.kind) for place, cell in found.cells.items()} == {
        (1, 1): ("丙丁_xD800_", "text"), (1, 2): ("甲乙", "text"), (1, 3): ("7", "number"),
        (5, 2): ("结果\n二", "text"), (5, 3): ("FALSE", "truth"), (5, 4): ("#N/A", "error"), (6, 2): ("", "text"),
    }  # fmt: skip
    assert [place for place, cell in found.cells.items() if cell.formula] == [(5, 2), (6, 2)]
    assert found.merged == []


def test_find_the_rows_in_any_order_of_columns_and_sheets(tmp_path: Path) -> None:
    columns = ["备注", *reversed(COLUMNS), "选项E"]
    file = read_bank(folder(tmp_path, {"库.xlsx": bank(rows(), columns=columns, sheet="第二张")}) / "库.xlsx")
    assert file.blueprint.subject == SUBJECT
    assert len(file.rows) == 40
    assert file.rows[0].number == 3
    assert file.rows[0].cell("题号").text == "QZ-0001"
    plain = read_bank(folder(tmp_path, {f"{SUBJECT}.xlsx": bank(rows(), title=None)}) / f"{SUBJECT}.xlsx")
    assert plain.rows[0].number == 2
    assert plain.rows[0].cell("题干").text == file.rows[0].cell("题干").text


def test_know_the_same_rows_in_another_file(tmp_path: Path) -> None:
    first = read_bank(folder(tmp_path / "1", {"a.xlsx": bank(rows())}) / "a.xlsx")
    second = read_bank(folder(tmp_path / "2", {"b.xlsx": bank(rows(), columns=[*reversed(COLUMNS)])}) / "b.xlsx")
    third = read_bank(folder(tmp_path / "3", {"c.xlsx": bank(rows()[1:])}) / "c.xlsx")
    assert first.digest == second.digest != third.digest


def test_mark_merged_cells_and_formulas(tmp_path: Path) -> None:
    def change(page: Worksheet) -> None:
        page.merge_cells("I5:J5")
        page.merge_cells("A7:A8")
        page["M4"] = "=HYPERLINK(A4)"

    file = read_bank(folder(tmp_path, {"a.xlsx": bank(rows(), change=change)}) / "a.xlsx")
    merged = {row.number: [name for name, cell in row.cells.items() if cell.merged] for row in file.rows}
    assert {number: names for number, names in merged.items() if names} == {
        5: ["选项B", "选项C"],
        7: ["题号"],
        8: ["题号"],
    }
    assert [(row.number, name) for row in file.rows for name, cell in row.cells.items() if cell.formula] == [(4, "解析")]


@pytest.mark.parametrize("column", COLUMNS)
def test_refuse_a_bank_without_one_of_its_columns(tmp_path: Path, column: str) -> None:
    with pytest.raises(BadWorkbook, match=f"题库.xlsx“题库”第2行：缺少列“{column}”") as refused:
        read(tmp_path, bank(rows(), columns=[name for name in COLUMNS if name != column]))
    assert refused.value.exit_status == 2


def numbers_by_formula(page: Worksheet) -> None:
    for number in range(3, 40):
        page.cell(number, 1, f'="QZ-"&{number}')


BAD = {
    "empty": (b"", "不是完整的"),
    "text": ("题号,题型\n".encode(), "不是完整的"),
    "cut": (bank(rows())[:3000], "不是完整的"),
    "changed": (bank(rows())[:2500] + b"\0\0\0\0" + bank(rows())[2504:], "不是完整的|已损坏|缺少"),
    "old": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版 .xls"),
    "locked": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "有打开密码"),
    "no book": (rewritten(bank(rows()), {"xl/workbook.xml": None}), "缺少 xl/workbook.xml"),
    "no sheets": (rewritten(bank(rows()), {"xl/worksheets/sheet1.xml": None, SHEET: None}), "没有工作表"),
    "not xml": (rewritten(bank(rows()), {SHEET: b"<worksheet><sheetData>"}), "已损坏"),
    "doctype": (
        rewritten(bank(rows()), {SHEET: b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'}),
        "文档类型定义",
    ),
    "utf-16 doctype": (
        rewritten(bank(rows()), {SHEET: '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><worksheet/>'.encode("utf-16")}),
        "文档类型定义",
    ),
    "odd string": (
        rewritten(bank(rows()), {SHEET: b'<w><sheetData><row><c t="s"><v>99999</v></c></row></sheetData></w>'}),
        "不存在的文字",
    ),
    "odd number": (
        rewritten(bank(rows()), {SHEET: b"<w><sheetData><row><c><v>x</v></c></row></sheetData></w>"}),
        "不是数",
    ),
    "odd row": (rewritten(bank(rows()), {SHEET: b'<w><sheetData><row r="x"/></sheetData></w>'}), "不是完整的"),
    "no rows": (bank([]), "没有试题"),
    "blank rows": (bank([{"题号": "\u3000"}, {"题干": " "}]), "没有试题"),
    "no header": (bank(rows(), columns=["甲", "乙"]), "没有含列名"),
    "two answers": (bank(rows(), columns=[*COLUMNS, "答案"]), "列“答案”出现两次"),
    "other subject": (bank(rows(), title="焊接作业题库"), "标题中没有蓝图里的科目名称（起重机作业）"),
    "formulas": (bank(rows(), change=numbers_by_formula), "“题号”列是公式"),
}


@pytest.mark.parametrize("name", BAD)
def test_refuse_a_file_as_a_whole(tmp_path: Path, name: str) -> None:
    data, said = BAD[name]
    with pytest.raises(BadWorkbook, match=said) as refused:
        read(tmp_path, data)
    assert "题库.xlsx" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_refuse_bombs_before_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bank(rows())
    monkeypatch.setattr(workbook, "PART_LIMIT", 5000)
    with pytest.raises(BadWorkbook, match="拒绝读取"):
        read(tmp_path, data)
    monkeypatch.setattr(workbook, "PARTS_LIMIT", 5)
    with pytest.raises(BadWorkbook, match="超过 5 个"):
        read(tmp_path, data)


def test_refuse_missing_files(tmp_path: Path) -> None:
    with pytest.raises(BadWorkbook, match="没有文件 无.xlsx"):
        read_bank(folder(tmp_path, {}) / "无.xlsx")
    with pytest.raises(BadWorkbook, match="没有文件 无.xlsx"):
        read_blueprint(tmp_path / "无.xlsx", SUBJECT)
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "题库.xlsx").write_bytes(bank(rows()))
    with pytest.raises(BadWorkbook, match="旁边没有 蓝图.xlsx"):
        read_bank(tmp_path / "alone" / "题库.xlsx")


def test_read_the_blueprint_as_written(tmp_path: Path) -> None:
    plan = read_blueprint(folder(tmp_path, {}) / "蓝图.xlsx", SUBJECT)
    assert plan.counts == PLAN
    assert (plan.marks, plan.pass_mark, plan.duration_minutes, plan.contradictions) == (20, 16, 90, ())
    assert blueprint((SUBJECT, PLAN)) != b""
