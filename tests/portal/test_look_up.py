"""The public lists: filters, any day, CSV and JSON, no name of a person, no script needed."""

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile

import pytest

from tests.center.allocation.city import BODIES, FREE, HIGH, OWN, OWNER, SHUT, SITES
from tests.people import FOSHAN, NOW
from tests.portal.conftest import SUSPENDED_AT

PAGES = ["/", "/institutions/", "/sites/", "/calendar/", "/draws/", "/results/", "/certificates/", "/training-proofs/", "/api/"]


@pytest.mark.parametrize("page", PAGES)
def test_page_works_without_script_log_in_and_cookie(portal, page):
    answer = portal.ask(page)
    assert answer.status == 200
    assert "<script" not in answer.text and "Set-Cookie" not in answer.headers
    assert '<html lang="zh-CN">' in answer.text and "演练" in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_page_speaks_english_to_those_who_switched(portal, page):
    answer = portal.ask(page, Cookie="kaopei_lang=en")
    assert answer.status == 200 and '<html lang="en">' in answer.text
    assert "Rehearsal" in answer.text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_language_switch_never_leads_elsewhere(portal, target):
    answer = portal.fill_in("/language/", lang="en", next=target)
    assert answer.status == 302 and answer.headers["Location"].startswith("/")
    assert not answer.headers["Location"].startswith("//")
    assert "kaopei_lang=en" in answer.headers["Set-Cookie"]
    assert portal.ask("/language/").status == 405


def test_headers_protect_visitors(portal):
    headers = portal.ask("/institutions/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin" and "camera=()" in headers["Permissions-Policy"]
    assert "max-age=60" in headers["Cache-Control"]
    for page in ("/results/", "/certificates/?number=1", "/training-proofs/?number=1", "/api/certificates/1"):
        personal = portal.ask(page).headers
        assert personal["Cache-Control"] == "no-store" and "noindex" in personal["X-Robots-Tag"]
    assert "Disallow: /results/" in portal.ask("/robots.txt").text


def test_register_shows_every_body_and_filters(portal):
    assert {row["code"] for row in portal.ask("/api/institutions").json["institutions"]} == set(BODIES)
    assert {row["number"] for row in portal.ask("/api/sites").json["sites"]} == set(SITES)
    found = portal.ask(f"/api/sites?work={HIGH}").json["sites"]
    assert [row["number"] for row in found] == [OWN]
    text = portal.ask("/institutions/?q=佛山丙").text
    assert f"/institutions/{FOSHAN}/{FREE}/" in text and f"/institutions/{FOSHAN}/{OWNER}/" not in text
    assert "没有符合条件" in portal.ask("/institutions/?q=没有这样的机构").text
    assert portal.ask("/api/institutions?city=440100").json["institutions"] == []


def test_register_as_of_a_day_before_after_and_between(portal):
    base = portal.made["base"]

    def measures(day):
        rows = portal.ask(f"/api/sites?on={day}").json["sites"]
        return next((len(row["measures"]) for row in rows if row["number"] == base), None)

    assert measures((NOW.date()).isoformat()) == 0
    assert measures(SUSPENDED_AT.date().isoformat()) == 1
    assert measures("2026-11-22") is None
    assert "时还没有公布过" in portal.ask("/sites/?on=2026-11-22").text
    before = portal.ask(f"/sites/{FOSHAN}/{base}/?on={NOW.date()}").text
    assert "后来有变动" in before and "后来有变动" not in portal.ask(f"/sites/{FOSHAN}/{base}/").text


@pytest.mark.parametrize(
    ("day", "standing"), [("2026-12-23", "good"), ("2026-12-24", "suspended"), ("2027-04-03", "suspended"), ("2027-04-04", "good")]
)
def test_standing_is_that_of_the_day_asked_for(portal, day, standing):
    rows = {row["number"]: row for row in portal.ask(f"/api/sites?on={day}").json["sites"]}
    assert rows[portal.made["base"]]["standing"] == standing


def test_suspended_site_says_until_when_and_never_why(portal):
    text = portal.ask(f"/sites/{FOSHAN}/{SHUT}/").text
    assert "暂停考试业务" in text and "2027-01-14" in text
    assert "监控" not in portal.ask(f"/sites/{FOSHAN}/{portal.made['base']}/").text


@pytest.mark.parametrize("day", ["xx", "2026-13-01", "1000-01-01", "9999-12-31", "2026-12-07' OR 1=1", "٢٠٢٦-١٢-٠٧"])
def test_nonsensical_day_is_said_to_be_one(portal, day):
    assert "message-warning" in portal.ask(f"/sites/?on={day}").text
    assert portal.ask(f"/api/sites?on={day}").status == 400
    assert portal.ask(f"/sites/{FOSHAN}/{SHUT}/?on={day}").status == 404


@pytest.mark.parametrize("query", ["?q=%00", "?q=%ff%fe", "?page=-1", "?page=x", "?page=99999", "?city=' OR 1=1 --", "?q=<b>x", "?work=<script>"])
def test_hostile_filters_are_only_words(portal, query):
    for page in ("/institutions/", "/sites/", "/calendar/"):
        answer = portal.ask(page + query)
        assert answer.status == 200 and "<b>x" not in answer.text and "<script>" not in answer.text


MISSING = ["/institutions/440600/x/", "/sites/440100/440601/", "/draws/x/", "/draws/x/files/seats.csv", "/nothing", "/sites/440600/%00/"]


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_public_is_not_found(portal, path):
    answer = portal.ask(path)
    assert answer.status == 404 and "没有这个页面" in answer.text


def test_csv_has_stable_columns_and_no_mark(portal):
    data = portal.ask("/institutions.csv").body
    assert not data.startswith(b"\xef\xbb\xbf") and b"\r" not in data
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert list(rows[0])[:5] == ["city", "city_name", "code", "name", "district"]
    assert list(rows[0])[-3:] == ["published_since", "published_until", "digest"]
    assert {row["code"] for row in rows} == set(BODIES)
    assert portal.ask("/sites.csv?on=xx").status == 400
    listed = portal.ask("/calendar.csv?from=2026-12-08").body.decode()
    assert "2026-12-08" in listed and "2026-12-07" not in listed


def test_digest_on_the_page_is_that_of_the_public_words(portal):
    """What the interface calls `digest` can be computed by anybody from what a draw's statement says."""
    said = portal.ask(f"/api/draws/{portal.made['draw']}").json
    digest = said.pop("digest")
    for name in ("version", "published_since", "published_until"):
        said.pop(name)
    canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(canonical).hexdigest() == digest


def test_calendar_has_seats_and_nobodys_name(portal):
    rows = portal.ask("/api/calendar?from=2026-12-07").json["calendar"]
    assert len(rows) == len(SITES) * 4 and all(row["seats"] == 10 for row in rows)
    assert not any(key == "name" or "ticket" in key for row in rows for key in row)
    assert "2026-12-07 周一" in portal.ask("/calendar/?from=2026-12-07").text


def test_draw_can_be_run_again_by_anybody_with_bare_python(portal, tmp_path):
    number = portal.made["draw"]
    page = portal.ask(f"/draws/{number}/").text
    assert "verify_draw.py" in page and "省级已复核" in page
    with zipfile.ZipFile(io.BytesIO(portal.ask(f"/draws/{number}/all.zip").body)) as box:
        names = box.namelist()
        box.extractall(tmp_path)
    assert not [name for name in names if "seat" in name or "ticket" in name]
    command = [sys.executable, "-I", "-S", "verify_draw.py", "instance", "result", number]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, "一致" in done.stdout) == (0, True), done.stdout + done.stderr
    spoiled = (tmp_path / "result/rows.jsonl").read_bytes().replace(b'"how":"draw"', b'"how":"repair"', 1)
    (tmp_path / "result/rows.jsonl").write_bytes(spoiled)
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 1


