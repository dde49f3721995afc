"""Parcels of a log that goes on from another: the promoted standby's, and a successor's after damage."""

import pytest

from kaopei.center.sittings import queries
from kaopei.ledger import checkpoint, segment, tree
from kaopei.office import keys
from kaopei.parcel import container
from kaopei.parcel.keyfile import Signer
from tests.center.sittings.conftest import Desk, taken_back
from tests.center.sittings.rooms import Note


@pytest.fixture(scope="module")
def carried_so_far(month):
    """Two enrolled servers of one site; the key went to the first."""
    for desk in taken_back(Desk(month)):
        desk.start()
        for serial in ("EDGE-1", "EDGE-2"):
            desk.enrol(desk._facts.site, serial)
        desk.through("seat")
        desk.quarter_before()
        desk.release(machine="EDGE-1")
        yield desk


@pytest.fixture
def released(carried_so_far):
    yield from taken_back(carried_so_far.again())


def landed(desk, data):
    (one,) = desk.receive(data)
    return one.state, one.code, one.text


def root_of(leaves):
    return tree.Frontier(tree.leaf_hash(leaf) for leaf in leaves).root()


def signed(machine, size, leaves=None):
    leaves = machine.leaves if leaves is None else leaves
    return checkpoint.sign(checkpoint.body(machine.origin, size, root_of(leaves[:size])), Note(Signer(machine.sign_key)))


class Gone:
    """The exam up to its close on the first machine; then somebody takes over and closes it."""

    def __init__(self, desk):
        self.desk, self.held = desk, desk.held()
        self.first = desk.machines["EDGE-1"]
        self.first.leaves.pop()
        self.blobs = {}

    def promote(self, *, lose=0, **changed):
        """The standby: all entries (`lose` of the last ones missing), its own name and key."""
        second = self.desk.machines["EDGE-2"]
        size = len(self.first.leaves) - lose
        second.leaves = self.first.leaves[:size]
        note = signed(self.first, size)
        body = {
            "epoch": 2, "origin": self.first.origin, "size": size, "root": root_of(second.leaves).hex(), "signed_size": size, "in_step": True,
            "power_off": True, "second": "x",
        } | changed  # fmt: skip
        second.write("standby.promoted", "edge:EDGE-2", body)
        self.blobs = {"ledger_before": container.write([(f"{size}/checkpoint", note)])}
        return self.close(second)

    def succeed(self, sound, damaged, /, **changed):
        """The same machine under a new name: entry `damaged` reads differently, the last good checkpoint covers `sound`."""
        size, old, origin = len(self.first.leaves), list(self.first.leaves), self.first.origin
        lay = [*old[:damaged], old[damaged].replace(b'"wall":1', b'"wall":7'), *old[damaged + 1 :]]
        notes = [signed(self.first, sound), signed(self.first, size)]
        before = segment.write(lay, notes)
        self.first.origin, self.first.leaves = origin + "-2", lay
        body = {
            "origin": origin, "size": size, "root": root_of(lay).hex(), "signed_size": size, "sound": sound, "reason": "有内容被改动", "second": "x",
        } | changed  # fmt: skip
        self.first.write("ledger.succeeded", "edge:EDGE-1", body)
        self.blobs = {"ledger_before": container.write(sorted((f"{size}/{name}", data) for name, data in before.items()))}
        return self.close(self.first)

    def close(self, machine):
        machine.write("sitting.closed", f"sitting:{self.held.seats['sitting_id']}", {})
        self.held.machine = machine
        return self

    def parcel(self, **more):
        return self.held.parcel(blobs=self.blobs | more)


def test_parcel_of_a_promoted_standby_is_taken_in_and_says_so(released):
    data = Gone(released).promote().parcel()
    assert landed(released, data)[:2] == ("taken", "")
    came = queries.returned(released.row().sitting)
    assert came.facts["machine"] == "EDGE-2"
    (one,) = came.facts["successions"]
    first = released.machines["EDGE-1"]
    assert (one["title"], one["origin"], one["size"] == one["sound"]) == ("备用服务器接替主机", first.origin, True)
    assert landed(released, data)[0] == "same"


