"""Writes a small item bank per subject and its blueprints. Same options, same bytes.

python examples/make_bank.py OUT [--seed 1]

The items are arithmetic on physical formulas, so that their keys are right by computation. They are no official items
and cite no rule: they exist to try the software. Layout: 20 judge × 2, 10 single × 3, 6 multiple × 5 = 100 marks.
"""

import argparse
import random
from collections.abc import Callable
from pathlib import Path

from make_pack import HIGH, LOW, TOP, WELD, write_book

HEAD = [
    "题号",
    "题型",
    "知识点编码",
    "知识点",
    "认知层次",
    "难度",
    "题干",
    "选项A",
    "选项B",
    "选项C",
    "选项D",
    "答案",
    "解析",
    "命题人",
    "状态",
    "互斥组",
]
PLAN_HEAD = [
    "知识点编码",
    "知识点",
    "判断题数",
    "判断题每题分",
    "单选题数",
    "单选题每题分",
    "多选题数",
    "多选题每题分",
    "小计题数",
    "小计分值",
]
LAYOUT = [(7, 3, 2), (7, 4, 2), (6, 3, 2)]  # judge, single, multiple of each knowledge point
Fact = Callable[[random.Random], tuple[str, int, str]]


def volts(c: random.Random) -> tuple[str, int, str]:
    r, i = c.randrange(2, 60), c.randrange(2, 12)
    return f"电阻为{r} Ω的负载通过{i} A电流时，负载两端的电压", r * i, "V"


def watts(c: random.Random) -> tuple[str, int, str]:
    u, i = c.choice((12, 24, 36, 48, 110, 220)), c.randrange(2, 30)
    return f"在{u} V直流电压下工作、电流为{i} A的设备，其功率", u * i, "W"


def series(c: random.Random) -> tuple[str, int, str]:
    a, b = c.randrange(2, 90), c.randrange(2, 90)
    return f"{a} Ω与{b} Ω的两个电阻串联，总电阻", a + b, "Ω"


def energy(c: random.Random) -> tuple[str, int, str]:
    p, h = c.randrange(2, 40), c.randrange(2, 24)
    return f"功率为{p} kW的设备连续运行{h} h，消耗的电能", p * h, "kW·h"


def ratio(c: random.Random) -> tuple[str, int, str]:
    k, u = c.randrange(3, 40), c.randrange(20, 400)
    return f"理想变压器变比为{k}，二次侧电压为{u} V时，一次侧电压", k * u, "V"


def heat(c: random.Random) -> tuple[str, int, str]:
    u, i = c.randrange(20, 36), c.randrange(80, 220)
    return f"电弧电压为{u} V、焊接电流为{i} A时，电弧功率", u * i, "W"


def gas(c: random.Random) -> tuple[str, int, str]:
    v, p = c.choice((30, 40, 50, 60)), c.randrange(2, 20)
    return f"容积为{v} L的气瓶内压力为{p} MPa，按等温近似换算到0.1 MPa时气体的体积", v * p * 10, "L"


def weight(c: random.Random) -> tuple[str, int, str]:
    m = c.randrange(3, 95)
    return f"质量为{m} kg的工具所受重力（重力加速度取10 m/s²）", m * 10, "N"


def fall(c: random.Random) -> tuple[str, int, str]:
    m, h = c.randrange(2, 30), c.randrange(2, 40)
    return f"质量为{m} kg的构件位于{h} m高处（重力加速度取10 m/s²），相对地面的重力势能", m * h * 10, "J"


def moment(c: random.Random) -> tuple[str, int, str]:
    f, d = c.randrange(20, 300), c.randrange(2, 9)
    return f"{f} N的力垂直作用在离支点{d} m处，对支点的力矩", f * d, "N·m"


SUBJECTS: dict[str, tuple[str, list[tuple[str, Fact]]]] = {
    LOW: ("XD", [("欧姆定律", volts), ("电功率", watts), ("电阻连接", series)]),
    HIGH: ("XG", [("变压器变比", ratio), ("电能计算", energy), ("电功率", watts)]),
    WELD: ("XH", [("电弧功率", heat), ("气瓶换算", gas), ("电能计算", energy)]),
    TOP: ("XC", [("重力", weight), ("势能", fall), ("力矩", moment)]),
}


