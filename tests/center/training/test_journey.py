"""A class from report to sealed file by pages only, in a real browser at phone size for teacher and trainees.

A lesson is moved, a phone is offline, a proxy is refused, an exclusion is contested and decided, the class is closed and its file sealed.
A picture of each step lies in the folder of the test.
"""

import concurrent.futures
import datetime as dt
import re
import zipfile
from typing import Any

import pytest

from kaopei.office import clock
from tests.center.training.test_import import whole
from tests.edge import chromium
from tests.people import CHINA, FOSHAN, NOW, PASSWORD, PEOPLE, Person, lay_trust

pytestmark = [*chromium.MARKS, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1366, "height": 768}
DAY = NOW.date() + dt.timedelta(days=2)
NUMBERS = [whole(f"4406041990{month:02d}15200") for month in (1, 2, 3)]
REFUSED_BY_KEY = """async ([code, last]) => {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  const key = base64url(await crypto.subtle.exportKey("raw", pair.publicKey));
  const answer = await post("enrol/", { code, last_four: last, public_key: key, fingerprint: await fingerprint() });
  tell(answer.text || "bound", answer.ok ? "good" : "bad");
  return answer;
}"""
SAT = "老师点名确认时漏了我，我从两点到五点一直坐在第二排听课。"
LOOKED = "向任课教师核实并调看教室监控，本人全程在场，教师漏点确认。"


@pytest.fixture
def walk(live_server, own_data, monkeypatch):
    """The city with its trust list, one registered institution and its people; the center under its address; a clock that can be moved."""
    from kaopei.center.registry.models import Institution, Registration
    from kaopei.office import scope

    lay_trust(own_data)
    teacher = Person("teacher", "许知行", ("teacher",), institution=PEOPLE["institution"].institution)
    with scope.entered(scope.PROVINCE):
        for one in (teacher, PEOPLE["institution"], PEOPLE["clerk"]):
            one.make()
        body = Institution.objects.create(city=FOSHAN, code=teacher.institution, name="佛山市顺安培训学校")
        Registration.objects.create(
            city=FOSHAN,
            institution=body,
            name=body.name,
            scope=["低压电工作业"],
            is_registered=True,
            status_text="已登记",
            from_day=NOW.date(),
            source="test",
            recorded_at=NOW,
        )
    moved = Walk(live_server.url, own_data)
    monkeypatch.setattr(clock, "offset", lambda data: moved.offset)
    moved.set(NOW)
    with chromium.started() as browser:
        moved.browser = browser
        yield moved


class Walk:
    """Browser, clock and folder of pictures."""

    browser: Any

    def __init__(self, address, folder):
        self.address, self.pictures, self.offset = address, folder / "pictures", 0
        self.pictures.mkdir()

    def set(self, moment):
        self.offset = int((moment - dt.datetime.now(dt.UTC)).total_seconds())

    def at(self, hour, minute):
        self.set(dt.datetime.combine(DAY, dt.time(hour, minute), CHINA))

    def page(self, size, who="", path=""):
        made = self.browser.new_context(viewport=size, accept_downloads=True).new_page()
        if who:
            self.log_in(made, who)
        if path:
            self.open(made, path, who)
        return made

    def log_in(self, page, who):
        page.goto(f"{self.address}/login/")
        page.fill("[name=username]", who)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_selector("nav.left")

    def open(self, page, path, who=""):
        """The page; whoever has been idle while the clock was moved logs in again."""
        page.goto(self.address + path)
        if who and "/login/" in page.url:
            self.log_in(page, who)
            page.goto(self.address + path)

    def take(self, page, name):
        page.screenshot(path=str(self.pictures / f"{name}.png"), full_page=True)

    def minute(self):
        """What the timer does each minute, in a thread of its own: the browser's driver has this one."""
        from django.db import connections

        from kaopei.center.training import tasks

        def run():
            try:
                tasks.seal_and_count(clock.now())
            finally:
                connections.close_all()

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(run).result()


