"""Practical marks over HTTP: two examiners apart, exactly once, signed, settled by the settings of the sealed order."""

import json
import re

import pytest

from kaopei.paper import codec
from tests.edge import room as stage
from tests.edge.examination import FIRST, SECOND, THIRD, Examiner, examining
from tests.edge.room import HEAD, INVIGILATOR, candidate


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One server for what only needs a candidate of its own; hands out candidates."""
    rows = [candidate(n) for n in range(1, 19)]
    with examining(tmp_path_factory.mktemp("practical"), rows=rows) as (room, _):
        yield room, iter(rows), {name: Examiner(room, name) for name in (FIRST, SECOND, THIRD)}


@pytest.fixture
def room(running):
    return running[0]


@pytest.fixture
def row(running):
    return next(running[1])


@pytest.fixture
def first(running):
    return running[2][FIRST]


@pytest.fixture
def second(running):
    return running[2][SECOND]


@pytest.fixture
def third(running):
    return running[2][THIRD]


def refused(answer, status, says):
    assert (answer.status_code, says in answer.json()["text"] + answer.json().get("todo", "")) == (status, True), answer.text


def test_two_examiners_who_agree_finish_a_candidate(room, row, first, second):
    assert first.mark(row, s11=3) == second.mark(row, s23=3) == 97
    answer = first.post(row, "finish")
    assert answer.status_code == 200, answer.text
    [(state, ended_by)] = room.rows("SELECT state, ended_by FROM attempt WHERE attempt = ?", row["attempt"])
    assert (state, ended_by) == ("handed_in", "staff")
    refused(first.send(row, [7, "deduct", 1, 1, 0]), 409, "没有再收打分")


def test_nobody_sees_the_others_marks_before_signing(row, first, second):
    first.mark(row, s11=17)
    assert second.begin(row).status_code == 200
    for page in (second.page(row), second.page(), json.dumps(second.state(row))):
        assert "83" not in re.sub(r'4406\d+|%[0-9A-F]{2}|="[-_\w]{32}"', "", page) and FIRST not in page
    assert second.state(row)["deducted"] == {}
    second.send(row, *second.all_marks(s11=17))
    assert second.sign(row, 83).status_code == 200
    assert FIRST in second.page(row) and "83" in second.page(row) and "已一致" in first.page(row)


def test_a_veto_fails_the_practical_though_the_rest_is_full(row, first, second):
    for one in (first, second):
        one.begin(row)
        one.send(row, *one.all_marks(), [7, "veto", 1, 2, 1])
        refused(one.sign(row, 100), 409, "不一致")
        assert one.sign(row, 40, veto=True).status_code == 200
    assert "否决，实操不合格" in first.page(row)


def test_a_veto_pressed_by_mistake_is_taken_back_before_signing(row, first):
    first.begin(row)
    first.send(row, *first.all_marks(), [7, "veto", 1, 2, 1], [8, "veto", 1, 2, 0])
    assert first.state(row)["vetoed"] == [] and first.sign(row, 100).status_code == 200


def test_every_step_must_be_marked(row, first):
    first.begin(row)
    first.send(row, *first.all_marks()[:-1])
    refused(first.sign(row, 100), 400, "还有 1 步没有打分")


def test_marks_are_taken_once_whatever_the_network_does(room, row, first):
    first.begin(row)
    marks = first.all_marks()
    assert first.send(row, *marks[:2]).json() == {"saved": 2}
    assert first.send(row, *marks[:2]).json() == {"saved": 2}
    assert first.send(row, *marks[1:4]).json() == {"saved": 4}
    gap = first.send(row, [9, "deduct", 2, 3, 0])
    refused(gap, 409, "不连续")
    assert gap.json()["error"] == "sequence" and gap.json()["saved"] == 4
    other = first.send(row, [2, "deduct", 1, 2, 9])
    refused(other, 409, "另一台平板")
    sql = "SELECT seq FROM mark_event JOIN attempt ON no = attempt_no WHERE attempt = ? ORDER BY seq"
    assert [seq for (seq,) in room.rows(sql, row["attempt"])] == [1, 2, 3, 4]
    entries = [one["body"]["events"] for one in room.entries("practical.marked") if one["obj"] == f"attempt:{row['attempt']}"]
    assert entries == [2, 2]


@pytest.mark.parametrize(
    "mark",
    [[1, "deduct", 1, 1, 99], [1, "deduct", 3, 1, 0], [1, "veto", 1, 1, 1], [1, "other", 1, 1, 0], [1, "deduct", 1, 1, -1]],
)
def test_what_no_step_can_cost_is_refused(running, mark):
    first, row = running[2][FIRST], candidate(16)
    first.begin(row)
    refused(first.send(row, mark), 400, "配分")
    assert first.state(row)["saved"] == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", "[[1]]", '[[true,"deduct",1,1,0]]', "[" * 5000])
def test_marks_that_are_none_are_refused(running, text):
    first, row = running[2][FIRST], candidate(16)
    first.begin(row)
    refused(first.post(row, "marks", version="1", marks=text), 400, "格式")
    refused(first.post(row, "marks", version="x", marks='[[1,"deduct",1,1,0]]'), 400, "不完整")


def test_examiners_who_differ_need_a_third_who_agrees_with_one(row, first, second, third):
    first.mark(row, s11=1)
    second.mark(row, s11=5)
    assert "不一致" in first.page(row) and "还需一名考评员" in third.page()
    refused(first.post(row, "finish"), 409, "没有一致")
    assert third.mark(row, s12=5) == 95
    assert "已一致" in first.page(row) and third.post(row, "finish").status_code == 200


def test_a_third_examiner_is_not_wanted_before_two_differ(row, first, second, third):
    first.begin(row)
    second.begin(row)
    refused(third.begin(row), 409, "已经够了")


def test_a_reentry_needs_a_reason_and_keeps_both_versions(room, row, first, second):
    first.mark(row, s11=1)
    second.mark(row, s11=2)
    refused(first.post(row, "again", reason="错"), 400, "写明原因")
    assert first.post(row, "again", reason="第一步多扣了一分").json()["version"] == 2
    assert first.state(row)["deducted"]["1-1"] == 1 and first.state(row)["saved"] == 6
    refused(first.send(row, [7, "deduct", 1, 1, 2]), 409, "没有再收打分")
    assert first.send(row, [7, "deduct", 1, 1, 2], version=2).json() == {"saved": 7}
    assert first.sign(row, 98, version=2).status_code == 200
    assert first.post(row, "finish").status_code == 200
    sql = "SELECT version, mark_sheet.state, mark_sheet.reason, statement FROM mark_sheet JOIN attempt ON no = attempt_no"
    kept = room.rows(f"{sql} WHERE attempt = ? AND examiner = ?", row["attempt"], "staff-7")
    assert [(version, state, reason) for version, state, reason, _ in kept] == [(1, "replaced", ""), (2, "signed", "第一步多扣了一分")]
    assert [json.loads(text)["score"] for *_, text in kept] == [99, 98]
    told = [one["body"] for one in room.entries("practical.reentered") if one["obj"] == f"attempt:{row['attempt']}"]
    assert told[0]["seen"] is True and "多扣" not in json.dumps(told)


def test_what_was_signed_cannot_be_changed_on_the_disk(room, row, first):
    import apsw

    first.mark(row)
    with apsw.Connection(str(room.folder / "site" / "edge.sqlite")) as line:
        for sql in ("UPDATE mark_event SET value = 5", "DELETE FROM mark_event", "UPDATE mark_sheet SET statement = '{}' WHERE statement <> ''"):
            with pytest.raises(apsw.ConstraintError):
                line.execute(sql).fetchall()


def test_an_unsigned_sheet_makes_way_by_two_persons(room, row, first, second, third):
    first.begin(row)
    first.send(row, *first.all_marks()[:3])
    second.begin(row)
    head = room.log_in(HEAD)
    head.desk()
    part = f"practical/{row['attempt']}/release"
    assert head.post(part, INVIGILATOR, examiner="staff-7", reason="考评员突发疾病离场").status_code == 200
    refused(first.send(row, [4, "deduct", 2, 1, 0]), 409, "没有再收打分")
    assert third.mark(row) == 100
    [entry] = [one for one in room.entries("practical.released") if one["obj"] == f"attempt:{row['attempt']}"]
    assert entry["body"]["second"].startswith("duty:") and "疾病" not in json.dumps(entry, ensure_ascii=False)


def test_the_candidate_is_checked_before_the_first_mark(row, first):
    refused(first.begin(row, id_last4="0000"), 409, "末四位")
    refused(first.begin(row, checked=""), 400, "人证相符")
    assert first.begin(row).status_code == 200


def test_only_examiners_mark(room, row):
    head = room.log_in(HEAD)
    head.desk()
    refused(head.post(f"practical/{row['attempt']}/begin", id_last4=row["id_last4"], checked="1"), 403, "考评员")
    assert "评这名考生" not in head.page("practical").text


def test_tasks_are_never_on_the_disk(room):
    phrase = codec.canonical("金丝雀").strip(b'"')
    for path in (room.folder / "site").glob("edge.sqlite*"):
        assert phrase not in path.read_bytes()


def test_a_practical_start_code_opens_no_terminal(room, row):
    client = room.client()
    answer = client.post("/api/start", json={"seat": f"{row['room']}-{row['seat']}", "code": "123456", "key": "k" * 40})
    assert answer.status_code == 403


def test_board_and_desk_say_that_a_candidate_is_examined(room, row, first, second):
    """Nobody answers at a machine in a practical exam: no tile is lost, none says 答题中; it shows how many have signed."""
    who = room.log_in(INVIGILATOR)

    def tile():
        facts = who.client.get(f"/s/{stage.SITTING}/board.json").json()
        return next(one for one in facts["seats"] if one["attempt"] == row["attempt"])

    def page(part):
        return who.client.get(f"/s/{stage.SITTING}/{part}", headers={"Accept": "text/html"}).text.split("<main", 1)[1]

    assert tile()["state"] == "signed_in"
    first.mark(row)
    assert (tile()["state"], tile()["answered"], tile()["total"]) == ("answering", 1, 2)
    for part in ("board", f"board/{row['attempt']}", "desk"):
        assert "考核中" in page(part) and "答题中" not in page(part), part
    assert "换机" not in page(f"board/{row['attempt']}") and "重发开考码" not in page(f"board/{row['attempt']}")
    second.mark(row)
    assert first.post(row, "finish").status_code == 200
    assert tile()["state"] == "handed_in" and "已考完" in page("desk")
