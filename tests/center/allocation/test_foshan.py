"""The month of the Foshan-like pack: drawn, shown, printed; then a public base is suspended, told three days before its first sitting.

The figures are printed. With KAOPEI_PICTURES=FOLDER the pages are kept as pictures.
"""

import csv
import io
import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kaopei.center.allocation import actions, checking, queries, tasks
from kaopei.center.applications import actions as intake
from kaopei.center.publication.drafts import draws as published
from kaopei.center.registry import actions as registry
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.tasks.models import Job
from tests.center.allocation.conftest import PARTIES, SECRETS, Play
from tests.center.allocation.pictures import camera
from tests.center.allocation.test_late import moves, seats_now
from tests.edge import chromium
from tests.people import CHINA, FOSHAN, NOW

PACK = Path(__file__).resolve().parents[4] / "shared" / "data" / "foshan-2026-12"
pytestmark = [pytest.mark.long, *chromium.MARKS, pytest.mark.skipif(not PACK.is_dir(), reason="the pack is not on this machine")]
TOLD = timedelta(days=3)


@pytest.fixture
def foshan(db, people_alone):
    names = ("培训机构", "考试点", "考试计划", "大纲学时", "学员报名", "考务人员", "考试计划_实操", "机构关联")
    files = {f"{name}.xlsx": (PACK / f"{name}.xlsx").read_bytes() for name in names if (PACK / f"{name}.xlsx").exists()}
    with scope.entered(FOSHAN):
        taken = intake.receive(files, by=SYSTEM, at=NOW)
        intake.confirm(taken, by=SYSTEM, at=NOW)
        actions.take_plan(taken.batch.number, by=SYSTEM, at=NOW)
        yield Play(people_alone), taken.batch.number


@pytest.fixture
def look(foshan, tmp_path, settings):
    """Pages at the time of the play."""
    play, _ = foshan

    def look(*seen, **how):
        offset = int((play.at - datetime.now(UTC)).total_seconds())
        (settings.DATA / "clock.json").write_text(json.dumps({"offset_seconds": offset}))
        return found.look(*seen, **how)

    with camera(tmp_path / "pictures") as found:
        yield look


def test_a_public_base_is_suspended_three_days_before_its_first_sitting(foshan, look) -> None:
    play, batch = foshan
    draw = drawn(play, batch, look)
    printed(play, draw)
    before = seats_now(batch)
    site, first = busiest_public_base(draw)
    play.at = datetime.combine(first, datetime.min.time(), CHINA) - TOLD + timedelta(hours=9)
    reason = "消防检查不合格，暂停使用考场。"
    registry.suspend_site(
        site, city=FOSHAN, from_day=play.at.date(), to_day=first + timedelta(days=100), reason=reason, by=play.people["approver"], at=play.at
    )
    late = changed(play, draw, look)
    assert first - play.at.date() == timedelta(days=2), "the new seats are known two days before"

    after, listed = seats_now(batch), moves(late)
    day = {number: queries.sitting(number).day for number in {seat[0] for seat in (*before.values(), *after.values())}}
    place = {number: queries.sitting(number).site for number in day}
    lost = {who for who, (number, _) in before.items() if place[number] == site}
    unmoved = {who for who, seat in before.items() if after.get(who) == seat}
    moved = {who for who in lost if who in after}
    assert lost and unmoved == before.keys() - lost
    assert {who for who, row in listed.items() if row["from_session"]} == lost
    assert {row["kind"] for who, row in listed.items() if who in lost} == {"site_suspended"}
    assert site not in {place[number] for number, _ in after.values()}
    assert len(set(after.values())) == len(after)
    assert min(day[after[who][0]] for who in moved) >= queries.first_day(late)
    why_is_public(late, len(listed))
    new = after.keys() - before.keys()
    neighbours = late.counts["neighbours_together"]
    print(
        f"\n{draw.counts}\n{site}: first sitting {first}, told {first - TOLD}, new seats on {play.at.astimezone(CHINA):%Y-%m-%d %H:%M}; "
        f"lost {len(lost)}, "
        f"unmoved {len(unmoved)}, moved {len(moved)}, of them without a seat {len(lost - after.keys())}, seated now that had none {len(new)}, "
        f"seated {len(after)}, neighbours {neighbours}; by new site {dict(Counter(place[after[who][0]] for who in moved).most_common(5))}"
    )


