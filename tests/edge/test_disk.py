"""A full disk: nothing that was acknowledged is lost, what has begun is finished, nothing new begins."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kaopei.edge.disk import MIB, Disk
from kaopei.parcel import return_parcel
from tests.edge import room as stage
from tests.edge import site as at
from tests.edge.room import HEAD, INVIGILATOR, NOW, PATROLLER, WINDOW, Terminal, key


@pytest.fixture
def small(tmp_path):
    """A file system of a few MiB."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(place)], capture_output=True) if os.geteuid() == 0 else None
    if made is None or made.returncode:
        pytest.skip("a small file system needs root: the full disk was not tried")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, leave: int) -> None:
    """Take all but so many bytes."""
    free = shutil.disk_usage(place).free - leave
    with (place / "junk").open("ab") as junk:
        os.posix_fallocate(junk.fileno(), junk.seek(0, 2), max(1, free))


def sit(place: Path, seats: int, answers: int) -> None:
    """The disk runs full in the middle; everybody goes on and hands in, and all of it is there after a kill."""
    wide = WINDOW | {"start_latest": NOW + 9000}
    room, parcels = stage.prepared(place, seats, window=wide)
    room.config.write_text(room.config.read_text().replace("ballast_mib = 1\n", "ballast_mib = 8\n"))
    room.serve()
    try:
        room.clock(NOW + 930)
        staff, head = room.log_in(INVIGILATOR), room.log_in(HEAD)
        codes = [staff.sign_in(row).json() for row in parcels.rows]
        terminals = [Terminal(room, answer["seat"], key(n)) for n, answer in enumerate(codes)]
        for one, answer in zip(terminals, codes, strict=True):
            one.start(answer["code"])
        head.ring()
        for one in terminals:
            assert one.begin().status_code == 200
        acked = {}
        fill(place, 150_000)
        for number in range(answers):
            for one in terminals:
                event = one.event(1, "A" if number % 2 else "")
                while (answer := one.send(event)).status_code == 503:
                    assert answer.json()["error"] == "not_saved"
                assert answer.status_code == 200, answer.text
                acked[one.attempt] = answer.json()["saved"]
        assert not (place / "site" / "ballast").exists()
        assert "只收尾" in head.page("board").text
        # However full: acknowledged means there.
        for one in terminals:
            assert one.state()["seq"] == acked[one.attempt] == answers
            assert one.hand_in().status_code == 200
        room.kill()
        room.serve()
        stored = dict(room.rows("SELECT attempt, count(*) FROM answer_event JOIN attempt ON attempt.no = attempt_no GROUP BY attempt"))
        assert stored == acked
        assert room.rows("SELECT DISTINCT state FROM attempt") == [("handed_in",)]
        assert room.entries("disk.watched")[0]["body"]["finish_only"] is True
        assert "device.disk_full" in str(room.entries("irregularity.noted"))
    finally:
        room.stop()


def test_a_sitting_is_finished_on_a_full_disk(small):
    sit(small, 3, 12)


def test_a_full_disk_keeps_the_parcel_from_being_built_and_nothing_is_half_done(small, laid):
    """Closed and signed, then no room: nothing is written down, and the same step works when there is room."""
    site = at.copied(laid, small / "site")
    at.pack(site, count=1)
    site.serve()
    try:
        head = at.take_in(site)
        at.prepare(head)
        at.open_paper(site, head)
        (terminal,) = at.seat_all(site, head, site.packs[at.SITTING].rows)
        at.ring(site, head)
        assert [terminal.begin().status_code, terminal.answer(1, "A").status_code, terminal.hand_in().status_code] == [200] * 3
        head.do("hand-back/close", INVIGILATOR)
        head.do("hand-back/slip", PATROLLER, **at.SIGNED)
        (site.home / "ballast").unlink(missing_ok=True)
        fill(small, 4_096)
        # Whichever meets the full disk first, the file or the ledger, says so.
        answer = head.send("hand-back/build", PATROLLER, score_reason="等不到答案密钥", **at.SIGNED)
        assert {507: "没有生成", 503: "没有保存成功"}[answer.status_code] in at.words(answer.text)
        assert site.rows("SELECT count(*) FROM bundle") == [(0,)]
        assert not list((site.home / "outbox").glob("*.xrb*"))
        (small / "junk").unlink()
        at.build(head, score_reason="等不到答案密钥")
        data = (site.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes()
        assert return_parcel.Returned(data, site.province.trust).payload["counts"]["events"] == 1
        assert site.rows("SELECT state FROM sitting") == [("returned",)]
    finally:
        site.stop()


@pytest.mark.long
def test_fifty_seats_finish_on_a_full_disk(small):
    sit(small, 50, 12)


def test_ballast_is_laid_down_given_up_once_and_laid_down_again(tmp_path, monkeypatch):
    disk = Disk(tmp_path, 2, 1)
    free = [100 * MIB]
    monkeypatch.setattr(Disk, "free", lambda self: free[0])
    disk.prepare()
    assert disk.ballast.stat().st_size == 2 * MIB and not disk.watch()
    free[0] = MIB - 1
    assert disk.watch() and disk.finish_only and not disk.ballast.exists()
    assert not disk.release(), "there is nothing more to give up"
    disk.told = True
    free[0] = 3 * MIB
    assert not disk.watch(), "not enough for ballast and mark: finishing goes on"
    free[0] = 5 * MIB
    assert disk.watch() and not disk.finish_only and disk.ballast.exists()


def test_a_server_that_starts_on_a_full_disk_only_finishes(tmp_path, monkeypatch):
    disk = Disk(tmp_path, 2, 1)
    monkeypatch.setattr(Disk, "free", lambda self: 2 * MIB)
    disk.prepare()
    assert disk.finish_only and not disk.ballast.exists()
