"""The drill asks a real server, counts what happens, and says it plainly."""

import asyncio
import time

import pytest

from kaopei.edge.preparing import drill
from tests.edge.room import free_port

NOW = round(time.time())


def test_the_report_says_no_and_why_when_saving_is_slow_or_fails():
    tally = drill.Tally()
    tally.seconds["save"] += [0.01] * 90 + [0.5] * 10
    tally.problems["保存作答：503 "] = 3
    words = drill.report(tally, 30, 1, "本机", (0.0, 0.0))
    assert "不建议就这样开考" in words
    assert "500 毫秒" in words
    assert "3 次请求" in words
    fine = drill.Tally()
    fine.seconds["save"] += [0.01] * 100
    assert "结论：可以" in drill.report(fine, 30, 1, "本机", (0.0, 0.0))
    assert drill.verdict(drill.Tally()) == ["没有一次作答保存成功"]


@pytest.mark.parametrize(("seats", "minutes"), [(0, 1), (5000, 1), (10, 0), (10, 1000)])
def test_nonsense_is_refused(seats, minutes):
    with pytest.raises(drill.BadDrill):
        drill.run(seats, minutes, now=NOW)


@pytest.mark.slow
def test_every_made_up_candidate_answers_and_hands_in(tmp_path):
    listen = f"127.0.0.1:{free_port()}"
    with drill.served(tmp_path / "scratch", 3, listen, "13572468", [], NOW) as process:
        tally = asyncio.run(drill.ask_all(f"http://{listen}", 3, 0.05, "13572468", None))
        assert drill.use(process.pid)[0] > 0
        with pytest.raises(drill.BadDrill, match="口令"):
            asyncio.run(drill.ask_all(f"http://{listen}", 3, 0.05, "wrong", None))
    assert (len(tally.seconds["begin"]), len(tally.seconds["hand_in"]), tally.lost) == (3, 3, 0)
    assert len(tally.seconds["save"]) >= 3
    assert not tally.problems
