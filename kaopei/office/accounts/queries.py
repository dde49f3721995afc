"""Reads about people."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q

from kaopei.office import trusted
from kaopei.office.accounts import roles
from kaopei.office.accounts.models import PREFIX, FailedLogin, LogIn, Passkey, SealedAccount, User
from kaopei.office.personal import blind_index
from kaopei.office.ui.cards import Card, Line

TRIES, WITHIN = 5, timedelta(minutes=10)
# So many wrong passwords in that time, over all names, are no accident.
STORM, TRIES_IN_STORM = 200, 2


def person(username: str) -> User:
    """The active person of this name; KeyError-like User.DoesNotExist otherwise."""
    return User.objects.get(username=username, is_active=True)


def find(username: str) -> User | None:
    """The person of this name, also one who has left, or None."""
    return User.objects.filter(username=username).first()


def by_number(pk: int) -> User | None:
    """The active person with this number in the database, or None."""
    return User.objects.filter(pk=pk, is_active=True).first()


def holders(role: str, city: str | None = None) -> list[User]:
    """Active people who hold the role, of one city (and the province) if given."""
    people = User.objects.filter(is_active=True, assignments__role=role, assignments__ended_at=None).order_by("username")
    return [one for one in people if city is None or one.city in ("*", city)]


def everyone(city: str = roles.PROVINCE) -> list[User]:
    """All people of a city (`*`: of all) with their roles, for the list of accounts."""
    found = User.objects.prefetch_related("assignments").order_by("-is_active", "username")
    return list(found if city == roles.PROVINCE else found.filter(city=city))


def must_wait(username: str, at: datetime, browser: str = "") -> bool:
    """Whether this name has had too many wrong passwords just now, from browsers that are as well known as this one.

    Addresses are never counted, whole rooms share one. While strangers try names in great number they get fewer tries; a browser
    that has let this person in before keeps its own count, so nobody is locked out of his own machine by others.
    """
    lately = FailedLogin.objects.filter(at__gt=at - WITHIN)
    tries = TRIES if browser or lately.filter(browser="").count() < STORM else TRIES_IN_STORM
    return lately.filter(typed=typed(username), browser=browser).count() >= tries


def typed(username: str) -> str:
    """What is kept of a name typed at the log-in: enough to count it again, for nobody to read."""
    return blind_index(username[:150], "login").hex()


def in_service() -> bool:
    """Whether this installation works in earnest: it has a trust list, and that is no rehearsal's."""
    return trusted.current(settings.DATA) is not None and not trusted.rehearsal(settings.DATA)


def passkeys_of(user: User) -> list[Passkey]:
    """The passkeys in force."""
    return list(user.passkeys.filter(ended_at=None).order_by("made_at"))


def has_code(user: User) -> bool:
    """Whether the person has one-time codes."""
    return user.one_time_codes.filter(ended_at=None).exists()


def codes_left(user: User) -> int:
    """How many recovery codes are left."""
    return user.recovery_codes.filter(ended_at=None, used_at=None).count()


def open_log_ins(user: User) -> list[LogIn]:
    """Log-ins whose session still lives, newest first."""
    rows = list(user.log_ins.filter(ended_at=None).order_by("-at")[:50])
    living = set(Session.objects.filter(session_key__in=[one.session_key for one in rows]).values_list("session_key", flat=True))
    return [one for one in rows if one.session_key in living]


def must_enrol(user: User) -> str:
    """What the person must set up before he works: `passkey`, `any` or nothing. In earnest only."""
    if not in_service():
        return ""
    if any(user.has(code) for code, role in roles.catalogue().roles.items() if role.passkey):
        return "" if passkeys_of(user) else "passkey"
    return "" if passkeys_of(user) or has_code(user) else "any"


def nobody_yet() -> bool:
    """Whether the installation has no person at all."""
    return not User.objects.exists()


def names_of(usernames: Iterable[str]) -> dict[str, str]:
    """Names for screens; a person unknown here keeps his staff number."""
    wanted = set(usernames)
    found = dict(User.objects.filter(username__in=wanted).values_list("username", "name"))
    return {one: found.get(one, one) for one in wanted} | ({"system": "系统"} if "system" in wanted else {})


def sealed_accounts(user: roles.Actor) -> list[SealedAccount]:
    """Emergency accounts, the newest first: all of them for whoever looks after accounts, else those of which he holds a half."""
    rows = SealedAccount.objects.select_related("user")
    mine = Q(first=user.username) | Q(second=user.username)
    if roles.judge(user, "accounts.view").allowed:
        return list(rows if user.city == roles.PROVINCE else rows.filter(mine | Q(user__city=user.city)))
    return list(rows.filter(mine))


def sealed_account(username: str) -> SealedAccount | None:
    """By its staff number."""
    return SealedAccount.objects.select_related("user").filter(user__username=username).first()


def opened(user: roles.Actor, at: datetime) -> SealedAccount | None:
    """The emergency account that this person is, while it may be used; nobody else costs a query."""
    row = sealed_account(user.username) if user.username.startswith(PREFIX) else None
    return row if row and row.ended_at is None and row.until and at < row.until else None


def overdue(at: datetime) -> list[SealedAccount]:
    """Opened ones whose time is over."""
    return list(SealedAccount.objects.filter(ended_at=None, until__lte=at))


def cards(user: roles.Actor, at: datetime) -> list[Card]:
    """The alarm: an emergency account was opened and is not reported yet; and the half that a holder has not taken."""
    seen = sealed_accounts(user)
    lines = []
    for row in seen:
        name, url = row.user.username, f"/sealed/{row.user.username}/"
        if row.opened_at and not row.reported_at:
            due = row.opened_at + timedelta(hours=24)
            lines.append(Line(f"应急账号 {name} 已启用，须提交报告", url, "已过期" if at > due else "", due=due.date()))
        elif (row.first == user.username and not row.first_digest) or (row.second == user.username and not row.second_digest):
            lines += [] if row.opened_at else [Line(f"领取应急账号 {name} 的一份口令", url)]
    return [Card("应急账号", "Emergency accounts", lines, count=len(lines), url="/sealed/", weight=1)] if lines else []
