"""A candidate at a real browser: the whole way, and everything that can go wrong on it. Needs Chromium."""

import time
from pathlib import Path

import pytest

from tests.edge import chromium
from tests.edge import room as stage
from tests.edge.room import HEAD, INVIGILATOR, NOW, WINDOW, item_text

SCREEN = {"width": 1024, "height": 768}
ITEMS = 12
pytestmark = chromium.MARKS


class Seat:
    """One candidate's browser, from sign-in on."""

    def __init__(self, room, staff, row, page):
        self.room, self.staff, self.row, self.page = room, staff, row, page
        self.label = f"{row['room']}-{row['seat']}"
        self.asked, self.errors = [], []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda problem: self.errors.append(str(problem)))
        page.on("console", lambda said: self.errors.append(said.text) if "Content Security Policy" in said.text else None)

    def enter(self):
        code = self.staff.sign_in(self.row).json()["code"]
        self.page.goto(f"{self.room.base}/exam/?seat={self.label}")
        self.page.fill("#code", code)
        self.page.keyboard.press("Enter")
        self.page.get_by_role("button", name="信息无误").click()
        self.page.get_by_role("button", name="准备好了").click()
        return self

    def at_item(self, number):
        self.page.wait_for_selector(f".where strong:has-text('第 {number} 题')")
        return self

    def saved(self):
        self.page.wait_for_selector(".status.saved")
        return self

    def facts(self):
        """What the server has."""
        secret = self.page.evaluate("localStorage.getItem('secret')")
        return self.room.client().get("/api/state", headers={"Authorization": f"Bearer {secret}"}).json()

    def seen(self):
        return self.page.evaluate("document.body.innerText")


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as found:
        yield found


@pytest.fixture(scope="module")
def hall(tmp_path_factory, browser):
    """A running sitting, and rows that nobody used yet."""
    wide = WINDOW | {"start_latest": NOW + 9000}
    rows = [stage.candidate(n, photo=stage.PNG, photo_source="chip") for n in range(1, 31)]
    with stage.serving(tmp_path_factory.mktemp("hall"), rows=rows, items=ITEMS, window=wide) as (room, parcels):
        room.clock(NOW + 930)
        assert room.log_in(HEAD).ring().status_code == 200
        room.taken = []

        def one_by_one():
            for row in parcels.rows:
                room.taken.append(row)
                yield row

        yield room, one_by_one()


@pytest.fixture(autouse=True)
def nobody_left_behind(request):
    """Two seats that fell silent would be the LAN, and a pause for whoever comes next. Who has handed in already stays as he is."""
    yield
    if "hall" in request.fixturenames:
        room, _ = request.getfixturevalue("hall")
        while room.taken:
            room.log_in(INVIGILATOR).post(f"a/{room.taken.pop()['attempt']}/collect", HEAD, reason="这个机位的测试做完了")


@pytest.fixture
def seat(hall, browser):
    room, rows = hall
    context = browser.new_context(viewport=SCREEN)
    # A log-in of its own: one of the tests kills the server, and log-ins live in its memory.
    one = Seat(room, room.log_in(INVIGILATOR), next(rows), context.new_page())
    yield one
    context.close()
    assert one.errors == []
    assert all(url.startswith((room.base, "data:", "blob:")) for url in one.asked), "nothing is asked from elsewhere"


