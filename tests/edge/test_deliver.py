"""Answers take effect exactly once: repeated, reordered, forged, late, and when the server is killed under load."""

import random
import threading
import time

import pytest

from kaopei.edge import delivery
from kaopei.edge.sitting import chained
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, WINDOW, Terminal, key

ITEMS = 9


@pytest.fixture(scope="module")
def hall(tmp_path_factory):
    """A running sitting and terminals that have begun, given out one by one."""
    wide = WINDOW | {"start_latest": NOW + 9000}
    with stage.serving(tmp_path_factory.mktemp("hall"), 24, items=ITEMS, window=wide) as (room, parcels):
        room.clock(NOW + 930)
        room.log_in(HEAD).ring()
        staff = room.log_in(INVIGILATOR)

        def begun():
            for number, row in enumerate(parcels.rows):
                answer = staff.sign_in(row).json()
                terminal = Terminal(room, answer["seat"], key(number))
                terminal.start(answer["code"])
                assert terminal.begin().status_code == 200
                yield terminal

        yield room, begun()


@pytest.fixture
def terminal(hall):
    return next(hall[1])


def single(terminal):
    """An item with one answer, so that every letter may stand alone."""
    return next(n for n in range(1, ITEMS + 1) if terminal.client.get(f"/api/item/{n}").json()["kind"] == "single")


def stored(room, attempt):
    return room.rows(
        "SELECT lease, seq, kind, item, value FROM answer_event WHERE attempt_no = (SELECT no FROM attempt WHERE attempt = ?) ORDER BY lease, seq",
        attempt,
    )


def test_the_same_event_again_gets_the_first_answer_and_does_nothing(hall, terminal):
    event = terminal.event(1, "A")
    assert [terminal.send(event).json()["saved"] for _ in range(5)] == [1] * 5
    assert len(stored(hall[0], terminal.attempt)) == 1 and terminal.state()["count"] == 1


def test_another_event_under_a_used_number_is_refused(hall, terminal):
    seed = terminal.head
    n = single(terminal)
    terminal.send(terminal.event(n, "A"))
    forged = {"seq": 1, "kind": "answer", "item": n, "value": "B"}
    forged["chain"] = chained(seed, terminal.attempt, 1, 1, "answer", n, "B").hex()
    answer = terminal.send(forged)
    assert answer.status_code == 409 and answer.json()["error"] == "sequence" and answer.json()["saved"] == 1
    assert terminal.state()["answers"] == {str(n): "A"}


def test_a_gap_and_a_wrong_chain_are_refused_and_name_where_the_server_is(terminal):
    first, second = terminal.event(1, "A"), terminal.event(2, "A")
    answer = terminal.send(second)
    assert answer.status_code == 409 and answer.json()["error"] == "sequence" and answer.json()["saved"] == 0
    answer = terminal.send(first | {"chain": "0" * 64})
    assert answer.status_code == 409 and answer.json()["error"] == "chain" and answer.json()["head"] == terminal.state()["head"]
    assert terminal.state()["count"] == 0


def test_of_a_batch_everything_before_the_first_wrong_event_is_kept(hall, terminal):
    events = [terminal.event(n, "A") for n in (1, 2, 3)]
    wrong = terminal.event(99, "A")
    answer = terminal.send(*events, wrong)
    assert answer.status_code == 400 and answer.json()["error"] == "item"
    assert terminal.state()["seq"] == 3 and len(stored(hall[0], terminal.attempt)) == 3


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("answer", "Z"),
        ("answer", "BA"),
        ("answer", "AA"),
        ("answer", "a"),
        ("answer", " A"),
        ("answer", "ABCDEFGH"),
        ("mark", ""),
        ("mark", "2"),
        ("mark", "true"),
        ("signal", ""),
        ("signal", "x" * 25),
        ("signal", "<script>"),
        ("signal", "切换"),
        ("other", "A"),
        ("", ""),
    ],
)
def test_values_that_no_terminal_makes_are_refused(values, kind, value):
    values.state()
    answer = values.send(values.event(1, value, kind))
    assert answer.status_code == 400 and values.state()["count"] == 0


@pytest.fixture(scope="module")
def values(hall):
    return next(hall[1])


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"lease": "1", "events": []}', b'{"lease": 1}', b'{"lease": 1, "events": [{}]}', b"{" * 5000,
     b'{"lease": 1, "events": [{"seq": 1e400, "kind": "answer", "item": 1, "value": "A", "chain": ""}]}'],
)  # fmt: skip
def test_bodies_of_another_shape_are_refused(values, body):
    assert values.client.post("/api/events", content=body).status_code == 400


def test_a_body_that_is_too_large_is_refused(values):
    assert values.client.post("/api/events", content=b"x" * (delivery.BODY_LIMIT + 1)).status_code == 413


