"""Every page of the staff, one after another, for whoever wants to look at them: axe, pictures.

Four walks: a sitting before the bell and while it runs; parcels in, the day before, opening, closing, hand-back; the two
servers; a practical exam. Each calls `look(name, page)` with the page in Chinese at 1024×768.
"""

import shutil

from tests.edge import examination
from tests.edge import pair as two
from tests.edge import room as stage
from tests.edge import site as at
from tests.edge.room import HEAD, INVIGILATOR, KEEPER, NOW, PATROLLER, PIN, SITTING, WINDOW, Terminal, candidate, key

PLAIN, ZOOMED = {"width": 1024, "height": 768}, {"width": 512, "height": 384}
RUNNING = [
    "login", "home", "sitting", "readiness", "opening", "desk", "desk-code", "desk-refused", "board-bell", "board-running", "seat-calling",
    "seat-paused", "irregularities", "closing", "hand-back",
]
DAY = [
    "parcels-nobody", "parcels-waiting", "home-prepare", "readiness-before", "readiness-closed", "opening-first", "opening-challenge", "opening-half",
    "sitting-opened", "refused", "close", "slip", "slip-signed", "keys-challenge", "scored", "handed-back", "home-done",
]
SERVERS = ["standby-step", "follower-step", "standby-waiting", "board-waiting", "standby-alone", "follower-lost", "follower-promoted"]
PRACTICAL = ["practical-list", "practical-begin", "practical-sheet", "practical-signed", "practical-leader"]


def fresh(browser):
    """A page of its own."""
    return browser.new_context(viewport=PLAIN).new_page()


def log_in(page, base, name):
    """By name and PIN."""
    page.goto(f"{base}/login")
    page.select_option("[name=name]", name)
    page.fill("[name=pin]", PIN)
    page.click("main button")
    page.wait_for_url(f"{base}/")


def running(browser, folder, look):
    """A sitting before the bell and while it runs."""
    rows = [candidate(n, photo=stage.PNG, photo_source="chip") for n in range(1, 9)] + [candidate(31)]
    with stage.serving(folder, rows=rows, window=WINDOW | {"start_latest": NOW + 9000}) as (room, _):
        page = fresh(browser)
        page.goto(f"{room.base}/login")
        look("login", page)
        log_in(page, room.base, HEAD)
        look("home", page)
        for name, part in (("sitting", ""), ("readiness", "readiness"), ("opening", "opening"), ("desk", "desk")):
            page.goto(f"{room.base}/s/{SITTING}/{part}")
            look(name, page)
        terminals = _before(room, rows, page, look)
        _running(room, rows, terminals, page, look)
        page.context.close()


def _before(room, rows, page, look):
    staff = room.log_in(INVIGILATOR)
    answers = [staff.sign_in(row).json() for row in rows[:6]]
    page.goto(f"{room.base}/s/{SITTING}/desk?shown={rows[0]['attempt']}")
    look("desk-code", page)
    assert staff.post("desk/refuse", HEAD, attempt=rows[6]["attempt"], kind="no_document", reason="没有带身份证").status_code == 200
    page.goto(f"{room.base}/s/{SITTING}/desk?shown={rows[6]['attempt']}")
    look("desk-refused", page)
    room.clock(NOW + 930)
    page.goto(f"{room.base}/s/{SITTING}/board")
    look("board-bell", page)
    page.goto("about:blank")  # a board loads itself anew when the bell rings, in the way of where the walk goes next
    terminals = [Terminal(room, found["seat"], key(n)) for n, found in enumerate(answers)]
    for terminal, found in zip(terminals[:5], answers, strict=False):
        assert terminal.start(found["code"]).status_code == 200
    return terminals


def _running(room, rows, terminals, page, look):
    staff, head = room.log_in(INVIGILATOR), room.log_in(HEAD)
    assert head.ring().status_code == 200
    for terminal in terminals[:5]:
        assert terminal.begin().status_code == 200
        assert terminal.answer(1, "A").status_code == 200
    assert terminals[0].client.post("/api/help", json={"on": True}).json() == {"help": "asked"}
    assert staff.post(f"a/{terminals[1].attempt}/pause", reason="核查身份证件").status_code == 200
    assert terminals[2].hand_in().status_code == 200
    cause = {"cause": "candidate.copying", "reason": "夹带小抄，已收存"}
    assert staff.post(f"a/{terminals[3].attempt}/void", HEAD, **cause).status_code == 200
    page.goto(f"{room.base}/s/{SITTING}/board")
    page.wait_for_selector("#attention li")
    look("board-running", page)
    page.goto(f"{room.base}/s/{SITTING}/board/{terminals[0].attempt}")
    for summary in page.locator("details > summary").all():
        summary.click()
    look("seat-calling", page)
    page.goto(f"{room.base}/s/{SITTING}/board/{terminals[1].attempt}")
    look("seat-paused", page)
    for name in ("irregularities", "closing", "hand-back"):
        page.goto(f"{room.base}/s/{SITTING}/{name}")
        look(name, page)


