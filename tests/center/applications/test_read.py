"""Packs come in every careless shape; a fault of a file as a whole is one clear line."""

import io
import zipfile

import openpyxl
import pytest

from kaopei.center.applications import pack
from kaopei.center.registry import formulas, workbook
from kaopei.center.registry.unusable import Unusable
from tests.center.packs import Pack, Style

PLAIN = pack.open_delivery(Pack().files())


def told(delivery, **options) -> str:
    """The one line."""
    with pytest.raises(Unusable) as caught:
        pack.open_delivery(delivery, **options)
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "style",
    [
        Style(titles=0),
        Style(titles=2, blank=2),
        Style(extra=True, shuffled=3, sheet="报名表 (最终)"),
        Style(blank=1, extra=True, shuffled=9, titles=3, sheet="1"),
        Style(suffix=".csv"),
        Style(suffix=".csv", encoding="gb18030", titles=0, shuffled=4),
    ],
    ids=["no title", "two titles", "other order", "all of it", "csv with mark", "csv of Windows"],
)
def test_shape_of_the_sheet_does_not_matter(style):
    made = Pack()
    assert pack.open_delivery(made.files(style)).digest == pack.open_delivery(made.files()).digest


def test_a_changed_cell_changes_the_digest():
    made = Pack()
    made.apply(0, 学历="大专")
    assert pack.open_delivery(made.files()).digest != PLAIN.digest


def test_numbers_in_text_columns_are_read_as_people_see_them():
    made = Pack()
    made.apply(0, 手机号=13800000000, 已完成学时="110")
    line = pack.open_delivery(made.files()).lines("学员报名")[0]
    assert (line.text("序号"), line.text("手机号"), line.text("已完成学时")) == ("1", "13800000000", "110")
    assert line.cell("手机号").kind == "number"


def test_cell_addresses_are_those_of_the_spreadsheet():
    made = Pack()
    content = made.files(Style(titles=2, blank=1))["学员报名.xlsx"]
    line = pack.open_delivery(made.files(Style(titles=2, blank=1))).lines("学员报名")[0]
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet[line.address("身份证号码")].value == line.text("身份证号码")


@pytest.mark.parametrize("name", pack.REQUIRED)
def test_missing_file_is_named(name):
    files = Pack().files()
    del files[f"{name}.xlsx"]
    assert f"《{name}》" in told(files)


def test_missing_ties_are_a_loud_warning():
    made = Pack()
    del made.sheets["机构关联"]
    first = pack.open_delivery(made.files()).messages[0]
    assert first.is_loud and "机构关联" in str(first)


@pytest.mark.parametrize("name", list(pack.COLUMNS))
def test_missing_column_is_named(name):
    made = Pack()
    made.sheets.setdefault("考试计划_实操", [made.sitting(1, 7, 14, 场次编号="P1", 科目="实操")])
    made.sheets.setdefault("考务人员", [{"姓名": "甲"}])
    for column in pack.COLUMNS[name]:
        text = told(made.files(Style(drop={name: column})))
        assert f"《{column}》" in text and name in text


def test_column_twice_is_named():
    table = [["操作项目", "初次培训学时", "复审培训学时", "初次培训学时"], ["低压电工作业", 1, 2, 3]]
    files = Pack().files() | {"大纲学时.xlsx": Style()._xlsx(table, "大纲学时")}
    assert "A" not in (text := told(files)) and "B 列和 D 列" in text


def with_content(content: bytes, name: str = "学员报名.xlsx") -> dict[str, bytes]:
    return Pack().files() | {name: content}


