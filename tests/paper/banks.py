"""Banks and blueprints made for tests: any subject, any layout, any enemy groups, from a fixed stream of numbers."""

import hashlib
from collections.abc import Mapping

from kaopei.paper.bank import COLUMNS, Cell, Row
from kaopei.paper.blueprint import Blueprint, Table
from kaopei.paper.item import JUDGE, JUDGE_TEXTS, KIND_NAMES, KINDS, MULTIPLE, SINGLE, Item

GOOD = {
    "题号": "QZ-0001",
    "题型": "单选题",
    "知识点编码": "QZ01",
    "知识点": "起重机械构造",
    "认知层次": "理解",
    "难度": "0.4",
    "题干": "吊钩危险断面磨损达到原尺寸的（ ）时应当报废。",
    "选项A": "3%",
    "选项B": "5%",
    "选项C": "10%",
    "选项D": "50%",
    "答案": "C",
    "解析": "以现行标准为准。",
    "命题人": "测试员",
    "状态": "启用",
    "互斥组": "",
}
JUDGE_ROW = {"题型": "判断题", "选项A": "", "选项B": "", "选项C": "", "选项D": "", "答案": "正确"}


def row(number: int = 3, kinds: Mapping[str, str] | None = None, **changes: str) -> Row:
    """A good single-choice row with changes; the difficulty is a number cell unless `kinds` says otherwise."""
    texts = GOOD | changes
    cells = {column: Cell(texts[column], "number" if column == "难度" else "text") for column in COLUMNS}
    for column, kind in (kinds or {}).items():
        cells[column] = Cell(texts[column], kind)
    return Row(number, cells)


def judge(number: int = 3, **changes: str) -> Row:
    return row(number, **{**JUDGE_ROW, **changes})


def number_from(*words: object) -> int:
    """A fixed, well mixed number for these words."""
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:8], "big")


def item(number: str, kind: str = SINGLE, point: str = "P1", enemy: str = "", difficulty: int = 400, **more: object) -> Item:
    options = tuple(JUDGE_TEXTS.items()) if kind == JUDGE else tuple((x, f"{number} 选项 {x}") for x in "abcd")
    keys = {JUDGE: ("t",), SINGLE: (options[number_from(number) % len(options)][0],), MULTIPLE: ("a", "c")}
    fields = {
        "point_name": f"知识点{point}",
        "level": "理解",
        "stem": f"{number} 的题干",
        "explanation": "",
        "author": "测试员",
    }
    return Item(
        **{  # type: ignore[arg-type]
            "number": number, "kind": kind, "point": point, "difficulty": difficulty, "options": options,
            "key": keys[kind], "retired": False, "enemy": enemy, **fields, **more,
        }
    )  # fmt: skip


def bank(counts: Mapping[tuple[str, str], int], *, times: float, enemies: int = 0, size: int = 3, salt: str = "") -> list[Item]:
    """A bank with `times` as many items as the blueprint asks for in each cell, and enemy groups across cells."""
    items = []
    for (point, kind), count in sorted(counts.items()):
        for place in range(int(count * times + 0.5)):
            number = f"{point}-{KINDS.index(kind)}-{place:03}"
            mixed = number_from(salt, number)
            enemy = f"E{mixed % enemies}" if enemies and mixed % size == 0 else ""
            items.append(item(number, kind, point, enemy, 100 + mixed % 801))
    return items


def blueprint(counts: Mapping[tuple[str, str], int], **more: object) -> Blueprint:
    names = {point: f"知识点{point}" for point, _ in counts}
    worth = {cell: 2 if cell[1] == MULTIPLE else 1 for cell in counts}
    return Blueprint(subject="起重机作业", names=names, counts=dict(counts), worth=worth, **more)  # type: ignore[arg-type]


def layout(points: int, *, judges: int, singles: int, multiples: int = 0) -> dict[tuple[str, str], int]:
    """Spread so many items of each kind over so many knowledge points."""
    counts = {}
    for kind, total in ((JUDGE, judges), (SINGLE, singles), (MULTIPLE, multiples)):
        for place in range(points):
            share = total // points + (place < total % points)
            if share:
                counts[f"P{place:02}", kind] = share
    return counts


def sheet(subject: str, counts: Mapping[tuple[str, str], int], *, kinds: tuple[str, ...] = KINDS) -> Table:
    """A blueprint sheet as the clerks write it, with columns only for `kinds` and a line of totals."""
    head = [
        "知识点编码",
        "知识点",
        *(f"{KIND_NAMES[kind]}{word}" for kind in kinds for word in ("数", "每题分")),
        "小计题数",
    ]
    rows = [[f"{subject}理论考试双向细目表"], head]
    for point in sorted({point for point, _ in counts}):
        numbers = [counts.get((point, kind), 0) for kind in kinds]
        rows.append([point, f"知识点{point}", *(text for n in numbers for text in (str(n), "1")), str(sum(numbers))])
    sums = [sum(n for (_, k), n in counts.items() if k == kind) for kind in kinds]
    rows.append(["合计", "", *(text for n in sums for text in (str(n), "1")), str(sum(sums))])
    return Table(subject, rows)


def parameters(*lines: Mapping[str, str]) -> Table:
    """The sheet 组卷参数."""
    head = [
        "操作项目",
        "满分",
        "合格分",
        "考试时间（分钟）",
        "题量",
        "判断题数",
        "单选题数",
        "多选题数",
        "目标平均难度",
        "卷间平均难度极差上限",
    ]
    return Table("组卷参数", [["组卷参数"], head, *([line.get(column, "") for column in head] for line in lines)])
