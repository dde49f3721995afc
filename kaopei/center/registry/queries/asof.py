"""一（二） The register as of a day, as known at a moment, as a table; and what differs between two of them."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.apps import apps

from kaopei.center.registry.queries import register, standing

COLUMNS = ("类别", "编号", "名称", "所在区县", "地址", "业务范围或可考项目", "状态", "登记或验收日期", "理论机位", "依托单位", "协议", "网址")
SHOWN = ("类别", "编号", "名称", "所在区县", "业务范围或可考项目", "状态", "登记或验收日期", "理论机位")
KINDS = {"institution": "培训机构", "platform": "网络培训平台", "site": "考试点", "teacher": "教师"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One body of the register: cells by column, all text."""

    kind: str
    code: str
    cells: tuple[str, ...]

    def cell(self, column: str) -> str:
        """By the name of the column."""
        return self.cells[COLUMNS.index(column)]

    @property
    def shown(self) -> tuple[str, ...]:
        """The cells that a page has room for."""
        return tuple(self.cell(column) for column in SHOWN)


def entries(city: str, day: dt.date, known: dt.datetime | None = None) -> list[Entry]:
    """Everything that the register said on that day: institutions, platforms, sites, teachers, each by number. No telephone, no whole name.

    What other apps keep for the register they give by `AppConfig.registered(city, day, known)`: cells by column, and `kind`.
    """
    found = [_body(body) for body in register.institutions(city, day, known) if body.is_listed]
    found += [_site(site) for site in register.sites(city, day, known) if site.is_listed]
    for config in apps.get_app_configs():
        give = getattr(config, "registered", None)
        found += [_given(one) for one in give(city, day, known)] if give else []
    return found


def of_institution(found: list[Entry], code: str) -> list[Entry]:
    """What an institution sees of the register: itself and its teachers."""
    return [one for one in found if one.code == code or (one.kind == "teacher" and one.cell("依托单位") == code)]


def _given(said: Mapping[str, str]) -> Entry:
    cells = {"类别": KINDS[said["kind"]], **said}
    return Entry(said["kind"], said["编号"], tuple(cells.get(column, "") for column in COLUMNS))


def _body(body: register.InstitutionOn) -> Entry:
    state = body.status_text if body.standing == "good" else f"{body.status_text}；{standing.WORDS[body.standing]}"
    cells = (
        KINDS[body.kind], body.code, body.name, body.district, body.address, "、".join(sorted(body.scope)), state, _day(body.registered_on), "", "",
        "", body.website,
    )  # fmt: skip
    return Entry(body.kind, body.code, cells)


def _site(site: register.SiteOn) -> Entry:
    subjects = [f"理论：{'、'.join(site.theory)}" if site.theory else "", f"实操：{'、'.join(site.practical)}" if site.practical else ""]
    agreement = f"{site.agreement}（{_day(site.agreement_from)}—{_day(site.agreement_to)}）" if site.agreement else ""
    cells = (
        KINDS["site"], site.number, site.name, site.district, "", "；".join(filter(None, subjects)), standing.WORDS[site.standing],
        _day(site.accepted_on), str(site.theory_seats), site.host_code, agreement, "",
    )  # fmt: skip
    return Entry("site", site.number, cells)


@dataclass(frozen=True, slots=True)
class Difference:
    """One body that differs: new, changed or gone, and (column, before, after) of what does."""

    what: str
    kind: str
    code: str
    name: str
    words: tuple[tuple[str, str, str], ...]


def differences(before: list[Entry], after: list[Entry]) -> Iterator[Difference]:
    """From one table to the other, by kind and number."""
    old, new = ({(one.kind, one.code): one for one in rows} for rows in (before, after))
    order = list(KINDS)
    for key in sorted({*old, *new}, key=lambda key: (order.index(key[0]), key[1])):
        was, now = old.get(key), new.get(key)
        empty = ("",) * len(COLUMNS)
        pairs = zip(COLUMNS, was.cells if was else empty, now.cells if now else empty, strict=True)
        words = tuple((column, one, other) for column, one, other in pairs if one != other)
        if words:
            shown = now or was
            what = "new" if was is None else "gone" if now is None else "changed"
            yield Difference(what, key[0], key[1], shown.cell("名称") if shown else "", words)


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