@pytest.mark.parametrize("path", ["/api/item/0", f"/api/item/{ITEMS + 1}", "/api/item/9999", "/api/item/-1", "/api/item/1x", "/api/nothing"])
def test_what_does_not_exist_is_not_found(values, path):
    assert values.client.get(path).status_code == 404


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic abc"])
def test_a_machine_that_nobody_started_gets_nothing(hall, header):
    client = hall[0].client()
    headers = {"Authorization": header} if header else {}
    for method, path in (("GET", "/api/state"), ("GET", "/api/item/1"), ("POST", "/api/begin"), ("GET", "/api/receipt"), ("GET", "/api/photo")):
        answer = client.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
        assert answer.status_code == 401 and "stem" not in answer.text


def test_a_thousand_replays_in_any_order_change_nothing(hall, terminal):
    """A network that repeats, drops, delays and reorders: the effect is that of sending each once in order."""
    choose = random.Random(20261207)
    items = [n for n in range(1, ITEMS + 1) if terminal.client.get(f"/api/item/{n}").json()["kind"] == "single"]
    events = [terminal.event(choose.choice(items), choose.choice(["A", "B", "C", ""])) for _ in range(120)]
    known = 0
    for _ in range(1000):
        start = max(0, min(len(events) - 1, choose.choice([known, known, known, choose.randrange(len(events))])))
        batch = events[start : start + choose.randrange(1, 6)]
        if choose.random() < 0.2:
            choose.shuffle(batch)
        answer = terminal.send(*batch)
        assert answer.status_code in (200, 409)
        known = answer.json()["saved"]
    terminal.send(*events[known:])
    expected: dict[str, str] = {}
    for event in events:
        expected |= {str(event["item"]): event["value"]}
    state = terminal.state()
    assert state["seq"] == state["count"] == 120 and state["head"] == events[-1]["chain"]
    assert state["answers"] == {n: value for n, value in expected.items() if value}
    assert [row[1] for row in stored(hall[0], terminal.attempt)] == list(range(1, 121))


def test_one_terminal_in_many_threads_keeps_one_order(hall, terminal):
    events = [terminal.event(1, "A" if n % 2 else "") for n in range(40)]
    threads = [threading.Thread(target=lambda: [terminal.send(*events) for _ in range(3)]) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [row[1] for row in stored(hall[0], terminal.attempt)] == list(range(1, 41))
    assert terminal.state()["count"] == 40


def test_handing_in_needs_both_sides_to_agree_and_answers_the_same_again(terminal):
    terminal.answer(1, "A")
    assert terminal.client.post("/api/hand-in", json={"count": 0, "head": terminal.head.hex()}).json()["error"] == "chain"
    assert terminal.client.post("/api/hand-in", json={"count": 1, "head": "0" * 64}).json()["error"] == "chain"
    receipts = [terminal.hand_in().json() for _ in range(3)]
    assert receipts[0] == receipts[1] == receipts[2] and receipts[0]["count"] == 1
    assert terminal.client.get("/api/item/1").json()["error"] == "closed"


def test_an_answer_after_the_hand_in_is_evidence_and_no_answer(hall, terminal):
    terminal.answer(1, "A")
    terminal.hand_in()
    assert terminal.send(terminal.event(2, "A")).json()["error"] == "closed"
    time.sleep(0.3)
    assert len(stored(hall[0], terminal.attempt)) == 1
    (body,) = hall[0].rows("SELECT body FROM late_event WHERE attempt_no = (SELECT no FROM attempt WHERE attempt = ?)", terminal.attempt)[0]
    assert '"item":2' in body.replace(" ", "")


def test_what_was_acknowledged_survives_a_kill_under_load(hall):
    """kill -9 while eight terminals answer without a break; the chain over the disk is the chain over what was acknowledged."""
    room, begun = hall
    terminals = [next(begun) for _ in range(8)]
    seeds = {one.attempt: one.head for one in terminals}
    acknowledged = {one.attempt: 0 for one in terminals}
    stop = threading.Event()

    def work(one):
        while not stop.is_set():
            try:
                answer = one.answer(1, "A" if one.seq % 2 else "")
            except Exception:  # the server is gone: what was on its way was not acknowledged
                return
            if answer.status_code != 200:
                return
            acknowledged[one.attempt] = answer.json()["saved"]

    threads = [threading.Thread(target=work, args=(one,)) for one in terminals]
    for one in threads:
        one.start()
    time.sleep(1.5)
    room.kill()
    stop.set()
    for one in threads:
        one.join()
    room.serve()
    assert sum(acknowledged.values()) > 20
    for one in terminals:
        head = seeds[one.attempt]
        rows = stored(room, one.attempt)
        assert len(rows) >= acknowledged[one.attempt]
        for lease, seq, kind, item, value in rows:
            head = chained(head, one.attempt, lease, seq, kind, item, value)
        state = one.state()
        assert state["head"] == head.hex() and state["seq"] == len(rows)
        assert one.answer(2, "").status_code == 200
