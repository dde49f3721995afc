"""A practical sitting through its public doors to the return parcel, which vault and center then weigh with their own code."""

import copy
import json

import pytest

from kaopei.center.sittings import bundle, closing
from kaopei.edge import completeness
from kaopei.paper import codec
from kaopei.paper.practical import Agreement
from kaopei.parcel import container, keyfile, return_parcel
from kaopei.parcel.rejected import Rejected
from kaopei.vault.custody.sheets import BadMarks, Sheets
from tests.edge import room as stage
from tests.edge import site as at
from tests.edge.examination import EMPTY, FIRST, SECOND, SECRET, SHEET, SIGN_PIN, THIRD, Examiner, contents
from tests.edge.room import HEAD, INVIGILATOR, PATROLLER, SUBJECT, Parcels, candidate

KEYS = {FIRST: "kao1", SECOND: "kao2"}


def staffed(site, made):
    """The seating with three examiners, two of whom hold keys."""
    p = site.province
    for name in KEYS.values():
        signer = p.signers[name]
        (site.folder / "persons" / f"{signer.kid}.key").write_bytes(keyfile.dump(signer.key, SIGN_PIN.encode()))
    kids = {name: p.signers[key].kid for name, key in (at.KIDS | KEYS).items()}
    people = list(stage.STAFF.items()) + [(name, "examiner") for name in (FIRST, SECOND, THIRD)]
    rows = [{"kid": kids.get(name), "name": name, "role": role, "pin_verifier": stage.verifier(at.PIN)} for name, role in people]
    return at.seats(p, made.rows, made.sealed.package_id, staff=rows)


@pytest.fixture(scope="module")
def returned(laid, tmp_path_factory):
    """Three candidates: one passes, one fails by a veto that both saw, one never came; a mark was entered anew."""
    site = at.copied(laid, tmp_path_factory.mktemp("practical-back"))
    rows = [candidate(n) for n in (1, 2, 3)]
    made = at.pack(site, rows=rows, policy={"practical": EMPTY}, blobs=contents(rows))
    site.packs[at.SITTING] = Parcels(rows, staffed(site, made), made.sealed, made.parcel)
    site.serve()
    try:
        head = at.take_in(site)
        at.prepare(head)
        at.open_paper(site, head)
        head.client.headers["Accept"] = "application/json"
        for row in rows[:2]:
            assert head.send("desk/sign-in", ticket_no=row["ticket_no"], id_last4=row["id_last4"], checked="1").status_code == 200
        head.client.headers["Accept"] = "text/html"
        at.ring(site, head)
        _mark(site, rows)
        head.refused(409, "实操考评还没有结束", "hand-back/close", INVIGILATOR)
        head.do("practical/finish")
        head.do("hand-back/close", INVIGILATOR)
        assert "答案密钥" not in at.words(head.see("hand-back")).split("小条")[0]
        head.do("hand-back/slip", PATROLLER, **at.SIGNED)
        at.build(head)
        data = head.client.get(head.path("hand-back/1.xrb")).content
        yield site, rows, return_parcel.Returned(data, site.province.trust)
    finally:
        site.stop()


def _mark(site, rows):
    first, second = Examiner(site, FIRST), Examiner(site, SECOND)
    for one in (first, second):
        assert one.begin(rows[0]).status_code == one.begin(rows[1]).status_code == 200
        one.send(rows[0], *one.all_marks(s11=4 if one is first else 5))
        one.send(rows[1], *one.all_marks(), [7, "veto", 2, 2, 1])
        refused = one.sign(rows[0], 96 if one is first else 95, pin="000000")
        assert refused.status_code == 403 and "评分已保存" in refused.json()["todo"]
        assert one.sign(rows[0], 96 if one is first else 95, pin=SIGN_PIN).status_code == 200
        assert one.sign(rows[1], 60, veto=True, pin=SIGN_PIN).status_code == 200
    assert first.post(rows[0], "again", reason="与现场记录核对，少扣一分").status_code == 200
    assert first.send(rows[0], [7, "deduct", 1, 1, 5], version=2).status_code == 200
    assert first.sign(rows[0], 95, pin=SIGN_PIN, version=2).status_code == 200


@pytest.fixture(scope="module")
def opened(returned):
    site, _, back = returned
    return back.contents(*site.province.openers["city_import"])


def _nobody(origin, note):
    raise AssertionError("no earlier server of the site")


def weigh(returned, contents, examiners=2):
    site, rows, back = returned
    return bundle.weigh(back, contents, {row["attempt"] for row in rows}, None, site.province.trust, _nobody, examiners)


def test_the_center_takes_the_parcel_whole(returned, opened):
    weighed = weigh(returned, opened)
    assert weighed.counts["present"] == 2 and weighed.counts["absent"] == 1 and weighed.counts["events"] == 27
    body = closing.read(opened["outcomes"])
    assert [(row["score"], row["detail"]["veto"], row["answered"]) for row in body["results"]] == [(95, False, 2), (60, True, 2)]
    assert returned[2].payload["edge_outcomes"] == {"state": "present", "reason": ""}


