"""Making people, giving roles, ending both."""

from datetime import datetime

from kaopei.law.verdict import refuse
from kaopei.office.accounts import queries, roles
from kaopei.office.accounts.models import FailedLogin, RoleAssignment, User
from kaopei.office.audit.record import event, records, refusals
from kaopei.office.refused import Refused

# A try to hold two separated roles stays in the record, whoever made it and however.
attempts = refusals("accounts.attempt_refused", lambda user=None, *_, username="", **__: (f"person:{user.username if user else username}", ""))


@attempts
@records("accounts.created", act="accounts.create")
def create_person(
    *,
    username: str,
    name: str,
    password: str,
    by: roles.Actor,
    at: datetime,
    held: tuple[str, ...] = (),
    city: str = "",
    institution: str = "",
    site: str = "",
    kid: str = "",
) -> User:
    """A new person with roles; refused if the roles are a forbidden pair or the name is taken."""
    _looks_after(by, city)
    if User.objects.filter(username=username).exists():
        raise Refused(refuse("", f"用户名 {username} 已有人使用，请换一个。", "taken"))
    user = User(username=username, name=name, city=city, institution=institution, site=site, kid=kid)
    user.set_password(password)
    user.full_clean()
    user.save()
    for role in held:
        _give(user, role, by, at)
    event(obj=f"person:{username}", roles=sorted(held), city=city)
    return user


@attempts
@records("accounts.assigned", act="accounts.assign")
def assign(user: User, role: str, *, by: roles.Actor, at: datetime) -> RoleAssignment:
    """Give one more role; refused if separation of duties forbids it beside one that he holds."""
    _looks_after(by, user.city)
    given = _give(user, role, by, at)
    event(obj=f"person:{user.username}", role=role)
    return given


@records("accounts.unassigned", act="accounts.assign")
def unassign(user: User, role: str, *, by: roles.Actor, at: datetime) -> None:
    """End a role; the row stays."""
    _looks_after(by, user.city)
    ended = user.assignments.filter(role=role, ended_at=None).update(ended_at=at)
    if not ended:
        raise Refused(refuse("", f"{user.name} 目前没有岗位“{roles.names([role])}”。", "role"))
    user.refresh_from_db()
    event(obj=f"person:{user.username}", role=role)


@records("accounts.closed", act="accounts.create")
def close(user: User, *, by: roles.Actor, at: datetime) -> None:
    """A person leaves: no log-in and no role from now on; nothing is deleted."""
    _looks_after(by, user.city)
    if user.username == by.username:
        raise Refused(refuse("", "不能停用自己的账号，请由另一名安全管理员办理。", "self"))
    user.is_active = False
    user.save(update_fields=["is_active"])
    user.assignments.filter(ended_at=None).update(ended_at=at)
    for kept in (user.passkeys, user.one_time_codes, user.recovery_codes):
        kept.filter(ended_at=None).update(ended_at=at)
    user.refresh_from_db()
    event(obj=f"person:{user.username}")


@records("accounts.key_bound", act="accounts.assign")
def bind_key(user: User, kid: str, *, by: roles.Actor, at: datetime) -> None:
    """The person's signing key, as it stands in the trust list."""
    user.kid = kid
    user.save(update_fields=["kid"])
    event(obj=f"person:{user.username}", kid=kid)


@records("accounts.login_refused")
def note_failure(username: str, *, browser: str = "", by: roles.Actor, at: datetime) -> None:
    """A wrong password or code; the typed name is kept as a keyed index, only to slow down guessing, and never enters the ledger."""
    FailedLogin.objects.create(typed=queries.typed(username), browser=browser[:32], at=at)
    known = User.objects.filter(username=username).exists()
    event(obj=f"person:{username}" if known else "person:unknown")


def _looks_after(by: roles.Actor, city: str) -> None:
    """A city's administrator makes and changes his own city's people only; nobody gives a wider scope than he has."""
    if by.city not in (roles.PROVINCE, city):
        raise Refused(refuse("", "只能办理本市人员的账号；全省或其他城市的账号请联系省级安全管理员。", "city"))


def _give(user: User, role: str, by: roles.Actor, at: datetime) -> RoleAssignment:
    catalogue = roles.catalogue()
    if role not in catalogue.roles or role == roles.SYSTEM_ROLE:
        raise Refused(refuse("", f"没有岗位 {role}。", "role"))
    if user.has(role):
        raise Refused(refuse("", f"{user.name} 已有岗位“{roles.names([role])}”。", "role"))
    for one, other, reason in roles.conflicts({*user.held(), role}):
        raise Refused(
            refuse(
                reason.clause,
                f"“{roles.names([one])}”与“{roles.names([other])}”不得由同一人担任：{reason.text}。",
                "separation",
            )
        )
    user.__dict__.pop("_held", None)
    return RoleAssignment.objects.create(user=user, role=role, given_at=at, given_by=by.username)