def test_a_class_from_report_to_sealed_file(walk, tmp_path):
    desk = walk.page(DESK, "institution", "/training/teachers/")
    number = report(walk, desk)
    lesson, binds = move(walk, desk)
    phones = [bind(walk, desk, binds[nth], NUMBERS[nth]) for nth in range(2)]
    walk.take(phones[0], "phone-identity")
    phones[0].click("text=都正确，我确认")
    phones[0].wait_for_selector("text=已确认")
    walk.take(phones[0], "phone-notice")
    assert "改期" in phones[0].content()
    board = come(walk, phones, lesson)
    proxy(walk, desk, phones[0], binds[2])
    confirm_and_go(walk, phones, board, lesson)
    contest(walk, phones[1])
    seal(walk, desk, number, tmp_path)
    walk.open(phones[1], "/training/phone/")
    assert "下载培训证明" in phones[1].content() and phones[1].locator(".hours strong").inner_text() == "4"
    walk.take(phones[1], "phone-proof")


def report(walk, desk):
    fill(desk, name="许知行", id_number=whole("44060419800615077"), subject="专业理论", qualification="高级技师", username="teacher")
    desk.click("main form.box button.primary")
    walk.open(desk, "/training/classes/new/")
    fill(desk, first_day=str(DAY), last_day=str(DAY), room="实训楼 201", capacity="40")
    desk.click("main form.box button.primary")
    number = re.search(r"classes/([^/]+)/", desk.url)[1]
    fill(desk.locator("form.inline-fields"), day=str(DAY), start="09:00", end="12:15", unit="U1")
    desk.click("form.inline-fields button.primary")
    desk.fill("[name=people]", "\n".join(f"{name} {NUMBERS[nth]} C{nth}" for nth, name in enumerate(("梁一", "韩二", "何三"))))
    desk.click("form:has([name=people]) button")
    desk.click("form[action$='report/'] button")
    desk.wait_for_selector("text=已向市应急管理局书面报告")
    walk.take(desk, "class-reported")
    return number


def fill(place, **fields):
    for name, value in fields.items():
        field = place.locator(f"[name={name}]")
        field.fill(value)


def move(walk, desk):
    desk.click("text=改期 / 取消 / 补课")
    form = desk.locator("form:has(button[value=moved])")
    fill(form, start="14:00", end="17:15", reason="上午实训楼停电检修，本次课改到当天下午两点上")
    form.locator("button[value=moved]").click()
    desk.wait_for_selector("text=学员手机上会看到通知")
    walk.take(desk, "lesson-moved")
    return int(re.search(r"lessons/(\d+)/board", desk.content())[1]), re.findall(r"people/(\d+)/phone/", desk.content())


def code_for(walk, desk, enrolment):
    walk.open(desk, f"/training/people/{enrolment}/phone/", "institution")
    desk.click("form:last-of-type button.primary")
    return desk.locator(".digits").get_attribute("data-code")


def bind(walk, desk, enrolment, number):
    phone = walk.page(PHONE, path="/training/phone/")
    phone.fill("#code", code_for(walk, desk, enrolment))
    phone.fill("#last", number[-4:])
    phone.click("#enrol button")
    phone.wait_for_selector("#home")
    return phone


def six(walk, board, lesson):
    """What stands on the teacher's screen now."""
    walk.open(board, f"/training/lessons/{lesson}/board/", "teacher")
    return board.locator("#code .digits").get_attribute("data-code")


def sign(walk, phone, digits, kind):
    phone.locator(".six").first.fill(digits)
    phone.locator(f".sign button[value={kind}]").first.click()


def come(walk, phones, lesson):
    """The first with a wrong code and then the right one; the second without network, and sends when it is back."""
    walk.at(13, 50)
    board = walk.page(PHONE, "teacher", "/training/lessons/")
    walk.take(board, "teacher-lessons")
    for phone in phones:
        walk.open(phone, "/training/phone/")
        phone.wait_for_selector(".sign")
        phone.wait_for_function("navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)")
    first, second = phones
    sign(walk, first, "000000", "in")
    first.wait_for_selector("#told[data-kind=bad]")
    sign(walk, first, six(walk, board, lesson), "in")
    first.wait_for_selector("#told[data-kind=good]")
    digits = six(walk, board, lesson)
    second.context.set_offline(True)
    sign(walk, second, digits, "in")
    second.wait_for_selector("#outbox:not([hidden])")
    second.reload()
    second.wait_for_selector("#outbox:not([hidden])")
    walk.take(second, "phone-offline")
    second.context.set_offline(False)
    second.evaluate("dispatchEvent(new Event('online'))")
    second.wait_for_selector("#told[data-kind=good]")
    walk.take(second, "phone-uploaded")
    return board


