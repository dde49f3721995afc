"""What a site hands back: whole and right, or set aside with its numbers. The same bytes again change nothing."""

import hashlib
import json
from datetime import timedelta

import pytest

from kaopei.center.sittings import actions, queries
from kaopei.center.sittings.models import Attempt
from kaopei.ledger import entry
from kaopei.office import keys
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from kaopei.parcel import receipt
from tests.center.sittings.conftest import carried, taken_back


@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "release")


@pytest.fixture
def released(carried_so_far):
    yield from taken_back(carried_so_far.again())


def landed(desk, data):
    (one,) = desk.receive(data)
    return one.state, one.code


def test_parcel_is_taken_in_with_its_attendance(released):
    held = released.held()
    assert landed(released, held.parcel()) == ("taken", "")
    number = released.row().sitting
    said = {one["attempt"]: {"handed_in": "present"}.get(one["state"], one["state"]) for one in held.attempts}
    assert queries.attendance(number) == said
    sat = queries.attempts(number)
    assert {one.attempt: one.attendance for one in sat} == said
    assert {one.receipt for one in sat if one.attendance == "present"} == {f"R{one.attempt}" for one in sat if one.attendance == "present"}
    came = queries.returned(number)
    assert came.facts["counts"]["present"] == len(sat) - 2
    assert came.facts["signed_by"].count("head") == 1
    assert Event.objects.get(code="sittings.returned").facts["counts"] == came.facts["counts"]
    assert queries.sittings_returned() == [number]


def test_same_bytes_from_the_other_medium_are_a_no_op(released):
    data = released.held().parcel()
    landed(released, data)
    events = Event.objects.count()
    (again,) = released.receive(data)
    assert again.state == "same" and "没有改动" in again.text
    assert (Event.objects.count(), queries.returns(released.row()).count()) == (events, 1)


def test_other_bytes_for_a_known_rev_are_set_aside(released):
    held = released.held()
    landed(released, held.parcel())
    assert landed(released, held.parcel()) == ("quarantined", "rev")
    assert queries.returns(released.row()).count() == 1


def test_next_rev_follows_and_an_orphan_does_not(released):
    held = released.held()
    assert landed(released, held.parcel(rev=3, prev_hash=None)) == ("quarantined", "rev")
    landed(released, held.parcel())
    first = queries.returned(released.row().sitting)
    assert landed(released, held.parcel(rev=2, prev_hash="0" * 64)) == ("quarantined", "rev")
    assert landed(released, held.parcel(rev=2, prev_hash=first.digest, bundle="RB-other")) == ("quarantined", "bundle")
    assert landed(released, held.parcel(rev=2, prev_hash=first.digest)) == ("taken", "")
    assert queries.returned(released.row().sitting).rev == 2
    assert Attempt.objects.count() == 2 * len(held.attempts)


def test_rev_after_the_receipt_needs_another_receipt(released):
    held = released.held()
    landed(released, held.parcel())
    actions.sign_receipt(released.row(), by=released.people["clerk"], at=released.at)
    first = queries.returned(released.row().sitting)
    assert landed(released, held.parcel(rev=2, prev_hash=first.digest)) == ("taken", "")
    assert released.row().status == "returned"


SPOILS = {
    "absent_too_many": lambda held: held.counts.update(absent=held.counts["absent"] + 1),
    "present_missing": lambda held: held.counts.update(present=held.counts["present"] - 1, closed=held.counts["closed"] - 1),
    "still_expected": lambda held: held.counts.update(expected=1),
    "not_closed": lambda held: held.counts.update(closed=held.counts["closed"] - 1),
    "roster_short": lambda held: held.attempts.pop(),
    "roster_stranger": lambda held: held.attempts.append({**held.attempts[0], "attempt": "STRANGER"}),
    "still_open": lambda held: held.attempts[-1].update(state="open"),
    "event_lost": lambda held: held.events.pop(),
    "event_twice": lambda held: held.events.append(held.events[-1]),
    "sheet_lost": lambda held: held.answers.pop(),
    "sheet_of_absent": lambda held: held.answers.append({"attempt": held.attempts[0]["attempt"], "answers": {}}),
}


@pytest.mark.parametrize("name", SPOILS)
def test_completeness_that_fails_is_told_with_its_numbers(released, name):
    held = released.held()
    SPOILS[name](held)
    (one,) = released.receive(held.parcel())
    assert (one.state, one.code) == ("quarantined", "equation"), one
    assert any(letter.isdigit() for letter in one.text)
    assert released.row().status == "released" and not Attempt.objects.exists()


def test_answer_changed_after_the_fact_is_found(released):
    held = released.held()
    held.answers[0]["answers"]["1"] = "D"
    assert landed(released, held.parcel()) == ("quarantined", "answers")


def test_event_changed_with_its_digest_is_found_by_its_chain(released):
    held = released.held()
    held.events[0]["value"] = "D"
    assert landed(released, held.parcel())[0] == "quarantined"
    held.events[0]["chain"] = "0" * 64
    assert landed(released, held.parcel())[0] == "quarantined"


def rewritten(machine, change):
    """The machine's ledger with some entries changed and everything above them computed and signed anew, as its own root could."""
    leaves = [entry.encode(change(json.loads(leaf))) for leaf in machine.leaves]
    return machine.segment(leaves)


