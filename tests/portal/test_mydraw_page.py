"""The page 我的抽签 of the running portal: a candidate pastes his slip and sees his number, his draws, and any difference."""

import json
import os

import pytest

from kaopei.lottery import pool
from kaopei.lottery.explain import slip
from tests.edge import chromium

pytestmark = chromium.MARKS
FOLDER = os.environ.get("KAOPEI_PICTURES", "")


@pytest.fixture(scope="module")
def page(portal):
    with chromium.started() as browser:
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.on("request", lambda request: sent.append((request.method, request.url)))
        page.goto(f"http://127.0.0.1:{portal.port}/draws/{portal.made['draw']}/mine/")
        yield page


sent: list[tuple[str, str]] = []


@pytest.fixture(scope="module")
def mine(portal):
    """Somebody's slip, out of the files that are public after the month."""
    number = portal.made["draw"]
    files = {one["name"]: portal.ask(f"/draws/{number}/files/{one['name']}").body for one in portal.ask(f"/api/draws/{number}").json["files"]}
    parsed = pool.parse({name.removeprefix("instance/"): data for name, data in files.items() if name.startswith("instance/")})
    seed = json.loads(files["result/transcript.json"])["seed"]
    return slip(parsed, seed, number, files["result/rows.jsonl"].splitlines(), parsed.candidates.id[0])


def answer(page, text: str) -> str:
    page.fill("#slip", text)
    page.click("#slip-form button")
    page.wait_for_selector("#slip-answer section")
    if FOLDER:
        page.screenshot(path=f"{FOLDER}/draw-mine.png", full_page=True)
    return page.inner_text("#slip-answer")


def test_a_slip_is_computed_again_and_nothing_is_sent(page, mine) -> None:
    page.wait_for_load_state("networkidle")
    before = len(sent)
    said = answer(page, json.dumps(mine))
    assert "核对一致" in said
    assert "已用公布的场次、考试点、区县文件重新算过" in said
    assert json.loads(mine["parts"][0]["row"])["lottery"] in said
    assert len(sent) == before


def test_a_changed_slip_is_named(page, mine) -> None:
    row = json.loads(mine["parts"][0]["row"])
    forged = json.loads(json.dumps(mine))
    forged["parts"][0]["row"] = mine["parts"][0]["row"].replace(row["lottery"], "0" * 16)
    assert "不一致：记录的这一行到不了公布的树根" in answer(page, json.dumps(forged))
    assert "不一致：这不是抽签单" in answer(page, "考生")


def test_a_draw_that_is_not_public_has_no_page(portal) -> None:
    assert portal.ask("/draws/nothing/mine/").status == 404
    assert "我的抽签" in portal.ask(f"/draws/{portal.made['draw']}/").text
