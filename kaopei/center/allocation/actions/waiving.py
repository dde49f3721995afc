"""What is decided about single sites and thin markets before the freeze."""

import hashlib
from datetime import date, datetime

from kaopei.center.allocation import queries, statements
from kaopei.center.allocation.actions.attempts import attempts
from kaopei.center.allocation.models import Draw, SiteException, ThinDecision
from kaopei.law.exceptions import LEAST_TEXT
from kaopei.law.verdict import refuse
from kaopei.office import personal
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused

BEFORE_FREEZE = (Draw.Status.ANNOUNCED, Draw.Status.COMMITTED)
EXCEPTION = "allocation.exception"
PURPOSE = "allocation.attachment"


@attempts
@records("allocation.exception_asked", act="allocation.exception")
def ask_exception(
    draw: Draw,
    *,
    site: str,
    reason: str,
    attachment: tuple[str, bytes],
    days: tuple[date, date],
    by: Actor,
    at: datetime,
) -> SiteException:
    """二（四） N2.4.2, AMB1: ask that a site whose host is no longer registered may be used; another person
    approves it.
    """
    _before_freeze(draw)
    if site not in {one.site for one in queries.prepare(draw).left_out}:
        raise Refused(refuse("N2.4.2", f"考试点 {site} 没有需要例外的情形。", "no_need"))
    if len("".join(reason.split())) < LEAST_TEXT:
        raise Refused(refuse("N2.4.2", f"例外须写明具体理由（不少于 {LEAST_TEXT} 个字）。", "reason"))
    name, content = attachment
    if not content:
        raise Refused(refuse("N2.4.2", "例外须附证明材料。", "attachment"))
    if draw.exceptions.filter(site=site).exists():
        raise Refused(refuse("N2.4.2", f"考试点 {site} 已有例外申请，请等待审批。", "twice"))
    row = SiteException.objects.create(
        city=draw.city,
        draw=draw,
        site=site,
        ground=SiteException.Ground.HOST_NOT_REGISTERED,
        reason=reason.strip(),
        attachment_name=name[:200],
        attachment_digest=hashlib.sha256(content).hexdigest(),
        attachment=personal.encrypt_bytes(content, PURPOSE),
        from_day=days[0],
        to_day=days[1],
        asked_by=by.username,
        asked_at=at,
    )
    approvals.request(
        action=EXCEPTION,
        object=f"draw:{draw.number}:{site}",
        content=_shown(row),
        title=f"考试点 {site} 使用例外（抽签 {draw.number}）",
        approve_act="allocation.approve",
        url=f"/allocation/draws/{draw.number}/",
        by=by,
        at=at,
    )
    event(obj=f"draw:{draw.number}", city=draw.city, site=site, ground=row.ground, attachment=row.attachment_digest)
    return row


@attempts
@records("allocation.exception_approved", act="allocation.approve")
def approve_exception(row: SiteException, *, by: Actor, at: datetime) -> None:
    """二（四） AMB1: the second person has signed; counted by city and month, and shown to the province."""
    _before_freeze(row.draw)
    row.status, row.approved_by, row.approved_at = SiteException.Status.APPROVED, by.username, at
    row.save(update_fields=["status", "approved_by", "approved_at"])
    event(obj=f"draw:{row.draw.number}", city=row.city, site=row.site, ground=row.ground)


def _shown(row: SiteException) -> bytes:
    """Exactly what the second person reads and signs."""
    return statements.content(
        {
            "抽签": row.draw.number,
            "考试点": row.site,
            "情形": row.get_ground_display(),
            "条款": "二（四） N2.4.2",
            "理由": row.reason,
            "证明材料摘要": row.attachment_digest,
            "起": f"{row.from_day}",
            "止": f"{row.to_day}",
        }
    )


@attempts
@records("allocation.thin_decided", act="allocation.freeze")
def decide_thin(draw: Draw, *, choice: str, reason: str, by: Actor, at: datetime) -> int:
    """二（三） AMB8: the list of those with too few sites is looked at, and what follows is written down, all
    rows at once.
    """
    _before_freeze(draw)
    if choice not in ThinDecision.Choice.values:
        raise Refused(refuse("N2.3.4", "请选择处理方式。", "choice"))
    if len(reason.strip()) < 10:
        raise Refused(refuse("N2.3.4", "请写明理由（不少于 10 个字）。", "reason"))
    ready = queries.prepare(draw)
    rows = queries.thin_market(ready.to_draw, draw.part)
    ThinDecision.objects.bulk_create(
        ThinDecision(
            city=draw.city,
            draw=draw,
            institution=row.institution,
            subject=row.subject,
            options=row.options,
            candidates=row.candidates,
            choice=choice,
            reason=reason.strip(),
            decided_by=by.username,
            decided_at=at,
        )
        for row in rows
    )
    event(
        obj=f"draw:{draw.number}",
        city=draw.city,
        choice=choice,
        rows=len(rows),
        candidates=sum(row.candidates for row in rows),
    )
    return len(rows)


def _before_freeze(draw: Draw) -> None:
    if draw.status not in BEFORE_FREEZE:
        raise Refused(refuse("N2.3.2", f"抽签 {draw.number} 处于“{draw.get_status_display()}”，只有冻结以前才能办理。", "frozen"))
