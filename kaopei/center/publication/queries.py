"""What is public, and what was public on a day. Knows only this app's tables, so that the portal can ask it.

The portal's database role sees nothing else anyway; the time limits here are the same for everybody who asks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from kaopei.center.publication.models import Publication, PublicationRound, PublishedFile
from kaopei.office import personal
from kaopei.office.clock import CHINA

Kind = Publication.Kind
Status = Publication.Status
# Opens the one road to a result: who knows ticket and identity number finds it, a reader of the table does not.
RESULT_PURPOSE = "publication.result"


@dataclass(frozen=True, slots=True)
class Published:
    """One public statement: `content` word for word, in force since … until (None: still)."""

    city: str
    kind: str
    object: str
    version: int
    content: dict[str, Any]
    digest: str
    ground: str
    since: datetime
    until: datetime | None


def _published(row: Publication) -> Published:
    return Published(row.city, row.kind, row.object, row.version, row.content, row.digest, row.ground, row.since, row.until)


def _rows(**wanted: str) -> QuerySet[Publication]:
    """Rows without the one column that the portal's role may not read."""
    return Publication.objects.filter(**{name: value for name, value in wanted.items() if value}).defer("withdrawn_because")


def _standing(at: datetime) -> Q:
    """In force at that moment. Kinds without history only as long as nobody replaced, ended or withdrew them."""
    held = Q(since__lte=at) & (Q(until=None) | Q(until__gt=at))
    return held & (Q(status=Status.PUBLIC) | Q(status=Status.SUPERSEDED, kind__in=Publication.WITH_HISTORY))


def public(kind: str, at: datetime, *, city: str = "") -> list[Published]:
    """Everything of a kind that was public at that moment, of one city or of all."""
    return [_published(row) for row in _rows(kind=kind, city=city).filter(_standing(at))]


def one(kind: str, number: str, at: datetime, *, city: str = "") -> Published | None:
    """One object as it was public at that moment."""
    row = _rows(kind=kind, object=number, city=city).filter(_standing(at)).first()
    return _published(row) if row else None


def versions(kind: str, number: str, at: datetime, *, city: str) -> list[Published]:
    """Every version that people may still read, the newest first."""
    rows = _rows(kind=kind, object=number, city=city).filter(since__lte=at)
    seen = rows.filter(_standing(at) | Q(status=Status.SUPERSEDED, kind__in=Publication.WITH_HISTORY))
    return [_published(row) for row in seen.order_by("-version")]


def end_of(day: date) -> datetime:
    """The last moment of a day in China: what the public could read that day."""
    return datetime.combine(day + timedelta(days=1), time(), CHINA) - timedelta(microseconds=1)


def first_day(kind: str, city: str = "") -> date | None:
    """Since which day there is anything of this kind."""
    first = _rows(kind=kind, city=city).aggregate(first=Min("since"))["first"]
    return first.astimezone(CHINA).date() if first else None


def newest_round(group: str, at: datetime, city: str = "") -> PublicationRound | None:
    """When the group was published last as a whole, by that moment."""
    rows = PublicationRound.objects.filter(group=group, at__lte=at)
    return (rows.filter(city=city) if city else rows).order_by("-at", "-pk").first()


def rounds(group: str, city: str) -> list[PublicationRound]:
    """Every publication of a group as a whole, the newest first."""
    return list(PublicationRound.objects.filter(group=group, city=city).order_by("-at", "-pk")[:100])


@dataclass(frozen=True, slots=True)
class Differs:
    """One object that two publications say differently: (field, before, after); new ones have no before, gone ones no after."""

    what: str
    kind: str
    object: str
    name: str
    words: list[tuple[str, Any, Any]]


def between(kinds: Iterable[str], before: datetime, after: datetime, city: str) -> list[Differs]:
    """一（二） N1.2.5: what differs between what was public at one moment and at another, by kind and number."""
    found = []
    for kind in kinds:
        old, new = ({one.object: one.content for one in public(kind, at, city=city)} for at in (before, after))
        for number in sorted({*old, *new}):
            was, now = old.get(number, {}), new.get(number, {})
            names = [*now, *(name for name in was if name not in now)]
            words = [(name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name)]
            if words:
                what = "new" if number not in old else "gone" if number not in new else "changed"
                found.append(Differs(what, kind, number, str((now or was).get("name", "")), words))
    return found


def cities(kind: str = "") -> list[str]:
    """Codes of cities that have published anything (of this kind)."""
    return sorted(_rows(kind=kind).order_by().values_list("city", flat=True).distinct())


def cities_with_lapsed(at: datetime) -> list[str]:
    """Codes of cities in which something public is past its end."""
    rows = Publication.objects.filter(status=Status.PUBLIC, until__lte=at)
    return sorted(rows.order_by().values_list("city", flat=True).distinct())


def counts(at: datetime, city: str = "") -> dict[str, int]:
    """How many of each kind are public."""
    return dict(_rows(city=city).filter(_standing(at)).order_by().values_list("kind").annotate(Count("pk")))


def files(city: str, draw: str) -> list[PublishedFile]:
    """Names, digests and sizes of a draw's public files, without the bytes."""
    return list(PublishedFile.objects.filter(city=city, draw=draw).defer("content"))


def file(city: str, draw: str, name: str) -> PublishedFile | None:
    """One public file of a draw with its bytes."""
    return PublishedFile.objects.filter(city=city, draw=draw, name=name).first()


def result_object(ticket: str, id_number: str) -> str:
    """The keyed index under which a candidate's result lies; neither number can be read from it."""
    plain = "|".join("".join(part.split()).upper() for part in (ticket, id_number))
    return personal.blind_index(plain, RESULT_PURPOSE).hex()


def result(ticket: str, id_number: str, at: datetime) -> list[Published]:
    """The results of the holder of this ticket and identity number."""
    wanted = result_object(ticket, id_number)
    return [_published(row) for row in _rows(kind=Kind.RESULT, object=wanted).filter(_standing(at))]


def certificate(number: str, at: datetime) -> Published | None:
    """二（六） A public certificate by its number or its certificate id."""
    rows = _rows(kind=Kind.CERTIFICATE).filter(_standing(at))
    row = rows.filter(object=number).first() or rows.filter(content__cert_id=number).first()
    return _published(row) if row else None


def status_list(at: datetime, city: str = "") -> Published | None:
    """The newest published list of certificates that no longer hold; content = {number, text}."""
    return next(iter(sorted(public(Kind.STATUS_LIST, at, city=city), key=lambda row: -int(row.content["number"]))), None)


def proof(number: str, at: datetime) -> Published | None:
    """一（三） A public proof of training by its number."""
    return one(Kind.PROOF, number, at)


def proof_list(at: datetime) -> Published | None:
    """The newest published list of proofs that no longer hold; content = {number, text}."""
    return next(iter(sorted(public(Kind.PROOF_LIST, at), key=lambda row: -int(row.content["number"]))), None)


def listed(*, kind: str = "", wanted: str = "") -> QuerySet[Publication]:
    """Everything that was ever published in the scope in force, the newest first; for the clerk, not for the portal."""
    rows = Publication.objects.order_by("-since", "-pk")
    rows = rows.filter(kind=kind) if kind else rows
    return rows.filter(Q(object__icontains=wanted) | Q(content__icontains=wanted)) if wanted else rows


def row(pk: int) -> Publication | None:
    """One row for the clerk."""
    return Publication.objects.filter(pk=pk).first()