def test_rewritten_ledger_with_other_counts_is_found(released):
    held = released.held()

    def fewer(row):
        return {**row, "body": {**row["body"], "events": 2}} if row["type"] == "answers.saved" else row

    assert landed(released, held.parcel(ledger=rewritten(held.machine, fewer))) == ("quarantined", "equation")


def test_broken_ledger_is_set_aside(released):
    held = released.held()
    files, size, root, note = held.machine.segment()
    name = next(one for one in files if one.startswith("tile/entries"))
    spoiled = {**files, name: files[name].replace(b"handed_in", b"handed_up", 1)}
    assert landed(released, held.parcel(ledger=(spoiled, size, root, note))) == ("quarantined", "ledger")
    assert landed(released, held.parcel(ledger=({"checkpoint": note}, size, root, note))) == ("quarantined", "ledger")
    assert landed(released, held.parcel(ledger=(files, size + 1, root, note))) == ("quarantined", "ledger")


def test_ledger_shorter_or_other_than_what_was_witnessed_is_found(released):
    held = released.held()
    landed(released, held.parcel())
    first = queries.returned(released.row().sitting)
    machine = held.machine
    before = list(machine.leaves)
    machine.leaves = [entry.encode({**json.loads(before[0]), "wall": 2}), *before[1:]]
    assert landed(released, held.parcel(rev=2, prev_hash=first.digest)) == ("quarantined", "witness")
    machine.leaves = before
    machine.write("edge.alive", "edge:EDGE-1", {"sittings": 0})
    assert landed(released, held.parcel(rev=2, prev_hash=first.digest)) == ("taken", "")


def test_parcel_built_earlier_and_brought_later_is_a_beginning_of_what_is_known(released):
    from kaopei.center.sittings import bundle

    held = released.held()
    machine = held.machine
    earlier = len(machine.leaves) - 3
    files = machine.segment()[0]
    from kaopei.parcel import container

    whole = container.write(sorted(files.items()))
    assert bundle.root_at(whole, earlier) == machine.segment(machine.leaves[:earlier])[2].hex()
    known = bundle.Known(len(machine.leaves), "", lambda size: bundle.root_at(whole, size))
    bundle._witness(machine.leaves[:earlier], known, bundle._root(machine.leaves[:earlier]))


def test_signers_are_the_head_and_a_second(released):
    held = released.held()
    assert landed(released, held.parcel(signers=("patroller", "invigilator"))) == ("quarantined", "signers")
    assert landed(released, held.parcel(signers=("head",))) == ("quarantined", "signers")
    assert landed(released, held.parcel(signers=("head", "invigilator"))) == ("taken", "")


def test_parcel_of_an_unknown_paper_site_or_machine_is_set_aside(released):
    from kaopei.parcel.ids import uuid7

    held = released.held()
    assert landed(released, held.parcel(package_id=uuid7(1))) == ("quarantined", "package")
    assert landed(released, held.parcel(manifest_hash="0" * 64)) == ("quarantined", "manifest_hash")
    other = released.enrol(released.row().site, "EDGE-2")
    other.leaves = [*held.machine.leaves]
    held.machine = other
    assert landed(released, held.parcel()) == ("quarantined", "machine")


def test_token_that_the_key_service_never_gave_is_set_aside(released):
    held = released.held()
    strange = {**held.token, "payload": held.token["payload"][:-4] + "AAAA"}
    assert landed(released, held.parcel(tokens=[held.token, strange])) == ("quarantined", "token")


def test_damaged_parcel_is_set_aside(released):
    data = released.held().parcel()
    for spoiled in (data[:-1], data[: len(data) // 2], data + b"\0", data.replace(b"manifest.jws", b"manifest.jwz", 1)):
        assert landed(released, spoiled)[0] == "quarantined"


def test_receipt_covers_what_arrived_and_is_signed_three_times(released):
    released.receive(released.held().parcel())
    actions.sign_receipt(released.row(), by=released.people["clerk"], at=released.at)
    came, slip = queries.returned(released.row().sitting), queries.receipted(released.row().sitting)
    payload = receipt.read(bytes(slip.data), keys.trust())
    assert (payload["bundle_id"], payload["rev"], payload["hash"]) == (came.ref, came.rev, came.digest)
    assert (payload["origin"], payload["size"], payload["root"]) == tuple(came.facts[name] for name in ("origin", "size", "root"))
    with pytest.raises(Refused, match="没有待发回执"):
        actions.sign_receipt(released.row(), by=released.people["clerk"], at=released.at)


def test_no_receipt_before_the_return(released):
    with pytest.raises(Refused, match="没有待发回执"):
        actions.sign_receipt(released.row(), by=released.people["clerk"], at=released.at)


def test_answers_are_in_no_table_in_the_clear(released):
    data = released.held().parcel()
    released.receive(data)
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("artefact", "attempt", "conduct"):
            cursor.execute(f"SELECT t::text FROM sittings_{table} t")
            stored = "".join(row[0] for row in cursor.fetchall())
            assert '"answers": {"1"' not in stored and b'{"1": "C"'.hex() not in stored
    assert hashlib.sha256(data).hexdigest() == queries.returned(released.row().sitting).digest


def test_overdue_return_is_seen(released):
    assert not queries.last_due(released.row(), released.row().ends_at)
    assert queries.last_due(released.row(), released.row().ends_at + timedelta(hours=25))
