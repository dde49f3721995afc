"""Matching across cities on keyed indexes: what is there twice, and where something elsewhere speaks against an application.

Nobody reads a number for it: persons are compared by the index that all cities share (`office.personal`), the result names for each
city only its own rows.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from kaopei.center.applications import queries as applications
from kaopei.center.applications.queries import Applying
from kaopei.center.certificates.models import Certificate, Match
from kaopei.center.training.queries import people as training
from kaopei.law import operations

Kind = Match.Kind
TOGETHER = 5000


class Found(NamedTuple):
    """A lead of one city: kind, number and address of the own thing, and how many other cities have something."""

    city: str
    kind: str
    number: str
    url: str
    elsewhere: int


def leads(day: dt.date) -> Iterator[Found]:
    """All leads on `day` of the cities in scope; a bounded number of people in memory at a time."""
    for some in _bundles(applications.applying(day)):
        yield from _of_applications(some, day)
    for _, group in groupby(training.attending(day), lambda one: one.person):
        yield from _of_classes(list(group))


def _bundles(rows: Iterable[Applying]) -> Iterator[list[Applying]]:
    """Thousands at a time, somebody's rows never torn apart."""
    some: list[Applying] = []
    for _, group in groupby(rows, lambda one: one.person):
        some += group
        if len(some) >= TOGETHER:
            yield some
            some = []
    yield some


def _of_applications(rows: list[Applying], day: dt.date) -> Iterator[Found]:
    people = {one.person for one in rows}
    held = _by_person(
        (person, (city, operations.canonical(subject)))
        for person, city, subject in Certificate.objects.filter(person__in=people, valid_to__gte=day).values_list("person", "city", "subject")
    )
    revoked = _by_person(training.revoked_proofs(people))
    for person, group in groupby(rows, lambda one: one.person):
        mine = list(group)
        for one in mine:
            yield from _lead(one, Kind.APPLICATION, {other.city for other in mine if other.month == one.month})
            if one.kind == "initial":
                same = operations.canonical(one.operation)
                yield from _lead(one, Kind.CERTIFICATE, {city for city, subject in held.get(person, ()) if subject == same})
            yield from _lead(one, Kind.PROOF, set(revoked.get(person, ())))


def _of_classes(rows: list[training.Attending]) -> Iterator[Found]:
    for one in rows:
        at_once = {other.city for other in rows if other.first_day <= one.last_day and one.first_day <= other.last_day}
        if others := at_once - {one.city}:
            yield Found(one.city, Kind.TRAINING, one.number, f"/training/classes/{one.number}/", len(others))


def _lead(one: Applying, kind: str, cities: set[str]) -> Iterator[Found]:
    if others := cities - {one.city}:
        yield Found(one.city, kind, one.number, one.url, len(others))


def _by_person[V](pairs: Iterable[tuple[str, V]]) -> dict[str, list[V]]:
    found: dict[str, list[V]] = {}
    for person, value in pairs:
        found.setdefault(person, []).append(value)
    return found