def day(browser, laid, folder, look):
    """From the stick with the parcels to the receipt of a small sitting."""
    site = at.copied(laid, folder)
    made = at.pack(site, count=3)
    site.serve()
    try:
        page = fresh(browser)
        page.goto(f"{site.base}/parcels")
        look("parcels-nobody", page)
        site.clock(at.DAY_BEFORE)
        sent = at.files((site.folder / "record.json").read_bytes(), made.sealed.parcel, made.seats)
        assert site.guest().send("/parcels/upload", files=sent).status_code == 200
        log_in(page, site.base, HEAD)

        def show(name, part):
            page.goto(f"{site.base}{part}" if part.startswith("/") else f"{site.base}/s/{SITTING}/{part}")
            look(name, page)

        show("parcels-waiting", "/parcels")
        head = site.person(HEAD)
        head.do("/parcels/import", KEEPER)
        # A log-in is good for the sittings of its moment.
        log_in(page, site.base, HEAD)
        head = site.person(HEAD)
        _opening(site, head, show)
        _handing_back(site, head, made, show)
        page.context.close()
    finally:
        site.stop()


def _opening(site, head, show):
    show("home-prepare", "/")
    show("readiness-before", "readiness")
    items = ("network", "server", "monitoring", "terminals", "staff", "room")
    head.do("readiness/note", **{f"result__{item}": "ok" for item in items})
    head.do("readiness/close", KEEPER, seal=at.SEAL)
    show("readiness-closed", "readiness")
    site.clock(at.OPENING)
    head.do("readiness/unseal", INVIGILATOR, seal=at.SEAL)
    show("opening-first", "opening")
    asked = at.challenge(head)
    show("opening-challenge", "opening")
    head.do("opening/share", digits=at.share_a(site), cache_pin=at.CACHE_PIN)
    show("opening-half", "opening")
    site.person(KEEPER).do("opening/token", files={"token": ("token.json", at.token(site, asked))})
    show("sitting-opened", "")


def _handing_back(site, head, made, show):
    terminals = at.seat_all(site, head, made.rows[:2])
    show("refused", "practical/nobody")
    at.ring(site, head)
    for one in terminals:
        assert one.begin().status_code == 200 and one.answer(1, "A").status_code == 200 and one.hand_in().status_code == 200
    show("close", "hand-back")
    head.do("hand-back/close", INVIGILATOR)
    show("slip", "hand-back")
    head.do("hand-back/slip", PATROLLER, **at.SIGNED)
    show("slip-signed", "hand-back")
    site.clock(at.STAGE2)
    head.do("hand-back/keys/challenge")
    show("keys-challenge", "hand-back")
    head.do("hand-back/keys/token", KEEPER, files=at.second_token(site, head))
    show("scored", "hand-back")
    at.build(head)
    show("handed-back", "hand-back")
    show("home-done", "/")


def servers(browser, folder, look):
    """The primary and its standby: in step, lost, alone, promoted."""
    it = two.lay(folder / "template").round(folder / "round", standby_policy="degrade")
    try:
        it.start()
        page = fresh(browser)

        def show(name, room, part, selector=""):
            page.goto(f"{room.base}{part}")
            if selector:
                page.wait_for_selector(selector)
            look(name, page)

        show("standby-step", it.a, "/standby")
        show("follower-step", it.b, "/standby")
        it.b.kill()
        it.until(lambda: "备用服务器没有接上" in it.a.client().get("/standby").text)
        show("standby-waiting", it.a, "/standby")
        it.b.serve()
        it.until(lambda: it.health(it.b).get("state") == "step")
        log_in(page, it.a.base, HEAD)
        it.b.kill()
        it.until(lambda: "备用服务器没有接上" in it.a.client().get("/standby").text)
        show("board-waiting", it.a, f"/s/{SITTING}/board")
        form = {"first": HEAD, "first_pin": PIN, "second": PATROLLER, "second_pin": PIN, "off": "1"}
        assert it.a.client().post("/standby/alone", data=form, headers={"Accept": "text/html"}).status_code == 303
        show("standby-alone", it.a, "/standby")
        it.b.serve()
        assert it.a.client().post("/standby/again", data=form, headers={"Accept": "text/html"}).status_code == 303
        it.until(lambda: it.health(it.b).get("state") == "step")
        it.a.kill()
        it.until(lambda: it.health(it.b).get("state") != "step")
        show("follower-lost", it.b, "/standby")
        assert it.promote().status_code == 200
        it.until(it.serving)
        log_in(page, it.b.base, HEAD)
        show("follower-promoted", it.b, "/standby")
        page.context.close()
    finally:
        it.stop()
        shutil.rmtree(folder / "round", ignore_errors=True)


def practical(browser, folder, look):
    """An examiner's list and sheet, and what the head sees."""
    with examination.examining(folder, 2) as (room, parcels):
        first, second, row = examination.Examiner(room, examination.FIRST), examination.Examiner(room, examination.SECOND), parcels.rows[0]
        page = fresh(browser)
        log_in(page, room.base, examination.FIRST)
        where = f"{room.base}/s/{SITTING}/practical"
        page.goto(where)
        look("practical-list", page)
        page.goto(f"{where}/{row['attempt']}")
        look("practical-begin", page)
        assert first.begin(row).status_code == 200
        page.goto(f"{where}/{row['attempt']}")
        look("practical-sheet", page)
        assert first.send(row, *first.all_marks(s11=5)).status_code == 200
        assert first.sign(row, 95).status_code == 200
        second.mark(row, s11=5)
        page.goto(f"{where}/{row['attempt']}")
        look("practical-signed", page)
        log_in(page, room.base, HEAD)
        page.goto(where)
        look("practical-leader", page)
        page.context.close()
