"""The draw itself: order, tiers, weights, sittings, stages; worked out again by hand from the hashes."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from kaopei.lottery import pool, seed, transcript
from kaopei.lottery.draw import draw, local_id
from kaopei.lottery.eligibility import Seats
from kaopei.lottery.odds import Options, Wheel, pick
from tests.lottery.instances import SEEDS, Dice, Town, province
from tests.lottery.test_seed import by_hand

PROJECT = Path(__file__).resolve().parents[2]


def rows(town: Town, which: str = SEEDS[0]) -> dict[str, dict[str, Any]]:
    """Rows by `K1/T`."""
    found = map(json.loads, draw(pool.parse(town.files()), which).rows)
    return {f"{row['cand']}/{row['part']}": row for row in found}


def test_seats_go_in_lottery_order() -> None:
    town = Town().site("P1").session("X1", "P1", seats=3)
    names = [f"K{each}" for each in range(9)]
    for name in names:
        town.cand(name)
    order = sorted(names, key=lambda name: by_hand("xexam/1", SEEDS[0], "T", name)[:8])
    found = rows(town)
    assert {name for name in names if found[f"{name}/T"]["session"]} == set(order[:3])
    for name in names:
        assert found[f"{name}/T"]["lottery"] == by_hand("xexam/1", SEEDS[0], "T", name)[:8].hex()


def test_the_earliest_usable_sitting_of_the_site_is_taken() -> None:
    town = Town().site("P1").session("X1", "P1", day=5, slot=1).session("X4", "P1", day=5, slot=0)
    town.session("X3", "P1", day=5, slot=0).session("X2", "P1", day=4, slot=7).session("X5", "P1", day=2)
    for each in range(5):
        town.cand(f"K{each}", earliest=3)
    found = rows(town)
    order = sorted((row["lottery"], row["session"]) for row in found.values() if row["session"])
    assert [session for _, session in order] == ["X2", "X3", "X4", "X1"]


def test_public_sites_are_drawn_first_and_full_ones_are_drawn_away() -> None:
    town = Town().site("A", "attached").site("B").site("E").session("XA", "A", seats=9)
    town.session("XB", "B", seats=2).session("XE", "E", seats=2)
    for each in range(8):
        town.cand(f"K{each}")
    public = {"B", "E"}
    for row in rows(town).values():
        sites = [site for site, _ in row["drawn"]]
        results = [result for _, result in row["drawn"]]
        assert results == ["full"] * (len(results) - 1) + ["seat"]
        assert sites[-1] in public or set(sites) == {"A", *public}


def by_weight(options: list[tuple[str, int, int]], number: int) -> str:
    """Which site a number of 40 bits means; options as (site, seats, band factor) in site order."""
    most = max(seats for _, seats, _ in options) or 1
    weights = [band * max(1, seats * 255 // most) for _, seats, band in options]
    at = number * sum(weights) >> 40
    return next(site for place, (site, _, _) in enumerate(options) if at < sum(weights[: place + 1]))


def test_every_draw_follows_from_the_hashes_and_the_published_weights() -> None:
    names = [f"P{each}" for each in range(7)]
    town = Town(bands="100:9;200:5;:1")
    for place, name in enumerate(names):
        town.site(name, "public" if place < 6 else "attached", at=(place * 45, 0))
        # A suspended day, a listed subject and a late session count for the weights or not, as the rules say.
        town.session(f"X{name}", name, seats=1 + place % 2).session(f"Y{name}", name, day=1, seats=10 * place)
        town.session(f"Z{name}", name, day=8, seats=1000).suspend(name, 8, 8)
    for each in range(40):
        town.cand(f"K{each:02}", earliest=2)
    weigh = {name: (name, 1 + place % 2 + 10 * place, 9 if place * 45 <= 100 else 5 if place * 45 <= 200 else 1) for place, name in enumerate(names)}
    long = 0
    for row in rows(town).values():
        digest = by_hand("xexam/1", SEEDS[0], "T", row["cand"])
        left, drawn = names[:6], list(row["drawn"])
        for turn in range(min(6, len(drawn))):
            number = int.from_bytes(digest[8:], "big") >> 40 * turn & 2**40 - 1
            if turn >= 4:
                again = by_hand("xexam/1", SEEDS[0], "T", row["cand"], "r", "0", str(len(left)))
                number = int.from_bytes(again[-5:], "big")
                long += 1
            site = by_weight([weigh[name] for name in left], number)
            assert drawn[turn][0] == site
            left.remove(site)
        assert [site for site, _ in drawn[6:]] in ([], ["P6"])
    assert long > 10


def test_without_coordinates_of_one_site_or_of_the_district_all_factors_are_one() -> None:
    for places, district in (([(0, 0), (99999, 0)], "D1"), ([(0, 0), ("", "")], "D"), ([(0, 0), (99999, 0)], "")):
        town = Town(bands="10:100;:1").district("D1", "", "")
        for name, at in zip("AB", places, strict=True):
            town.site(name, at=at).session(f"X{name}", name, seats=200)
        for each in range(60):
            town.cand(f"K{each}", district=district)
        sites = [row["drawn"][0][0] for row in rows(town).values()]
        assert 15 < sites.count("A") < 45


def test_the_nearer_site_is_drawn_as_often_as_its_factor_says() -> None:
    town = Town(bands="10:9;:1").site("A").site("B", at=(11, 0)).session("XA", "A", seats=400).session("XB", "B", seats=400)
    for each in range(300):
        town.cand(f"K{each}")
    sites = [row["drawn"][0][0] for row in rows(town).values()]
    assert 245 < sites.count("A") < 295


def wheel_of(seats: list[int], bands: list[int]) -> Wheel:
    numbers = list(range(len(seats)))
    return Wheel(Options(numbers, seats, numbers, known=True), bands)


def test_a_wheel_scales_to_the_most_seats_left() -> None:
    wheel = wheel_of([10, 1, 3000], [1, 2, 8])
    assert (wheel.weights, wheel.ends) == ([1, 2, 2040], [1, 3, 2043])
    assert wheel.left([0, 1]) == (10, [255, 50])
    assert wheel.left([0, 2]) == (3000, [1, 2040])
    assert pick(0, [255, 305]) == 0
    assert pick(2**40 - 1, [255, 305]) == 1
    assert wheel_of([0], [1]).weights == [1]


def test_shares_add_up_and_agree_with_the_draws() -> None:
    wheel = wheel_of([7, 5, 3], [1, 1, 1])
    ends = [sum(wheel.shares()[: place + 1]) for place in range(3)]
    assert ends[-1] == 2**40
    for place, end in enumerate(ends):
        assert pick(end - 1, wheel.ends) == place
        if place < 2:
            assert pick(end, wheel.ends) == place + 1


def given_back() -> Town:
    """E: K1 may take B1 or an attached site, K2 B1 or B2, K3 attached sites only. L1 of C may cross.

    If K2 draws B1, K1 is pushed to A1; K3 then finds A1 full and takes A2. The repair brings K1 to B1 and frees A1.
    """
    town = Town().city("E", accepts=1).subject("U", cross=1)
    for name, kind in (("A1", "attached"), ("A2", "attached"), ("B1", "public"), ("B2", "public")):
        town.site(name, kind, city="E", theory="U").session(f"X{name}", name)
    town.cand("K1", subject="U", city="E", avoid="B2").cand("K2", subject="U", city="E", avoid="A1;A2")
    return town.cand("K3", subject="U", city="E", avoid="B1;B2").cand("L1", subject="U", inst="", avoid="A2")


def freed(which: str) -> bool:
    """Whether in this draw A1 was taken, found full by somebody, and given back."""
    found = rows(given_back(), which)
    return found["K1/T"]["drawn"][-1] == ["A1", "moved"] and ["A1", "full"] in found["K3/T"]["drawn"]


@pytest.mark.slow
def test_a_seat_given_back_is_found_by_the_next_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seat given back is looked up again: without that, L1 would be told that A1 was full."""
    seeds = (sha256(f"given back {number}".encode()).hexdigest() for number in range(400))
    vectors = [which for which in seeds if freed(which)]
    assert len(vectors) > 2
    for which in vectors:
        away = rows(given_back(), which)["L1/T"]
        assert (away["how"], away["session"], away["cross"]["drawn"][-1]) == ("draw", "XA1", ["A1", "seat"])

    def forget(seats: Seats, session: int) -> None:
        seats.free[session] += 1

    monkeypatch.setattr(Seats, "give_back", forget)
    assert [rows(given_back(), which)["L1/T"]["how"] for which in vectors] == ["no_seat"] * len(vectors)


