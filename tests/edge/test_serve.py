"""Every answer: headers, limits, sessions, refusals as pages and as JSON."""

from types import SimpleNamespace

import pytest

from kaopei.edge import app
from kaopei.edge.settings import BadSettings
from tests.edge import site as at


def test_a_socket_with_too_long_a_path_says_so(tmp_path):
    with pytest.raises(BadSettings, match="路径超过 107 字节.*请核对 listen"):
        app.listening(SimpleNamespace(socket=tmp_path / ("long-" * 30) / "edge.sock"))


@pytest.fixture(scope="module")
def site(laid, tmp_path_factory):
    site = at.copied(laid, tmp_path_factory.mktemp("serve"))
    at.pack(site)
    site.serve()
    at.take_in(site)
    yield site
    site.stop()


@pytest.mark.parametrize("path", ["/login", "/exam/", "/exam/exam.js", "/static/console.css", "/api/hello", "/healthz", "/nowhere"])
def test_every_answer_carries_the_content_policy(site, path):
    headers = site.client().get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert headers["cache-control"] == ("no-cache" if path.startswith(("/exam", "/static")) else "no-store")


def test_pages_say_that_this_is_a_rehearsal_and_run_no_inline_script(site):
    head = site.person(at.HEAD)
    for part in ("/", "/parcels", "", "readiness", "opening", "desk", "board", "irregularities", "closing", "hand-back"):
        page = head.see(part)
        assert "演练环境" in page
        assert "<script>" not in page
        assert "style=" not in page


def test_the_other_language_stays_with_the_browser_and_leads_nowhere_else(site):
    head = site.person(at.HEAD)
    answer = head.client.get("/language", params={"to": "en", "next": "//elsewhere.example/"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "What is due" in head.see("/")


def test_strangers_are_sent_to_the_log_in(site):
    guest = site.guest()
    for path in ("/", "/parcels", f"/s/{at.SITTING}/", f"/s/{at.SITTING}/opening", f"/s/{at.SITTING}/hand-back"):
        answer = guest.client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert guest.client.get(path, headers={"Accept": "application/json"}).status_code == 401


def test_a_form_of_another_page_is_refused(site):
    head = site.person(at.HEAD)
    answer = head.client.post(head.path("opening/challenge"), data={"csrf": "guessed"})
    assert (answer.status_code, "页面已过期" in answer.text) == (403, True)
    page = at.csrf_in(head.see("/parcels"))
    answer = head.client.post(head.path("opening/challenge"), data={"csrf": page}, headers={"Origin": "http://elsewhere.example"})
    assert (answer.status_code, "别的页面" in answer.text) == (403, True)
    head.client.post("/logout", data={"csrf": page})
    assert head.client.get("/").headers["location"] == "/login"


def test_bodies_are_limited_as_they_come(site):
    client, head = site.client(), site.person(at.HEAD)
    assert client.post("/api/start", content=b"x" * 70_000).status_code == 413
    assert client.post("/api/start", content=iter([b"x" * 40_000] * 4)).status_code == 413
    answer = head.client.post(head.path("opening/share"), content=iter([b"x" * 2**20] * 6), headers={"Content-Type": "application/octet-stream"})
    assert answer.status_code in (403, 413)
    answer = head.send("opening/share", files={"share": ("A", b"x" * (5 * 2**20))}, digits="", cache_pin=at.CACHE_PIN)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/api/state", 401, "unknown"), ("GET", "/api/photo", 401, "unknown"), ("POST", "/api/events", 401, "unknown"),
        ("GET", "/api/nothing", 404, "no_call"), ("GET", "/api/item/x", 404, "no_call"), ("POST", "/api/start", 400, "body"),
        ("POST", "/api/hello", 404, "no_call"),
    ],
)  # fmt: skip
def test_terminals_are_refused_in_json(site, method, path, status, word):
    answer = site.client().request(method, path, content=b"{" if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]) == (status, word)
    assert answer.json()["text"]


def test_unknown_pages_and_methods_are_pages(site):
    head = site.person(at.HEAD)
    assert "没有这个页面" in head.see("/nothing", 404)
    assert "没有这个场次" in head.see("/s/other/", 404)
    assert head.client.get(head.path("hand-back/close")).status_code == 405
    assert site.client().get("/healthz").json()["sittings"] == {at.SITTING: "imported"}
