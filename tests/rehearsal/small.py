"""A month small enough to be rehearsed in a minute: its workbooks, a bank with a canary in every item, and the command."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl

from kaopei.paper.score_sheet import RULES, STEPS
from tests.center.packs import CHEM, HIGH, LOW, TOP, WELD, Pack
from tests.paper import practice

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "examples"
SEED = "5e" * 32
EXAMINED = (LOW, HIGH, WELD)
CANARY = "金丝雀七五三八二九"
NAMED = ("DATABASE_URL", "DATABASE_OWNER_URL", "VAULT_DATABASE_URL", "VAULT_DATABASE_OWNER_URL", "KAOPEI_DATA", "DJANGO_SETTINGS_MODULE")


def pack(people: int = 24) -> Pack:
    """Three sites; only the first takes a subject that has no bank, so its sitting cannot be sealed."""
    made = Pack(people=people)
    for row in (*made.sheets["考试点"][1:], *made.sheets["考试计划"]):
        if not str(row["考试点编号"]).endswith("01"):
            row["可考操作项目" if "可考操作项目" in row else "操作项目"] = "、".join(
                name for name in str(row.get("可考操作项目") or row["操作项目"]).replace(CHEM, "").split("、") if name
            )
    # Practical sittings at the two public bases, later than the theory's results; nothing comes of them without --practical.
    said = {"科目": "实操", "机位": 10, "操作项目": "、".join((*EXAMINED, TOP))}
    plan = [made.sitting(site, day, 14, **said) for site in (1, 2) for day in (10, 11)]
    made.sheets["考试计划_实操"] = [row | {"场次编号": row["场次编号"].replace("-14", "-P")} for row in plan]
    for row in made.sheets["学员报名"][::2]:
        row["申请类型"] = "复审"
    first = made.sheets["学员报名"][4]
    first["性别"] = "女" if first["性别"] == "男" else "男"  # held until somebody decides
    return made


def bank(folder: Path) -> Path:
    """The example's banks with the canary in the stem and in the first option of every item."""
    folder.mkdir(parents=True)
    for path in sorted((EXAMPLES / "item-bank").glob("*.xlsx")):
        if path.stem == "蓝图":
            shutil.copyfile(path, folder / path.name)
            continue
        book = openpyxl.load_workbook(path)
        for sheet in book.worksheets:
            heads = {cell.value: cell.column for row in sheet.iter_rows(max_row=5) for cell in row if cell.value in ("题干", "选项A")}
            for row in sheet.iter_rows(min_row=3):
                for cell in row:
                    if cell.column in heads.values() and cell.value not in (None, "", *heads):
                        cell.value = f"{cell.value}（{CANARY}）"
        book.save(folder / path.name)
    return folder


def score_sheets(folder: Path) -> None:
    """Score sheets of the practical exam; one operation of its plan has none."""
    book = openpyxl.Workbook()
    book.active.title = "考核规则"
    made = [practice.lines(subject) for subject in EXAMINED]
    rules, steps = ([row for one in made for row in one[place]] for place in (0, 1))
    for page, columns, rows in ((book.active, RULES, rules), (book.create_sheet("评分表"), STEPS, steps)):
        page.append(["实操评分标准（测试）"])
        page.append(list(columns))
        for row in rows:
            page.append([row.get(column) for column in columns])
    book.save(folder / "实操评分标准.xlsx")


def environment() -> dict[str, str]:
    """Without the tests' own database."""
    kept = {name: value for name, value in os.environ.items() if name not in NAMED}
    return kept | {"PYTHONPATH": str(PROJECT)}


def run(*words: object, **options) -> subprocess.CompletedProcess[str]:
    """`./run words`, from a folder that is not the project's."""
    command = [sys.executable, "-m", "kaopei", *map(str, words)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=1800, stdin=subprocess.DEVNULL, **options)


def start(*words: object, log: Path) -> subprocess.Popen[bytes]:
    """The same, running on."""
    command = [sys.executable, "-m", "kaopei", *map(str, words)]
    with log.open("wb") as output:
        return subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
