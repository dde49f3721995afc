"""`./run`: answers on its pages, keeps its data, stops cleanly; what cannot be started says so in one line."""

import json
import os
import signal
import socket
import subprocess
import time

import httpx
import pytest

from kaopei.rehearsal import province
from kaopei.rehearsal.programs import PLAIN
from kaopei.rehearsal.province import PORTS
from tests.conftest import open_folder
from tests.rehearsal import small

PAGES = {"center": "/login/", "portal": "/", "vault": "/login/", "edge": "/login"}


def free_block():
    """A port from which all four are free."""
    for port in range(21_000, 60_000, 100):
        try:
            for more in PORTS.values():
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port + more))
            return port
        except OSError:
            continue
    raise AssertionError("no free ports")


class Running:
    """One `./run --empty`."""

    def __init__(self, data, log):
        self.port, self.log = free_block(), log
        self.process = small.start("up", "--data", data, "--port", self.port, "--empty", log=log)

    def wait(self, seconds=600):
        end = time.monotonic() + seconds
        while "Ctrl-C" not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.2)
        return self

    def page(self, name):
        return httpx.get(f"http://127.0.0.1:{self.port + PORTS[name]}{PAGES[name]}", timeout=20, trust_env=False, verify=PLAIN)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(300)


@pytest.fixture(scope="module")
def folder():
    with open_folder() as made:
        yield made


def test_the_first_start_answers_and_the_second_keeps_everything(folder):
    data = folder / "data"
    first = Running(data, folder / "first.log").wait()
    for name in PAGES:
        assert first.page(name).status_code == 200, name
    words = first.log.read_text()
    people = json.loads((data / "demo-people.json").read_text())
    assert (data / "demo-people.json").stat().st_mode & 0o77 == 0
    assert people["password"] in words and people["pin"] in words
    assert all(f" {name} " in words for name in people["players"])
    again = small.run("up", "--data", data, "--port", first.port + 40)
    assert again.returncode == 2 and "已经有一个" in again.stderr and len(again.stderr.splitlines()) == 1
    taken = small.run("up", "--data", folder / "other", "--port", first.port)
    assert taken.returncode == 2 and str(first.port) in taken.stderr and len(taken.stderr.splitlines()) == 1
    assert not (folder / "other" / "trust.json").exists()
    assert first.stop() == 0, first.log.read_text()
    for name in PAGES:
        with pytest.raises(httpx.ConnectError):
            first.page(name)
    assert leftovers(data) == []

    trust = (data / "trust.json").read_bytes()
    second = Running(data, folder / "second.log").wait()
    assert (data / "trust.json").read_bytes() == trust and people["password"] in second.log.read_text()
    with httpx.Client(base_url=f"http://127.0.0.1:{second.port}", follow_redirects=True, timeout=20, trust_env=False, verify=PLAIN) as browser:
        token = browser.get("/login/").text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        said = {"username": "clerk", "password": people["password"], "csrfmiddlewaretoken": token}
        assert "林秀兰" in browser.post("/login/", data=said, headers={"Referer": f"http://127.0.0.1:{second.port}/login/"}).text
    assert second.page("edge").status_code == 200
    assert second.stop(signal.SIGINT) == 0 and leftovers(data) == []


def leftovers(data):
    """Processes that still have the data folder on their command line."""
    done = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if str(data) in line]


def broken_list(data):
    (data / "trust.json").write_text("{")


def missing_list(data):
    (data / "demo-people.json").write_text("{}")


def database_alone(data):
    (data / "pg").mkdir()


@pytest.mark.parametrize("spoil", [broken_list, missing_list, database_alone])
def test_a_broken_data_folder_is_one_line(tmp_path, spoil):
    spoil(tmp_path)
    done = small.run("up", "--data", tmp_path, "--port", free_block())
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "--data" in done.stderr and str(tmp_path) in done.stderr


def test_a_file_is_no_data_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    done = small.run("up", "--data", tmp_path / "file", "--port", free_block())
    assert done.returncode == 2 and "不是文件夹" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_another_users_folder_is_one_line(place):
    """An ordinary user starts on a folder that root made: the very check, in a process that has given up being root."""
    data = place / "roots"
    data.mkdir(mode=0o700)
    (data / "trust.json").write_text("{}")
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.setgid(65534)
        os.setuid(65534)
        try:
            province._usable(data)
            said = "nothing"
        except province.CannotStart as fault:
            said = str(fault)
        os.write(write, said.encode())
        os._exit(0)
    os.waitpid(child, 0)
    said = os.read(read, 4096).decode()
    assert str(data) in said and "--data" in said and "权限" in said or "root" in said


@pytest.mark.parametrize("port", ["0", "70000", "x"])
def test_a_port_that_is_none(tmp_path, port):
    done = small.run("up", "--data", tmp_path / "new", "--port", port)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
