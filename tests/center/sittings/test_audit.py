"""Time in a return parcel: set back, stood still, given without an entry; computed from the segment alone."""

import pytest

from kaopei.center.sittings import auditing, queries
from kaopei.parcel.rejected import Rejected
from tests.center.sittings.conftest import carried, taken_back

SITTING = "s"


def log(*rows):
    """Entries from (type, obj, wall, boottime seconds, body, boot)."""
    return [
        {"seq": seq, "type": kind, "obj": obj, "wall": wall, "boottime": round(1000 * boot), "boot_id": which, "body": body}
        for seq, (kind, obj, wall, boot, body, which) in enumerate(rows)
    ]


def alive(wall, boot=None, which="b"):
    return ("edge.alive", "edge:E", wall, wall if boot is None else boot, {}, which)


def opened(wall=0, **body):
    return ("paper.opened", "sitting:s", wall, wall, body, "b")


def closed(wall):
    return ("sitting.closed", "sitting:s", wall, wall, {}, "b")


def credit(kind, attempt, seconds, wall=60):
    return (kind, f"attempt:{attempt}", wall, wall, {"seconds": seconds}, "b")


def audit(*rows, reported=None, doubtful=()):
    return auditing.audit(log(*rows), SITTING, reported or {}, doubtful)


def test_a_quiet_sitting_shows_nothing():
    found = audit(opened(), alive(60), alive(120), closed(150))
    assert auditing.words(found.facts()) == [("good", "时钟、心跳、补时都正常")]


@pytest.mark.parametrize("seconds", [3, 600, 86_400])
def test_a_clock_that_was_set_back_is_found_with_its_place(seconds):
    found = audit(opened(100_000), ("edge.alive", "edge:E", 100_060 - seconds - 60, 100_060, {}, "b"), closed(100_100))
    assert found.back == [(1, seconds)]
    assert "被拨回 1 次：第 1 条" in auditing.words(found.facts())[0][1]


def test_a_clock_that_ran_away_from_the_boot_time_is_found_and_a_reboot_is_not():
    found = audit(opened(), alive(4000, 60), closed(4030))
    assert found.jumps[0] == (1, 3940)
    assert audit(opened(), ("edge.started", "edge:E", 60, 5, {}, "other"), alive(65, 10, "other")).jumps == []


def test_silence_is_found_by_boot_time_and_over_a_reboot_by_the_wall():
    assert audit(opened(), alive(91), closed(100)).silences == [(1, 91)]
    assert audit(opened(), alive(90), closed(100)).silences == []
    found = audit(opened(), ("edge.started", "edge:E", 300, 5, {}, "other"), ("sitting.closed", "sitting:s", 310, 15, {}, "other"))
    assert (found.silences, found.restarts) == ([(1, 300)], 1)
    assert audit(alive(0), alive(500)).silences == []


def test_credits_are_summed_by_kind_and_compared_with_what_the_site_states():
    rows = (
        opened(), credit("attempt.time_credited", "x", 30), credit("attempt.extended", "x", 300), credit("attempt.resumed", "y", 12),
        credit("attempt.break_ended", "y", 60), ("sitting.resumed", "sitting:s", 60, 60, {"milliseconds": 45_000}, "b"), closed(90),
    )  # fmt: skip
    found = audit(*rows, reported={"x": 330_400, "y": 71_800, "z": 0})
    assert found.credits["两人决定延长"] == (1, 300)
    assert found.group == {"全场暂停": (1, 45)}
    for reported in ({"x": 332_000}, {"x": 300_000}, {"z": 60_000}):
        with pytest.raises(Rejected, match="没有记录的补时"):
            audit(*rows, reported=reported)
    assert audit(*rows, reported={"x": 0}, doubtful={3}).credits


def test_a_false_offset_of_the_clock_at_the_opening_is_shown():
    assert audit(opened(clock_offset=-3600), closed(30)).offset == -3600
    assert audit(opened(clock_offset=20), closed(30)).offset == 0
    assert audit(opened(clock_offset=True), closed(30)).offset == 0


@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "release")


@pytest.fixture
def released(carried_so_far):
    yield from taken_back(carried_so_far.again())


def test_import_keeps_the_figures_and_sets_silent_credits_aside(released, browser):
    held = released.held()
    present = next(one for one in held.attempts if one["state"] == "handed_in")
    present["extra_ms"] = 600_000
    (one,) = released.receive(held.parcel())
    assert (one.state, one.code) == ("quarantined", "credits")
    present["extra_ms"] = 0
    (one,) = released.receive(held.parcel())
    assert one.state == "taken", one
    assert queries.returned(released.row().sitting).facts["timing"]["counts"][0] == 0
    assert "时间核对" in browser("clerk").see(f"/sittings/{released.row().sitting}/")