# ---- the whole way
def test_from_code_to_receipt_by_keyboard_alone(tmp_path, browser):
    """Waiting for the bell included; the receipt on the screen is the server's."""
    rows = [stage.candidate(1, photo=stage.PNG, photo_source="chip")]
    with stage.serving(tmp_path, rows=rows, items=ITEMS) as (room, _):
        staff, context = room.log_in(INVIGILATOR), browser.new_context(viewport=SCREEN)
        page = context.new_page()
        code = staff.sign_in(rows[0]).json()["code"]
        page.goto(f"{room.base}/exam/?seat=第1考场-01")
        page.wait_for_selector("#code")
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        page.wait_for_selector(".identity img")
        assert rows[0]["ticket_no"] in page.content() and rows[0]["id_last4"] in page.content()
        page.keyboard.press("Enter")
        page.wait_for_selector(".rules")
        page.keyboard.press("1")
        assert page.locator(".checks .good").count() == 3
        page.keyboard.press("Tab")
        page.get_by_role("button", name="准备好了").press("Enter")
        page.wait_for_selector("text=请等待开考")
        assert item_text(1) not in page.content()
        room.clock(NOW + 930)
        assert room.log_in(HEAD).ring().status_code == 200
        page.wait_for_selector(f"text={item_text(1)}")
        for number in range(1, ITEMS + 1):
            page.wait_for_selector(f".where strong:has-text('第 {number} 题')")
            page.keyboard.press("2" if number % 2 else "a")
            if number == 5:
                page.keyboard.press("m")
            if number < ITEMS:
                page.keyboard.press("ArrowRight")
        assert page.locator(".number.answered").count() == ITEMS and page.locator(".number.marked").count() == 1
        page.wait_for_selector(".status.saved")
        page.locator(".hand-in").press("Enter")
        page.wait_for_selector("#summary")
        assert "已答 12 题" in page.inner_text("#summary") and "标记 1 题" in page.inner_text("#summary")
        page.locator("#hand-in-now").press("Enter")
        page.wait_for_selector(".qr path")
        secret = page.evaluate("localStorage.getItem('secret')")
        client = room.client()
        client.headers["Authorization"] = f"Bearer {secret}"
        receipt, picture = client.get("/api/receipt").json(), client.get("/api/receipt/qr").json()["rows"]
        assert page.inner_text(".receipt-code").replace("\n", "").replace(" ", "") == receipt["code"]
        assert receipt["answered"] == ITEMS and receipt["ended_by"] == "candidate"
        assert page.locator(".qr path").get_attribute("d").count("h1v1h-1z") == sum(row.count("1") for row in picture)
        page.get_by_role("button", name="离开本机").click()
        page.wait_for_selector("#code")
        assert page.evaluate("localStorage.getItem('secret')") is None
        assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
        context.close()


def test_a_machine_without_an_address_of_its_seat_is_set_once(hall, browser):
    room, _ = hall
    context = browser.new_context(viewport=SCREEN)
    page = context.new_page()
    page.goto(f"{room.base}/exam/")
    page.select_option("#seat", "第1考场-30")
    page.get_by_role("button", name="设为本机机位").click()
    page.wait_for_selector("#code")
    page.reload()
    assert page.inner_text(".seat strong") == "第1考场-30"
    page.fill("#code", "000000")
    page.keyboard.press("Enter")
    page.wait_for_selector("#code-problem:not(:empty)")
    context.close()


# ---- going on
def test_a_reload_goes_on_exactly_where_it_was(seat):
    page = seat.enter().at_item(1).page
    page.keyboard.press("1")
    page.click(".number >> nth=6")
    seat.at_item(7)
    page.keyboard.press("2")
    page.keyboard.press("m")
    seat.saved()
    page.reload()
    seat.at_item(7)
    assert page.locator("input:checked").get_attribute("value") == "B"
    assert page.locator(".number.answered").all_inner_texts() == ["1", "7"]
    assert page.locator(".number.marked").all_inner_texts() == ["7"]
    assert page.locator(".number.current").inner_text() == "7"
    page.keyboard.press("1")
    seat.saved()
    assert seat.facts()["answers"]["7"] == "A"


def test_answers_that_could_not_be_sent_survive_a_reload_and_go_out(seat):
    page = seat.enter().at_item(1).page
    page.route("**/api/events", lambda route: route.abort())
    page.keyboard.press("1")
    page.wait_for_selector(".status.unsaved")
    assert "未保存" in page.inner_text(".status")
    page.keyboard.press("ArrowRight")
    seat.at_item(2)
    page.keyboard.press("2")
    time.sleep(0.3)
    assert seat.facts()["answers"] == {}
    page.reload()
    seat.at_item(2)
    assert page.locator(".number.answered").count() == 2
    page.unroute("**/api/events")
    seat.saved()
    assert seat.facts()["answers"] == {"1": "A", "2": "B"} and seat.facts()["count"] == 2


def test_handing_in_waits_for_what_is_not_saved(seat):
    page = seat.enter().at_item(1).page
    page.route("**/api/events", lambda route: route.abort())
    page.keyboard.press("1")
    page.click(".hand-in")
    page.click("#hand-in-now")
    page.wait_for_selector("#hand-in-now:has-text('正在交卷')")
    page.wait_for_selector("#hand-in-now:has-text('确认交卷')")
    assert "还有答案没有保存" in page.inner_text("#summary-problem")
    assert seat.facts()["phase"] == "open"
    page.unroute("**/api/events")
    page.wait_for_selector("#summary-problem:empty", state="attached")
    page.click("#hand-in-now")
    page.wait_for_selector("#receipt")
    assert seat.facts()["answers"] == {"1": "A"}