def test_cross_city_has_its_own_lottery_numbers() -> None:
    town = Town().city("E", accepts=1).subject("U", cross=1).site("P1", city="E", theory="U").session("X1", "P1", seats=2)
    names = [f"K{each}" for each in range(6)]
    for name in names:
        town.cand(name, subject="U")
    order = sorted(names, key=lambda name: by_hand("xexam/1", SEEDS[0], "Tx", name)[:8])
    found = rows(town)
    assert {name for name in names if found[f"{name}/T"]["session"]} == set(order[:2])
    assert found["K0/T"]["cross"]["lottery"] == by_hand("xexam/1", SEEDS[0], "Tx", "K0")[:8].hex()
    assert found["K0/T"]["lottery"] == by_hand("xexam/1", SEEDS[0], "T", "K0")[:8].hex()


def test_the_transcript_says_what_was_drawn() -> None:
    parsed = pool.parse(province(2))
    outcome = draw(parsed, SEEDS[2])
    told, files = outcome.transcript, outcome.files()
    assert told["algorithm"] == "xexam/1"
    assert told["seed"] == SEEDS[2]
    assert told["draw_id"] == local_id(parsed) == f"local-{parsed.input_digest[:16]}"
    assert told["binding"] == seed.binding(told["draw_id"], parsed.input_digest, SEEDS[2])
    assert told["rules"] == parsed.rules._asdict()
    assert told["rows_digest"] == sha256(files["rows.jsonl"]).hexdigest()
    assert told["allocation_digest"] == sha256(files["allocation.csv"]).hexdigest()
    assert json.loads(files["transcript.json"]) == told
    assert told["counts"]["seated"] == len(outcome.allocation)
    assert draw(parsed, SEEDS[2], "440600-2026-12-1").transcript["draw_id"] == "440600-2026-12-1"
    text = files["transcript.json"]
    assert text == json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    for row in files["rows.jsonl"].splitlines():
        again = json.dumps(json.loads(row), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        assert row == again


def test_options_fewer_than_k_are_counted_as_a_thin_market() -> None:
    town = Town(k=2).site("P1").site("P2").session("X1", "P1").session("X2", "P2")
    town.cand("K1").cand("K2", avoid="P1").cand("K3", avoid="P1;P2")
    component = draw(pool.parse(town.files()), SEEDS[0]).transcript["components"][0]
    assert (component["thin"], component["no_site"]) == (2, 1)


def test_progress_is_told_and_may_stop_the_draw() -> None:
    told: list[tuple[str, int, int]] = []
    draw(pool.parse(province(1)), SEEDS[0], progress=lambda *facts: told.append(facts))
    assert {label for label, _, _ in told} >= {"T", "P"}
    for label in "TP":
        done = [(done, total) for its, done, total in told if its == label]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]

    def stop(label: str, done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        draw(pool.parse(province(1)), SEEDS[0], progress=stop)


def test_a_bad_seed_is_refused() -> None:
    with pytest.raises(seed.BadSeed):
        draw(pool.parse(province(1)), "AB" * 32)


def test_row_order_of_the_input_does_not_matter() -> None:
    for number in range(5):
        files, dice = province(number), Dice(f"shuffle {number}")
        mixed = {}
        for name, data in files.items():
            head, *lines = data.splitlines(keepends=True)
            mixed[name] = data if name == "meta.json" else head + b"".join(sorted(lines, key=lambda _: dice.below(2**32)))
        mixed = dict(reversed(mixed.items()))
        assert draw(pool.parse(mixed), SEEDS[0]).files() == draw(pool.parse(files), SEEDS[0]).files()


@pytest.mark.slow
def test_hash_seed_and_locale_do_not_matter() -> None:
    script = (
        "from hashlib import sha256\nfrom kaopei.lottery import pool, verify\nfrom kaopei.lottery.draw import draw\n"
        "from tests.lottery.instances import SEEDS, province\n"
        "made = [draw(pool.parse(province(n)), SEEDS[n]).files() for n in range(6)]\n"
        "assert not verify.verify(province(0), made[0])\n"
        "print(sha256(repr([sorted(files.items()) for files in made]).encode()).hexdigest())\n"
    )
    told = set()
    for hash_seed, locale in (("0", "C"), ("1", "C.UTF-8"), ("4242", "tr_TR.UTF-8")):
        environment = {
            "PYTHONHASHSEED": hash_seed,
            "LC_ALL": locale,
            "PYTHONPATH": str(PROJECT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-c", script]
        told.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=PROJECT).stdout)
    assert len(told) == 1


def test_equals_are_drawn_evenly() -> None:
    """Homogeneity: 300 equal candidates, 12 equal sites, 60 seeds; χ²/df stays near 1."""
    town = Town()
    for each in range(12):
        town.site(f"P{each:02}").session(f"X{each:02}", f"P{each:02}", seats=40)
    for each in range(300):
        town.cand(f"K{each:03}")
    parsed = pool.parse(town.files())
    counts: dict[tuple[str, str], int] = {}
    for number in range(60):
        for cand, _, session in draw(parsed, sha256(f"even {number}".encode()).hexdigest()).allocation:
            counts[cand, session] = counts.get((cand, session), 0) + 1
    sites = [f"X{each:02}" for each in range(12)]
    totals = {site: sum(counts.get((f"K{each:03}", site), 0) for each in range(300)) for site in sites}
    chi = sum((counts.get((f"K{each:03}", site), 0) - totals[site] / 300) ** 2 * 300 / totals[site] for each in range(300) for site in sites)
    assert 0.9 < chi / (299 * 11) < 1.1


def test_files_written_piece_by_piece_are_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = pool.parse(province(8, 120))
    whole = draw(parsed, SEEDS[3]).files()
    monkeypatch.setattr(transcript, "CHUNK", 7)
    outcome = draw(parsed, SEEDS[3])
    pieces = {name: list(each) for name, each in outcome.pieces().items()}
    assert len(pieces["rows.jsonl"]) > 10
    assert {name: b"".join(each) for name, each in pieces.items()} == whole
