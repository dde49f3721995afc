"""Reads about draws: their state, pictures, files, and one candidate's own explanation."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from kaopei.center.allocation.models import Draw, DrawFile, Party, Placement, Sitting, TicketBundle
from kaopei.center.registry import queries as registry
from kaopei.lottery import merkle

KEEPERS = 3
EXEMPT = {"own_school": Placement.Exemption.OWN_SCHOOL, "sole_site": Placement.Exemption.SOLE_SITE}


@dataclass(frozen=True, slots=True)
class Explained:
    """A candidate's own row: his number, his draws, whether there was a seat, and the proof that the row is in
    the record.
    """

    row: dict[str, Any]
    line: str
    place: int
    size: int
    path: tuple[str, ...]
    root: str
    placement: Placement | None
    # His place in the order of the lottery numbers, 0 for whoever was not drawn
    rank: int


def draws(city: str = "") -> QuerySet[Draw]:
    """Draws in sight, the newest first."""
    return Draw.objects.filter(city=city) if city else Draw.objects.all()


def draw(number: str) -> Draw | None:
    """One draw by its number, 440600-2026-12-T1."""
    return Draw.objects.filter(number=number).first()


def of_person(one: Draw, username: str) -> Party | None:
    """The party for which this person acts."""
    return one.parties.filter(username=username).first()


def files(one: Draw, folder: str) -> dict[str, bytes]:
    """Files of `instance` or `result` by name, byte for byte."""
    rows = DrawFile.objects.filter(draw=one, name__startswith=f"{folder}/")
    return {row.name.removeprefix(f"{folder}/"): bytes(row.content) for row in rows}


def file(one: Draw, name: str) -> bytes | None:
    """One file, such as `result/rows.jsonl`."""
    row = DrawFile.objects.filter(draw=one, name=name).first()
    return bytes(row.content) if row else None


def file_list(one: Draw) -> list[DrawFile]:
    """Names and digests, without the bytes."""
    return list(DrawFile.objects.filter(draw=one).defer("content"))


def placements(one: Draw) -> QuerySet[Placement]:
    """Who sits where after a draw: an incremental one together with the seats that it left as they were."""
    own = Placement.objects.filter(draw=one)
    if not one.follows:
        return own
    rows = map(json.loads, (file(one, "result/rows.jsonl") or b"").splitlines())
    kept = {row["cand"] for row in rows if row["how"] == "kept"}
    before = Placement.objects.filter(sitting__batch=one.batch, part=one.part, draw__serial__lt=one.serial, draw__status=Draw.Status.VERIFIED)
    # The newest seat before this draw is the one that was kept.
    newest = dict(before.order_by("draw__serial").values_list("pseudonym", "pk"))
    chosen = [newest[cand] for cand in kept if cand in newest]
    return Placement.objects.filter(pk__in=[*own.values_list("pk", flat=True), *chosen])


def flow(one: Draw) -> Counter[tuple[str, str]]:
    """How many candidates of each institution go to each site."""
    rows = placements(one).values_list("institution", "sitting__site")
    return Counter(rows)


def used(one: Draw) -> Counter[tuple[str, str]]:
    """Seats used by site and day."""
    rows = placements(one).values_list("sitting__site", "sitting__day")
    return Counter((site, day.isoformat()) for site, day in rows)


def offered(one: Draw) -> Counter[tuple[str, str]]:
    """Seats offered by site and day: of the frozen sittings, before the freeze of the planned ones."""
    rows = Sitting.objects.filter(batch=one.batch, part=one.part, frozen_in=one.base if one.input_digest or one.follows else "")
    if one.input_digest:  # later draws of the chain may have more
        listed = csv.DictReader(io.StringIO((file(one, "instance/sessions.csv") or b"").decode()))
        rows = rows.filter(number__in=[row["session_id"] for row in listed])
    found: Counter[tuple[str, str]] = Counter()
    for site, day, seats in rows.values_list("site", "day", "seats"):
        found[site, day.isoformat()] += seats
    return found


@dataclass(frozen=True, slots=True)
class CityRow:
    """A draw among others of the month, as a province compares them: percentages of the candidates (`without_seat`, `thin`) or of those seated."""

    draw: Draw
    without_seat: str
    public: str
    exempt: str
    thin: str


def percent(part: int, whole: int) -> str:
    """12.3; nothing of nothing is 0.0."""
    tenths = (part * 2000 + whole) // (2 * whole) if whole else 0
    return f"{tenths // 10}.{tenths % 10}"


def comparison(drawn: Iterable[Draw]) -> list[CityRow]:
    """二（三） N2.3.5: for each draw with a result the share of public seats, of exemptions, and of predictable candidates."""
    found = []
    for one in drawn:
        if one.seed:
            counts = one.counts
            components = transcript(one).get("components", [])
            thin = sum(each["thin"] for each in components if each["stage"] == "home")
            public, exempt = (percent(counts[key], counts["seated"]) for key in ("public", "exempt"))
            without, thinly = (percent(number, counts["candidates"]) for number in (counts["without_seat"], thin))
            found.append(CityRow(one, without, public, exempt, thinly))
    return found


def exempted(one: Draw) -> list[Placement]:
    """二（三） N2.3.5, N2.3.6: everybody who sits at a site of his own institution, with the clause as this draw has it."""
    clauses = exemptions((file(one, "result/rows.jsonl") or b"").splitlines())
    rows = list(placements(one).filter(pseudonym__in=list(clauses)).select_related("sitting").order_by("sitting", "seat"))
    for row in rows:  # of a seat that was kept, the placement says what held when it was drawn
        row.exemption = clauses[row.pseudonym]
    return rows


def exemptions(rows: Iterable[bytes]) -> dict[str, str]:
    """Who sits at a site of his own institution, and by which duty, from the rows of a draw."""
    found = {}
    for line in rows:
        if b'"exempt"' in line:
            row = json.loads(line)
            found[row["cand"]] = EXEMPT[row["exempt"]].value
    return found


def left(one: Draw) -> list[dict[str, Any]]:
    """Candidates without a seat, from the rows of the result."""
    data = file(one, "result/rows.jsonl") or b""
    return [row for row in map(json.loads, data.splitlines()) if row["session"] is None]


def explain(one: Draw, wanted: str) -> Explained | None:
    """The row of a candidate, named by pseudonym or ticket number."""
    text = "".join(wanted.split()).upper()
    placement = Placement.objects.filter(draw=one, ticket=text).select_related("sitting").first()
    pseudonym = placement.pseudonym if placement else text
    lines = (file(one, "result/rows.jsonl") or b"").splitlines()
    for place, line in enumerate(lines):
        if f'"cand":"{pseudonym}"'.encode() in line:
            row = json.loads(line)
            placement = placement or _last_placement(one, pseudonym)
            path = tuple(merkle.path(lines, place))
            return Explained(row, line.decode(), place, len(lines), path, merkle.root(lines), placement, _rank(lines, row))
    return None


def _rank(lines: Iterable[bytes], row: Mapping[str, Any]) -> int:
    if "lottery" not in row:
        return 0
    others = (json.loads(line).get("lottery", "") for line in lines)
    return 1 + sum("" < other < row["lottery"] for other in others)


def _last_placement(one: Draw, pseudonym: str) -> Placement | None:
    """His seat by this draw, or by the one before it from which he kept it."""
    own = Placement.objects.filter(sitting__batch=one.batch, part=one.part, pseudonym=pseudonym, draw__serial__lte=one.serial)
    rows = own if one.follows else own.filter(draw=one)
    return rows.select_related("sitting").order_by("-draw__serial").first()


def transcript(one: Draw) -> dict[str, Any]:
    """The transcript of a draw that was made, else nothing."""
    data = file(one, "result/transcript.json")
    return dict(json.loads(data)) if data else {}


def bundles(one: Draw) -> list[TicketBundle]:
    """The newest ticket file of each institution."""
    newest: dict[str, TicketBundle] = {}
    for row in TicketBundle.objects.filter(draw=one).order_by("pk"):
        newest[row.institution] = row
    return [newest[code] for code in sorted(newest)]


def names(one: Draw) -> tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]:
    """Names of institutions, names of sites, kinds of sites, for the pictures."""
    day = one.announced_at.date()
    first = Sitting.objects.filter(batch=one.batch, part=one.part).order_by("day").values_list("day", flat=True).first() or day
    sites = registry.sites(one.city, first)
    bodies = registry.institutions(one.city, first)
    kinds = {"public": "public", "campus": "school"}
    return (
        {body.code: body.name for body in bodies},
        {site.number: site.name for site in sites},
        {site.number: kinds.get(site.kind, "attached") for site in sites},
    )
