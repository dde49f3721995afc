"""Late changes: seats that still hold stay, everybody else is drawn again under another seed, and all of it is told."""

import csv
import json
from collections.abc import Mapping

import pytest

from kaopei.lottery import pool, verify
from kaopei.lottery.draw import Outcome, draw
from kaopei.lottery.late import next_id
from kaopei.lottery.seed import BadSeed, binding
from kaopei.lottery.table import BadInstance
from tests.lottery.instances import SEEDS, Dice, Town, province
from tests.lottery.plain import Plain
from tests.lottery.test_optimum import most

HEAD = "kind,id,reason_code\n"
Files = dict[str, bytes]


def with_changes(files: Mapping[str, bytes], *rows: str) -> Files:
    return dict(files) | {"changes.csv": (HEAD + "".join(row + "\n" for row in rows)).encode()}


def redraw(files: Files, before: Outcome, seed: str = SEEDS[50]) -> Outcome:
    return draw(pool.parse(files, before.files()), seed)


def seats(outcome: Outcome) -> dict[tuple[str, str], str]:
    return {(cand, part): session for cand, part, session in outcome.allocation}


def lines(files: Files, name: str) -> list[str]:
    return files[name].decode().splitlines()


def changed(number: int) -> tuple[Files, Outcome, Files]:
    """A province, its draw, and the province some days later: a site shut, two gone, one new, two sittings lost."""
    files = province(number)
    before = draw(pool.parse(files), SEEDS[number])
    dice, rows = Dice(f"later {number}"), []
    later = {name: lines(files, name) for name in files if name != "meta.json"}
    used = sorted(set(seats(before).values()))
    place = {line.split(",")[0]: line.split(",")[1] for line in later["sessions.csv"][1:]}
    if used:
        shut, lost, gone = dice.one(*used), dice.one(*used), dice.one(*used)
        rows.append(f"site_suspended,{place[shut]},public-base")
        later["suspensions.csv"].append(f"{place[shut]},0,99")
        rows += [f"sitting_unsealed,{lost},no-seal"]
        if gone != lost:
            rows.append(f"sitting_withdrawn,{gone},plan")
            later["sessions.csv"] = [line for line in later["sessions.csv"] if line.split(",")[0] != gone]
    for name in {f"K{dice.below(60):03}", f"K{dice.below(60):03}"}:
        later["candidates.csv"] = [line for line in later["candidates.csv"] if not line.startswith(name + ",")]
        rows.append(f"candidate_withdrawn,{name},ill")
    late = later["candidates.csv"][1 + dice.below(50)]
    later["candidates.csv"].append("K999" + late[4:])
    rows.append("late_approval,K999,objection")
    made = {name: ("\n".join(text) + "\n").encode() for name, text in later.items()}
    return with_changes(made | {"meta.json": files["meta.json"]}, *rows), before, files


@pytest.mark.parametrize("number", range(40))
def test_what_holds_stays_and_the_rest_is_seated_as_well_as_can_be(number: int) -> None:
    later, before, _ = changed(number)
    outcome = redraw(later, before)
    plain, was, now = Plain(later), seats(before), seats(outcome)
    closed = {line.split(",")[1] for line in lines(later, "changes.csv") if line.startswith("sitting_")}
    free = {name: 0 if name in closed else int(row["seats"]) for name, row in plain.sessions.items()}
    rows = {(row["cand"], row["part"]): row for row in map(json.loads, outcome.rows)}
    for part in "TP":
        wanting = list(plain.wanting(part, now))
        drawn = []
        for cand, theory in wanting:
            key = cand["cand_id"], part
            old = plain.sessions.get(was.get(key, ""))
            holds = (
                old is not None and was[key] not in closed and (plain.may_sit(cand, old, part, theory) or plain.may_cross(cand, old, part, theory))
            )
            assert (rows[key]["how"] == "kept") == holds
            if holds:
                assert now[key] == was[key]
                free[now[key]] -= 1
            else:
                drawn.append((cand, theory))
        fixed = [pair for pair in drawn if rows[pair[0]["cand_id"], part]["how"] == "own_school"]
        for cand, _ in fixed:
            free[now[cand["cand_id"], part]] -= 1
        drawn = [pair for pair in drawn if pair not in fixed]
        at_home = 0
        best = most(plain, drawn, free, part, plain.may_sit)
        for cand, theory in drawn:
            session = now.get((cand["cand_id"], part))
            if session is not None:
                free[session] -= 1
                at_home += plain.may_sit(cand, plain.sessions[session], part, theory)
        assert at_home == best
    assert min(free.values(), default=0) >= 0


