"""二（三）: nobody sits at a site of, or tied to, his own institution except by a printed exemption; nobody at a suspended site.

A pack of our own where that can fail: sittings at the suspended 440606, a sole attached site for one subject, students of a school with
its own site, a site whose host is no longer registered.
"""

import re

import pytest

from kaopei.rehearsal.drawing import Files
from tests.center.allocation.city import CAMPUS, FREE, GONE, HIGH, ORPHAN, OWN, OWNER, SCHOOL, SHUT, TIED, City
from tests.rehearsal.stages import office_month

REASON = "丁中心注销前已验收，考场由市考试机构接管，本月场次无法另行安排。"


@pytest.fixture
def hard(place):
    folder = place / "hard"
    folder.mkdir()
    for name, content in City().files().items():
        (folder / name).write_bytes(content)
    return folder


def exempted(stage, draw):
    """Who is printed with which clause."""
    page = stage.person("province").get(f"{draw.path}exemptions/")
    return dict(re.findall(r'<tr><td><code>([^<]+)</code>.*?<span class="clause">([^<]+)</span>', page.html))


def ask_exception(stage, draw, place, site):
    paper = place / "接管协议.pdf"
    paper.write_bytes(b"%PDF-1.7 agreement")
    said = {"site": site, "reason": REASON, "from_day": "2026-12-01", "to_day": "2026-12-31"}
    stage.person("clerk").submit(f"{draw.path}exception/", said, having="attachment", files=[("attachment", paper)])


def test_the_draw_of_a_month_full_of_traps(hard, place, monkeypatch):
    with office_month(hard, place / "out", monkeypatch) as (stage, draw, _bank):
        draw.announce()
        draw.commit()
        left_out = stage.person("freezer").get(draw.path).text.partition("不参加抽签的场次")[2]
        assert ORPHAN in left_out and "N2.4.2" in left_out, "shown as left out, with the reason and its clause"
        ask_exception(stage, draw, place, SHUT)
        assert "待审批" not in stage.person("clerk").get(draw.path).text, "a suspension cannot be excepted"
        ask_exception(stage, draw, place, ORPHAN)
        assert "待审批" in stage.person("clerk").get(draw.path).text
        assert stage.sign("clerk", ORPHAN) == 0, "nobody approves his own request"
        stage.must_sign("approver2", ORPHAN)
        draw.play_on()
        draw.fetch()
        draw.check()
        files, printed = Files(place / "out" / "draw"), exempted(stage, draw)

    assert all(check["ok"] for check in stage.report.facts["checks"].values())
    places = {who: files.point(session)["point_id"] for who, session in files.placed.items()}
    bodies = {who: files.candidates[who]["inst_id"] for who in places}
    shut = {session for session, row in files.sessions.items() if row["point_id"] == SHUT}
    assert len(shut) == 4 and SHUT not in places.values(), "its sittings are in the plan and in the draw, and nobody is there"
    assert ORPHAN in places.values(), "the site without a registered host takes part by its two-person exception"
    own = {who for who, site in places.items() if {OWN: OWNER, CAMPUS: SCHOOL, ORPHAN: GONE}.get(site) == bodies[who]}
    tied = {who for who, site in places.items() if site == OWN and bodies[who] == TIED}
    assert tied == set(), "乙 is held by the company that holds 甲, whose site it is"
    assert any(site == OWN and bodies[who] == FREE for who, site in places.items()), "a share of 3 % ties nobody"
    assert own == set(printed), "each of them is printed, and nobody else"
    for who in own:
        sole = files.candidates[who]["subject"] == HIGH and places[who] == OWN
        student = files.candidates[who]["student"] == "1" and places[who] == CAMPUS
        assert sole and "N2.3.5" in printed[who] or student and "N2.3.6" in printed[who], (who, printed[who])
    assert {files.candidates[who]["subject"] for who in own if places[who] == OWN} == {HIGH}


def test_without_the_exception_the_site_stays_out(hard, place, monkeypatch):
    with office_month(hard, place / "out", monkeypatch) as (stage, draw, _bank):
        draw.announce()
        draw.play_on()
        draw.fetch()
        files = Files(place / "out" / "draw")
    assert ORPHAN not in {row["point_id"] for row in files.sessions.values()}
    assert not {ORPHAN, SHUT} & {files.point(session)["point_id"] for session in files.placed.values()}
