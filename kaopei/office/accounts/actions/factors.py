"""What a person logs in with: passkeys, one-time codes, recovery codes; and his open log-ins."""

import hashlib
import secrets
from datetime import datetime

from kaopei.law.verdict import refuse
from kaopei.office.accounts import roles, totp
from kaopei.office.accounts.ending import LETTERS, digest_of, drop_sessions
from kaopei.office.accounts.models import LogIn, OneTimeCode, Passkey, RecoveryCode, User
from kaopei.office.accounts.passkeys import Made, Place
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused

CODES = 10
MOST_PASSKEYS = 5


@records("accounts.passkey_added")
def add_passkey(user: User, *, made: Made, where: Place, name: str, by: roles.Actor, at: datetime) -> Passkey:
    """A further passkey of one's own; refused if it is somebody's already."""
    _own(user, by)
    if Passkey.objects.filter(credential=made.credential).exists():
        raise Refused(refuse("", "这把通行密钥已经登记过，请换一把。", "taken"))
    if user.passkeys.filter(ended_at=None).count() >= MOST_PASSKEYS:
        raise Refused(refuse("", f"每人最多登记 {MOST_PASSKEYS} 把通行密钥，请先停用不再使用的。", "many"))
    row = Passkey.objects.create(
        user=user, credential=made.credential, public_key=made.public_key, uses=made.uses, domain=where.domain, origin=where.origin,
        name=(name.strip() or "通行密钥")[:40], made_at=at,
    )  # fmt: skip
    event(obj=f"person:{user.username}", credential=_short(made.credential))
    return row


@records("accounts.passkey_ended")
def end_passkey(row: Passkey, *, by: roles.Actor, at: datetime) -> None:
    """A passkey that was lost or is no longer used."""
    _own(row.user, by)
    if row.ended_at is not None:
        raise Refused(refuse("", "这把通行密钥已经停用。", "state"))
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    event(obj=f"person:{row.user.username}", credential=_short(bytes(row.credential)))


@records("accounts.passkey_used")
def prove_passkey(row: Passkey, *, uses: int, by: roles.Actor, at: datetime) -> None:
    """A passkey has answered for its person: two answers with one counter cannot both count."""
    changed = Passkey.objects.filter(pk=row.pk, ended_at=None, uses=row.uses).update(uses=uses, used_at=at)
    if not changed:
        raise Refused(refuse("", "这次通行密钥验证已被使用，请重新验证。", "stale"))
    event(obj=f"person:{row.user.username}", credential=_short(bytes(row.credential)))


@records("accounts.code_set")
def set_code(user: User, *, secret: bytes, said: str, by: roles.Actor, at: datetime) -> OneTimeCode:
    """One-time codes from now on, in place of earlier ones; the first code shows that the secret arrived."""
    _own(user, by)
    step = totp.step_of(secret, said, at)
    if not step:
        raise Refused(refuse("", "动态口令不对。请核对手机时间是否准确，再输入当前显示的六位数字。", "code"))
    user.one_time_codes.filter(ended_at=None).update(ended_at=at)
    row = OneTimeCode.objects.create(user=user, secret=secret, made_at=at, last_step=step)
    event(obj=f"person:{user.username}")
    return row


@records("accounts.code_ended")
def end_code(user: User, *, by: roles.Actor, at: datetime) -> None:
    """No one-time codes any more."""
    _own(user, by)
    if not user.one_time_codes.filter(ended_at=None).update(ended_at=at):
        raise Refused(refuse("", "您没有启用动态口令。", "state"))
    event(obj=f"person:{user.username}")


@records("accounts.recovery_codes_made")
def make_codes(user: User, *, by: roles.Actor, at: datetime) -> list[str]:
    """Ten fresh recovery codes, shown once; earlier ones end."""
    _own(user, by)
    user.recovery_codes.filter(used_at=None, ended_at=None).update(ended_at=at)
    made = ["-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=digest_of(user, one), made_at=at) for one in made)
    event(obj=f"person:{user.username}", count=CODES)
    return made


@records("accounts.code_accepted")
def prove_code(user: User, said: str, *, by: roles.Actor, at: datetime) -> str:
    """`totp` or `recovery`: which second factor this code was; each code counts once. Refused if it is neither."""
    said = "".join(said.split()).upper()
    for row in OneTimeCode.objects.select_for_update().filter(user=user, ended_at=None):
        step = totp.step_of(bytes(row.secret), said, at)
        if step and step > row.last_step:
            row.last_step = step
            row.save(update_fields=["last_step"])
            event(obj=f"person:{user.username}", how="totp")
            return "totp"
    used = RecoveryCode.objects.filter(user=user, digest=digest_of(user, said), used_at=None, ended_at=None).update(used_at=at)
    if not used:
        raise Refused(refuse("", "动态口令或恢复码不对，或已经用过。请输入手机上当前显示的数字。", "code"))
    event(obj=f"person:{user.username}", how="recovery")
    return "recovery"


@records("accounts.logged_in")
def note_login(user: User, *, how: str, session_key: str, machine: str, by: roles.Actor, at: datetime) -> None:
    """Somebody has logged in: `how` is password, totp, recovery or passkey; `machine` as the browser calls itself."""
    LogIn.objects.create(user=user, session_key=session_key, how=how, machine=machine[:120], at=at)
    event(obj=f"person:{user.username}", how=how)


@records("accounts.log_ins_ended")
def end_log_ins(user: User, *, keep: str, by: roles.Actor, at: datetime) -> int:
    """End all log-ins of one's own but the one named; how many."""
    _own(user, by)
    count = drop_sessions(user, keep, at)
    event(obj=f"person:{user.username}", count=count)
    return count


def _own(user: User, by: roles.Actor) -> None:
    if by.username != user.username:
        raise Refused(refuse("", "登录方式只能由本人设置；本人无法登录时，请由两名管理员办理账号恢复。", "self"))


def _short(credential: bytes) -> str:
    return hashlib.sha256(credential).hexdigest()[:16]
