"""Through a real nginx: honest machines work, and nobody else gets in, whatever he sends."""

import itertools
from urllib.parse import quote

import httpx
import pytest

from tests.edge import front as at
from tests.edge import room
from tests.edge.room import HEAD, INVIGILATOR, PIN, csrf_in

pytestmark = [at.needs_nginx, pytest.mark.slow]


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    with at.fronted(tmp_path_factory.mktemp("front")) as front:
        begin(front)
        yield front


def begin(front) -> None:
    """All seats signed in and answering."""
    desk = front.client("DESK-1")
    page = desk.get("/login", headers={"Accept": "text/html"}).text
    answer = desk.post("/login", data={"csrf": csrf_in(page), "name": HEAD, "pin": PIN}, headers={"Accept": "text/html"})
    assert answer.status_code == 303, answer.text
    head = room.Staff(front.room, desk, HEAD)
    front.head, front.seated = head, []
    for number in range(1, 4):
        answer = head.sign_in(room.candidate(number))
        assert answer.status_code == 200, answer.text
        terminal = front.terminal(answer.json()["seat"], room.key(number), f"T-{number:03d}")
        assert terminal.start(answer.json()["code"]).status_code == 200
        front.seated.append(terminal)
    front.room.jump(320)
    assert head.ring(INVIGILATOR).status_code in (200, 303)
    for one in front.seated:
        assert one.begin().status_code == 200


def attacks(front):
    """(name, client, headers) of everybody who must not get in, round and round."""
    mine = front.seated[0].client.headers["Authorization"]
    stolen = quote((front.ca / "T-001.crt").read_text())
    smuggled = {
        "X-Device-Verified": "SUCCESS", "X-Device-Certificate": stolen, "X-Device-Address": "127.0.1.1", "X-Forwarded-For": "127.0.1.1",
        "X_Device_Certificate": stolen, "Forwarded": "for=127.0.1.1", "X-Real-IP": "127.0.1.1",
    }  # fmt: skip
    ways = [
        ("no certificate", front.client(ip="127.0.1.1"), {}),
        ("no certificate, smuggled", front.client(ip="127.0.1.1"), smuggled),
        ("foreign authority", front.client("T-001", folder=front.folder / "foreign"), {}),
        ("expired", front.client("OLD-1", ip="127.0.3.1"), {}),
        ("revoked", front.client("GONE-1", ip="127.0.3.2"), {}),
        ("not in the baseline", front.client("NEW-1", ip="127.0.3.3"), {}),
        ("other seat's certificate", front.client("T-002"), {}),
        ("other seat's certificate, smuggled", front.client("T-002"), smuggled),
        ("right certificate, wrong address", front.client("T-001", ip="127.0.9.9"), smuggled),
        ("staff machine", front.client("DESK-1"), {}),
    ]
    calls = itertools.cycle([("GET", "/api/state"), ("POST", "/api/events"), ("GET", "/api/item/1"), ("POST", "/api/hand-in")])
    for name, client, headers in itertools.cycle(ways):
        yield name, client, {**headers, "Authorization": mine}, next(calls)


@pytest.mark.parametrize("count", [240, pytest.param(5000, marks=pytest.mark.long)])
def test_no_request_without_the_right_machine_is_accepted(front, count):
    before = front.seated[0].state()
    accepted, refused = [], {}
    for name, client, headers, (method, path) in itertools.islice(attacks(front), count):
        body = {"lease": before["lease"], "events": [], "count": before["count"], "head": before["head"]}
        answer = client.request(method, path, headers=headers, json=body if method == "POST" else None)
        refused[name] = answer.status_code
        if answer.status_code != 403:
            accepted.append((name, path, answer.status_code, answer.text[:80]))
    print(f"{count} requests, {len(accepted)} accepted; {refused}")
    assert not accepted
    after = front.seated[0].state()
    assert (after["seq"], after["phase"]) == (before["seq"], "open")
    assert front.seated[0].answer(1, "A").status_code == 200


def test_a_mismatch_is_an_incident_and_the_candidate_goes_on(front):
    answer = front.client("T-002").get("/api/state", headers={"Authorization": front.seated[0].client.headers["Authorization"]})
    assert answer.status_code == 403
    assert answer.json()["kind"] == "seat"
    assert "换机" in answer.json()["text"]
    notes = front.room.rows("SELECT code, note FROM irregularity WHERE code = 'device.baseline_mismatch'")
    assert any("T-002" in note for _, note in notes)
    assert front.seated[0].answer(2, "A").status_code == 200


def test_machines_at_seats_reach_no_staff_page_and_staff_machines_no_exam(front):
    assert front.client("T-001").get("/login").status_code == 403
    assert front.client("DESK-1").get("/exam/").status_code == 403
    assert front.client("T-001").get("/exam/").status_code == 200
    assert front.client("DESK-1").get("/login", headers={"Accept": "text/html"}).status_code == 200


def test_strangers_read_what_to_do(front):
    answer = front.client(ip="127.0.1.1").get("/exam/")
    assert (answer.status_code, "系统管理员" in answer.text) == (403, True)


def test_old_protocols_are_refused(front):
    import ssl

    context = front.context("T-001")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://127.0.0.1:{front.port}/healthz", verify=context, trust_env=False)


def test_the_rehearsal_is_named_on_every_page(front):
    page = front.client("DESK-1").get("/login", headers={"Accept": "text/html"}).text
    assert "演练环境" in page
    assert "明文" not in page
