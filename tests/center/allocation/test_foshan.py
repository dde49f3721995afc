"""The month of the Foshan-like pack: drawn, then a public base is suspended from the first sitting on."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from kaopei.center.allocation import actions, queries
from kaopei.center.applications import actions as intake
from kaopei.center.registry import actions as registry
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from tests.center.allocation.conftest import Play
from tests.center.allocation.test_late import announce_late, carry_out, moves, seats_now
from tests.people import FOSHAN, NOW

PACK = Path(__file__).resolve().parents[4] / "shared" / "data" / "foshan-2026-12"
pytestmark = [pytest.mark.long, pytest.mark.skipif(not PACK.is_dir(), reason="the pack is not on this machine")]


@pytest.fixture
def foshan(db, trusted_people):
    names = ("培训机构", "考试点", "考试计划", "大纲学时", "学员报名", "考务人员", "考试计划_实操", "机构关联")
    files = {f"{name}.xlsx": (PACK / f"{name}.xlsx").read_bytes() for name in names if (PACK / f"{name}.xlsx").exists()}
    with scope.entered(FOSHAN):
        taken = intake.receive(files, by=SYSTEM, at=NOW)
        intake.confirm(taken, by=SYSTEM, at=NOW)
        actions.take_plan(taken.batch.number, by=SYSTEM, at=NOW)
        yield Play(trusted_people), taken.batch.number


def test_a_public_base_is_suspended_after_the_draw(foshan) -> None:
    play, batch = foshan
    draw = play.commit(play.announce(batch=batch))
    for one in queries.prepare(draw).left_out:
        play.except_site(draw, one.site)
    draw = play.verify(play.draw(play.reveal(play.freeze(draw))))
    before = seats_now(batch)
    placed = list(draw.placements.select_related("sitting"))
    first = min(row.sitting.day for row in placed)
    _, _, kinds = queries.names(draw)
    used = Counter(row.sitting.site for row in placed if kinds[row.sitting.site] == "public")
    site = used.most_common(1)[0][0]
    hit = {who for who, (number, _) in before.items() if queries.sitting(number).site == site}
    late = announce_late(play, draw)
    days = {"from_day": first, "to_day": first + timedelta(days=100)}
    registry.suspend_site(site, city=FOSHAN, **days, reason="消防检查不合格，暂停使用考场。", by=play.people["approver"], at=play.at)
    late = carry_out(play, late)
    after, listed = seats_now(batch), moves(late)
    assert hit
    assert {who for who, row in listed.items() if row["from_session"]} == hit
    assert all(after[who] == seat for who, seat in before.items() if who not in hit)
    assert site not in {queries.sitting(number).site for number in {number for number, _ in after.values()}}
    assert len(set(after.values())) == len(after)
    print(f"{draw.counts} → {late.counts}; first sitting {first}, {site}, {len(hit)} moved, {len(hit - after.keys())} without a seat")
