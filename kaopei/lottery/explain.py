"""One candidate's draw step by step: his number, his draws, was there a seat."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from kaopei.lottery import merkle
from kaopei.lottery import seed as seeds
from kaopei.lottery.eligibility import Eligibility, Kind
from kaopei.lottery.odds import Odds, Wheel, added_up, pick
from kaopei.lottery.pool import Pool
from kaopei.lottery.transcript import canonical


def explain(pool: Pool, seed: str, rows: Iterable[bytes]) -> dict[str, Any]:
    """What a page needs to compute a candidate's numbers and draws again, from his own rows of rows.jsonl.

    Integers stay below 2⁶²; a page in JavaScript takes them as BigInt. Each draw says which options there were with
    which weights, the 40-bit number, and what came of it; `agrees` is false if the row does not follow from the seed.
    """
    return _Teller(pool, seed).tell(rows)


def slip(pool: Pool, seed: str, draw_id: str, rows: Sequence[bytes], cand: str) -> dict[str, Any]:
    """A candidate's draw slip `xslip/1`: his rows, their paths to the root, and the options he drew from.

    It names no person. A page checks it against the seed and the root that were published. KeyError: no such row.
    """
    own = b'"cand":' + canonical(cand) + b","
    places = [place for place, row in enumerate(rows) if own in row and json.loads(row)["cand"] == cand]
    if not places:
        raise KeyError(cand)
    told = explain(pool, seed, [rows[place] for place in places])
    return _slip(draw_id, rows, places, told, merkle.Tree(rows))


def slips(pool: Pool, seed: str, draw_id: str, rows: Sequence[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everybody's slip, by candidate, in the order of the rows: what all have in common is worked out once."""
    teller, tree = _Teller(pool, seed), merkle.Tree(rows)
    for cand, group in groupby(range(len(rows)), lambda place: json.loads(rows[place])["cand"]):
        places = list(group)
        yield cand, _slip(draw_id, rows, places, teller.tell(rows[place] for place in places), tree)


def _slip(draw_id: str, rows: Sequence[bytes], places: list[int], told: dict[str, Any], tree: merkle.Tree) -> dict[str, Any]:
    parts = [
        {"place": place, "path": tree.path(place), "row": rows[place].decode(), "stages": part["stages"]}
        for place, part in zip(places, told["parts"], strict=True)
    ]
    return {"format": "xslip/1", "draw_id": draw_id, "size": len(rows), "parts": parts}


class _Teller:
    """What the explanations of one draw have in common."""

    def __init__(self, pool: Pool, seed: str) -> None:
        self._pool, self._seed = pool, seed
        self._number = {cand: number for number, cand in enumerate(pool.candidates.id)}
        self._markets: dict[str, tuple[Eligibility, Odds]] = {}

    def tell(self, rows: Iterable[bytes]) -> dict[str, Any]:
        found = [json.loads(row) for row in rows]
        theory = next((row["session"] for row in found if row["part"] == "T"), None)
        return {"seed": self._seed, "parts": [self._part(row, theory) for row in found]}

    def _part(self, row: dict[str, Any], theory: str | None) -> dict[str, Any]:
        part = row["part"]
        told = {key: row.get(key) for key in ("cand", "part", "how", "session", "exempt")}
        if "lottery" not in row:
            return told | {"stages": []}
        if part not in self._markets:
            eligibility = Eligibility(self._pool, part)
            self._markets[part] = eligibility, Odds(self._pool, eligibility)
        (eligibility, odds), number = self._markets[part], self._number[row["cand"]]
        stages = [_stage(self._pool, odds, self._seed, part, row, number, _kind(eligibility, number, part, theory, eligibility.home_sites))]
        if "cross" in row:
            kind = _kind(eligibility, number, part, theory, eligibility.cross_sites)
            stages.append(_stage(self._pool, odds, self._seed, f"{part}x", row["cross"] | {"cand": row["cand"]}, number, kind))
        return told | {"stages": stages}


def _kind(eligibility: Eligibility, number: int, part: str, theory: str | None, sites_of: Any) -> Kind:
    """What was open to him, as in the draw."""
    pool, people = eligibility.pool, eligibility.pool.candidates
    subject, release = people.subject[number], (people.earliest[number], -1)
    sites = sites_of(people.city[number], subject, people.inst[number], people.student[number], people.avoid[number])
    if part == "P" and people.parts[number] == "TP" and theory is not None:
        sitting = next(session for session in pool.sessions if session.id == theory)
        if pool.rules.practical_after_theory:
            return eligibility.kind(sites, subject, max(release, (sitting.day, sitting.slot)))
        return eligibility.kind(sites, subject, release, sitting.time)
    return eligibility.kind(sites, subject, release)


def _stage(pool: Pool, odds: Odds, seed: str, label: str, row: dict[str, Any], number: int, kind: Kind) -> dict[str, Any]:
    lot, name = seeds.Lot(seed, label), seeds.field(row["cand"])
    digest = lot.digest(name)
    district = pool.candidates.district[number]
    drawn, draws = list(row["drawn"]), []
    for tier in (0, 1):
        wheel = odds.wheel(kind, district, tier)
        if wheel is not None and drawn:
            tier_digest = lot.digest(name + seeds.OTHER_TIER) if tier else digest
            draws += _tier(pool, lot, name, tier_digest, tier, wheel, drawn)
    return {
        "label": label,
        # What the weights depend on: with these and the files of the input anybody works them out.
        "subject": kind.subject,
        "district": district,
        "sites": [pool.sites[site].id for site in kind.sites],
        "digest": digest.hex(),
        "lottery": digest[:8].hex(),
        "draws": draws,
        "agrees": digest[:8].hex() == row["lottery"] and not drawn and all(draw["agrees"] for draw in draws),
    }


def _option(pool: Pool, wheel: Wheel, at: int, weight: int) -> dict[str, Any]:
    """A site with what its weight is made of: band · max(1, seats · 255 // most seats among the options left)."""
    return {
        "site": pool.sites[wheel.options.sites[at]].id,
        "seats": wheel.options.seats[at],
        "band": wheel.bands[at],
        "weight": weight,
    }


def _tier(pool: Pool, lot: seeds.Lot, name: bytes, digest: bytes, tier: int, wheel: Wheel, drawn: list[list[str]]) -> list[dict[str, Any]]:
    """The draws of one tier; takes what it explains off `drawn`."""
    sites = wheel.options.sites
    left = list(range(len(sites)))
    draws: list[dict[str, Any]] = []
    while left and drawn:
        number = lot.number(name, digest, tier, len(draws), len(left))
        _, weights = wheel.left(left)
        place = left[pick(number, added_up(weights))]
        site, result = drawn.pop(0)
        draws.append(
            {
                "tier": tier,
                "options": [_option(pool, wheel, at, weight) for at, weight in zip(left, weights, strict=True)],
                "number": number,
                "sum": sum(weights),
                "site": site,
                "result": result,
                "agrees": pool.sites[sites[place]].id == site,
            }
        )
        left.remove(place)
        if result != "full":
            break
    return draws
