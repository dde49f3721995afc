"""Workbooks made for tests: banks of any subject with any dirt, and the blueprint beside them."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from kaopei.paper.bank import COLUMNS
from kaopei.paper.item import JUDGE, KIND_NAMES, KINDS
from tests.paper.banks import layout, number_from

SUBJECT = "起重机作业"
PLAN = layout(4, judges=14, singles=6)
Rows = list[dict[str, object]]


def rows(counts: Mapping[tuple[str, str], int] = PLAN, *, times: int = 2, mark: str = "QZ") -> Rows:
    """Good rows, `times` as many as the blueprint asks for; every stem holds a phrase that can be hunted for."""
    found: Rows = []
    for (point, kind), count in sorted(counts.items()):
        for place in range(count * times):
            number = f"{mark}-{len(found) + 1:04}"
            options = {f"选项{letter}": f"{number} 之 {letter}" for letter in "ABCD"} if kind != JUDGE else {}
            key = "正确" if kind == JUDGE else "ABCD"[number_from(number) % 4] if kind == KINDS[1] else "ACD"
            found.append(
                {
                    "题号": number, "题型": KIND_NAMES[kind], "知识点编码": point, "知识点": f"知识点{point}",
                    "认知层次": "理解", "难度": round(0.2 + number_from("d", number) % 60 / 100, 2),
                    "题干": f"金丝雀第{number}号，编号{place}的题干。",
                    "答案": key, "解析": "略", "命题人": "测试员", "状态": "启用", "互斥组": "", **options,
                }
            )  # fmt: skip
    return found


def bank(
    lines: Sequence[Mapping[str, object]],
    *,
    title: str | None = f"{SUBJECT}安全生产理论考试题库",
    columns: Sequence[str] = COLUMNS,
    sheet: str = "题库",
    change: Callable[[Worksheet], object] | None = None,
) -> bytes:
    """A bank's workbook; `change` may merge cells or write formulas afterwards."""
    book = openpyxl.Workbook()
    book.active.title = "填写说明"
    book.active.append(["列名", "说明"])
    page = book.create_sheet(sheet)
    if title is not None:
        page.append([title])
        page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(columns))
    page.append(list(columns))
    for line in lines:
        page.append([line.get(column) for column in columns])
    if change:
        change(page)
    return saved(book)


def blueprint(*plans: tuple[str, Mapping[tuple[str, str], int]], minutes: int | None = 90, full_marks: int | None = None) -> bytes:
    """蓝图.xlsx with a sheet a subject and 组卷参数."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for subject, counts in plans:
        page = book.create_sheet(subject)
        page.append([f"{subject}理论考试双向细目表"])
        page.append(["知识点编码", "知识点", *(f"{KIND_NAMES[kind]}{word}" for kind in KINDS for word in ("数", "每题分"))])
        for point in sorted({point for point, _ in counts}):
            numbers = [counts.get((point, kind), 0) for kind in KINDS]
            page.append(
                [
                    point,
                    f"知识点{point}",
                    *(value for n, worth in zip(numbers, (1, 1, 2), strict=True) for value in (n, worth)),
                ]
            )
        page.append(["合计", "", *(v for kind in KINDS for v in (sum(n for (_, k), n in counts.items() if k == kind), None))])
    if minutes:
        page = book.create_sheet("组卷参数")
        page.append(["组卷参数"])
        page.append(["操作项目", "满分", "合格分", "考试时间（分钟）", "题量", "目标平均难度", "卷间平均难度极差上限"])
        for subject, counts in plans:
            marks = sum(n * (2 if kind == KINDS[2] else 1) for (_, kind), n in counts.items())
            page.append([subject, full_marks or marks, marks * 8 // 10, minutes, sum(counts.values()), 0.48, 0.02])
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def folder(path: Path, files: Mapping[str, bytes], plan: bytes | None = None) -> Path:
    """Files in a folder with the blueprint beside them."""
    path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (path / name).write_bytes(data)
    (path / "蓝图.xlsx").write_bytes(plan or blueprint((SUBJECT, PLAN)))
    return path


def rewritten(data: bytes, parts: Mapping[str, bytes | None]) -> bytes:
    """A workbook with some parts replaced or left out."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename not in parts:
                new.writestr(info.filename, old.read(info))
        for name, content in parts.items():
            if content is not None:
                new.writestr(name, content)
    return target.getvalue()