def test_the_vault_counts_the_same_from_its_own_tasks(returned, opened):
    site, rows, back = returned
    blob = back.contents(*site.province.openers["vault_import"])
    assert set(blob) == {"answers"}
    mine = Sheets(SECRET, {SUBJECT: SHEET}, tuple((row["attempt"], SUBJECT) for row in rows), Agreement())
    signed = codec.read_sheets(blob["answers"])
    assert [mine.result(attempt, signed[attempt]) for attempt in sorted(signed)] == closing.read(opened["outcomes"])["results"]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda sheets: sheets.pop(), "没有一致"),
        (lambda sheets: sheets[0]["marks"].pop(), "没打分"),
        (lambda sheets: sheets[0]["marks"].__setitem__(0, ["deduct", 1, 1, 99]), "超过配分"),
    ],
)
def test_the_vault_refuses_marks_that_were_never_signed_so(returned, spoil, says):
    site, rows, back = returned
    signed = codec.read_sheets(back.contents(*site.province.openers["vault_import"])["answers"])[rows[0]["attempt"]]
    spoil(signed)
    with pytest.raises(BadMarks, match=says):
        Sheets(SECRET, {SUBJECT: SHEET}, ((rows[0]["attempt"], SUBJECT),), Agreement()).result(rows[0]["attempt"], signed)


def test_both_versions_and_the_reason_travel(opened, returned):
    found = [row for row in json.loads(opened["sheets"])["sheets"] if row["attempt"] == returned[1][0]["attempt"]]
    assert sorted((row["version"], row["state"]) for row in found) == [(1, "replaced"), (1, "signed"), (2, "signed")]
    assert [row["reason"] for row in found if row["version"] == 2] == ["与现场记录核对，少扣一分"]
    assert all(row["signature"] for row in found)


def changed(opened, name, change):
    """A copy of the blobs in which one JSON blob is changed."""
    blobs = dict(opened)
    value = copy.deepcopy(json.loads(blobs[name]))
    change(value)
    return blobs | {name: codec.canonical(value)}


def forge(sheet, **more):
    sheet["statement"] = codec.canonical(json.loads(sheet["statement"]) | more).decode()


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("sheets", lambda blob: forge(blob["sheets"][0], score=99), "sheet"),
        ("sheets", lambda blob: forge(blob["sheets"][0], marks=[["deduct", 1, 1, 0]]), "sheet"),
        ("sheets", lambda blob: blob["sheets"][0].update(signature=blob["sheets"][1]["signature"]), "approval"),
        ("sheets", lambda blob: blob["sheets"][0].update(statement=""), "sheet"),
        ("sheets", lambda blob: blob["sheets"].pop(), "sheet"),
        ("sheets", lambda blob: blob["sheets"].append(blob["sheets"][0]), "sheet"),
        ("sheets", lambda blob: blob["sheets"][0].pop("place"), "sheet"),
        ("sheets", lambda blob: blob.update(sheets="x"), "contents"),
        ("sheets", lambda blob: blob["sheets"][-1].update(state="open"), "sheet"),
        ("answers", lambda blob: blob["attempts"].pop(), "equation"),
        ("answers", lambda blob: blob["attempts"][0]["sheets"][0]["marks"].pop(), "sheet"),
        ("attempts", lambda blob: blob["attempts"][0].update(salt="00"), "chain"),
        ("outcomes", lambda blob: blob["results"][0].update(score=100), "outcomes"),
        ("outcomes", lambda blob: blob["results"].pop(), "outcomes"),
    ],
)
def test_whatever_is_changed_on_the_way_is_found(returned, opened, name, change, code):
    with pytest.raises(Rejected) as problem:
        weigh(returned, changed(opened, name, change))
    assert problem.value.code == code, str(problem.value)


def test_a_mark_that_is_missing_added_or_altered_is_found(returned, opened):
    lines = opened["events"].splitlines()
    other = json.loads(lines[0]) | {"value": 1}
    for events in (lines[1:], [*lines, lines[0]], [codec.canonical(other), *lines[1:]], [b"{", *lines], [lines[1], *lines[2:]]):
        with pytest.raises(Rejected):
            weigh(returned, opened | {"events": b"\n".join(events)})


def test_more_examiners_than_signed_are_missed(returned, opened):
    with pytest.raises(Rejected, match="应有 3 名"):
        weigh(returned, opened, examiners=3)


def test_a_theory_parcel_is_not_taken_for_a_practical_one(returned, opened):
    with pytest.raises(Rejected):
        weigh(returned, opened, examiners=0)


def test_the_ledger_names_no_mark_and_no_person(opened):
    ledger = b"".join(data for _, data in container.read(opened["ledger"]))
    for word in (FIRST, SECOND, "少扣一分", "金丝雀"):
        assert word.encode() not in ledger
    assert b'"score"' not in ledger and b"practical.signed" in ledger


def test_the_disk_still_agrees_with_the_ledger_after_a_restart(returned):
    site = returned[0]
    site.quit()
    edge = site.load()
    try:
        sitting = edge.sittings[at.SITTING]
        assert completeness.disagreements(edge, sitting) == []
        assert sitting.roster_counts()["events"] == 27
    finally:
        edge.store.close()
        site.serve()
    assert HEAD in stage.STAFF
