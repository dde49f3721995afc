"""Reads of the record."""

from django.db.models import QuerySet

from kaopei.office.audit.models import Event


def events(*, obj: str = "", code: str = "", actor: str = "") -> "QuerySet[Event]":
    """Events in the scope in force, newest first."""
    rows = Event.objects.order_by("-id")
    for name, value in {"obj": obj, "code": code, "actor": actor}.items():
        if value:
            rows = rows.filter(**{name: value})
    return rows


def last(code: str, obj: str) -> Event | None:
    """The newest event of this kind about this object."""
    return events(obj=obj, code=code).first()