def drawn(play, batch, look):
    """The six steps, looked at on the way."""
    draw = play.announce(batch=batch)
    one = f"/allocation/draws/{draw.number}/"
    look("announcer", one, "1-announced")
    draw = play.commit(draw)
    for left in queries.prepare(draw).left_out:
        play.except_site(draw, left.site)
    look("freezer", one, "2-committed")
    assert "可抽考试点过少的名单" in look("freezer", one, "2-thin-market", part="form[action$='thin/']")
    draw = play.freeze(draw)
    look("party_city", one, "3-frozen")
    draw = play.reveal(draw)
    look("freezer", one, "4-revealed")
    job = Job.objects.create(
        ulid="0" * 26, kind="allocation.draw", title=f"抽签 {draw.number}", by="system", city=FOSHAN, status="running",
        done=3117, total=15266, note="逐人抽取考试点", asked_at=play.at, started_at=play.at,
    )  # fmt: skip
    look("freezer", f"/jobs/{job.ulid}/", "5-progress")
    draw = play.draw(draw)
    look("province", one, "5-drawn")
    assert "从培训机构到考试点" in look("province", one, "5-sankey", part="svg.picture")
    look("province", one, "5-seats-by-day", part="h2:has(+ svg.picture[aria-label*='机位'])")
    draw = play.verify(draw)
    look("province", one, "6-verified", whole=True)
    look("clerk", f"{one}exemptions/", "exemptions")
    who = draw.placements.exclude(exemption="").first() or draw.placements.first()
    assert "你的号" in look("clerk", f"{one}explain/?who={draw.placements.order_by('ticket').first().ticket}", "explanation")
    look("clerk", f"{one}explain/?who={who.ticket}", "explanation-exempt", whole=True)
    return draw


def printed(play, draw) -> None:
    """All tickets, as the job makes them; the time is the machine's, the figure is printed."""
    began, spent = time.perf_counter(), time.process_time()
    tasks.print_tickets(lambda *said: None, by=play.people["clerk"], at=play.at, number=draw.number)
    print(f"\n{draw.counts['seated']} tickets in {time.perf_counter() - began:.1f} s, {time.process_time() - spent:.1f} s of them in this process")


def busiest_public_base(draw):
    placed = list(draw.placements.select_related("sitting"))
    _, _, kinds = queries.names(draw)
    used = Counter(row.sitting.site for row in placed if kinds[row.sitting.site] == "public")
    site = used.most_common(1)[0][0]
    return site, min(row.sitting.day for row in placed if row.sitting.site == site)


def changed(play, draw, look):
    """The incremental draw: a day for objections, then at once."""
    objections = play.at + timedelta(hours=24)
    late = play.announce(batch=draw.batch, follows=draw.number, objections_until=objections, public_at=objections + timedelta(hours=1))
    one = f"/allocation/draws/{late.number}/"
    late = play.commit(late)
    assert "考试点暂停" in look("freezer", one, "late-1-told", whole=True)
    play.decide_thin(late)
    play.approve(actions.request_freeze(late, by=play.people["freezer"], at=play.at))
    play.at = objections + timedelta(minutes=1)
    for key, username in PARTIES.items():
        actions.reveal(late.parties.get(key=key), secret=SECRETS[key], by=play.people[username], at=play.at)
    play.at = late.public_at + timedelta(minutes=1)
    actions.take_public_value(late, by=SYSTEM, at=play.at)
    late = actions.draw_seats(late, by=SYSTEM, at=play.at)
    result = {name: data for name, data in queries.files(late, "result").items() if name != "seats.csv"}
    agrees, text = checking.rerun(late.number, queries.files(late, "instance"), result, queries.previous_result(late))
    assert agrees, text
    late = play.verify(late)
    assert "谁动了，为什么" in look("province", one, "late-2-who-moved", part="h2")
    look("province", one, "late-3-whole", whole=True)
    look("province", "/allocation/draws/compare/", "compare")
    look("clerk", "/allocation/draws/", "list")
    return late


def why_is_public(late, count) -> None:
    """The reasons at once, the list of moves by pseudonym once the last sitting is over."""
    now = published._files(late, published.over_at(late), late.verified_at)
    said = published._content(late, now)
    assert said["changes"] == {"site_suspended": 1} and said["moves"] == count
    assert "result/moves.csv" not in now
    over = published.over_at(late)
    then = published._files(late, over, over + timedelta(minutes=1))
    assert len(list(csv.DictReader(io.StringIO(then["result/moves.csv"].decode())))) == count
