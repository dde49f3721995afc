"""The texts that everything rests on: rank, days in force, and how far each has been seen."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from kaopei.law.tables import table

State = Literal["in-force", "lapsed", "replaced", "unknown", "not-yet"]

# Local regulations and ministry rules are of equal rank; standards, ministry documents and peers are not compared.
PRECEDENCE = {
    "law": 1,
    "administrative-regulation": 2,
    "local-regulation": 3,
    "ministry-rule": 3,
    "notice": 4,
    "department-document": 5,
}


@dataclass(frozen=True, slots=True)
class Source:
    """A text. `first` and `last`: its days in force (inclusive, None = unknown or open); `text`: we have seen it."""

    id: str
    title: str
    doc_no: str
    issuer: str
    rank: str
    first: date | None
    last: date | None
    standing: State
    replaced_by: str
    text: bool
    confidence: str
    note: str

    def on(self, day: date) -> State:
        """The state of the text on a day."""
        if self.first and day < self.first:
            return "not-yet"
        if self.last and day > self.last:
            return "replaced" if self.replaced_by else "lapsed"
        if self.standing == "unknown":
            return "unknown"
        return "in-force"


@cache
def all_sources() -> dict[str, Source]:
    """Every source by id."""
    return {
        row["id"]: Source(
            id=row["id"],
            title=row["title"],
            doc_no=row["doc_no"],
            issuer=row["issuer"],
            rank=row["rank"],
            first=row.get("from"),
            last=row.get("to"),
            standing=row["standing"],
            replaced_by=row.get("replaced_by", ""),
            text=row.get("text", True),
            confidence=row["confidence"],
            note=row["note"],
        )
        for row in table("sources")["source"]
    }


def get(source_id: str) -> Source:
    """The source of this id; an unknown id is a mistake of the program."""
    return all_sources()[source_id]


STATE_NAMES: dict[State, str] = {
    "in-force": "现行",
    "lapsed": "依据已失效",
    "replaced": "已被代替",
    "unknown": "是否有效未核实",
    "not-yet": "尚未施行",
}
