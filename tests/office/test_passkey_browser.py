"""A real Chromium with a virtual authenticator: a clerk enrols, logs in without a password; an approver signs with hers. Pages are clean."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from kaopei.office import scope
from tests.axe import findings
from tests.edge.chromium import MARKS, started
from tests.people import CAST, PASSWORD, PEOPLE, lay_trust

pytestmark = [*MARKS, pytest.mark.django_db(transaction=True)]
PAGES = ("/", "/me/log-in/", "/me/code/", "/approvals/", "/jobs/")


def apart(work, *args, **words):
    """Django's database calls, outside the thread in which Playwright runs its loop."""
    from django.db import connection

    def run():
        try:
            with scope.entered(scope.PROVINCE):
                return work(*args, **words)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def people(data):
    kids = lay_trust(data)
    return {one.username: one.make(kid=kids[one.username]) for one in CAST if one.username in ("clerk", "approver", "freezer")}


def with_key(browser):
    """A page of its own, with a virtual authenticator that verifies its user."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    line.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "automaticPresenceSimulation": True}})
    return page


def by_password(page, url, who):
    page.goto(f"{url}/login/")
    page.fill("#id_username", who.username)
    page.fill("#id_password", PASSWORD)
    page.click("form[action='/login/'] button")
    page.wait_for_url(f"{url}/")


def enrol(page, url):
    page.goto(f"{url}/me/log-in/")
    page.fill("input[name=name]", "办公电脑")
    page.click("form[data-act=create] button")
    page.wait_for_selector("text=已登记通行密钥")


def ask(by):
    from kaopei.office import clock
    from kaopei.office.accounts import queries
    from kaopei.office.approvals import actions

    return actions.request(
        action="draw.freeze", object="batch:browser", content="冻结名册：6048 行".encode(), title="冻结抽签池", approve_act="allocation.approve",
        by=queries.find(by), at=clock.now(),
    )  # fmt: skip


def test_enrol_log_in_and_approve(live_server, own_data):
    from tests.office.test_approve import list_key

    url = live_server.url.replace("127.0.0.1", "localhost")
    apart(people, own_data)
    with started() as browser:
        page = with_key(browser)
        by_password(page, url, PEOPLE["clerk"])
        enrol(page, url)
        page.click("form[action='/logout/'] button")
        page.wait_for_url(f"{url}/login/")
        page.click("form[data-act=get] button")
        page.wait_for_url(f"{url}/")
        assert "林秀兰" in page.text_content("header")

        found = {}
        for path in PAGES:
            for lang in ("zh", "en"):
                page.context.add_cookies([{"name": "kaopei_lang", "value": lang, "url": url}])
                page.goto(url + path)
                found[path, lang] = findings(page)
        assert not [one for one in found.items() if one[1]]

        second = with_key(browser)
        by_password(second, url, PEOPLE["approver"])
        enrol(second, url)
        row = second.evaluate("() => fetch(document.querySelector('a[href$=\"listing.json\"]').href).then(a => a.text())")
        list_key(own_data, json.loads(row))
        asked = apart(ask, "freezer")
        second.goto(f"{url}/approvals/{asked.ulid}/")
        second.wait_for_selector("text=摘要一致")
        assert not findings(second)
        second.click("form[data-act=get] button")
        second.wait_for_selector("text=已签署")
    assert apart(lambda: type(asked).objects.get(pk=asked.pk).status) == "granted"
    (record,) = apart(lambda: list(asked.signatures.values_list("record", flat=True)))
    assert "WebAuthn" in __import__("base64").b64decode(json.loads(record)["signatures"][0]["protected"] + "==").decode()
