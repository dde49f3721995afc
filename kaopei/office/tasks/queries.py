"""Reads about jobs, and starting one."""

from typing import Any

from kaopei.office.accounts.roles import Actor
from kaopei.office.tasks.models import Job


def get(ulid: str) -> Job:
    """One job, Job.DoesNotExist if it is not in the scope."""
    return Job.objects.get(ulid=ulid)


def of_person(user: Actor) -> list[Job]:
    """One's own jobs, newest first."""
    return list(Job.objects.filter(by=user.username).order_by("-id")[:50])


def newest(kind: str, **args: Any) -> Job | None:
    """The newest job of a kind whose arguments contain these."""
    return Job.objects.filter(kind=kind, args__contains=args).order_by("-id").first()


def busy(kind: str, **args: Any) -> bool:
    """Whether such a job waits or runs."""
    return Job.objects.filter(kind=kind, args__contains=args, status__in=["waiting", "running"]).exists()