def test_receipt_goes_to_the_machine_that_handed_back(released):
    from kaopei.center.sittings import actions
    from kaopei.parcel import receipt

    gone = Gone(released).promote()
    landed(released, gone.parcel())
    slip = actions.sign_receipt(released.row(), by=released.people["clerk"], at=released.at)
    said = receipt.read(bytes(slip.data), keys.trust())
    assert said["origin"] == released.machines["EDGE-2"].origin


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"size": 3}, "与台账本身不符"),
        ({"root": "0" * 64}, "与台账本身不符"),
        ({"origin": "edge.440600.449999/EDGE-1/2026"}, "不属于这个考试点"),
        ({"signed_size": 2}, "最后签署到"),
    ],
)
def test_a_promotion_that_does_not_fit_is_set_aside(released, how, words):
    state, _, text = landed(released, Gone(released).promote(**how).parcel())
    assert state == "quarantined" and words in text, text


def test_a_promotion_without_what_the_old_log_had_signed_is_set_aside(released):
    state, code, text = landed(released, Gone(released).promote().parcel(ledger_before=None))
    assert (state, code) == ("quarantined", "succession") and "检查点" in text


def test_a_checkpoint_of_a_stranger_is_no_predecessor(released):
    gone = Gone(released).promote()
    stranger = released.machines["EDGE-2"]
    size = len(gone.first.leaves)
    note = checkpoint.sign(checkpoint.body(gone.first.origin, size, root_of(gone.first.leaves)), Note(Signer(stranger.sign_key)))
    state, code, _ = landed(released, gone.parcel(ledger_before=container.write([(f"{size}/checkpoint", note)])))
    assert (state, code) == ("quarantined", "succession")


def seen_by_the_city(released, gone, size):
    """The opening slip of the first machine at so many entries."""
    held, whole = gone.held, gone.first.leaves
    gone.first.leaves = whole[:size]
    text = held.slip_text(kind="open", counts={})
    gone.first.leaves = whole
    from kaopei.parcel import slip

    assert landed(released, slip.pack(text, [], [], gone.first.record))[0] == "taken"


def test_what_the_city_has_witnessed_of_the_dead_machine_must_be_in_the_new_log(released):
    gone = Gone(released)
    seen_by_the_city(released, gone, 4)
    state, code, text = landed(released, gone.promote(lose=len(gone.first.leaves) - 3).parcel())
    assert state == "quarantined" and code in ("witness", "equation"), text


def test_a_log_that_was_rewritten_before_the_promotion_is_found(released):
    gone = Gone(released)
    seen_by_the_city(released, gone, 4)
    gone.first.leaves[1] = gone.first.leaves[1].replace(b'"wall":1', b'"wall":9')
    state, code, text = landed(released, gone.promote().parcel())
    assert (state, code) == ("quarantined", "witness") and "已见证" in text


# ---- after damage
def answers_at(gone):
    return next(one["entry"] for one in gone.held.events)


def test_successor_after_damage_is_taken_in_and_says_what_proves_nothing(released):
    gone = Gone(released)
    at = answers_at(gone)
    seen_by_the_city(released, gone, 3)
    gone.succeed(at, at)
    assert landed(released, gone.parcel())[:2] == ("taken", "")
    (one,) = queries.returned(released.row().sitting).facts["successions"]
    assert (one["title"], one["sound"]) == ("台账损坏，两人续写", at)
    assert one["size"] > at and "被改动" in one["reason"]


def test_damage_in_what_was_witnessed_is_set_aside(released):
    gone = Gone(released)
    seen_by_the_city(released, gone, 4)
    state, code, _ = landed(released, gone.succeed(1, 2).parcel())
    assert (state, code) == ("quarantined", "witness")


def test_nobody_may_call_sound_entries_doubtful_answers_away(released):
    """An answer that is not under the chain of its attempt stays refused, doubtful or not."""
    gone = Gone(released)
    at = answers_at(gone)
    gone.succeed(at, at)
    gone.held.events[0]["value"] = "D"
    state, code, _ = landed(released, gone.parcel())
    assert (state, code) == ("quarantined", "chain")


def test_sound_part_needs_a_checkpoint_of_the_old_log(released):
    gone = Gone(released)
    at = answers_at(gone)
    state, code, text = landed(released, gone.succeed(at, at, sound=at + 1).parcel())
    assert (state, code) == ("quarantined", "succession") and "完好部分没有依据" in text