def test_a_second_window_takes_no_answers(seat):
    page = seat.enter().at_item(1).page
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("text=考试已在另一个窗口打开")
    other.keyboard.press("1")
    assert seat.facts()["answers"] == {}
    page.close()
    other.get_by_role("button", name="在这里继续").click()
    other.wait_for_selector(f"text={seat.row['name']}")
    other.wait_for_selector(".stem")
    other.keyboard.press("1")
    other.wait_for_selector(".status.saved")
    secret = other.evaluate("localStorage.getItem('secret')")
    state = seat.room.client().get("/api/state", headers={"Authorization": f"Bearer {secret}"}).json()
    assert state["answers"] == {"1": "A"}


def test_a_pause_covers_the_item_and_stops_the_time(seat):
    page = seat.enter().at_item(1).page
    page.click(".number >> nth=2")
    seat.at_item(3)
    stem = page.inner_text(".stem")
    attempt = seat.row["attempt"]
    assert seat.staff.post(f"a/{attempt}/pause", reason="核查身份证件").status_code == 200
    page.wait_for_selector("#cover:visible")
    assert "考试已暂停" in page.inner_text("#cover") and stem not in page.content()
    page.keyboard.press("1")
    assert seat.staff.post(f"a/{attempt}/resume").status_code == 200
    seat.at_item(3)
    assert page.locator("#cover").is_hidden() and page.inner_text(".stem") == stem
    assert seat.facts()["answers"] == {}


def test_a_moved_candidate_goes_on_at_another_machine_and_the_old_one_is_covered(seat, browser):
    page = seat.enter().at_item(1).page
    page.keyboard.press("2")
    page.click(".number >> nth=3")
    seat.at_item(4).saved()
    spare = "第1考场-29"
    assert seat.staff.post("desk/refuse", HEAD, attempt="K00029", kind="withdrew", reason="通知不来参加").status_code == 200
    answer = seat.staff.post(f"a/{seat.row['attempt']}/move", HEAD, to=spare, reason="考试机死机").json()
    page.wait_for_selector("text=本机已停用")
    assert item_text(4) not in page.content()
    context = browser.new_context(viewport=SCREEN)
    fresh = context.new_page()
    fresh.goto(f"{seat.room.base}/exam/?seat={spare}")
    fresh.fill("#code", answer["code"])
    fresh.keyboard.press("Enter")
    fresh.wait_for_selector(".where strong:has-text('第 4 题')")
    assert fresh.locator(".number.answered").all_inner_texts() == ["1"]
    context.close()


def test_a_killed_server_covers_the_item_and_everything_goes_on_by_itself(seat):
    page = seat.enter().at_item(1).page
    page.keyboard.press("1")
    seat.saved()
    seat.room.kill()
    page.keyboard.press("2")
    page.wait_for_selector(".status.unsaved", state="attached")
    page.wait_for_selector("#cover:has-text('网络中断')")
    assert item_text(1) not in page.content()
    seat.room.serve()
    page.wait_for_selector("#cover", state="hidden")
    seat.at_item(1).saved()
    assert page.locator("input:checked").get_attribute("value") == "B"
    facts = seat.facts()
    assert facts["answers"] == {"1": "B"} and facts["count"] == 2


def test_staff_collecting_shows_the_receipt(seat):
    page = seat.enter().at_item(1).page
    page.keyboard.press("1")
    seat.saved()
    assert seat.staff.post(f"a/{seat.row['attempt']}/collect", HEAD, reason="考生要求提前离场").status_code == 200
    page.wait_for_selector("#receipt")
    assert "由考场工作人员收卷" in seat.seen()


