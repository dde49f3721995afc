"""The emergency account: sealed, its two halves taken by two holders, opened once by both, ended by itself, reported."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from kaopei.law.verdict import refuse
from kaopei.office import ids
from kaopei.office.accounts import roles
from kaopei.office.accounts.actions.people import create_person
from kaopei.office.accounts.ending import LETTERS, digest_of, drop_sessions
from kaopei.office.accounts.models import PREFIX, SealedAccount, User
from kaopei.office.audit.record import event, nothing_changed, records, refusals
from kaopei.office.refused import Refused

# exam day §12: open for two hours, reported within a day
OPEN, REPORT = timedelta(hours=2), timedelta(hours=24)
LEAST_REASON, LEAST_REPORT = 10, 30
attempts = refusals("accounts.unseal_refused", lambda row, **_: (f"person:{row.user.username}", row.user.city))


def _no(text: str, code: str) -> Refused:
    return Refused(refuse("", text, code))


@records("accounts.sealed", act="accounts.create")
def seal(role: str, *, city: str, holders: tuple[str, str], by: roles.Actor, at: datetime) -> SealedAccount:
    """A new account with one role that nobody can log in with, and two persons who will each take half of its key."""
    if role not in roles.catalogue().roles or role == roles.SYSTEM_ROLE:
        raise _no("请选择应急账号的岗位。", "role")
    people = list(User.objects.filter(username__in=holders, is_active=True).exclude(username__startswith=PREFIX))
    if len({one.pk for one in people}) != 2 or by.username in holders:
        raise _no("应急账号须由两名在用的、不同的人各持一份，封存的人自己不能持有。", "holders")
    if any(one.city not in (roles.PROVINCE, city) for one in people):
        raise _no("持有人须是本市或省级的人员。", "holders")
    number = ids.next_number("sealed-account", "", at.year)
    named = {"username": f"{PREFIX}{at.year}-{number}", "name": f"应急账号 {at.year}-{number}", "password": secrets.token_hex(32)}
    user = create_person(**named, held=(role,), city=city, by=by, at=at)
    User.objects.filter(pk=user.pk).update(is_active=False)
    first, second = holders
    row = SealedAccount.objects.create(user=user, first=first, second=second, sealed_by=by.username, sealed_at=at)
    event(obj=f"person:{user.username}", city=city, role=role, holders=sorted(holders))
    return row


@records("accounts.half_taken")
def take_half(row: SealedAccount, *, by: roles.Actor, at: datetime) -> str:
    """A holder takes his half, once: shown to him alone, of which only a keyed digest stays."""
    held = SealedAccount.objects.select_for_update().select_related("user").get(pk=row.pk)
    place = {held.first: "first_digest", held.second: "second_digest"}.get(by.username)
    if place is None:
        raise _no("您不是这个应急账号的持有人。", "holder")
    if held.opened_at is not None or getattr(held, place):
        raise _no("您的一份已经领取或已经使用，不能再次显示。遗失的，请安全管理员另行封存一个应急账号。", "state")
    half = "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
    setattr(held, place, digest_of(held.user, half))
    held.save(update_fields=[place])
    event(obj=f"person:{held.user.username}", city=held.user.city)
    return half


@attempts
@records("accounts.unsealed")
def unseal(row: SealedAccount, *, halves: tuple[str, str], reason: str, by: roles.Actor, at: datetime) -> SealedAccount:
    """Both halves at once, by whoever sits there: the account works for two hours and never again."""
    held = SealedAccount.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.pk)
    if held.opened_at is not None:
        raise _no("这个应急账号已经启用过，不能再次启用。请使用另一个应急账号。", "state")
    if not held.first_digest or not held.second_digest:
        raise _no("这个应急账号的两份还没有都领取，不能启用。", "state")
    if len(reason.strip()) < LEAST_REASON:
        raise _no(f"请写明紧急情况（不少于 {LEAST_REASON} 个字）。", "reason")
    said = [digest_of(held.user, "".join(half.upper().split())) for half in halves]
    kept = (bytes(held.first_digest), bytes(held.second_digest))
    orders = [[hmac.compare_digest(*pair) for pair in zip(given, kept, strict=True)] for given in (said, said[::-1])]
    if not any(all(right) for right in orders):
        raise _no("两份应急口令不对，请两名持有人各自核对后重新输入。", "halves")
    held.opened_at, held.until, held.reason = at, at + OPEN, reason.strip()[:1000]
    held.first_digest = held.second_digest = b""
    held.save()
    User.objects.filter(pk=held.user_id).update(is_active=True)
    held.user.refresh_from_db()
    event(obj=f"person:{held.user.username}", city=held.user.city, holders=sorted((held.first, held.second)), until=held.until.isoformat())
    return held


@records("accounts.unsealed_ended")
def end(row: SealedAccount, *, by: roles.Actor, at: datetime) -> None:
    """Over: the account stops working at once, wherever it is logged in."""
    held = SealedAccount.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.pk)
    if held.opened_at is None or held.ended_at is not None:
        nothing_changed()
        return
    if by.username not in (held.user.username, roles.SYSTEM.username):
        raise _no("只有使用中的应急账号自己可以提前结束，到时由系统结束。", "holder")
    held.ended_at = at
    held.save(update_fields=["ended_at"])
    User.objects.filter(pk=held.user_id).update(is_active=False)
    event(obj=f"person:{held.user.username}", city=held.user.city, logged_out=drop_sessions(held.user, "", at))


@records("accounts.unsealed_reported")
def report(row: SealedAccount, *, text: str, by: roles.Actor, at: datetime) -> None:
    """What it was needed for and what was done with it, by one of the holders; once."""
    held = SealedAccount.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.pk)
    if by.username not in (held.first, held.second):
        raise _no("启用报告由持有人提交。", "holder")
    if held.opened_at is None or held.reported_at is not None:
        raise _no("这个应急账号没有启用过，或已经提交过报告。", "state")
    if len(text.strip()) < LEAST_REPORT:
        raise _no(f"请写明为什么启用、做了什么、现在如何（不少于 {LEAST_REPORT} 个字）。", "report")
    held.report, held.reported_by, held.reported_at = text.strip()[:5000], by.username, at
    held.save(update_fields=["report", "reported_by", "reported_at"])
    digest = hashlib.sha256(held.report.encode()).hexdigest()
    event(obj=f"person:{held.user.username}", city=held.user.city, digest=digest, late=at > held.opened_at + REPORT)