def test_files_of_a_draw_are_what_their_digests_say(portal):
    number = portal.made["draw"]
    listed = portal.ask(f"/api/draws/{number}").json["files"]
    assert {"result/transcript.json", "result/rows.jsonl", "instance/candidates.csv"} <= {file["name"] for file in listed}
    for file in listed:
        data = portal.ask(f"/draws/{number}/files/{file['name']}").body
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file["digest"], file["size"])
    for hidden in ("result/seats.csv", "seating/rooms.csv", "../result/seats.csv", "protocol"):
        assert portal.ask(f"/draws/{number}/files/{hidden}").status == 404


def test_no_person_is_named_anywhere(portal):
    """Names, identity numbers, tickets and telephone numbers of the month's candidates are on no page and in no file."""
    from tests.center.allocation.city import City

    rows = City().applications()[1:]
    personal = {str(row[3]) for row in rows} | {str(row[4]) for row in rows} | {"李㛃", "王䶮", "周𠮷"}
    number = portal.made["draw"]
    pages = [*PAGES, "/api/institutions", "/api/sites", "/api/calendar", "/api/draws", f"/draws/{number}/", f"/api/draws/{number}"]
    pages += [f"/draws/{number}/files/{file['name']}" for file in portal.ask(f"/api/draws/{number}").json["files"]]
    for page in pages:
        text = portal.ask(page).text
        assert not [one for one in personal if one in text], page


def test_interface_page_names_every_field_that_is_answered(portal):
    text = portal.ask("/api/").text
    for name, key in (("institutions", "institutions"), ("sites", "sites"), ("calendar", "calendar")):
        row = portal.ask(f"/api/{name}?from=2026-12-01").json[key][0]
        assert not [field for field in row if not re.search(rf"\b{field}\b", text)]
    assert portal.ask("/api/nothing").json["error"] and portal.ask("/api/nothing").status == 404
