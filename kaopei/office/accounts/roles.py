"""Who may do what: roles, acts and the separation of duties, read from roles.toml. Knows no table."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations, product
from typing import Protocol

from kaopei.law.verdict import Reason, Verdict, allow, refuse

PROVINCE = "*"
SYSTEM_ROLE = "system"


class Actor(Protocol):
    """Whoever acts: a person who logged in, or the machine itself."""

    @property
    def username(self) -> str: ...

    @property
    def city(self) -> str: ...

    def held(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class Role:
    """What a person is at work; `privileged` people decide, so their log-in ends sooner; `passkey`: codes from a phone are not enough."""

    code: str
    zh: str
    en: str
    privileged: bool
    passkey: bool


@dataclass(frozen=True)
class Machine:
    """The system itself, at commands and scheduled work; holds the role `system` only."""

    username: str = "system"
    city: str = PROVINCE
    name: str = "系统"
    kid: str = ""

    def held(self) -> frozenset[str]:
        return frozenset({SYSTEM_ROLE})


SYSTEM = Machine()


@dataclass(frozen=True)
class Catalogue:
    """roles.toml, checked: no unknown role in an act or a forbidden pair."""

    roles: dict[str, Role]
    acts: dict[str, frozenset[str]]
    forbidden: dict[frozenset[str], Reason]


@cache
def catalogue() -> Catalogue:
    """Roles, acts and forbidden pairs; a word that is not declared stops the program."""
    raw = tomllib.loads(files("kaopei.office.accounts").joinpath("roles.toml").read_text(encoding="utf-8"))
    known = {code: Role(code, row["zh"], row["en"], row.get("privileged", False), row.get("passkey", False)) for code, row in raw["roles"].items()}
    acts = {act: frozenset(holders) for app in raw["acts"].values() for act, holders in app.items()}
    pairs: dict[frozenset[str], Reason] = {}
    for rule in raw["forbidden"]:
        reason = Reason(rule["clause"], rule["why"], "separation")
        couples = combinations(rule["among"], 2) if "among" in rule else product(rule["one"], rule["other"])
        pairs |= {frozenset(couple): reason for couple in couples}
    used = set().union(*acts.values(), *pairs)
    if unknown := used - set(known):
        raise ValueError(f"roles.toml：未声明的岗位 {sorted(unknown)}")
    if short := [pair for pair in pairs if len(pair) != 2]:
        raise ValueError(f"roles.toml：岗位与自身互斥 {short}")
    return Catalogue(known, acts, pairs)


def conflicts(held: Iterable[str]) -> list[tuple[str, str, Reason]]:
    """Forbidden pairs among these roles."""
    forbidden = catalogue().forbidden
    return [(a, b, forbidden[frozenset((a, b))]) for a, b in combinations(sorted(set(held)), 2) if frozenset((a, b)) in forbidden]


def names(held: Iterable[str]) -> str:
    """Chinese names of roles for a page."""
    return "、".join(role.zh for code, role in catalogue().roles.items() if code in set(held))


def role_for(actor: Actor, act: str) -> str:
    """The role under which this person does this act (the first declared, if several allow it); empty if none."""
    allowed = _holders(act) & actor.held()
    return next((code for code in catalogue().roles if code in allowed), "")


def judge(actor: Actor, act: str, city: str | None = None) -> Verdict:
    """Who may: role × city × separation of duties. When it may be done is another question, the law's."""
    needed = _holders(act)
    held = actor.held()
    if not needed & held:
        who = names(needed) or "（尚未指定岗位）"
        return refuse("", f"本操作由“{who}”办理，您的岗位是“{names(held) or '无'}”。", "role")
    if pairs := conflicts(held):
        one, other, reason = pairs[0]
        return refuse(
            reason.clause,
            f"同一人兼任“{names([one])}”与“{names([other])}”：{reason.text}。请联系安全管理员调整岗位。",
            "separation",
        )
    if city is not None and actor.city not in (PROVINCE, city):
        return refuse("", "这是其他城市的数据，不在您的工作范围内。", "city")
    return allow()


def _holders(act: str) -> frozenset[str]:
    try:
        return catalogue().acts[act]
    except KeyError:
        raise ValueError(f"roles.toml 中没有操作 {act}") from None


def between(first: str, second: str) -> Reason | None:
    """Why these two roles may not act on one thing, if so."""
    return catalogue().forbidden.get(frozenset((first, second)))
