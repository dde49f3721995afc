"""The text of one cell of a spreadsheet, understood: dates, hours, yes and no, education, standing."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from kaopei.law.identity import tidy

Kind = Literal["text", "number", "date", "bool", "empty"]
# Spreadsheets count days from here (the year 1900 bug included); serials outside are not dates of a living file.
SERIAL_START = date(1899, 12, 30)
SERIALS = range(20000, 80000)


class Written(NamedTuple):
    """A cell: what it shows, and as what it is stored."""

    text: str = ""
    kind: Kind = "text"


_DATE = re.compile(
    r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})|(\d{2})(\d{2}))日?"
    r"(?:T?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
)


@lru_cache(maxsize=4096)
def read_date(text: str) -> date | None:
    """A day: 2026-11-04, 2026/11/4, 2026.11.4, 2026年11月4日, 20261104, with or without a time, or a serial number."""
    plain = tidy(text)
    found = _DATE.match(plain)
    if found:
        year, month, day = found[1], found[2] or found[4], found[3] or found[5]
        try:
            return date(int(year), int(month), int(day))
        except ValueError:
            return None
    serial = read_number(plain)
    if serial is not None and int(serial) in SERIALS:
        return SERIAL_START + timedelta(days=int(serial))
    return None


_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?:学时|课时|小时|个|h|H|时|节|人|位)?$")


@lru_cache(maxsize=4096)
def read_number(text: str) -> Decimal | None:
    """A number that is not negative, with or without its unit: 108, 108.0, １０８, 108学时, 1,080."""
    plain = tidy(text).replace(",", "").removesuffix("个学时")
    found = _NUMBER.match(plain)
    return Decimal(found[1]) if found else None


YES = frozenset({"是", "有", "Y", "YES", "TRUE", "1", "√", "✓", "✔", "在校", "对"})
NO = frozenset({"否", "无", "N", "NO", "FALSE", "0", "×", "不是", "非", ""})


def read_yes(text: str) -> bool | None:
    """Yes or no; an empty cell says no, other words give None."""
    plain = tidy(text).upper().removesuffix(".0")
    return True if plain in YES else False if plain in NO else None


SEXES = {"男": "男", "男性": "男", "M": "男", "MALE": "男", "女": "女", "女性": "女", "F": "女", "FEMALE": "女"}


def read_sex(text: str) -> str:
    """男, 女 or empty."""
    return SEXES.get(text) or SEXES.get(tidy(text).upper(), "")


# Levels of education: below junior middle school, junior, senior (and what counts as senior), above.
BELOW, JUNIOR, SENIOR, ABOVE = 0, 1, 2, 3
EDUCATION = {
    BELOW: ("小学", "文盲", "扫盲", "未上学", "未上过学", "不识字", "学前", "幼儿园", "无学历", "无"),
    JUNIOR: ("初中", "初级中学", "九年义务", "九年制", "初级中等"),
    SENIOR: (
        *("高中", "高级中学", "普高", "职高", "职中", "职业高中", "中专", "中职", "中技", "中等专", "中等职"),
        *("技校", "技工", "技师", "高技"),
    ),
    ABOVE: ("大专", "专科", "高职", "大学", "本科", "学士", "硕士", "博士", "研究生", "高等", "高专"),
}
_ANY_LEVEL = sorted(
    ((word, level) for level, words in EDUCATION.items() for word in words),
    key=lambda pair: (-len(pair[0]), pair[0]),
)


@lru_cache(maxsize=4096)
def read_education(text: str) -> int | None:
    """The level named (`JUNIOR` …); None if blank or unknown. 在读 and 肄业 of a level show only the level below."""
    plain = tidy(text)
    for word, level in _ANY_LEVEL:
        if word in plain:
            unfinished = any(mark in plain for mark in ("肄业", "在读", "未毕业", "辍学", "结业"))
            return max(BELOW, level - 1) if unfinished else level
    return None


APPLICATIONS = {
    "renewal": ("延期", "换证"),
    "review": ("复审", "复训", "年审"),
    "first": ("初次", "初训", "初领", "首次", "新取", "新办", "初考", "取证"),
}


@lru_cache(maxsize=4096)
def read_application_kind(text: str) -> str:
    """`first`, `review`, `renewal`, or empty. 延期复审 is a renewal."""
    plain = tidy(text)
    for kind, words in APPLICATIONS.items():
        if any(word in plain for word in words):
            return kind
    return ""


State = Literal["good", "suspended", "disqualified", "deregistered", "pending"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The standing of a registered body: `state` and, for a suspension, its first and last day (both included)."""

    state: State
    text: str = ""
    first: date | None = None
    last: date | None = None

    def on(self, day: date) -> str:
        """The state on a day: a suspension without days lasts; outside its days the body is in good standing."""
        if self.state != "suspended":
            return self.state
        after = self.first is None or self.first <= day
        return "suspended" if after and (self.last is None or day <= self.last) else "good"


_DAY = r"\d{4}(?:[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{4})"
STATES: tuple[tuple[State, tuple[str, ...]], ...] = (
    ("disqualified", ("取消", "撤销", "吊销")),
    ("deregistered", ("注销", "已退出", "停办", "关闭")),
    ("suspended", ("暂停", "停业", "停用", "中止", "整改")),
    ("pending", ("未登记", "待", "审核中", "核实中", "退回", "未")),
    ("good", ("正常", "已登记", "登记", "在用", "有效", "启用", "良好", "在册", "恢复")),
)


@lru_cache(maxsize=4096)
def read_standing(text: str) -> Standing:
    """正常, 已登记, 已注销, 暂停（2026-10-15至2027-01-14） …; blank or unknown is `pending`: nobody vouched for it."""
    plain = tidy(text)
    days = [read_date(found) for found in re.findall(_DAY, plain)]
    for state, words in STATES:
        if any(word in plain for word in words):
            first, last = (days + [None, None])[:2]
            if state == "suspended" and len(days) == 1 and re.search(rf"(?:至|到|~|—)\s*{_DAY}", plain):
                first, last = None, days[0]
            return Standing(state, plain, first, last)
    return Standing("pending", plain)
