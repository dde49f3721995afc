"""A slip that comes from a site on the day: whose it is, what it must continue, and what hangs on it."""

from datetime import timedelta

import pytest

from kaopei.center.sittings import inbox, queries
from kaopei.center.sittings.models import Quarantine
from kaopei.ledger import entry, tree
from kaopei.office import clock, keys
from kaopei.parcel import keyfile, slip
from tests.center.sittings.conftest import carried, taken_back
from tests.parcel.test_emergency import sealed


@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "release")


@pytest.fixture
def released(carried_so_far):
    yield from taken_back(carried_so_far.again())


def landed(desk, data):
    (one,) = desk.receive(data)
    return one.state, one.code


def test_closing_slip_is_taken_once_and_ends_the_alarm(released):
    row = released.row()
    assert not queries.slip_overdue(row, row.ends_at + timedelta(minutes=60))
    assert queries.slip_overdue(row, row.ends_at + timedelta(minutes=61))
    data = released.held().slip()
    assert landed(released, data) == ("taken", "")
    assert landed(released, data)[0] == "same"
    assert not queries.slip_overdue(row, row.ends_at + timedelta(minutes=61))
    kept = queries.close_slip(row, queries.package(row.sitting).manifest["package_id"])
    assert (kept.facts["pending"], kept.facts["signed_by"]) == (True, ["head", "patroller"])


def test_scanned_codes_are_the_slip(released):
    held = released.held()
    held.slip()
    texts = [*slip.second(held.approvals(held.closing), []), held.closing]
    found = inbox.scanned(texts, by=released.people["clerk"], at=released.at)
    assert (found.state, found.sitting) == ("taken", released.row().sitting), found
    for bad, code in ((texts[:-1], "slip"), ([texts[-1][:-9], *texts[:-1]], "jws"), ([texts[-1]], "")):
        again = inbox.scanned(bad, by=released.people["clerk"], at=released.at)
        assert again.state != "taken" and (not code or again.code in (code, "base64", "machine", "signature")), again


def test_alarm_stands_on_the_page_and_scanning_is_a_page(released, browser, monkeypatch):
    number = released.row().sitting
    held = released.held()
    released.at = released.row().ends_at + timedelta(minutes=90)
    monkeypatch.setattr(clock, "now", lambda: released.at)
    clerk = browser("clerk")
    assert "还没有收到收场小条" in clerk.see(f"/sittings/{number}/")
    held.slip()
    assert "扫描内容" in clerk.see("/sittings/slip/")
    said = clerk.send("/sittings/slip/", expect=200, texts="\r\n".join([held.closing, *slip.second(held.approvals(held.closing), [])]))
    assert "已收入" in said
    assert "还没有收到收场小条" not in clerk.see(f"/sittings/{number}/")
    assert held.machine.origin in clerk.see("/sittings/witness/")


@pytest.mark.parametrize("change", [{"opened": 1}, {"expected": 1}, {"roster": 1}, {"closed": 0}])
def test_closing_slip_with_somebody_still_writing_is_set_aside(released, change):
    held = released.held()
    held.counts = {**held.counts, **change}
    assert landed(released, held.slip()) == ("quarantined", "equation")


def test_slip_of_another_machine_sitting_or_signers_is_set_aside(released):
    held = released.held()
    other = held.slip_text(sitting_id="999999-9999-09")
    assert landed(released, held.slip(other))[0] == "quarantined"
    assert landed(released, held.slip(signers=("patroller", "invigilator"))) == ("quarantined", "approver")
    theirs = released.enrol(released.row().site, "EDGE-2")
    theirs.leaves = list(held.machine.leaves)
    held.machine, held.closing = theirs, ""
    assert landed(released, held.slip()) == ("quarantined", "machine")
    assert Quarantine.objects.filter(kind="slip").count() == 3


def test_second_closing_slip_and_a_fork_are_kept_as_evidence(released):
    held = released.held()
    assert landed(released, held.slip()) == ("taken", "")
    before = list(held.machine.leaves)
    held.machine.write("edge.alive", "edge:EDGE-1", {"sittings": 0})
    assert landed(released, held.slip(held.slip_text())) == ("quarantined", "second")
    held.machine.leaves = [entry.encode({**entry.decode(before[0]), "wall": 2}), *before[1:]]
    gate = held.slip_text(kind="gate", counts={}, flags={"room": True})
    assert landed(released, slip.pack(gate, [], [], held.machine.record)) == ("quarantined", "witness")


