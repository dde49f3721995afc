"""Signing in, start codes, the terminal's lease and the opened attempt, over HTTP against a running server."""

import asyncio
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kaopei.edge import admission, desk
from kaopei.edge.sitting import Attempt, chain_seed
from kaopei.edge.store import NotSaved
from kaopei.parcel import canonical
from tests.edge import room as stage
from tests.edge.room import DEPUTY, HEAD, INVIGILATOR, KEEPER, NOW, PATROLLER, SITE, Terminal, candidate, key

OTHER = f"{SITE}-1130-14"
LATER = {
    "not_before": NOW + 18_000,
    "start_earliest": NOW + 18_900,
    "start_latest": NOW + 19_800,
    "end_latest": NOW + 30_000,
    "stage2_not_before": NOW + 30_000,
}


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A room before the bell; another sitting of the afternoon is taken in."""
    rows = [candidate(n, room="第2考场" if n == 12 else "第1考场") for n in range(1, 21)]
    afternoon = {"rows": [candidate(n, room="第3考场") for n in (91, 92)], "sitting": OTHER, "window": LATER}
    with stage.serving(tmp_path_factory.mktemp("before"), rows=rows, others=[afternoon]) as (room, parcels):
        yield room, parcels.rows, room.log_in(INVIGILATOR)


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """A room two minutes after the bell."""
    with stage.serving(tmp_path_factory.mktemp("after"), 8, numbers={"late_minutes": 10}) as (room, parcels):
        room.clock(NOW + 910)
        assert room.log_in(HEAD).ring().status_code == 200
        room.clock(NOW + 1030)
        yield room, parcels.rows, room.log_in(INVIGILATOR)


def seated(room, staff, row, number):
    answer = staff.sign_in(row).json()
    terminal = Terminal(room, answer["seat"], key(number))
    assert terminal.start(answer["code"]).status_code == 200
    return terminal


def state_of(staff, row):
    return next(one["state"] for one in staff.desk()["candidates"] if one["attempt"] == row["attempt"])


# ---- at the desk
def test_ticket_digits_and_face_sign_a_candidate_in(before):
    room, rows, desk = before
    answer = desk.sign_in(rows[0])
    assert answer.status_code == 200
    assert answer.json()["seat"] == "第1考场-01" and answer.json()["late"] is False
    assert len(answer.json()["code"]) == 6 and answer.json()["code"].isdigit()
    assert state_of(desk, rows[0]) == "signed_in"
    entry = room.entries("admission.signed_in")[0]
    assert entry["body"] == {"seat": "第1考场-01", "late": False} and entry["actor"] == "duty:invigilator"


def test_the_ledger_names_nobody(before):
    room, rows, desk = before
    desk.sign_in(rows[0])
    text = b"".join(bytes(leaf) for (leaf,) in room.rows("SELECT leaf FROM entry"))
    assert rows[0]["name"].encode() not in text and rows[0]["ticket_no"].encode() not in text
    stored = (room.folder / "site" / "edge.sqlite").read_bytes() + (room.folder / "site" / "edge.sqlite-wal").read_bytes()
    assert rows[0]["name"].encode() not in stored and rows[0]["ticket_no"].encode() not in stored


def test_other_digits_are_refused_and_change_nothing(before):
    _, rows, desk = before
    answer = desk.sign_in(rows[1], id_last4="9999")
    assert answer.status_code == 409 and answer.json()["clause"] == "N3.2.1a" and "末四位" in answer.json()["text"]
    assert state_of(desk, rows[1]) == "expected"


def test_a_face_that_nobody_compared_is_refused(before):
    _, rows, desk = before
    answer = desk.sign_in(rows[1], checked="")
    assert answer.status_code == 400 and state_of(desk, rows[1]) == "expected"


def test_an_unknown_ticket_is_refused_with_what_to_do(before):
    answer = before[2].sign_in({"ticket_no": "999", "id_last4": "0000"})
    assert answer.status_code == 404 and "准考证号" in answer.json()["text"] and answer.json()["todo"]


@pytest.mark.parametrize("written", ["KAOPEI/T/{0}\r\n", "  {0} ", "kaopei/t/{0}"])
def test_a_scanned_or_spaced_ticket_number_finds_its_candidate(before, written):
    """What the QR of an admission ticket holds, and how its number is printed."""
    _, rows, desk = before
    number = rows[1]["ticket_no"]
    for text in (written.format(number), written.format(f"{number[:4]} {number[4:8]} {number[8:11]} {number[11:]}")):
        page = desk.client.get(desk.path("desk"), params={"q": text}, headers={"Accept": "text/html"})
        assert page.status_code == 200 and "证件上的末四位" in page.text and rows[1]["name"] in page.text


def test_a_candidate_of_another_sitting_is_told_when_and_where(before):
    answer = before[2].sign_in(candidate(91, room="第3考场"))
    assert answer.status_code == 404 and OTHER in answer.json()["text"] and "第3考场 91 号" in answer.json()["text"]


def test_a_candidate_at_the_wrong_room_is_told_the_right_one(before):
    _, rows, desk = before
    answer = desk.sign_in(rows[11], room="第1考场")
    assert answer.status_code == 409 and "第2考场 12 号" in answer.json()["text"]
    assert desk.sign_in(rows[11], room="第2考场").status_code == 200


def test_nobody_signs_in_hours_before(before):
    room = before[0]
    desk = room.log_in(INVIGILATOR)
    desk.sitting = OTHER
    answer = desk.sign_in(candidate(92))
    assert answer.status_code == 409 and "签到从 2026-11-30 13:08:20 开始" in answer.json()["text"]


def test_signing_in_twice_gives_the_same_code(before):
    _, rows, desk = before
    first, second = desk.sign_in(rows[2]).json(), desk.sign_in(rows[2]).json()
    assert first["code"] == second["code"]


def test_two_desks_at_once_make_one_sign_in(before):
    room, rows, _ = before
    desks = [room.log_in(name) for name in (HEAD, DEPUTY, INVIGILATOR, KEEPER)]
    for one in desks:
        one.desk()
    with ThreadPoolExecutor(4) as pool:
        codes = {answer.json()["code"] for answer in pool.map(lambda one: one.sign_in(rows[3]), desks)}
    assert len(codes) == 1
    assert sum(entry["obj"] == f"attempt:{rows[3]['attempt']}" for entry in room.entries("admission.signed_in")) == 1


def test_a_patroller_may_not_sign_in(before):
    room, rows, desk = before
    patrol = room.log_in(PATROLLER)
    patrol.csrf = stage.csrf_in(patrol.page("board").text) or stage.csrf_in(patrol.page("irregularities").text)
    answer = patrol.sign_in(rows[1])
    assert answer.status_code == 403 and answer.json()["clause"] == "N2.4.3"
    assert state_of(desk, rows[1]) == "expected"


def test_a_stranger_sees_no_list(before):
    room = before[0]
    assert room.client().get(f"/s/{stage.SITTING}/desk").status_code == 401
    page = room.client().get(f"/s/{stage.SITTING}/desk", headers={"Accept": "text/html"})
    assert page.status_code == 303 and page.headers["location"].startswith("/login")


def test_a_form_of_another_page_is_refused(before):
    _, rows, desk = before
    assert desk.sign_in(rows[1], csrf="x" * 32).status_code == 403
    stolen = {"ticket_no": rows[1]["ticket_no"], "id_last4": rows[1]["id_last4"], "checked": "1", "csrf": desk.csrf}
    answer = desk.client.post(desk.path("desk/sign-in"), data=stolen, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403 and state_of(desk, rows[1]) == "expected"


def test_the_page_shows_the_refusal_beside_the_candidate(before):
    _, rows, desk = before
    page = desk.client.post(
        desk.path("desk/sign-in"),
        data={"csrf": desk.csrf, "ticket_no": rows[1]["ticket_no"], "id_last4": "0000", "checked": "1"},
        headers={"Accept": "text/html"},
    )
    assert page.status_code == 409 and "末四位与名单不符" in page.text and rows[1]["name"] in page.text


# ---- start codes
def test_a_code_is_good_at_its_own_seat_only(before):
    room, rows, desk = before
    code = desk.sign_in(rows[4]).json()["code"]
    desk.sign_in(rows[5])
    elsewhere = Terminal(room, "第1考场-06", key(104))
    assert elsewhere.start(code).status_code == 403
    assert Terminal(room, "第9考场-01", key(105)).start(code).status_code == 403
    assert Terminal(room, "第1考场-05", key(106)).start(code).status_code == 200


def test_a_code_is_good_once(before):
    room, rows, desk = before
    answer = desk.sign_in(rows[6]).json()
    first, second = Terminal(room, answer["seat"], key(107)), Terminal(room, answer["seat"], key(108))
    assert first.start(answer["code"]).status_code == 200
    assert second.start(answer["code"]).status_code == 403
    assert second.client.get("/api/state").status_code == 401
    # The same machine that did not hear the reply asks again.
    assert first.start(answer["code"]).json() == {"attempt": rows[6]["attempt"], "lease": 1}


def test_two_machines_with_one_code_at_once_give_one_lease(before):
    room, rows, desk = before
    answer = desk.sign_in(rows[7]).json()
    machines = [Terminal(room, answer["seat"], key(n)) for n in range(110, 116)]
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(found.status_code for found in pool.map(lambda one: one.start(answer["code"]), machines))
    assert statuses == [200, 403, 403, 403, 403, 403]


def test_wrong_codes_pause_their_seat_and_no_other(before):
    room, rows, desk = before
    mine, other = desk.sign_in(rows[8]).json(), desk.sign_in(rows[9]).json()
    wrong = f"{(int(mine['code']) + 1) % 10**6:06d}"
    guesser = Terminal(room, mine["seat"], key(120))
    for _ in range(3):
        assert guesser.start(wrong).status_code == 403
    paused = guesser.start(mine["code"])
    assert paused.status_code == 403 and "秒" in paused.json()["text"]
    assert Terminal(room, other["seat"], key(121)).start(other["code"]).status_code == 200
    time.sleep(3.1)
    assert guesser.start(mine["code"]).status_code == 200


@pytest.mark.parametrize("key_text", ["", "short", "中" * 40, "x" * 65])
def test_a_key_of_another_shape_is_refused(before, key_text):
    answer = before[0].client().post("/api/start", json={"seat": "第1考场-01", "code": "000000", "key": key_text})
    assert answer.status_code == 400


def test_a_key_in_use_cannot_take_a_second_seat(before):
    room, rows, desk = before
    first = seated(room, desk, rows[12], 130)
    code = desk.sign_in(rows[13]).json()["code"]
    assert first.start(code, seat="第1考场-14").status_code == 403
    assert state_of(desk, rows[13]) == "signed_in"


def test_a_new_code_stops_the_old_terminal(before):
    room, rows, desk = before
    old = seated(room, desk, rows[14], 131)
    answer = desk.post("desk/code", attempt=rows[14]["attempt"]).json()
    assert old.client.get("/api/state").status_code == 409
    fresh = Terminal(room, answer["seat"], key(132))
    assert fresh.start(answer["code"]).json()["lease"] == 2
    assert fresh.state()["phase"] == "waiting"


def test_nobody_begins_before_the_bell(before):
    room, rows, desk = before
    terminal = seated(room, desk, rows[15], 133)
    assert terminal.begin().status_code == 425
    assert terminal.client.get("/api/item/1").status_code == 425
    assert terminal.send(terminal.event(1, "A")).status_code == 425


# ---- keeping out
def test_keeping_out_takes_two_different_persons(before):
    _, rows, desk = before
    fields = {"attempt": rows[16]["attempt"], "kind": "impostor", "reason": "照片与本人明显不同"}
    assert desk.post("desk/refuse", **fields).status_code == 400
    assert desk.post("desk/refuse", INVIGILATOR, **fields).status_code == 403
    assert desk.post("desk/refuse", HEAD, pin="000000", **fields).status_code == 403
    assert desk.post("desk/refuse", KEEPER, **fields).status_code == 403
    assert state_of(desk, rows[16]) == "expected"
    time.sleep(2.1)
    assert desk.post("desk/refuse", HEAD, **fields).status_code == 200
    assert state_of(desk, rows[16]) == "refused"
    again = desk.sign_in(rows[16])
    assert again.status_code == 409 and "不予入场" in again.json()["text"]
    assert desk.post("desk/refuse", HEAD, **fields).status_code == 409


def test_keeping_out_needs_a_kind_and_a_reason(before):
    _, rows, desk = before
    for wrong in ({"kind": "", "reason": "说明原因"}, {"kind": "nonsense", "reason": "说明原因"}, {"kind": "other", "reason": "无"}):
        assert desk.post("desk/refuse", HEAD, attempt=rows[17]["attempt"], **wrong).status_code == 400
    assert state_of(desk, rows[17]) == "expected"


def test_who_leaves_before_he_began_is_closed_and_his_terminal_stops(before):
    room, rows, desk = before
    terminal = seated(room, desk, rows[18], 140)
    fields = {"attempt": rows[18]["attempt"], "kind": "withdrew", "reason": "身体不适，签到后离开"}
    assert desk.post("desk/refuse", HEAD, **fields).status_code == 200
    assert terminal.client.get("/api/state").status_code == 401
    entry = room.entries("admission.refused")[-1]
    assert entry["body"]["reason"] == "withdrew" and entry["body"]["second"] == "duty:head"
    assert "身体" not in str(entry)


def test_nobody_is_absent_before_the_limit(before):
    answer = before[2].post("desk/absent")
    assert answer.status_code == 409 and "09:38:20" not in answer.text and "还不能" in answer.json()["text"]


# ---- after the bell
def test_who_comes_late_is_let_in_and_loses_the_time(after):
    room, rows, desk = after
    answer = desk.sign_in(rows[0]).json()
    assert answer["late"] is True
    terminal = Terminal(room, answer["seat"], key(1))
    terminal.start(answer["code"])
    assert terminal.begin().status_code == 200
    assert 7200 - 150 < terminal.state()["remaining"] <= 7200 - 110


def test_beginning_twice_at_once_opens_one_attempt(after):
    room, rows, desk = after
    terminal = seated(room, desk, rows[1], 2)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: terminal.client.post("/api/begin", json={}), range(5)))
    assert {answer.status_code for answer in answers} == {200}
    terminal.state()
    assert terminal.answer(1, "A").json()["saved"] == 1
    assert len([one for one in room.entries("attempt.opened") if one["obj"] == f"attempt:{rows[1]['attempt']}"]) == 1


def test_the_ledger_holds_the_digest_of_the_opening_and_not_the_salt(after):
    room, rows, desk = after
    terminal = seated(room, desk, rows[2], 3)
    terminal.begin()
    ((salt, seat),) = room.rows("SELECT salt, room || '-' || seat FROM attempt WHERE attempt = ?", rows[2]["attempt"])
    assert terminal.state()["head"] == chain_seed(rows[2]["attempt"], bytes(salt)).hex()
    entry = room.entries("attempt.opened")[-1]
    body = {"attempt": rows[2]["attempt"], "salt": bytes(salt).hex(), "seat": seat, "lease": 1}
    assert entry["body_hash"] == hashlib.sha256(canonical.encode(body)).hexdigest()
    assert bytes(salt).hex() not in str(entry)


def test_after_the_limit_nobody_comes_in_and_the_rest_is_absent(after):
    room, rows, desk = after
    room.clock(NOW + 900 + 660)
    answer = desk.sign_in(rows[6])
    assert answer.status_code == 409 and "09:18:20" in answer.json()["text"] and answer.json()["clause"] == "N2.4.3"
    fields = {"attempt": rows[6]["attempt"], "kind": "late", "reason": "迟到二十分钟"}
    assert desk.post("desk/refuse", HEAD, **fields).status_code == 200
    one = desk.post("desk/absent", attempt=rows[5]["attempt"]).json()["attempts"]
    rest = desk.post("desk/absent").json()["attempts"]
    assert one == [rows[5]["attempt"]] and rows[7]["attempt"] in rest and rows[6]["attempt"] not in rest
    assert desk.post("desk/absent").json()["attempts"] == []
    assert state_of(desk, rows[0]) == "open"
    assert room.entries("admission.absent")[0]["body"] == {"attempts": one}


# ---- pieces
@pytest.mark.parametrize("failed", [False, True])
def test_waiting_for_an_answer_that_is_just_done_lets_its_owner_run(failed):
    """An awaited future that is done does not yield: a wait without a pause would hold the whole server up."""

    async def work():
        attempt = Attempt(1, "K1", "S", "R", "1")
        attempt.pending = asyncio.get_running_loop().create_future()

        async def owner():
            try:
                await attempt.pending
            except NotSaved:
                pass
            finally:
                attempt.pending = None

        owning = asyncio.create_task(owner())
        await asyncio.sleep(0)
        if failed:
            attempt.pending.set_exception(NotSaved("disk full"))
        else:
            attempt.pending.set_result(None)
        # The owner has been woken and not run yet.
        assert attempt.pending is not None
        await admission.settled(attempt)
        assert attempt.pending is None
        await owning

    asyncio.run(work())


@pytest.mark.parametrize("text", [None, "", "bm90IGEgcGljdHVyZQ==", "***", "中文"])
def test_what_is_no_picture_is_no_photo(text):
    assert desk.photo_bytes(text) is None


def test_a_photo_is_read_with_or_without_padding():
    whole = desk.photo_bytes(stage.PNG)
    assert whole.startswith(b"\x89PNG") and desk.photo_bytes(stage.PNG.rstrip("=")) == whole
    assert desk.photo_bytes(f"data:image/png;base64,{stage.PNG}") == whole
