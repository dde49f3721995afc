"""Kinds of long work: `@task("applications.import", "导入报名表")` on a function in an app's tasks.py.

@task("applications.import", "导入报名表")
def import_pack(progress, *, by, at, folder): ...; progress(10, 6048, "逐行判断"); return {"text": "…", "url": "/…"}
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.db import connection

from kaopei.office import ids, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.tasks.models import Job

CHANNEL = "kaopei_jobs"


@dataclass(frozen=True)
class Kind:
    """A declared kind of work."""

    code: str
    title: str
    work: Callable[..., dict[str, Any] | None]


_kinds: dict[str, Kind] = {}
_timers: dict[str, tuple[int, Callable[[datetime], None]]] = {}


class Cancelled(Exception):
    """The person who started the job has cancelled it; the transaction around the work rolls back."""


def task[F: Callable[..., Any]](code: str, title: str) -> Callable[[F], F]:
    """Declare a kind of work."""

    def declare(work: F) -> F:
        _kinds[code] = Kind(code, title, work)
        return work

    return declare


def every(seconds: int) -> Callable[[Callable[[datetime], None]], Callable[[datetime], None]]:
    """Declare small work that the worker does again and again; it must be harmless to do it twice."""

    def declare(work: Callable[[datetime], None]) -> Callable[[datetime], None]:
        _timers[f"{work.__module__}.{work.__name__}"] = (seconds, work)
        return work

    return declare


def timers() -> dict[str, tuple[int, Callable[[datetime], None]]]:
    """All declared timers: name → (seconds, work)."""
    _load()
    return _timers


@cache
def _load() -> None:
    """Import every app's tasks.py once."""
    for config in apps.get_app_configs():
        if config.name != __package__ and find_spec(f"{config.name}.tasks") is not None:
            import_module(f"{config.name}.tasks")


def kind(code: str) -> Kind:
    """The declared kind."""
    if code not in _kinds:
        _load()
    if code not in _kinds:
        raise ValueError(f"没有后台任务 {code}")
    return _kinds[code]


def start(code: str, *, by: Actor, at: datetime, title: str = "", **args: Any) -> Job:
    """Put work in the queue; the worker takes it when the transaction is committed. Arguments are JSON values."""
    made = Job.objects.create(
        ulid=ids.ulid(at),
        kind=code,
        title=title or kind(code).title,
        args=args,
        by=by.username,
        city=scope.city_of(by.city),
        asked_at=at,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, made.ulid])
    return made
