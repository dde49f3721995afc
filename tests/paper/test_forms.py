"""Each candidate's form: order, permutations, opaque ids, blobs."""

from collections import Counter

import pytest

from kaopei.paper import codec
from kaopei.paper.assemble import assemble
from kaopei.paper.item import JUDGE, KINDS, MULTIPLE, SINGLE, Item
from kaopei.paper.paper import Paper, blob_id, digest, form, item_ids, keeps_order, policy_id, shared_blobs
from tests.paper.banks import bank, blueprint, item, layout

SECRET = bytes(range(32))


def a_paper(**more: object) -> Paper:
    plan = blueprint(layout(4, judges=12, singles=8, multiples=4))
    items = tuple(assemble(bank(plan.counts, times=2), plan, 1, "1")[0])
    points = tuple(plan.worth[one.cell] for one in items)
    return Paper(**{"subject": "起重机作业", "items": items, "points": points, "duration_minutes": 90, "pass_mark": 23, **more})  # type: ignore[arg-type]


def test_write_one_blob_an_item_and_tell_no_number() -> None:
    paper = a_paper()
    blobs = shared_blobs(paper, SECRET)
    assert Counter(kind for kind, _, _ in blobs) == {"item": 24, "policy": 1, "key": 1}
    ids = item_ids(paper, SECRET)
    assert len(set(ids.values())) == 24
    for kind, name, data in blobs:
        assert len(name) == 32
        if kind == "item":
            assert codec.read_item(data)["kind"] in KINDS
        for one in paper.items:
            assert one.number not in name
            assert f'"{one.number}"'.encode() not in data
    assert blobs == sorted(blobs)
    assert shared_blobs(paper, bytes(32)) != blobs


def test_give_policy_and_key_their_places() -> None:
    paper = a_paper()
    blobs = {(kind, name): data for kind, name, data in shared_blobs(paper, SECRET)}
    policy = codec.read_policy(blobs["policy", policy_id(paper, SECRET)])
    assert (policy["full_marks"], policy["pass_mark"], policy["duration_minutes"]) == (28, 23, 90)
    assert policy["sections"] == [
        {"kind": JUDGE, "items": 12, "marks": 12}, {"kind": SINGLE, "items": 8, "marks": 8},
        {"kind": MULTIPLE, "items": 4, "marks": 8},
    ]  # fmt: skip
    judges = tuple(one for one in paper.items if one.kind == JUDGE)
    short = Paper("起重机作业", judges, (1,) * len(judges), 90, 10)
    found = {kind: data for kind, _, data in shared_blobs(short, SECRET) if kind == "policy"}
    assert codec.read_policy(found["policy"])["sections"] == [{"kind": JUDGE, "items": 12, "marks": 12}]
    key = codec.read_key(blobs["key", policy["key"]])
    ids = item_ids(paper, SECRET)
    assert key["keys"] == {ids[one.number]: sorted(one.key) for one in paper.items}


def test_shuffle_within_sections_for_each_attempt() -> None:
    paper = a_paper()
    ids = {blob: number for number, blob in item_ids(paper, SECRET).items()}
    kinds = {one.number: one.kind for one in paper.items}
    orders = set()
    for attempt in ("A1", "A2", "A3"):
        shown = codec.read_form(codec.canonical(form(paper, attempt, SECRET)))
        numbers = [ids[place["item"]] for place in shown["items"]]
        assert sorted(numbers) == sorted(kinds)
        assert [kinds[number] for number in numbers] == [JUDGE] * 12 + [SINGLE] * 8 + [MULTIPLE] * 4
        orders.add(tuple(numbers))
        assert form(paper, attempt, SECRET) == shown
    assert len(orders) == 3


def test_permute_options_but_never_of_judge_items() -> None:
    paper = a_paper()
    ids = {blob: one for one in paper.items for number, blob in item_ids(paper, SECRET).items() if number == one.number}
    seen: dict[str, set[tuple[str, ...]]] = {}
    for attempt in range(30):
        for place in form(paper, f"A{attempt}", SECRET)["items"]:
            one = ids[place["item"]]
            assert sorted(place["options"]) == sorted(option for option, _ in one.options)
            seen.setdefault(one.kind, set()).add(tuple(place["options"]))
    assert seen[JUDGE] == {("t", "f")}
    assert len(seen[SINGLE]) == len(seen[MULTIPLE]) == 24


def test_keep_the_bank_order_when_told() -> None:
    paper = a_paper()
    shown = form(paper, "A1", SECRET, shuffle=False)
    ids = item_ids(paper, SECRET)
    assert [place["item"] for place in shown["items"]] == [ids[one.number] for one in paper.items]
    assert [place["points"] for place in shown["items"]] == list(paper.points)
    assert all(place["options"] in (["t", "f"], ["a", "b", "c", "d"]) for place in shown["items"])


@pytest.mark.parametrize("text", ["以上都对", "以上都不对", "上述三项", "A和B", "A、C", "B项"])
def test_keep_options_in_place_that_speak_of_others(text: str) -> None:
    one: Item = item("A1", options=(("a", "断电"), ("b", "验电"), ("c", "接地"), ("d", text)))
    assert keeps_order(one)
    paper = Paper("起重机作业", (one,), (1,), 90, 1)
    assert all(form(paper, f"A{n}", SECRET)["items"][0]["options"] == list("abcd") for n in range(10))


@pytest.mark.parametrize("text", ["断电", "PE线", "RCD和SPD", "A级绝缘", "1000 V以上", "TN-C"])
def test_move_options_that_only_look_like_it(text: str) -> None:
    assert keeps_order(item("A1", options=(("a", text), ("b", "验电")))) == ("以上" in text)


def test_tell_papers_apart_by_their_digest() -> None:
    paper = a_paper()
    assert digest(paper) == digest(a_paper())
    assert len({digest(paper), digest(a_paper(pass_mark=22)), digest(a_paper(multiple="half_for_part"))}) == 3
    assert blob_id(SECRET, "a", "bc") != blob_id(SECRET, "ab", "c")