def near(c: random.Random, value: int) -> list[int]:
    """Three wrong values, all different from the right one."""
    found: list[int] = []
    while len(found) < 3:
        wrong = value + c.choice((-1, 1)) * max(1, value * c.randrange(5, 60) // 100)
        if wrong > 0 and wrong != value and wrong not in found:
            found.append(wrong)
    return found


def stems(c: random.Random, fact: Fact, count: int, seen: set[str]) -> list[tuple[str, int, str]]:
    """So many facts whose texts are new in this bank."""
    found: list[tuple[str, int, str]] = []
    while len(found) < count:
        text, value, unit = fact(c)
        if text not in seen:
            seen.add(text)
            found.append((text, value, unit))
    return found


def items(subject: str, seed: int) -> list[list]:
    """The rows of one bank."""
    c = random.Random(f"{seed}/{subject}")
    code, points = SUBJECTS[subject]
    rows: list[list] = []
    seen: set[str] = set()

    def add(kind: str, place: int, stem: str, options: list[str], key: str, why: str) -> None:
        number = len(rows) + 1
        rows.append(
            [
                f"{code}-{number:04d}",
                kind,
                f"{code}{place + 1:02d}",
                points[place][0],
                "应用",
                round(c.randrange(10, 80) / 100, 2),
                stem,
                *(options + [""] * 4)[:4],
                key,
                why,
                "示例",
                "启用",
                "",
            ]
        )

    for place, (_point, fact) in enumerate(points):
        for text, value, unit in stems(c, fact, 24, seen):
            shown = value if c.random() < 0.5 else near(c, value)[0]
            add(
                "判断题",
                place,
                f"{text}为{shown} {unit}。",
                [],
                "正确" if shown == value else "错误",
                f"计算得{value} {unit}。",
            )
        for text, value, unit in stems(c, fact, 14, seen):
            options = [value, *near(c, value)]
            c.shuffle(options)
            add(
                "单选题",
                place,
                f"{text}为（　）{unit}。",
                [str(o) for o in options],
                "ABCD"[options.index(value)],
                f"计算得{value} {unit}。",
            )
        for text, value, unit in stems(c, fact, 8, seen):
            bounds = sorted({value + d for d in (-value // 3 - 1, -value // 5 - 2, value // 4 + 1, value // 2 + 3)})
            key = "".join("ABCD"[n] for n, bound in enumerate(bounds) if value > bound)
            add(
                "多选题",
                place,
                f"{text}大于下列哪些数值（单位{unit}）？",
                [str(b) for b in bounds],
                key,
                f"计算得{value} {unit}。",
            )
    return rows


def blueprint(subject: str) -> list[list]:
    """Counts and marks of each knowledge point, and the sum line."""
    code, points = SUBJECTS[subject]
    rows = [
        [f"{code}{n + 1:02d}", points[n][0], j, 2, s, 3, m, 5, j + s + m, 2 * j + 3 * s + 5 * m]
        for n, (j, s, m) in enumerate(LAYOUT)
    ]
    return [*rows, ["合计", "", 20, 2, 10, 3, 6, 5, 36, 100]]


def make(out: Path, seed: int = 1) -> Path:
    """All banks and 蓝图.xlsx into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for subject in SUBJECTS:
        title = f"{subject}安全生产理论考试题库（示例，非官方题库）"
        file = out / f"{subject.replace('、', '')}-理论题库.xlsx"
        write_book(file, {"题库": (title, HEAD, items(subject, seed))})
    plans = {
        subject: (f"{subject}理论考试双向细目表（示例，非官方）", PLAN_HEAD, blueprint(subject)) for subject in SUBJECTS
    }
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
    plans["组卷参数"] = (
        "组卷参数（示例，非官方）",
        head,
        [[s, 100, 80, 60, 36, 20, 10, 6, 0.45, 0.05] for s in SUBJECTS],
    )
    write_book(out / "蓝图.xlsx", plans)
    return out


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("out", type=Path)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    make(chosen.out, chosen.seed)
