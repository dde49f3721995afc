"""Each exam server has a keeper of its own, wherever its folder lies."""

import subprocess
import sys
import time

from kaopei.edge.keeper import Keeper, socket_path


def started(keeper):
    process = subprocess.Popen([sys.executable, "-m", "kaopei.edge.keeper", str(keeper.path)])
    while not keeper.ping():
        assert process.poll() is None
        time.sleep(0.02)
    return process


def test_two_servers_with_long_folders_that_end_alike_share_nothing(tmp_path):
    one, other = (tmp_path / name / ("long-" * 20) / "site" for name in "ab")
    assert len(str(socket_path(one))) <= 100 and socket_path(one).parent.stat().st_mode & 0o077 == 0
    first, second = Keeper(one), Keeper(other)
    with started(first), started(second):
        first.hold("paper", b"of the first")
        assert (first.give("paper"), second.give("paper")) == (b"of the first", None)
        second.quit()
        assert first.give("paper") == b"of the first"
        first.quit()
    for keeper in (first, second):
        keeper.path.parent.rmdir()


def test_a_short_folder_holds_its_socket_itself(tmp_path):
    short = tmp_path.parents[1] / "s"
    assert socket_path(short) == short / "keeper.sock"