# ---- how it looks
def test_language_text_size_and_contrast_stay_after_a_reload(hall, browser):
    room, rows = hall
    context = browser.new_context(viewport=SCREEN)
    one = Seat(room, room.log_in(INVIGILATOR), next(rows), context.new_page())
    page = one.enter().at_item(1).page
    small = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.stem')).fontSize)")
    page.click("button:has-text('A+')")
    page.click("button:has-text('A+')")
    page.click(".bar button:has-text('高对比')")
    page.click(".bar button:has-text('English')")
    page.wait_for_selector("text=Time left")
    page.reload()
    page.wait_for_selector("text=Hand in")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.body.classList.contains('contrast')")
    page.wait_for_selector(".stem")
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('.stem')).fontSize)") > small * 1.25
    assert page.inner_text(".stem") == item_text(int(page.inner_text(".stem").split("第")[1].split("号")[0]))
    context.close()


def test_the_time_can_be_hidden_and_speaks_at_thirty_minutes(hall, browser):
    room, rows = hall
    context = browser.new_context(viewport=SCREEN)
    one = Seat(room, room.log_in(INVIGILATOR), next(rows), context.new_page())
    page = one.enter().at_item(1).page
    assert page.inner_text(".time").count(":") == 2
    page.keyboard.press("t")
    assert ":" not in page.inner_text(".time")
    left = one.facts()["remaining"]
    room.jump(left - 1790)
    page.wait_for_selector("#notice:has-text('30')")
    page.keyboard.press("t")
    assert page.inner_text(".time").startswith("29:")
    context.close()


def test_nothing_overflows_at_double_zoom(hall, browser):
    """1024 wide at 200 % is 512 of the page's own pixels."""
    room, rows = hall
    context = browser.new_context(viewport={"width": 512, "height": 384})
    page = Seat(room, room.log_in(INVIGILATOR), next(rows), context.new_page()).enter().at_item(1).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 512
    page.click(".hand-in")
    page.wait_for_selector("#summary")
    assert page.evaluate("document.documentElement.scrollWidth") <= 512
    context.close()


def test_every_word_stands_in_both_languages(hall, browser):
    page = browser.new_page()
    page.goto(f"{hall[0].base}/exam/")
    zh, en = page.evaluate("import('/exam/words.js').then((words) => words.keysOfBothLanguages())")
    assert zh == en and len(zh) == len(set(zh)) > 90
    page.close()


# ---- what stays on the machine
def test_no_word_of_an_item_stays_on_the_machine(hall, tmp_path, browser):
    """Storage of the page, and every byte of the browser's folder, in UTF-8 and UTF-16."""
    room, rows = hall
    profile = tmp_path / "profile"
    context = browser.browser_type.launch_persistent_context(str(profile), executable_path=chromium.PATH, args=chromium.SWITCHES, viewport=SCREEN)
    context.set_default_timeout(chromium.PATIENCE)
    one = Seat(room, room.log_in(INVIGILATOR), next(rows), context.new_page())
    page = one.enter().at_item(1).page
    for _ in range(ITEMS - 1):
        page.keyboard.press("1")
        page.keyboard.press("ArrowRight")
        time.sleep(0.1)
    page.route("**/api/events", lambda route: route.abort())
    page.keyboard.press("1")
    page.wait_for_selector(".status.unsaved")
    kept = page.evaluate(
        """async () => {
          const open = indexedDB.open("kaopei-outbox");
          const base = await new Promise((done) => { open.onsuccess = () => done(open.result); });
          const all = base.transaction("events").objectStore("events").getAll();
          const rows = await new Promise((done) => { all.onsuccess = () => done(all.result); });
          const workers = (await navigator.serviceWorker.getRegistrations()).length;
          return JSON.stringify([rows, {...localStorage}, {...sessionStorage}, await caches.keys(), workers]);
        }"""
    )
    assert '"kind":"answer"' in kept and "金丝雀" not in kept and "选项" not in kept
    time.sleep(1)
    context.close()
    files = [path for path in Path(profile).rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        data = path.read_bytes()
        for word in ("金丝雀", "停电检修前"):
            assert word.encode() not in data and word.encode("utf-16-le") not in data, path


def test_time_over_hands_in_by_itself(hall, browser):
    """The last test of this hall: its time runs out."""
    room, rows = hall
    context = browser.new_context(viewport=SCREEN)
    one = Seat(room, room.log_in(INVIGILATOR), next(rows), context.new_page())
    page = one.enter().at_item(1).page
    page.keyboard.press("1")
    one.saved()
    room.jump(one.facts()["remaining"] - 4)
    page.wait_for_selector("#receipt")
    assert "时间到" in one.seen()
    assert one.facts()["answers"] == {"1": "A"}
    context.close()
