"""Counting and keeping leads in one go, for commands, pages and the timer."""

import datetime as dt
from collections import Counter
from collections.abc import Collection

from django.db import transaction

from kaopei.center.training import counting
from kaopei.center.training.actions import leads
from kaopei.center.training.counting import Result
from kaopei.center.training.models import TrainingClass
from kaopei.office.accounts.roles import Actor


def recount(city: str, *, by: Actor, at: dt.datetime, classes: Collection[int] | None = None) -> tuple[Result, Counter[str]]:
    """Hours of the city, or of the learners of these classes, and the leads that go with them; all or nothing."""
    with transaction.atomic():
        made = counting.count(city, at=at, classes=classes)
        names = None if classes is None else set(TrainingClass.objects.filter(pk__in=list(classes)).values_list("number", flat=True))
        return made, leads.keep(made.findings, city=city, classes=names, by=by, at=at)
