"""The public lists: filters, what holds on a day, rows for CSV and JSON with stable names."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kaopei.center.publication import queries
from kaopei.center.publication.queries import Published
from kaopei.law.places import cities

STANDINGS = {
    "good": ("正常", "In good standing"),
    "suspended": ("暂停考试业务", "Suspended"),
    "disqualified": ("已取消资格", "Disqualified"),
    "deregistered": ("已注销", "Deregistered"),
}
PARTS = {"T": ("理论", "Theory"), "P": ("实操", "Practical")}
INSTITUTION_COLUMNS = (
    "city", "city_name", "code", "name", "district", "address", "phone", "operations", "registered", "state", "registered_on",
)  # fmt: skip
SITE_COLUMNS = (
    "city", "city_name", "number", "name", "kind", "kind_name", "host", "host_name", "district", "longitude", "latitude", "theory_seats",
    "theory", "practical", "standing", "standing_until",
)  # fmt: skip
SITTING_COLUMNS = ("city", "number", "batch", "site", "site_name", "district", "day", "start", "end", "part", "operations", "seats")
LAST = ("published_since", "published_until", "digest")


@dataclass(frozen=True)
class Asked:
    """What somebody filters by: city and operation empty = all; `on` = as it was public at the end of that day."""

    at: datetime
    on: date
    city: str = ""
    words: str = ""
    work: str = ""
    site: str = ""
    part: str = ""

    @property
    def moment(self) -> datetime:
        """Now, or the end of an earlier day."""
        return min(self.at, queries.end_of(self.on))


@dataclass(frozen=True)
class Listing:
    """Rows of one kind: all that were public, and those that fit what was asked."""

    every: list[dict[str, Any]]
    rows: list[dict[str, Any]]


def institutions(asked: Asked) -> Listing:
    """一（二） N1.2.5, N1.2.6: institutions as public on the day, those in the register first."""
    every = [_row(one, INSTITUTION_COLUMNS) for one in queries.public("institution", asked.moment, city=asked.city)]
    every.sort(key=lambda row: (not row["registered"], row["city"], row["district"], row["name"], row["code"]))
    return Listing(every, [row for row in every if _fits(asked, row, ("name", "code", "district", "address"), row["operations"])])


def sites(asked: Asked) -> Listing:
    """二（二） Sites as public on the day, with what they may do on that day."""
    every = [site(one, asked.on) for one in queries.public("site", asked.moment, city=asked.city)]
    every.sort(key=lambda row: (row["city"], row["number"]))
    named = ("name", "number", "district", "host_name")
    return Listing(every, [row for row in every if _fits(asked, row, named, [*row["theory"], *row["practical"]])])


def site(one: Published, on: date) -> dict[str, Any]:
    """A site's public words and its standing on a day."""
    held = standing(one.content["measures"], on)
    known = one.content | {"standing": held["standing"] if held else "good", "standing_until": held["to"] if held else None}
    return _row(one, SITE_COLUMNS, known) | {"measures": one.content["measures"]}


def standing(measures: Sequence[dict[str, Any]], on: date) -> dict[str, Any] | None:
    """三（二） The measure in force on that day, the gravest if there are two."""
    day = on.isoformat()
    held = [one for one in measures if one["from"] <= day and (one["to"] is None or day <= one["to"])]
    order = list(STANDINGS)
    return max(held, key=lambda one: order.index(one["standing"]), default=None)


def sittings(asked: Asked) -> Listing:
    """The exam calendar from a day on (`on` of Asked is that day; the plan is the one public now)."""
    first = asked.on.isoformat()
    every = [_row(one, SITTING_COLUMNS) for one in queries.public("sitting", asked.at, city=asked.city) if one.content["day"] >= first]
    every.sort(key=lambda row: (row["day"], row["start"], row["city"], row["site"], row["number"]))
    return Listing(every, [row for row in every if _takes_place(asked, row)])


def _takes_place(asked: Asked, row: dict[str, Any]) -> bool:
    here = asked.site in ("", row["site"]) and asked.part in ("", row["part"])
    return here and _fits(asked, row, ("number", "site_name", "district"), row["operations"])


def _fits(asked: Asked, row: dict[str, Any], named: Iterable[str], operations: Iterable[str]) -> bool:
    words = asked.words.casefold()
    found = not words or any(words in str(row[name]).casefold() for name in named)
    return found and (not asked.work or asked.work in operations)


def _row(one: Published, columns: Sequence[str], content: dict[str, Any] | None = None) -> dict[str, Any]:
    said = one.content if content is None else content
    row = {name: said.get(name) for name in columns}
    ended = one.until.isoformat(timespec="seconds") if one.until else None
    return row | {"published_since": one.since.isoformat(timespec="seconds"), "published_until": ended, "digest": one.digest}


def operations(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Every operation named in these rows, to choose from."""
    found: set[str] = set()
    for row in rows:
        for name in ("operations", "theory", "practical"):
            found.update(row.get(name) or ())
    return sorted(found)


def city_choices(kind: str) -> list[tuple[str, str]]:
    """Cities that have published this kind."""
    known = cities()
    return [(code, known[code].name if code in known else code) for code in queries.cities(kind)]


def as_csv(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> bytes:
    """UTF-8 without mark, LF; lists joined by the Chinese semicolon, since names of operations hold commas of both kinds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*columns, *LAST])
    for row in rows:
        writer.writerow([_cell(row[name]) for name in (*columns, *LAST)])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    text = "；".join(value) if isinstance(value, list) else str(value)
    # A spreadsheet program would run such a text as a formula.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
