"""Spreadsheets out: nothing turns into a formula at the reader's."""

import csv
import io

import openpyxl
import pytest

from kaopei.office.sheets import write_csv, write_xlsx

HOSTILE = ["=1+1", "+86 138", "-5 度", "@sum", "\tx", "\rx"]


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_cell_is_text(text):
    (_, row) = csv.reader(io.StringIO(write_csv(["列"], [[text]]).decode(), newline=""))
    assert row == ["'" + text]


def test_csv_is_utf8_without_mark_and_with_lf():
    data = write_csv(["姓名", "分"], [["陈国强", 80], ["𠮷", -1]])
    assert data == "姓名,分\n陈国强,80\n𠮷,-1\n".encode()


@pytest.mark.parametrize("text", HOSTILE[:4])
def test_xlsx_cell_is_text_as_it_was(text):
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx("表", ["列"], [[text]]))).active
    assert sheet["A3"].value == text
    assert sheet["A3"].data_type == "s"


def test_xlsx_has_title_columns_and_numbers():
    sheet = openpyxl.load_workbook(io.BytesIO(write_xlsx("成绩表", ["号", "分"], [["440601199001011237", 85]]))).active
    assert [cell.value for cell in sheet["A"]] == ["成绩表", "号", "440601199001011237"]
    assert sheet["B3"].value == 85
