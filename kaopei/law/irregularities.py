"""考场异常: the two-level list of what may go wrong in a sitting, each case bound to the duties that it touches."""

from dataclasses import dataclass
from functools import cache

from kaopei.law.tables import table


@dataclass(frozen=True, slots=True)
class Case:
    """One case, code `kind.case`, in both languages. `of` says what it may be noted on: attempt, sitting, or both if empty."""

    code: str
    kind: str
    title: str
    duties: tuple[str, ...]
    of: str
    two: bool
    english: str
    kind_english: str


@cache
def cases() -> dict[str, Case]:
    """All cases by code, in the order of the list."""
    found = {}
    for kind in table("irregularities")["kind"]:
        for case in kind["case"]:
            code = f"{kind['code']}.{case['code']}"
            found[code] = Case(
                code, kind["title"], case["title"], tuple(case["duties"]), case.get("of", ""), case.get("two", False),
                case.get("english", case["title"]), kind["english"],
            )
    return found


def named(code: str) -> Case | None:
    """The case of this code."""
    return cases().get(code)
