"""How an action writes its event: `@records("allocation.drawn", act="allocation.draw")` around it, `event(...)` once inside.

    @records("allocation.drawn", act="allocation.draw")
    def draw_batch(batch, *, by, at): ...; event(obj=f"batch:{batch.number}", seats=12)

The decorator opens the transaction, asks who may, keeps two forbidden roles off one object, and refuses an action without event.
Where a refused attempt must stay in the record too, `@refusals("allocation.attempt_refused", about)` stands above it: a refusal
rolls everything back, so its event is written afterwards, by whoever began the outermost transaction.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.db import transaction

from kaopei.law.verdict import refuse
from kaopei.office import ids, scope
from kaopei.office.accounts import roles
from kaopei.office.audit import catalogue
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused


@dataclass(frozen=True, slots=True)
class Attempt:
    """A refused act: what it was about, by whom, and the ground. No text of the verdict: it may name people."""

    code: str
    obj: str
    city: str
    step: str
    clause: str
    reason: str
    by: roles.Actor
    at: datetime


class Unrecorded(Exception):
    """An action ended without its event, or with two: a fault of the program."""


@dataclass
class _Record:
    code: str
    act: str
    by: roles.Actor
    at: datetime
    written: int = 0
    silent: bool = False


_open: ContextVar[_Record | None] = ContextVar("record", default=None)


def records[**P, R](code: str, *, act: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an action: atomic, allowed, recorded once. `by=` and `at=` are keyword-only and always given."""
    if act and act not in roles.catalogue().acts:
        raise ValueError(f"roles.toml 中没有操作 {act}")

    def decorate(action: Callable[P, R]) -> Callable[P, R]:
        @wraps(action)
        def run(*args: Any, by: roles.Actor, at: datetime, **facts: Any) -> R:
            record = _Record(code, act, by, at)
            if act:
                verdict = roles.judge(by, act)
                if not verdict.allowed:
                    raise Refused(verdict)
            token = _open.set(record)
            try:
                with transaction.atomic():
                    result = action(*args, by=by, at=at, **facts)  # type: ignore[arg-type]
                    if record.written != (0 if record.silent else 1):
                        raise Unrecorded(f"{action.__module__}.{action.__name__} 写了 {record.written} 个事件")
            except Refused as refused:
                settle(refused)
                raise
            finally:
                _open.reset(token)
            return result

        run.event_code, run.act = code, act  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return decorate


def refusals[**P, R](code: str, about: Callable[..., tuple[str, str]]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Stands above @records: a refusal of this action becomes an event of its own. `about` gives object and city from the action's arguments.

    Of an action called by another one only the inner is recorded: it knows what was tried.
    """

    def decorate(action: Callable[P, R]) -> Callable[P, R]:
        @wraps(action)
        def run(*args: Any, by: roles.Actor, at: datetime, **facts: Any) -> R:
            try:
                return action(*args, by=by, at=at, **facts)  # type: ignore[arg-type]
            except Refused as refused:
                if not refused.attempts and not refused.is_recorded:
                    obj, city = about(*args, **facts)
                    refused.attempts.append(Attempt(code, obj, city, action.__name__, refused.verdict.clause, refused.verdict.code, by, at))
                settle(refused)
                raise

        return run  # type: ignore[return-value]

    return decorate


def settle(refused: Refused) -> None:
    """Write the refused attempts that an exception carries. Inside a transaction nothing happens yet: it will be rolled back."""
    if not refused.attempts:
        return
    try:
        with scope.entered(scope.PROVINCE), transaction.atomic(durable=True):
            for one in refused.attempts:
                facts = {"step": one.step, "clause": one.clause, "reason": one.reason}
                catalogue.check(one.code, facts)
                actor = one.by.username
                Event.objects.create(ulid=ids.ulid(one.at), code=one.code, obj=one.obj, city=one.city, actor=actor, at=one.at, facts=facts)
    except RuntimeError:  # Django's word for: a transaction is open around us
        return
    refused.attempts.clear()
    refused.is_recorded = True


def event(*, obj: str, city: str | None = None, **facts: Any) -> str:
    """Write the event of the running action and give its ULID. `city` defaults to the scope in force; facts must be those of events.toml."""
    record = _open.get()
    if record is None:
        raise Unrecorded("event() 只能在 @records 的操作中调用")
    catalogue.check(record.code, facts)
    where = city if city is not None else scope.city_of(record.by.city)
    role = roles.role_for(record.by, record.act) if record.act else ""
    _keep_apart(record, obj, role)
    with scope.entered(scope.PROVINCE):
        made = Event.objects.create(
            ulid=ids.ulid(record.at),
            code=record.code,
            obj=obj,
            city=where,
            actor=record.by.username,
            role=role,
            at=record.at,
            facts=facts,
        )
    record.written += 1
    return made.ulid


def nothing_changed() -> None:
    """Said by an action that found its work done already (the same pack again): no event then."""
    record = _open.get()
    if record is None:
        raise Unrecorded("nothing_changed() 只能在 @records 的操作中调用")
    record.silent = True


def _keep_apart(record: _Record, obj: str, role: str) -> None:
    """Nobody acts on one thing under two roles that exclude each other, even if he held them one after the other."""
    if not role or role == "system":
        return
    with scope.entered(scope.PROVINCE):
        before = set(Event.objects.filter(obj=obj, actor=record.by.username).exclude(role="").values_list("role", flat=True))
    for other in before:
        reason = roles.between(role, other)
        if reason:
            text = f"您曾以“{roles.names([other])}”身份办理过此件，不能再以“{roles.names([role])}”身份办理：{reason.text}。请由另一人办理。"
            raise Refused(refuse(reason.clause, text, "separation"))
