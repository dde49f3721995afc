"""Reads about people."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kaopei.office.accounts.models import FailedLogin, User

TRIES, WITHIN = 5, timedelta(minutes=10)


def person(username: str) -> User:
    """The active person of this name; KeyError-like User.DoesNotExist otherwise."""
    return User.objects.get(username=username, is_active=True)


def find(username: str) -> User | None:
    """The person of this name, also one who has left, or None."""
    return User.objects.filter(username=username).first()


def holders(role: str, city: str | None = None) -> list[User]:
    """Active people who hold the role, of one city (and the province) if given."""
    people = User.objects.filter(is_active=True, assignments__role=role, assignments__ended_at=None).order_by("username")
    return [one for one in people if city is None or one.city in ("*", city)]


def everyone() -> list[User]:
    """All people with their roles, for the list of accounts."""
    return list(User.objects.prefetch_related("assignments").order_by("-is_active", "username"))


def must_wait(username: str, at: datetime) -> bool:
    """Whether this name has had too many wrong passwords just now; addresses are never counted, whole rooms share one."""
    return FailedLogin.objects.filter(username=username, at__gt=at - WITHIN).count() >= TRIES


def nobody_yet() -> bool:
    """Whether the installation has no person at all."""
    return not User.objects.exists()


def names_of(usernames: Iterable[str]) -> dict[str, str]:
    """Names for screens; a person unknown here keeps his staff number."""
    wanted = set(usernames)
    found = dict(User.objects.filter(username__in=wanted).values_list("username", "name"))
    return {one: found.get(one, one) for one in wanted} | ({"system": "系统"} if "system" in wanted else {})
