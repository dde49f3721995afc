"""The server as a process: answers, ends gracefully, leaves no orphan; a worker that is killed loses no job."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from kaopei.office import scope
from kaopei.office.tasks import queries, registry
from kaopei.office.tasks.worker import Worker
from tests.people import FOSHAN, NOW, PEOPLE

LIMIT = 300  # seconds after which something is stuck; never a measure of speed


def free_port():
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


def answer(port, path="/healthz"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as page:
            return page.read()
    except (urllib.error.URLError, OSError):
        return None


def wait_for(what):
    deadline = time.monotonic() + LIMIT
    while not (found := what()):
        assert time.monotonic() < deadline, "stuck"
        time.sleep(0.1)
    return found


@pytest.fixture
def server(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "kaopei.office.server", "kaopei.office.wsgi:application", "127.0.0.1", str(port)]
    settings = {"DJANGO_SETTINGS_MODULE": "kaopei.office.settings_base", "KAOPEI_DATA": str(tmp_path)}
    process = subprocess.Popen([*command, "--without-jobs"], env={**os.environ, **settings}, stderr=subprocess.PIPE)
    process.port = port
    wait_for(lambda: answer(port) or process.poll() is not None)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_answers_and_ends_on_sigterm(server):
    assert answer(server.port) == b"ok\n"
    assert b"--ink" in answer(server.port, "/static/ui/style.css")
    server.send_signal(signal.SIGTERM)
    assert server.wait(LIMIT) == 0
    assert answer(server.port) is None


def test_worker_processes_end_with_a_killed_parent(server):
    server.kill()
    server.wait(LIMIT)
    wait_for(lambda: answer(server.port) is None)


SLOW = """
import sys, django
django.setup()
from kaopei.office.tasks import registry
from kaopei.office.tasks.worker import Worker

@registry.task("test.slow", "慢")
def slow(progress, *, by, at):
    print("started", flush=True)
    sys.stdin.read()

Worker().drain()
"""


@pytest.mark.django_db(transaction=True)
def test_job_survives_the_death_of_its_worker():
    @registry.task("test.slow", "慢")
    def slow(progress, *, by, at):
        return {"text": "做完了"}

    with scope.entered(FOSHAN):
        job = registry.start("test.slow", by=PEOPLE["clerk"].make(), at=NOW)
        process = subprocess.Popen([sys.executable, "-c", SLOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"started\n"
        assert queries.get(job.ulid).status == "running"
        process.kill()
        process.communicate()
        wait_for(lambda: Worker().drain() or queries.get(job.ulid).status == "done")
        found = queries.get(job.ulid)
    assert (found.status, found.tries, found.result) == ("done", 2, {"text": "做完了"})
