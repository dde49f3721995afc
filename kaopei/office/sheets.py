"""Spreadsheets out: no cell may turn into a formula at the reader's."""

import csv
import io
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import xlsxwriter

# The media type of a workbook.
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def harmless(value: Any) -> Any:
    """Text that begins like a formula gets an apostrophe; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS) else value


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 without BOM, LF."""
    lines: list[str] = []
    # Python 3.12 quotes a carriage return only where it ends lines; so CR LF is asked for, and the CR taken off again.
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([harmless(value) for value in row] for row in rows)
    return "".join(f"{line[:-2]}\n" for line in lines).encode()


def write_xlsx(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], *, sheet: str = "表") -> bytes:
    """One sheet as the offices use it: title in row 1, columns in row 2; text is written as text, never as a formula."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as book:
        page = book.add_worksheet(sheet[:31])
        bold = book.add_format({"bold": True, "bottom": 1})
        page.merge_range(0, 0, 0, max(len(header) - 1, 1), title, book.add_format({"bold": True, "font_size": 14}))
        page.write_row(1, 0, header, bold)
        text = book.add_format({"num_format": "@"})
        widths = [len(word) for word in header]
        for number, row in enumerate(rows, start=2):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(number, column, value, text)
                else:
                    page.write(number, column, value)
                widths[column] = max(widths[column], min(len(str(value)), 40))
        for column, width in enumerate(widths):
            page.set_column(column, column, width * 1.6 + 2)
        page.freeze_panes(2, 0)
    return out.getvalue()
