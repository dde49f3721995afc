"""Measures that somebody may regret: voiding, keeping out and taking it back; the photograph at the seat."""

import base64

import pytest

from kaopei.edge import seat_photo
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, SECOND, WINDOW, Terminal, key

JPEG = b"\xff\xd8\xff\xe0" + b"face" * 200 + b"\xff\xd9"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Four candidates answering, two who did not come yet."""
    with stage.serving(tmp_path_factory.mktemp("running"), 6, window=WINDOW | {"start_latest": NOW + 9000}) as (room, parcels):
        staff, terminals = room.log_in(INVIGILATOR), []
        room.clock(NOW + 930)
        assert room.log_in(HEAD).ring().status_code == 200
        for number, row in enumerate(parcels.rows[:4]):
            answer = staff.sign_in(row).json()
            terminal = Terminal(room, answer["seat"], key(number))
            assert terminal.start(answer["code"]).status_code == 200 and terminal.begin().status_code == 200
            terminals.append(terminal)
        yield room, parcels.rows, terminals, staff


def codes(room, attempt):
    return [code for (code,) in room.rows("SELECT code FROM irregularity WHERE attempt = ? ORDER BY no", attempt)]


# ---- voiding
def test_voiding_takes_two_a_cause_and_words(running):
    _, _, terminals, staff = running
    mine = terminals[0]
    fields = {"cause": "candidate.copying", "reason": "传递纸条，已收存"}
    assert staff.post(f"a/{mine.attempt}/void", **fields).status_code == 400
    assert staff.post(f"a/{mine.attempt}/void", INVIGILATOR, **fields).status_code == 403
    for wrong in ({"cause": "device.terminal_failed"}, {"cause": ""}, {"reason": "无"}):
        assert staff.post(f"a/{mine.attempt}/void", HEAD, **(fields | wrong)).status_code == 400
    assert mine.state()["phase"] == "open"


def test_a_voided_exam_is_closed_and_keeps_everything(running):
    room, _, terminals, staff = running
    mine = terminals[0]
    assert mine.answer(1, "A").status_code == 200
    fields = {"cause": "candidate.copying", "reason": "传递纸条，已收存"}
    assert staff.post(f"a/{mine.attempt}/void", HEAD, **fields).status_code == 200
    assert mine.state()["phase"] == "handed_in" and mine.state()["answers"] == {"1": "A"}
    assert codes(room, mine.attempt) == ["candidate.copying", "measure.void"]
    (entry,) = room.entries("attempt.voided")
    assert entry["body"]["cause"] == "candidate.copying" and "纸条" not in str(entry)
    assert staff.post(f"a/{mine.attempt}/void", HEAD, **fields).status_code == 409
    tile = next(one for one in staff.client.get(staff.path("board.json")).json()["seats"] if one["attempt"] == mine.attempt)
    assert tile["void"] and "已登记作废" in staff.page("closing").text


def test_who_handed_in_may_still_be_voided(running):
    room, _, terminals, staff = running
    mine = terminals[1]
    assert mine.hand_in().status_code == 200
    assert staff.post(f"a/{mine.attempt}/void", HEAD, cause="candidate.identity", reason="交卷后查明替考").status_code == 200
    assert len(room.entries("attempt.handed_in")) == 2


# ---- keeping out, and back
def test_a_mistaken_refusal_is_taken_back_by_two_of_whom_one_leads(running):
    room, rows, _, staff = running
    row = rows[4]
    assert staff.post("desk/readmit", HEAD, attempt=row["attempt"], reason="核对有误").status_code == 409
    assert staff.post("desk/refuse", HEAD, attempt=row["attempt"], kind="no_document", reason="没有带身份证").status_code == 200
    assert staff.post("desk/readmit", SECOND, attempt=row["attempt"], reason="证件已送到").status_code == 403
    assert staff.post("desk/readmit", HEAD, attempt=row["attempt"], reason="证件已送到").status_code == 200
    assert staff.sign_in(row).status_code == 200
    assert codes(room, row["attempt"]) == ["measure.readmit"]
    assert [len(room.entries(f"admission.{one}")) for one in ("refused", "readmitted")] == [1, 1]


# ---- the photograph
def test_a_photo_is_kept_sealed_and_shown_to_staff(running):
    room, _, terminals, staff = running
    mine = terminals[2]
    staff.desk()
    form = {"csrf": staff.csrf, "attempt": mine.attempt}
    sent = staff.client.post(staff.path("desk/photo"), data=form, files={"photo": ("seat.jpg", JPEG, "image/jpeg")})
    assert sent.status_code == 200
    shown = staff.client.get(staff.path(f"a/{mine.attempt}/seat-photo"))
    assert shown.content == JPEG and shown.headers["cache-control"] == "no-store"
    stored = b"".join(path.read_bytes() for path in (room.folder / "site").glob("edge.sqlite*"))
    assert b"facefaceface" not in stored and base64.b64encode(b"faceface") not in stored
    assert room.entries("admission.photographed")[0]["body"]["bytes"] == len(JPEG)


@pytest.mark.parametrize(
    ("data", "status"), [(b"", 400), (b"GIF89a", 400), (JPEG[:-2], 400), (JPEG[:4] + b"x" * seat_photo.MOST_BYTES + JPEG[-2:], 413)]
)
def test_what_is_no_photo_is_refused(running, data, status):
    _, _, terminals, staff = running
    staff.desk()
    form = {"csrf": staff.csrf, "attempt": terminals[3].attempt}
    assert staff.client.post(staff.path("desk/photo"), data=form, files={"photo": ("x.jpg", data, "image/jpeg")}).status_code == status
    assert staff.client.get(staff.path(f"a/{terminals[3].attempt}/seat-photo")).status_code == 404
