"""Figures and findings for the conditions of institutions."""

import datetime as dt

from kaopei.center.registry import queries as registry
from kaopei.center.training.bounds import no
from kaopei.center.training.models import ConditionEntry
from kaopei.law.conditions import conditions
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.office.accounts.roles import PROVINCE, Actor
from kaopei.office.audit.record import event, records

CLAUSE = "N1.1.1"


@records("training.condition_entered", act="training.condition")
def enter(
    city: str, institution: str, clause: str, *, day: dt.date, figure: int | None, met: bool | None, note: str, by: Actor, at: dt.datetime
) -> ConditionEntry:
    """一（一） N1.1.1: for a clause of the edition in force on that day: how many there are, or whether it is so, and where that was seen."""
    own = str(getattr(by, "institution", ""))
    if own and own != institution or by.city not in (PROVINCE, city):
        raise no("", "这是其他培训机构的条件，不在您的工作范围内。", "institution")
    if registry.institution(city, institution, day) is None:
        raise no(CLAUSE, f"没有登记信用代码为 {institution} 的培训机构。", "unknown")
    known = next((one for one in conditions(day) if one.clause == clause), None)
    if known is None:
        raise no(CLAUSE, f"{day} 有效的标准里没有第 {clause} 条，请刷新页面。", "clause")
    if figure is None and met is None:
        raise no(CLAUSE, f"第 {clause} 条：请填数量，或选择是否符合。", "empty")
    if len(note.strip()) < LEAST_TEXT:
        raise no(CLAUSE, f"请写明凭什么（台账、现场、证书编号等，不少于 {LEAST_TEXT} 字）。", "note")
    made = ConditionEntry.objects.create(
        city=city, institution_code=institution, source=known.source, clause=clause, figure=figure, met=met, note=note.strip(), is_regulator=not own,
        day=day, by=by.username, at=at,
    )  # fmt: skip
    event(obj=f"institution:{institution}", city=city, source=known.source, clause=clause, regulator=made.is_regulator)
    return made