def test_slip_that_continues_what_the_city_confirmed_is_verified_at_once(released):
    held = released.held()
    assert landed(released, held.parcel()) == ("taken", "")
    confirmed = len(held.machine.leaves)
    assert queries.witnessed(held.machine.origin).city_size == confirmed
    for _ in range(5):
        held.machine.write("edge.alive", "edge:EDGE-1", {"sittings": 0})
    hashes = [tree.leaf_hash(leaf) for leaf in held.machine.leaves]
    proof = [one.hex() for one in tree.consistency_proof(hashes, confirmed)]

    def gate(proof, **more):
        text = held.slip_text(kind="open", counts={}, since=confirmed, proof=proof, **more)
        return slip.pack(text, [], proof, held.machine.record)

    assert landed(released, gate(proof[:-1])) == ("quarantined", "witness")
    assert landed(released, gate(proof)) == ("taken", "")
    seen = queries.witnessed(held.machine.origin)
    assert (seen.city_size, seen.pending) == (confirmed + 5, 0)
    held.machine.leaves = held.machine.leaves[:-2]
    assert landed(released, gate(proof)) == ("quarantined", "witness")


def test_parcel_must_keep_to_the_slip_that_was_seen_on_the_day(released):
    held = released.held()
    seen = held.slip()
    assert landed(released, seen) == ("taken", "")
    held.machine.write("edge.alive", "edge:EDGE-1", {"sittings": 0})
    first, held.closing = held.closing, held.slip_text()
    assert landed(released, held.parcel()) == ("quarantined", "slip")
    held.closing = first
    assert landed(released, held.parcel()) == ("taken", "")


# What comes after the slip, and by which check it is found: extra time by the audit of credits, an answer by the equation.
AFTER = {
    "answers.saved": "equation",
    "attempt.time_credited": "credits",
    "attempt.moved": "after",
    "attempt.extended": "credits",
    "sitting.time_credited": "after",
    "admission.signed_in": "after",
}


@pytest.mark.parametrize("code", AFTER)
def test_answers_credits_and_moves_after_the_slip_are_refused(released, code):
    held = released.held()
    held.slip()
    name = held.attempts[-1]["attempt"]
    body = {"events": 0, "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"} if code == "answers.saved" else {"seconds": 60}
    held.machine.write(code, f"sitting:{released.row().sitting}" if code.startswith(("answers", "sitting")) else f"attempt:{name}", body)
    assert landed(released, held.parcel()) == ("quarantined", AFTER[code])


def test_parcel_without_slip_or_with_a_changed_one_is_set_aside(released):
    held = released.held()
    good = held.slip()
    assert landed(released, held.parcel(blobs={"slip": None})) == ("quarantined", "slip")
    assert landed(released, held.parcel(close_slip=None)) == ("quarantined", "slip")
    spoiled = good.replace(b'"proof":[]', b'"proof":["' + b"0" * 64 + b'"]')
    assert landed(released, held.parcel(blobs={"slip": spoiled})) == ("quarantined", "slip")
    early = held.machine.leaves[:-1]
    held.machine.leaves, late = early, held.machine.leaves
    held.closing = held.slip_text()
    held.machine.leaves = late
    assert landed(released, held.parcel()) == ("quarantined", "slip")


def test_scores_need_their_token_and_their_entry_in_the_ledger(released):
    held = released.held()
    released.receive(held.slip())
    released.at = released.row().ends_at + timedelta(days=1)
    released.release(stage=2, challenge=released.challenge())
    token = bytes(queries.newest(released.row(), "key_release").data)
    held.at = int(released.at.timestamp())
    held.score(token)
    changed = {**held.outcomes, "results": [{**held.outcomes["results"][0], "score": 2}, *held.outcomes["results"][1:]]}
    from kaopei.parcel import canonical

    assert landed(released, held.parcel(blobs={"outcomes": canonical.encode(changed)})) == ("quarantined", "outcomes")
    fewer = {**held.outcomes, "results": held.outcomes["results"][1:]}
    assert landed(released, held.parcel(blobs={"outcomes": canonical.encode(fewer)})) == ("quarantined", "outcomes")
    assert landed(released, held.parcel(blobs={"outcomes": None})) == ("quarantined", "outcomes")
    assert landed(released, held.parcel(tokens=[held.token])) == ("quarantined", "outcomes")
    assert landed(released, held.parcel(tokens=[held.token, held.token, held.second])) == ("quarantined", "token")
    assert landed(released, held.parcel(edge_outcomes="没有评")) == ("quarantined", "outcomes")
    assert landed(released, held.parcel()) == ("taken", "")
    assert queries.returned(released.row().sitting).facts["scored"] == "present"


def test_a_terminals_emergency_file_is_evidence_and_never_an_import(released):
    kid, key = keys.opener("city_import", released.at)
    good = sealed(keyfile.public(key), kid)
    assert landed(released, good) == ("quarantined", "evidence")
    kept = Quarantine.objects.get(kind="emergency")
    assert bytes(kept.data) == good and "未确认的作答 1 条" in kept.reason and "只作证据" in kept.reason
    assert landed(released, good.replace(b'"lease": 2', b'"lease": 3')) == ("quarantined", "evidence")
