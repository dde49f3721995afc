"""Asking for a second signature, and giving it. Nobody signs his own request."""

import hashlib
from datetime import datetime, timedelta

from django.apps import apps
from django.conf import settings

from kaopei.law.verdict import refuse
from kaopei.office import ids, scope, trusted
from kaopei.office.accounts import roles
from kaopei.office.approvals import signing
from kaopei.office.approvals.models import Request, Signature
from kaopei.office.approvals.signing import Answered
from kaopei.office.audit.record import event, records, refusals
from kaopei.office.refused import Refused

TERM = timedelta(days=5)
attempts = refusals("approvals.attempt_refused", lambda asked, **_: (f"approval:{asked.ulid}", asked.city))


@records("approvals.requested", act="approvals.request")
def request(
    *,
    action: str,
    object: str,
    content: bytes,
    title: str,
    approve_act: str,
    by: roles.Actor,
    at: datetime,
    rev: int = 1,
    needed: int = 1,
    url: str = "",
    is_personal: bool = False,
    term: timedelta = TERM,
) -> Request:
    """Ask that `needed` other persons approve exactly `content`. A new request about the matter replaces an open one.

    Content that names people (`is_personal`) is not shown by the pages of approvals; the page of the matter (`url`) shows it masked.
    """
    Request.objects.filter(action=action, object=object, rev=rev, status="open").update(status="withdrawn", closed_at=at)
    made = Request.objects.create(
        ulid=ids.ulid(at),
        action=action,
        object=object,
        rev=rev,
        title=title,
        approve_act=approve_act,
        content=content,
        digest=_digest_of(content),
        url=url,
        is_personal=is_personal,
        requester=by.username,
        city=scope.city_of(by.city),
        needed=needed,
        asked_at=at,
        expires_at=at + term,
    )
    event(obj=f"approval:{made.ulid}", action=action, object=object, rev=rev, digest=made.digest)
    return made


@attempts
@records("approvals.approved", act="approvals.approve")
def approve(asked: Request, *, digest: str, pin: str = "", answered: Answered | None = None, by: roles.Actor, at: datetime) -> Signature:
    """Sign the digest that was shown with one's own key, file or passkey; the last signature needed grants the request."""
    row = _open(asked, by, at)
    if digest != row.digest:
        raise Refused(refuse("", "内容在您查看之后已变更，请重新打开并核对摘要后再签署。", "digest"))
    record = signing.by_pin(row, pin, by, at) if answered is None else signing.by_passkey(row, answered, by, at)
    made = Signature.objects.create(request=row, approver=by.username, agrees=True, record=record, at=at)
    event(obj=f"approval:{row.ulid}", action=row.action, object=row.object, rev=row.rev, digest=row.digest)
    if row.signatures.filter(agrees=True).count() >= row.needed:
        row.status, row.closed_at = Request.Status.GRANTED, at
        row.save(update_fields=["status", "closed_at"])
        _go_on(row, by, at)
    return made


@attempts
@records("approvals.declined", act="approvals.approve")
def decline(asked: Request, *, reason: str, by: roles.Actor, at: datetime) -> Signature:
    """Say no, with a reason that the requester reads."""
    row = _open(asked, by, at)
    if len(reason.strip()) < 5:
        raise Refused(refuse("", "不同意时请写明理由（至少五个字）。", "reason"))
    made = Signature.objects.create(request=row, approver=by.username, agrees=False, reason=reason.strip()[:500], at=at)
    row.status, row.closed_at = Request.Status.DECLINED, at
    row.save(update_fields=["status", "closed_at"])
    event(obj=f"approval:{row.ulid}", action=row.action, object=row.object, rev=row.rev, digest=row.digest)
    return made


@attempts
@records("approvals.withdrawn", act="approvals.request")
def withdraw(asked: Request, *, by: roles.Actor, at: datetime) -> None:
    """The requester takes it back while nobody has signed."""
    row = Request.objects.select_for_update().get(pk=asked.pk)
    if row.requester != by.username or row.status != "open" or row.signatures.exists():
        raise Refused(refuse("", "只有申请人本人、且尚无人签署时可以撤回。", "state"))
    row.status, row.closed_at = Request.Status.WITHDRAWN, at
    row.save(update_fields=["status", "closed_at"])
    event(obj=f"approval:{row.ulid}", action=row.action, object=row.object, rev=row.rev, digest=row.digest)


def _open(asked: Request, by: roles.Actor, at: datetime) -> Request:
    """Lock the row and see that this person may answer it now: two clicks at once give one answer."""
    row = Request.objects.select_for_update().get(pk=asked.pk)
    if row.requester == by.username:
        raise Refused(refuse("", "不能审批自己提出的申请，请由另一人签署。", "self"))
    verdict = roles.judge(by, row.approve_act, row.city or None)
    if not verdict.allowed:
        raise Refused(verdict)
    if row.status != "open":
        raise Refused(refuse("", f"该申请{row.get_status_display()}，不能再签署。", "state"))
    if at >= row.expires_at:
        raise Refused(refuse("", "该申请已过期，请申请人重新提出。", "expired"))
    if row.signatures.filter(approver=by.username).exists():
        raise Refused(refuse("", "您已经答复过该申请。", "twice"))
    return row


def _digest_of(content: bytes) -> str:
    """In the deployment's suite, so that a verifier elsewhere computes the same."""
    listed = trusted.current(settings.DATA)
    return (listed.algorithms.hash(content) if listed else hashlib.sha256(content).digest()).hex()


def _go_on(row: Request, by: roles.Actor, at: datetime) -> None:
    """Tell the app whose action was approved, in the same transaction: its AppConfig may have `granted(request, by=, at=)`.

    Actions that a parcel names (`seal_order.issue`) begin with no app's label: the app lists such words in `granted_for`.
    """
    word = row.action.split(".")[0]
    config = next((one for one in apps.get_app_configs() if word in (one.label, *getattr(one, "granted_for", ()))), None)
    follow = getattr(config, "granted", None)
    if follow is not None:
        follow(row, by=by, at=at)
