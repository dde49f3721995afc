"""Letting in a person who has lost everything: two administrators, a word handed over in person, a new beginning."""

import hmac
import json
import secrets
from datetime import datetime, timedelta

from kaopei.law.verdict import refuse
from kaopei.office.accounts import roles
from kaopei.office.accounts.ending import LETTERS, digest_of, drop_sessions
from kaopei.office.accounts.models import Recovery, User
from kaopei.office.audit.record import event, records, refusals
from kaopei.office.refused import Refused

ACTION = "accounts.recover"
TERM = timedelta(hours=24)
NOT_THE_WORD = refuse("", "恢复口令不对、已用过，或两名管理员尚未都签署。请向安全管理员核实。", "word")
attempts = refusals("accounts.attempt_refused", lambda user, *_, **__: (f"person:{user.username}", ""))


@attempts
@records("accounts.recovery_asked", act="accounts.create")
def ask_recovery(user: User, *, reason: str, by: roles.Actor, at: datetime) -> str:
    """Ask a second administrator; gives the word for the person, which is shown once and opens nothing before the second has signed."""
    # Here, because approvals themselves look at people's passkeys.
    from kaopei.office.approvals import actions as approvals

    if user.username == by.username:
        raise Refused(refuse("", "不能为自己办理账号恢复，请由另外两名管理员办理。", "self"))
    if not user.is_active:
        raise Refused(refuse("", f"{user.name} 的账号已停用，不能恢复登录。", "state"))
    if len(reason.strip()) < 5:
        raise Refused(refuse("", "请写明恢复的原因和核对本人身份的方式（至少五个字）。", "reason"))
    word = "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4))
    row = Recovery.objects.create(user=user, digest=digest_of(user, word), asked_by=by.username, asked_at=at)
    content = {"person": user.username, "recovery": row.pk, "word": bytes(row.digest).hex(), "reason": reason.strip()[:300]}
    asked = approvals.request(
        action=ACTION,
        object=f"person:{user.username}",
        content=json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode(),
        title=f"恢复账号 {user.username} 的登录",
        approve_act=ACTION,
        url=f"/people/{user.username}/",
        by=by,
        at=at,
        term=TERM,
    )
    event(obj=f"person:{user.username}", approval=asked.ulid)
    return word


@records("accounts.recovered", act=ACTION)
def recover(content: bytes, *, by: roles.Actor, at: datetime) -> None:
    """The second administrator has signed: passkeys, codes, password and log-ins of the person end."""
    said = json.loads(content)
    row = Recovery.objects.select_related("user").get(pk=said["recovery"], used_at=None, granted_at=None)
    if by.username in (row.asked_by, row.user.username) or bytes(row.digest).hex() != said["word"]:
        raise Refused(refuse("", "账号恢复须由两名管理员办理，且都不是本人。", "self"))
    row.granted_by, row.granted_at = by.username, at
    row.save(update_fields=["granted_by", "granted_at"])
    for kept in (row.user.passkeys, row.user.one_time_codes, row.user.recovery_codes):
        kept.filter(ended_at=None).update(ended_at=at)
    row.user.set_unusable_password()
    row.user.save(update_fields=["password"])
    drop_sessions(row.user, "", at)
    event(obj=f"person:{row.user.username}", asked_by=row.asked_by)


@records("accounts.recovery_used")
def use_recovery(user: User, *, word: str, password: str, by: roles.Actor, at: datetime) -> None:
    """The person types the word, once, within a day, and chooses a new password."""
    said = digest_of(user, "".join(word.split()).upper())
    rows = Recovery.objects.select_for_update().filter(user=user, used_at=None, granted_at__gt=at - TERM)
    row = next((one for one in rows if hmac.compare_digest(bytes(one.digest), said)), None)
    if row is None or not user.is_active:
        raise Refused(NOT_THE_WORD)
    row.used_at = at
    row.save(update_fields=["used_at"])
    user.set_password(password)
    user.save(update_fields=["password"])
    event(obj=f"person:{user.username}")