def test_cut_off_workbook():
    whole = Pack().files()["学员报名.xlsx"]
    for length in (len(whole) // 2, len(whole) - 10, 100, 3):
        assert "学员报名.xlsx" in told(with_content(whole[:length]))


def test_damaged_workbook():
    whole = bytearray(Pack(people=200).files()["学员报名.xlsx"])
    info = max(zipfile.ZipFile(io.BytesIO(bytes(whole))).infolist(), key=lambda part: part.compress_size)
    middle = info.header_offset + 60 + info.compress_size // 2
    whole[middle] ^= 0xFF
    assert "学员报名.xlsx" in told(with_content(bytes(whole)))


def test_password_is_said():
    sealed = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 2000
    assert "密码" in told(with_content(sealed))


NOT_WORKBOOKS = [b"", b"   \n", b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 5000]


@pytest.mark.parametrize("content", NOT_WORKBOOKS)
def test_not_a_workbook(content):
    assert "学员报名.xlsx" in told(with_content(content))


def test_empty_sheet_and_header_without_rows():
    empty = io.BytesIO()
    openpyxl.Workbook().save(empty)
    assert "空表" in told(with_content(empty.getvalue()))
    made = Pack()
    made.sheets["学员报名"] = []
    assert "没有数据行" in told(made.files())


def test_list_of_ties_without_rows_is_a_list():
    made = Pack()
    made.sheets["机构关联"] = []
    opened = pack.open_delivery(made.files())
    assert opened.has("机构关联") and opened.lines("机构关联") == ()


@pytest.mark.parametrize("column", ["身份证号码", "序号", "培训机构信用代码"])
def test_formula_in_a_column_that_identifies(column):
    text = told(Pack().files(Style(formulas={column: ("=1+1", "440300199001010017")})))
    assert "公式" in text and f"《{column}》" in text


def test_formula_with_a_value_elsewhere_is_read():
    opened = pack.open_delivery(Pack().files(Style(formulas={"已完成学时": ("=100+10", 110)})))
    assert opened.lines("学员报名")[0].text("已完成学时") == "110"


def test_formula_without_a_value_is_said():
    book = openpyxl.load_workbook(io.BytesIO(Pack().files()["学员报名.xlsx"]))
    book.active["N3"] = "=100+10"
    out = io.BytesIO()
    book.save(out)
    assert "N3《已完成学时》" in told(with_content(out.getvalue()))


def test_document_type_is_refused():
    with pytest.raises(Unusable):
        list(formulas._parse(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "x.xlsx"))


def test_second_sheet_of_the_same_kind_is_said():
    book = openpyxl.load_workbook(io.BytesIO(Pack().files()["学员报名.xlsx"]))
    book.copy_worksheet(book.active).title = "副本"
    out = io.BytesIO()
    book.save(out)
    opened = pack.open_delivery(with_content(out.getvalue()))
    assert len(opened.lines("学员报名")) == 12
    assert any(message.is_loud and "副本" in str(message) for message in opened.messages)


def test_table_is_found_on_any_sheet():
    book = openpyxl.load_workbook(io.BytesIO(Pack().files()["学员报名.xlsx"]))
    book.create_sheet("填表说明", 0).append(["请先阅读"])
    out = io.BytesIO()
    book.save(out)
    assert pack.open_delivery(with_content(out.getvalue())).digest == PLAIN.digest


def test_footer_and_repeated_header_are_no_rows():
    book = openpyxl.load_workbook(io.BytesIO(Pack().files()["学员报名.xlsx"]))
    book.active.append([cell.value for cell in book.active[2]])
    book.active.append(["合计", "12人"])
    book.active.append(["填表人：张三"])
    out = io.BytesIO()
    book.save(out)
    opened = pack.open_delivery(with_content(out.getvalue()))
    assert opened.digest == PLAIN.digest
    assert sum("表尾" in str(message) for message in opened.messages) == 2


class NamedByWindows(zipfile.ZipInfo):
    """The name as GBK bytes, without the flag that would say so."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("gb18030"), self.flag_bits


def test_zip_with_names_of_windows():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in Pack().files().items():
            archive.writestr(NamedByWindows(f"佛山/{name}"), content)
    data = out.getvalue()
    assert pack.open_delivery({"12月.zip": data}).digest == PLAIN.digest


def test_broken_zip_is_said():
    assert "12月.zip" in told({"12月.zip": b"PK\x03\x04broken"})


@pytest.mark.parametrize("name", ["学员报名(1).xlsx", "佛山市2026年12月学员报名.xlsx", "学员报名 - 副本.xlsx", "学员报名.XLSX"])
def test_decorated_file_names_are_known(name):
    files = Pack().files()
    files[name] = files.pop("学员报名.xlsx")
    assert pack.open_delivery(files).digest == PLAIN.digest


def test_other_files_of_the_folder_are_left_alone(tmp_path):
    folder = Pack().lay(tmp_path / "in")
    for name in ("考务人员关系.xlsx", "~$学员报名.xlsx", "README.md", "设备基线.xlsx", "expected.csv"):
        (folder / name).write_bytes(b"anything")
    assert pack.open_delivery(pack.collect(folder)).digest == PLAIN.digest


def test_two_files_for_one_table_are_refused():
    files = Pack().files()
    assert "学员报名.csv" in told(files | {"学员报名.csv": b"a"})


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(Unusable, match="没有文件夹"):
        pack.collect(tmp_path / "none")


def test_column_letters():
    assert [workbook.letter(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