def proxy(walk, desk, phone, enrolment):
    """The third one's code on the first one's phone."""
    told = phone.evaluate(REFUSED_BY_KEY, [code_for(walk, desk, enrolment), NUMBERS[2][-4:]])
    assert not told["ok"] and told["code"] == "phone_of_another"
    walk.take(phone, "proxy-refused")


def confirm_and_go(walk, phones, board, lesson):
    """The third comes with a card; the teacher confirms the first and the third and overlooks the second; all go at the end."""
    walk.open(board, f"/training/lessons/{lesson}/board/", "teacher")
    board.fill("#card", "C2")
    board.click("form[action$='card/'] button[value=in]")
    board.wait_for_selector("text=已刷卡签到")
    boxes = board.locator("#people input[name=enrolment]")
    assert boxes.count() == 3
    boxes.nth(0).check()
    boxes.nth(2).check()
    board.click("#people button.primary")
    board.wait_for_selector("text=已确认 2 人在场")
    walk.take(board, "teacher-board")
    walk.at(17, 14)
    for phone in phones:
        walk.open(phone, "/training/phone/")
        phone.wait_for_selector(".sign")
        sign(walk, phone, six(walk, board, lesson), "out")
        phone.wait_for_selector("#told[data-kind=good]")
    walk.open(board, f"/training/lessons/{lesson}/board/", "teacher")
    board.fill("#card", "C2")
    board.click("form[action$='card/'] button[value=out]")
    board.wait_for_selector("text=已刷卡签退")
    walk.minute()


def contest(walk, phone):
    """What does not count is contested; a clerk looks and decides; the trainee reads the decision."""
    walk.open(phone, "/training/phone/")
    walk.take(phone, "phone-excluded")
    assert "凭据不足两类" in phone.content()
    phone.click("text=我有异议")
    phone.fill("#statement", SAT)
    phone.click("button.primary")
    phone.wait_for_selector("text=异议已提交")
    clerk = walk.page(DESK, "clerk", "/training/contests/")
    clerk.click("main table a.button")
    clerk.check("[name=decision][value=granted]")
    clerk.fill("[name=reason]", LOOKED)
    walk.take(clerk, "clerk-contest")
    clerk.click("main form button.primary")
    clerk.wait_for_selector("text=决定书号")
    walk.open(phone, "/training/phone/")
    phone.click(".missed a.button")
    phone.wait_for_selector("text=决定书号")
    walk.take(phone, "phone-decision")


def seal(walk, desk, number, folder):
    """Closed, completed, proofs given, sealed, taken away, and whole."""
    walk.at(18, 0)
    walk.open(desk, f"/training/classes/{number}/", "institution")
    desk.click("form[action$='close/'] button")
    desk.click("text=培训档案和培训证明")
    walk.take(desk, "file-open")
    for part in ("tests", "evaluation"):
        paper = folder / f"{part}.pdf"
        paper.write_bytes(b"%PDF-1.7\n" + part.encode())
        desk.select_option("[name=part]", part)
        desk.set_input_files("[name=file]", str(paper))
        desk.click("form[action$='parts/'] button")
        desk.wait_for_selector("text=已收入档案")
    desk.click("form[action$='proofs/'] button")
    desk.wait_for_selector("text=已出具 3 份培训证明")
    desk.click("form[action$='seal/'] button")
    desk.wait_for_selector("text=已封存，完整程度 100%")
    walk.take(desk, "file-sealed")
    desk.click("text=下载 ZIP")
    desk.fill("#reason", "交市考试机构核对培训档案")
    with desk.expect_download() as taken:
        desk.click("main form.box button.primary")
    taken.value.save_as(folder / "file.zip")
    with zipfile.ZipFile(folder / "file.zip") as box:
        assert box.testzip() is None and {"README.txt", "SHA256SUMS", "file.pdf", "signer.pem"} <= set(box.namelist())
    walk.open(desk, f"/training/classes/{number}/", "institution")
    walk.take(desk, "class-sealed")
    assert "档案已封存" in desk.content()