@pytest.mark.parametrize("number", range(40))
def test_the_verifier_finds_the_same_bytes_and_any_change_of_them(number: int) -> None:
    later, before, _ = changed(number)
    outputs = redraw(later, before).files()
    assert sorted(outputs) == ["allocation.csv", "moves.csv", "rows.jsonl", "transcript.json"]
    assert verify.verify(later, outputs, None, before.files()) == []
    dice = Dice(f"mutant {number}")
    for name, data in outputs.items():
        at = dice.below(len(data))
        mutant = outputs | {name: data[:at] + bytes([data[at] ^ 1 << dice.below(7)]) + data[at + 1 :]}
        problems = verify.verify(later, mutant, None, before.files())
        assert problems
        assert any(name in problem for problem in problems)


@pytest.mark.parametrize("number", range(20))
def test_the_change_list_names_everybody_who_moved_and_nobody_else(number: int) -> None:
    later, before, _ = changed(number)
    outcome = redraw(later, before)
    was, now = seats(before), seats(outcome)
    told = {(row["cand_id"], row["part"]): row for row in csv.DictReader(outcome.files()["moves.csv"].decode().splitlines())}
    differing = {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
    assert set(told) == differing
    reasons = {tuple(line.split(",")) for line in lines(later, "changes.csv")[1:]}
    for key, row in told.items():
        assert (row["from_session"], row["to_session"]) == (was.get(key, ""), now.get(key, ""))
        given = row["kind"], row["id"], row["reason_code"]
        assert given in reasons or row["kind"] in ("left_over", "theory_moved")


def test_a_change_of_nothing_moves_nobody() -> None:
    files = province(2)
    before = draw(pool.parse(files), SEEDS[2])
    outcome = redraw(with_changes(files), before)
    assert {key: seats(outcome)[key] for key in seats(before)} == seats(before)
    assert outcome.transcript["previous"]["draw_id"] == before.transcript["draw_id"]
    assert outcome.transcript["draw_id"] == before.transcript["draw_id"] + ".1"


def test_draws_count_on_and_chain() -> None:
    assert [next_id(name) for name in ("D-T1", "D-T1.1", "D-T1.9", "D.01", "x.0")] == [
        "D-T1.1", "D-T1.2", "D-T1.10", "D.01.1", "x.0.1",
    ]  # fmt: skip
    later, before, _ = changed(5)
    one = redraw(later, before)
    assert verify.verify(later, one.files(), None, before.files()) == []
    same = with_changes({name: data for name, data in later.items() if name != "changes.csv"})
    lost = sorted(set(seats(one).values()))[0]
    last = with_changes(same, f"sitting_unsealed,{lost},again")
    two = redraw(last, one, SEEDS[51])
    assert verify.verify(last, two.files(), None, one.files()) == []
    assert two.transcript["draw_id"].endswith(".2")
    assert lost not in seats(two).values()


def three_places() -> Town:
    town = Town()
    for name in ("P1", "P2"):
        town.site(name).session(f"X{name}", name, seats=1)
    for name in ("K1", "K2", "K3"):
        town.cand(name)
    return town


def test_those_left_over_before_come_first() -> None:
    """K3 had no seat: the seat of somebody who withdraws is his, whatever the numbers of those who come late."""
    for which in SEEDS[:20]:
        town = three_places()
        before = draw(pool.parse(town.files()), which)
        sat = seats(before)
        (left,) = {"K1", "K2", "K3"} - {cand for cand, _ in sat}
        gone = sorted(cand for cand, _ in sat)[0]
        town.rows["candidates.csv"] = [row for row in town.rows["candidates.csv"] if not row.startswith(gone)]
        for each in range(5):
            town.cand(f"L{each}")
        changes = [f"candidate_withdrawn,{gone},ill", *(f"late_approval,L{each},late" for each in range(5))]
        after = redraw(with_changes(town.files(), *changes), before)
        assert seats(after)[left, "T"] == sat[gone, "T"]
        moved = {move.cand: (move.kind, move.old, move.new) for move in after.moves}
        assert moved == {gone: ("candidate_withdrawn", sat[gone, "T"], ""), left: ("left_over", "", sat[gone, "T"])}


def test_a_sitting_that_is_added_seats_those_left_over_and_moves_nobody() -> None:
    for which in SEEDS[:20]:
        town = three_places()
        before = draw(pool.parse(town.files()), which)
        town.session("XN", "P2", day=7, seats=2)
        later = with_changes(town.files(), "sitting_added,XN,opened")
        after = redraw(later, before)
        assert {key: seats(after)[key] for key in seats(before)} == seats(before)
        (left,) = seats(after).keys() - seats(before).keys()
        assert [(move.cand, move.kind, move.old, move.new) for move in after.moves] == [(left[0], "left_over", "", "XN")]
        assert verify.verify(later, after.files(), None, before.files()) == []


@pytest.mark.parametrize("name", ["X9", "XP1"])
def test_only_a_new_sitting_is_added(name: str) -> None:
    """X9 is in no file; at XP1 somebody sits."""
    town = three_places()
    before = draw(pool.parse(town.files()), SEEDS[0])
    later = with_changes(town.files(), f"sitting_added,{name},opened")
    with pytest.raises(BadInstance, match="应为 sessions.csv 里、上一次结果没有排人的场次"):
        redraw(later, before)
    with pytest.raises(verify.Unreadable, match=f"sitting_added“{name}”"):
        verify.verify(later, before.files(), None, before.files())


def test_with_fewer_seats_the_first_in_the_new_lottery_stay() -> None:
    stayed = set()
    for which in SEEDS[60:90]:
        town = Town().site("P1").session("X1", "P1", seats=3).site("P2").session("X2", "P2", day=9, seats=0)
        for name in ("K1", "K2", "K3"):
            town.cand(name)
        before = draw(pool.parse(town.files()), SEEDS[0])
        town.rows["sessions.csv"] = ["X1,P1,5,0,T,*,1", "X2,P2,9,0,T,*,2"]
        later = with_changes(town.files(), "error,X1,room-too-small")
        after = redraw(later, before, which)
        assert sorted(seats(after).values()) == ["X1", "X2", "X2"]
        assert verify.verify(later, after.files(), None, before.files()) == []
        stayed.update(cand for (cand, _), session in seats(after).items() if session == "X1")
    assert stayed == {"K1", "K2", "K3"}


def test_a_practical_before_a_moved_theory_moves_too() -> None:
    town = Town().site("P1").site("P2").session("T1", "P1", day=3).session("T2", "P2", day=8)
    town.session("Q1", "P1", day=5, part="P").session("Q2", "P2", day=9, part="P").cand("K1", parts="TP")
    town.rows["sessions.csv"][1] = "T2,P2,8,0,T,*,0"
    before = draw(pool.parse(town.files()), SEEDS[0])
    sat = seats(before)
    assert sat["K1", "T"] == "T1"
    town.rows["sessions.csv"][1] = "T2,P2,8,0,T,*,1"
    town.rows["sessions.csv"][2] = "Q1,P1,5,0,P,*,1"
    later = with_changes(town.files(), "sitting_unsealed,T1,no-seal")
    after = redraw(later, before)
    assert seats(after) == {("K1", "T"): "T2", ("K1", "P"): "Q2"}
    kinds = {move.part: move.kind for move in after.moves}
    assert kinds["T"] == "sitting_unsealed"
    assert kinds.get("P", "theory_moved") == "theory_moved"
    assert verify.verify(later, after.files(), None, before.files()) == []


BAD = {
    "unknown kind": ("because,K1,x", "kind"),
    "withdrawn but still there": ("candidate_withdrawn,K1,x", "K1"),
    "late but known": ("late_approval,K1,x", "K1"),
    "a site that is none": ("site_suspended,P9,x", "P9"),
    "a sitting that is none": ("sitting_withdrawn,X9,x", "X9"),
    "an error about nothing": ("error,K9,x", "K9"),
    "no reason": ("site_suspended,P1,", "reason_code"),
    "twice": ("error,K1,x\nerror,K1,y", "K1"),
}


@pytest.mark.parametrize(("row", "said"), BAD.values(), ids=BAD)
def test_changes_that_do_not_fit_are_refused_by_both(row: str, said: str) -> None:
    town = three_places()
    before = draw(pool.parse(town.files()), SEEDS[0])
    later = with_changes(town.files(), row)
    with pytest.raises(BadInstance, match=said):
        redraw(later, before)
    if "no reason" not in said and said not in ("kind", "reason_code"):
        with pytest.raises(verify.Unreadable):
            verify.verify(later, before.files() | {"moves.csv": b""}, None, before.files())


def untold(town: Town, before: Outcome) -> list[Files]:
    """The same town with something changed that nobody told."""
    gone = town.files()
    gone["candidates.csv"] = gone["candidates.csv"].replace(b"K1,C,I,S,T,D,0,0,\n", b"")
    come = town.files()
    come["candidates.csv"] += b"K7,C,I,S,T,D,0,0,\n"
    shut = town.files()
    shut["suspensions.csv"] += b"P1,0,99\n"
    return [with_changes(each) for each in (gone, come, shut)]


def test_what_is_not_told_is_refused_by_both() -> None:
    town = three_places()
    before = draw(pool.parse(town.files()), SEEDS[0])
    for later in untold(town, before):
        with pytest.raises(BadInstance, match="没有说明"):
            redraw(later, before)
        outputs = redraw(with_changes(town.files()), before).files()
        parsed = pool.parse(later, before.files())
        transcript = json.loads(outputs["transcript.json"]) | {
            "files": [{"digest": each, "name": name} for name, each in parsed.file_digests().items()],
            "input_digest": parsed.input_digest,
        }
        forged = outputs | {"transcript.json": json.dumps(transcript).encode()}
        try:
            assert verify.verify(later, forged, None, before.files())
        except verify.Unreadable as refusal:
            assert "没有说明" in str(refusal)


def test_the_seed_must_be_another() -> None:
    files = province(2)
    before = draw(pool.parse(files), SEEDS[2])
    with pytest.raises(BadSeed, match="自己的种子"):
        redraw(with_changes(files), before, SEEDS[2])
    outputs = redraw(with_changes(files), before).files()
    transcript = json.loads(outputs["transcript.json"]) | {"seed": SEEDS[2]}
    forged = outputs | {"transcript.json": json.dumps(transcript).encode()}
    assert "自己的种子" in verify.verify(with_changes(files), forged, None, before.files())[0]


def test_changes_and_a_previous_result_come_together() -> None:
    files = province(2)
    before = draw(pool.parse(files), SEEDS[2]).files()
    for given, previous in ((with_changes(files), None), (files, before)):
        with pytest.raises(BadInstance, match=r"changes\.csv"):
            pool.parse(given, previous)
        with pytest.raises(verify.Unreadable, match=r"changes\.csv"):
            verify.verify(given, before, None, previous)


def test_a_previous_result_that_is_none_is_refused() -> None:
    files = with_changes(province(2))
    good = draw(pool.parse(province(2)), SEEDS[2]).files()
    first = good["rows.jsonl"].split(b"\n", 1)[1]
    for bad in (
        {"transcript.json": good["transcript.json"]},
        {"rows.jsonl": good["rows.jsonl"]},
        good | {"rows.jsonl": first},
        good | {"transcript.json": b"{}"},
        good | {"transcript.json": b"{"},
        good | {"rows.jsonl": b"[]\n"},
    ):
        with pytest.raises(BadInstance, match="上一次结果"):
            pool.parse(files, bad)
        with pytest.raises(verify.Unreadable, match="上一次结果"):
            verify.verify(files, good, None, bad)


def test_a_changed_previous_result_gives_another_input_digest() -> None:
    files = province(2)
    one, two = (draw(pool.parse(files), seed) for seed in SEEDS[:2])
    digests = {pool.parse(with_changes(files), each.files()).input_digest for each in (one, two)}
    assert len(digests) == 2
    outputs = redraw(with_changes(files), one).files()
    problems = verify.verify(with_changes(files), outputs, None, two.files())
    assert any("previous/transcript.json" in problem for problem in problems)


def test_kept_exemptions_are_counted() -> None:
    town = Town().site("P1", kind="attached", inst="I").session("X1", "P1", seats=2).cand("K1")
    before = draw(pool.parse(town.files()), SEEDS[0])
    later = with_changes(town.files())
    after = redraw(later, before)
    assert after.transcript["kept"]["T"] == {"own_school": 0, "seats": 1, "sole_site": 1}
    assert json.loads(after.rows[0])["exempt"] == "sole_site"
    assert verify.verify(later, after.files(), None, before.files()) == []


def test_who_agrees_no_longer_leaves_the_other_city() -> None:
    town = Town().city("B", accepts=1).subject("SX", cross=1).site("P1", city="B", theory="SX").session("X1", "P1")
    town.columns += ",cross"
    town.cand("K1", "T", "I", "SX", "C", "D", 0, 0, "", 1)
    before = draw(pool.parse(town.files()), SEEDS[0])
    assert seats(before) == {("K1", "T"): "X1"}
    town.rows["candidates.csv"] = []
    town.cand("K1", "T", "I", "SX", "C", "D", 0, 0, "", 0)
    later = with_changes(town.files(), "error,K1,he-takes-it-back")
    after = redraw(later, before)
    assert seats(after) == {}
    assert [(move.cand, move.kind, move.old, move.new) for move in after.moves] == [("K1", "error", "X1", "")]
    assert verify.verify(later, after.files(), None, before.files()) == []


def test_an_earlier_result_whose_rows_were_changed_is_no_ground() -> None:
    later, before, _ = changed(3)
    outputs = redraw(later, before).files()
    spoilt = before.files() | {"rows.jsonl": before.files()["rows.jsonl"].replace(b'"how":"draw"', b'"how":"draws"', 1)}
    with pytest.raises(verify.Unreadable, match="rows.jsonl 与它的 transcript.json 不符"):
        verify.verify(later, outputs, None, spoilt)


def test_a_seat_that_is_gone_without_a_reason_is_named() -> None:
    """The draw itself refuses it; whoever leaves the reason out of changes.csv afterwards is found too."""
    town = three_places()
    before = draw(pool.parse(town.files()), SEEDS[0])
    town.rows["sessions.csv"] = ["XP1,P1,5,0,T,*,1", "XP2,P2,5,0,T,*,0"]
    later = with_changes(town.files())
    with pytest.raises(BadInstance, match="changes.csv"):
        redraw(later, before)
    digest = pool.parse(later, before.files()).input_digest
    name = next_id(before.transcript["draw_id"])
    told = {"seed": SEEDS[1], "draw_id": name, "binding": binding(name, digest, SEEDS[1])}
    outputs = before.files() | {"transcript.json": json.dumps(told).encode(), "moves.csv": b""}
    with pytest.raises(verify.Unreadable, match="没有说明考生“K.”为何不再坐 XP2"):
        verify.verify(later, outputs, None, before.files())
