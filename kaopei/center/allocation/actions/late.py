"""Late changes: told one by one before the freeze of an incremental draw, and seats taken back after its countersignature."""

from datetime import datetime

from kaopei.center.allocation import queries
from kaopei.center.allocation.actions.attempts import attempts
from kaopei.center.allocation.models import Draw, LateChange
from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused

CLAUSE = "N2.3.2"
LEAST_REASON = 10


@attempts
@records("allocation.change_told", act="allocation.freeze")
def tell_change(draw: Draw, *, kind: str, about: str, reason: str, by: Actor, at: datetime) -> LateChange:
    """二（三） N2.3.2: one change since the draw before, with its reason; it is public with the result."""
    row = Draw.objects.select_for_update().get(pk=draw.pk)
    if not row.follows or row.status not in (Draw.Status.ANNOUNCED, Draw.Status.COMMITTED):
        raise Refused(refuse(CLAUSE, "变更只在增量抽签公告以后、冻结以前登记。", "state"))
    about, reason = "".join(about.split()), reason.strip()
    if len(reason) < LEAST_REASON:
        raise Refused(refuse(CLAUSE, f"请写明理由（不少于 {LEAST_REASON} 个字）。", "reason"))
    if kind not in (LateChange.Kind.CANDIDATE, LateChange.Kind.UNSEALED, LateChange.Kind.WITHDRAWN, LateChange.Kind.ERROR):
        text = "考试点暂停和补批的考生由登记、受理的记录自动列入，不用在这里登记。"
        raise Refused(refuse(CLAUSE, text, "kind"))
    if problem := queries.unknown_change(row, kind, about):
        raise Refused(refuse(CLAUSE, problem, "object"))
    if row.changes.filter(kind=kind, object=about).exists():
        raise Refused(refuse(CLAUSE, f"{about} 的这项变更已经登记。", "twice"))
    told = LateChange.objects.create(city=row.city, draw=row, kind=kind, object=about, reason=reason, told_by=by.username, told_at=at)
    event(obj=f"draw:{row.number}", city=row.city, kind=kind, about=about)
    return told
