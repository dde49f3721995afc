"""The words of the notice that have no figure (AMB1–18): how we read them, and the settings we propose."""

from dataclasses import dataclass
from functools import cache

from kaopei.law.tables import table


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A word with a default reading. `settings` are proposals, shown as assumptions and changeable with a log."""

    id: str
    term: str
    duties: tuple[str, ...]
    reading: str
    default: str
    exception: str
    counted: str
    settings: dict[str, int]


@cache
def all_ambiguous() -> dict[str, Ambiguous]:
    """Every word by id."""
    return {
        row["id"]: Ambiguous(
            row["id"],
            row["term"],
            tuple(row["duties"]),
            row["reading"],
            row["default"],
            row["exception"],
            row["counted"],
            row.get("settings", {}),
        )
        for row in table("ambiguous")["word"]
    }


def setting(word: str, name: str) -> int:
    """The proposed figure, e.g. setting("AMB6", "publish_months")."""
    return all_ambiguous()[word].settings[name]
