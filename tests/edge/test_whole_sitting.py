"""One sitting at one site from nothing to the receipt, over HTTP against the real process, which is killed in the middle."""

import json
import threading
import time

import httpx
import pytest

from kaopei.ledger import checkpoint, segment
from kaopei.paper import codec
from kaopei.parcel import base64url, container, manifest, receipt, return_parcel, slip
from kaopei.parcel.trust import public_bytes
from tests.edge import room
from tests.edge import site as at
from tests.edge.room import HEAD, INVIGILATOR, KEEPER


@pytest.fixture(scope="module")
def day(laid, tmp_path_factory):
    site = at.copied(laid, tmp_path_factory.mktemp("day"))
    at.pack(site, count=4)
    site.serve()
    try:
        yield site
    finally:
        site.stop()


def keep_answering(terminal, acknowledged, stop):
    """A candidate who answers without pause and asks the server where it is after every break."""
    letters = 0
    while not stop.is_set():
        letters += 1
        item, value = letters % 6 + 1, "AB"[letters // 6 % 2]
        try:
            answer = terminal.answer(item, value)
            if answer.status_code == 200:
                acknowledged.append((terminal.attempt, terminal.seq, item, value, terminal.head.hex()))
                continue
        except httpx.HTTPError:
            pass
        while not stop.is_set():
            try:
                terminal.state()
                break
            except (httpx.HTTPError, KeyError):
                time.sleep(0.05)


def test_a_sitting_from_nothing_to_the_receipt(day):
    site, made = day, day.packs[at.SITTING]
    head = at.take_in(site)
    at.prepare(head)
    at.open_paper(site, head)
    terminals = at.seat_all(site, head, made.rows[:3])
    at.ring(site, head)
    for terminal in terminals:
        assert terminal.begin().status_code == 200
    shown = terminals[0].client.get("/api/item/1").json()
    assert "金丝雀" in shown["stem"]
    assert [option["letter"] for option in shown["options"]] == list("ABCD")[: len(shown["options"])]

    acknowledged, stop = [], threading.Event()
    threads = [threading.Thread(target=keep_answering, args=(one, acknowledged, stop)) for one in terminals]
    for thread in threads:
        thread.start()
    time.sleep(0.7)
    for _ in range(2):
        before = len(acknowledged)
        site.kill()
        site.serve()
        deadline = time.monotonic() + 120
        while len(acknowledged) < before + 30 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(acknowledged) >= before + 30, "the server goes on after a kill"
    stop.set()
    for thread in threads:
        thread.join()

    for terminal in terminals:
        terminal.state()
        answer = terminal.hand_in()
        assert answer.status_code == 200, answer.text
    head = site.person(HEAD)
    head.do("hand-back/close", INVIGILATOR)
    at.score(site, head)
    at.build(head)
    check_parcel(site, terminals, acknowledged)


def check_parcel(site, terminals, acknowledged):
    p = site.province
    data = (site.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes()
    assert [(site.home / "media" / n / f"{at.SITTING}-r1.xrb").read_bytes() for n in "12"] == [data, data]
    returned = return_parcel.Returned(data, p.trust)
    assert returned.payload["counts"] | {"events": 0, "irregularities": 0} == {
        "roster": 4,
        "present": 3,
        "absent": 1,
        "refused": 0,
        "expected": 0,
        "opened": 3,
        "closed": 3,
        "events": 0,
        "irregularities": 0,
    }
    assert returned.payload["edge_outcomes"] == {"state": "present", "reason": ""}
    blobs = returned.contents(*p.openers["city_import"])
    check_slip_and_scores(site, returned, blobs, terminals)
    events = [json.loads(line) for line in blobs["events"].splitlines()]
    kept = {(row["attempt"], row["seq"], row["item"], row["value"], row["chain"]) for row in events if "late" not in row}
    assert len(acknowledged) >= 60
    assert set(acknowledged) <= kept, "an acknowledged answer is missing"
    answers = codec.read_answers(returned.contents(*p.openers["vault_import"])["answers"])
    assert sorted(answers) == sorted(one.attempt for one in terminals)
    for attempt, given in answers.items():
        last = {row["item"]: row["value"] for row in events if row["attempt"] == attempt}
        assert given == last
    files = dict(container.read(blobs["ledger"]))
    key = public_bytes(returned.edge.sign)
    ledger = returned.payload["ledger"]
    report = segment.verify(files, lambda name, note: checkpoint.verify(note, {ledger["origin"]: key}, p.trust.algorithms.verify))
    assert (report.size, report.root.hex()) == (ledger["size"], ledger["root"])


def check_slip_and_scores(site, returned, blobs, terminals):
    """The slip in the parcel is the signed one and a beginning of its ledger; the counts are those of a hand."""
    p = site.province
    found = slip.read(blobs["slip"], p.trust)
    assert manifest.unverified(returned.payload["close_slip"].encode()) == found.payload
    assert found.approvers == ("head", "patrol")
    assert (found.payload["counts"]["closed"], found.payload["size"] < returned.payload["ledger"]["size"]) == (3, True)
    assert [json.loads(bytes_of(one["payload"]))["stage"] for one in returned.payload["tokens"]] == [1, 2]
    outcomes = json.loads(blobs["outcomes"])
    answers = codec.read_answers(blobs["answers"])
    keys = {name: json.loads(text)["keys"] for kind, name, text in room.contents(site.packs[at.SITTING].rows, 6, 120) if kind == "key"}
    right = next(iter(keys.values()))
    for row in outcomes["results"]:
        form = next(json.loads(text) for kind, name, text in room.contents(site.packs[at.SITTING].rows, 6, 120) if name == row["attempt"])
        by_hand = 0
        for ordinal, place in enumerate(form["items"], 1):
            given = answers[row["attempt"]].get(ordinal, "")
            by_hand += sorted(place["options"]["ABCD".index(letter)] for letter in given) == sorted(right[place["item"]])
        assert (row["score"], row["max_score"], sum(row["detail"]["points"])) == (by_hand, 6, by_hand)
    assert [row["attempt"] for row in outcomes["results"]] == sorted(one.attempt for one in terminals)
    assert terminals[0].client.get("/api/result").json() == {"state": "hidden"}


def bytes_of(text):
    return base64url.decode(text)


def test_the_receipt_comes_back_once(day):
    site, p = day, day.province
    returned = return_parcel.Returned((site.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes(), p.trust)
    signers = [p.signers[name] for name in ("center", "city_witness", "province_mirror")]
    taken = receipt.sign(p.trust, returned.payload, returned.hash, signers, at=at.BELL)
    head = site.person(HEAD)
    foreign = {**returned.payload, "bundle_id": "RB-other"}
    head.refused(400, "不是本机生成的", "/parcels/upload", files=at.files(receipt.sign(p.trust, foreign, returned.hash, signers, at=at.BELL)))
    forged = {**returned.payload, "ledger": {**returned.payload["ledger"], "root": "0" * 64}}
    head.refused(400, "台账根", "/parcels/upload", files=at.files(receipt.sign(p.trust, forged, returned.hash, signers, at=at.BELL)))
    for _ in range(2):
        answer = head.send("/parcels/upload", files=at.files(taken))
        assert answer.status_code == 200, at.words(answer.text)
        head.do("/parcels/import", KEEPER)
    assert "已收到市、省的回执" in head.see("hand-back")
    assert len(site.rows("SELECT 1 FROM entry WHERE CAST(leaf AS TEXT) LIKE '%receipt.imported%'")) == 1


def test_a_later_revision_is_a_superset_that_names_the_one_before(day):
    site, p = day, day.province
    head = site.person(HEAD)
    first = return_parcel.Returned((site.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes(), p.trust)
    head.refused(400, "请写明原因", "hand-back/build", at.PATROLLER, sign_pin=at.SIGN_PIN, second_sign_pin=at.SIGN_PIN)
    at.build(head, reason="市考试机构要求补交异常记录")
    second = return_parcel.Returned((site.home / "outbox" / f"{at.SITTING}-r2.xrb").read_bytes(), p.trust)
    assert (second.payload["rev"], second.payload["prev_hash"]) == (2, first.hash)
    assert second.payload["bundle_id"] == first.payload["bundle_id"]
    old, new = (one.contents(*p.openers["city_import"]) for one in (first, second))
    assert old["answers"] == new["answers"]
    assert new["events"].startswith(old["events"])
    assert second.payload["ledger"]["size"] > first.payload["ledger"]["size"]


def test_the_ledger_is_laid_down_for_outsiders_while_the_server_runs(day):
    out = day.folder / "out"
    for _ in range(2):
        made = at.run("edge", "ledger", "--config", str(day.config), "--out", str(out))
        assert made.returncode == 0, made.stderr
    checked = at.run("ledger", "verify", str(out), "--trust", str(day.folder / "trust.json"))
    assert (checked.returncode, checked.stdout.split("\t")[0]) == (0, "ok"), checked.stdout
    bundle = next(path for path in out.rglob("*") if "entries" in path.parts and path.is_file())
    spoiled = bytearray(bundle.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    bundle.write_bytes(bytes(spoiled))
    assert at.run("ledger", "verify", str(out), "--trust", str(day.folder / "trust.json")).returncode == 1
    note = out / f"EDGE-{at.SITE}-1" / "checkpoint"
    note.write_bytes(note.read_bytes().replace(b"\n", b"\n9", 1))
    forked = at.run("edge", "ledger", "--config", str(day.config), "--out", str(out))
    assert (forked.returncode, "不是本机台账" in forked.stderr) == (1, True)


def test_no_item_was_ever_written_to_the_disk(day):
    """The canary stands in every item; every file of the server's folder is searched, the closed database included."""
    day.quit()
    needles = [text.encode(code) for text in ("金丝雀", "停电检修前应先做什么") for code in ("utf-8", "utf-16-le", "utf-16-be")]
    needles += [json.dumps("金丝雀").strip('"').encode()]
    searched = [path for path in day.folder.rglob("*") if path.is_file()]
    assert len(searched) > 15
    for path in searched:
        data = path.read_bytes()
        assert not [needle for needle in needles if needle in data], path
