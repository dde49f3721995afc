"""The conduct of a sitting by its pages: forms, files, what each person sees, refusals that say why."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kaopei.center.sittings import queries
from kaopei.center.sittings.models import Machine as Row
from kaopei.office import keys, scope
from kaopei.office.approvals.models import Request
from kaopei.parcel import enrolment, key_release, medium, receipt, seal_order
from tests.center.allocation.city import BASE
from tests.center.sittings.conftest import STAFF, Browser
from tests.center.sittings.rooms import Machine
from tests.people import FOSHAN, PIN


def uploaded(name, data):
    return SimpleUploadedFile(name, data)


def sign(browser, *who):
    """Each signs the newest open request by the ordinary page."""
    for name in who:
        with scope.entered(FOSHAN):
            waiting = Request.objects.filter(status="open").order_by("-id").first()
        assert waiting.digest in browser(name).see(f"/approvals/{waiting.ulid}/").replace(" ", "")
        browser(name).send(f"/approvals/{waiting.ulid}/approve", digest=waiting.digest, pin=PIN)


def states(page):
    """(file, state) of each line of an upload."""
    return re.findall(r'data-file="([^"]+)" data-state="([a-z]+)"', page)


def test_whole_sitting_by_its_pages(desk, browser):
    number = desk.start()
    machine = Machine(keys.trust(), BASE, "EDGE-1", int(desk.at.timestamp()))
    desk.machines["EDGE-1"] = machine
    enrol(browser, machine)
    browser("clerk").send("/sittings/order/", count=1)
    sign(browser, "approver", "approver2")
    order = browser("clerk").see(f"/sittings/{number}/newest/seal_order")
    assert seal_order.read(order, keys.trust())[0]["sitting_id"] == number
    sealed = desk.vault.seal(order, desk.at)
    files = [uploaded("paper.xpk", sealed.parcel), *(uploaded(f"{name}.share", data) for name, data in sealed.shares.items())]
    page = browser("clerk").client.post("/sittings/upload/", {"files": files}).content.decode()
    assert {state for _, state in states(page)} == {"taken"} and len(states(page)) == 5
    seat(browser, number)
    with scope.entered(FOSHAN):
        desk.quarter_before()
    challenge = machine.challenge()
    browser("clerk").send(f"/sittings/{number}/release/", expect=409, challenge=challenge, stage=1, cameras="ok")
    with scope.entered(FOSHAN):
        slip = machine.gate_slip(keys.trust(), desk.row(), sealed.package_id, challenge, int(desk.at.timestamp()))
    page = browser("clerk").client.post("/sittings/upload/", {"files": uploaded("gate.slip", slip)}).content.decode()
    assert states(page) == [("gate.slip", "taken")]
    browser("clerk").send(f"/sittings/{number}/release/", challenge=challenge, stage=1, cameras="ok")
    sign(browser, "key1", "key2")
    token = browser("key1").see(f"/sittings/{number}/newest/key_release")
    assert token == browser("clerk").see(f"/sittings/{number}/release/1.json")
    with scope.entered(FOSHAN):
        parcel = queries.package(number)
        key_release.take(token, keys.trust(), parcel, machine.kid, machine.decrypt_key, stage=1, challenge=challenge)
        assert browser("key2").see(f"/sittings/{number}/release/1/").count("<svg viewBox") >= len(medium.frames(token))
        back = desk.held().parcel()
    for expected in ("taken", "same"):
        page = browser("clerk").client.post("/sittings/upload/", {"files": uploaded("back.xrb", back)}).content.decode()
        assert states(page) == [("back.xrb", expected)]
    browser("clerk").send(f"/sittings/{number}/receipt/")
    slip = receipt.read(browser("clerk").see(f"/sittings/{number}/newest/receipt"), keys.trust())
    assert slip["sitting_id"] == number
    assert browser("clerk").see(f"/sittings/{number}/newest/return_parcel") == back
    page = browser("clerk").see(f"/sittings/{number}/")
    assert "本场已办结" in page and "名册" in page and "全场暂停" in page


def enrol(browser, machine):
    file = uploaded("request.json", machine.request)
    browser("clerk").send("/sittings/machines/upload/", file=file, acceptor1="clerk", acceptor2="approver")
    with scope.entered(FOSHAN):
        digest = Row.objects.get(serial="EDGE-1").request_digest
    assert f"/sittings/machines/{digest}/accept/" not in browser("approver2").see("/sittings/machines/")
    for who in ("clerk", "approver"):
        assert f"/sittings/machines/{digest}/accept/" in browser(who).see("/sittings/machines/")
        browser(who).send(f"/sittings/machines/{digest}/accept/", pin=PIN)
    browser("clerk").see(f"/sittings/machines/{digest}.json", status=404)
    browser("clerk").send(f"/sittings/machines/{digest}/countersign/", expect=403)
    browser("province").send(f"/sittings/machines/{digest}/countersign/")
    machine.record = browser("clerk").see(f"/sittings/machines/{digest}.json")
    assert enrolment.read(machine.record, keys.trust()).payload["edge_serial"] == "EDGE-1"


def seat(browser, number):
    page = browser("clerk").see(f"/sittings/{number}/seating/")
    assert 'enctype="multipart/form-data"' in page
    browser("clerk").send(f"/sittings/{number}/seating/", staff=uploaded("名单.csv", STAFF.encode()))
    waiting = browser("approver").see(f"/sittings/{number}/seating/")
    assert "高平" in waiting and "111111" not in waiting and "scrypt" not in waiting
    with scope.entered(FOSHAN):
        names = {one["name"] for one in queries.roster(queries.conduct(number))}
        ulid = Request.objects.filter(action="seating.issue").latest("id").ulid
    approval = browser("approver").see(f"/approvals/{ulid}/")
    assert not any(name in waiting or name in approval for name in names if len(name) > 1)
    browser("approver").see(f"/approvals/{ulid}/content", status=404)
    sign(browser, "approver", "approver2")


def test_head_takes_his_share_on_paper_once(desk, browser):
    with scope.entered(FOSHAN):
        number = desk.through("seal").sitting
    path = f"/sittings/{number}/shares/{desk.sealed.package_id}-1-1/hand/"
    assert "领取人" in browser("clerk").see(path)
    answer = browser("clerk").client.post(path, {"receiver": "高平"})
    assert answer.content.startswith(b"%PDF") and answer["Cache-Control"] == "no-store"
    assert "只能交接一次" in browser("clerk").send(path, expect=409, receiver="高平")
    assert "已交给" in browser("clerk").see(path)
    reserve = f"/sittings/{number}/shares/{desk.sealed.package_id}-1-3/hand/"
    browser("clerk").send(reserve, expect=409, receiver="周正")
    assert browser("province").client.post(reserve, {"receiver": "周正"}).content.startswith(b"%PDF")


def test_share_that_cannot_be_printed_has_not_been_handed_over(desk, browser, monkeypatch):
    from kaopei.office import pdf

    with scope.entered(FOSHAN):
        number = desk.through("seal").sitting
    path = f"/sittings/{number}/shares/{desk.sealed.package_id}-1-1/hand/"
    clerk = browser("clerk")

    def broken(*_, **__):
        raise OSError("no printer")

    with monkeypatch.context() as patch:
        patch.setattr(pdf, "render", broken)
        clerk.client.raise_request_exception = False
        assert clerk.client.post(path, {"receiver": "高平"}).status_code == 500
    assert clerk.client.post(path, {"receiver": "高平"}).content.startswith(b"%PDF")


def test_printed_share_bears_its_groups(desk, browser):
    import io

    import pypdf

    from kaopei.parcel import manifest

    with scope.entered(FOSHAN):
        number = desk.through("seal").sitting
    answer = browser("clerk").client.post(f"/sittings/{number}/shares/{desk.sealed.package_id}-1-1/hand/", {"receiver": "𠮷㛃"})
    words = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    for group in manifest.unverified(desk.sealed.shares["A"])["share"]["digits"]:
        assert group in words
    assert "𠮷㛃" in words and "存根" in words


PAGES = ("/sittings/", "/sittings/machines/", "/sittings/quarantine/", "/sittings/{n}/", "/sittings/{n}/seating/", "/")


@pytest.mark.parametrize("who", ["clerk", "approver", "province", "key1"])
def test_everybody_concerned_sees_the_pages(desk, browser, who):
    with scope.entered(FOSHAN):
        number = desk.through("seat").sitting
    for path in PAGES:
        browser(who).see(path.format(n=number))
    english = Browser(who)
    english.client.cookies["kaopei_lang"] = "en"
    for path in PAGES:
        english.see(path.format(n=number))


@pytest.mark.parametrize("who", ["institution", "inspector", "announcer", "security", "auditor"])
def test_others_are_told_who_can_help(desk, browser, who):
    page = browser(who).see("/sittings/", status=403)
    assert "办理" in page


def test_other_city_finds_nothing(desk, browser):
    with scope.entered(FOSHAN):
        number = desk.through("seal").sitting
    for path in (f"/sittings/{number}/", f"/sittings/{number}/newest/seal_order", f"/sittings/{number}/seating/"):
        browser("clerk_gz").see(path, status=404)
    assert number not in browser("clerk_gz").see("/sittings/")
    assert browser("clerk_gz").client.post(f"/sittings/{number}/order/").status_code == 409


def test_parcels_are_for_those_who_carry_them(desk, browser):
    with scope.entered(FOSHAN):
        number = desk.through("release").sitting
    for kind in ("seal_order", "exam_parcel", "seating"):
        browser("clerk").see(f"/sittings/{number}/newest/{kind}")
        browser("key1").see(f"/sittings/{number}/newest/{kind}", status=409)
    browser("approver").see(f"/sittings/{number}/newest/key_release", status=409)
    browser("clerk").see(f"/sittings/{number}/newest/receipt", status=404)
    browser("clerk").see(f"/sittings/{number}/newest/nonsense", status=404)


def test_upload_says_of_each_file_what_became_of_it(desk, browser):
    with scope.entered(FOSHAN):
        number = desk.order().conduct.sitting
        order = bytes(queries.newest(desk.row(), "seal_order").data)
    sealed = desk.vault.seal(order, desk.at)
    files = [uploaded("a.txt", b"hello"), uploaded("b.xpk", sealed.parcel[:-1]), uploaded("c.xpk", sealed.parcel), uploaded("d.json", order)]
    page = browser("clerk").client.post("/sittings/upload/", {"files": files}).content.decode()
    assert states(page) == [("a.txt", "refused"), ("b.xpk", "quarantined"), ("c.xpk", "taken"), ("d.json", "refused")]
    assert "请交给题库室" in page and f"/sittings/{number}/" in page
    assert "没有选择文件" in browser("clerk").send("/sittings/upload/", expect=409)
    assert "被截断" in browser("clerk").see("/sittings/quarantine/") or "容器" in browser("clerk").see("/sittings/quarantine/")


def test_nothing_to_order_is_said(desk, browser):
    assert "没有可以下任务书的场次" in browser("clerk").send("/sittings/order/", expect=409, count=3)
    assert "请填写" in browser("clerk").send("/sittings/order/", expect=409, count="x")
    browser("approver").send("/sittings/order/", expect=403, count=1)


def test_release_page_keeps_what_was_typed_and_names_the_fault(desk, browser):
    with scope.entered(FOSHAN):
        number = desk.through("seat").sitting
    page = browser("clerk").send(f"/sittings/{number}/release/", expect=409, challenge="123456-000000-000000", stage=1, cameras="ok")
    assert "第 1 组" in page
    browser("approver").see(f"/sittings/{number}/release/", status=403)


def test_today_says_whose_turn_it_is(desk, browser):
    with scope.entered(FOSHAN):
        desk.order()
        desk.at = desk.row().starts_at - timedelta(days=5)
        number = desk.row().sitting
    assert f"场次 {number}" in browser("clerk").see("/")
    assert f"场次 {number}" not in browser("approver").see("/")


def test_late_steps_are_red(desk, browser):
    with scope.entered(FOSHAN):
        number = desk.order().conduct.sitting
        desk.at = desk.row().starts_at - timedelta(hours=5)
    assert "逾期" in browser("clerk").see(f"/sittings/{number}/")
    assert "逾期" in browser("clerk").see("/sittings/")


def test_reload_of_an_order_makes_no_second_roster(desk, browser):
    with scope.entered(FOSHAN):
        number = desk.start()
        desk.enrol(desk.facts.site)
    browser("clerk").send("/sittings/order/", sitting=[number])
    browser("clerk").send(f"/sittings/{number}/order/")
    with scope.entered(FOSHAN):
        assert Request.objects.filter(action="seal_order.issue", status="open").count() == 1
        assert queries.roster_made(queries.conduct(number)) == desk.facts.placed


def test_lists_ask_the_database_as_often_for_many_sittings_as_for_one(desk, browser, django_assert_max_num_queries):
    from kaopei.center.sittings.models import Conduct

    with scope.entered(FOSHAN):
        row = desk.order().conduct
        day = {"day": row.day, "starts_at": row.starts_at, "ends_at": row.ends_at, "city": FOSHAN, "site": row.site}
        Conduct.objects.bulk_create(Conduct(sitting=f"{row.site}-X{number}", **day) for number in range(40))
        desk.at = row.starts_at - timedelta(days=3)
    for path in ("/sittings/", "/"):
        browser("clerk").see(path)
        with django_assert_max_num_queries(90):
            browser("clerk").see(path)


def test_devices_are_uploaded_looked_at_and_accepted_by_their_pages(desk, browser):
    from tests.center.sittings.test_equip import line, sheet

    name, data = sheet(line(), line(序列号="D1", 类别="考务机", MAC="020000000002", IP="10.6.1.2", 座位号="", 考场=""))[0]
    with scope.entered(FOSHAN):
        desk.start()
    assert "还没有验收的设备清单" in browser("approver").see("/sittings/devices/")
    answer = browser("clerk").client.post("/sittings/devices/", {"files": uploaded("x.xlsx", b"PK\x03\x04")})
    assert answer.status_code == 409
    browser("clerk").send("/sittings/devices/", files=uploaded(name, data))
    page = browser("approver").see(f"/sittings/devices/{BASE}/")
    assert "还没有证书指纹的考试机" in page and "T1" in page
    sign(browser, "approver", "approver2")
    page = browser("clerk").see("/sittings/devices/")
    assert "考试机 1" in page and "证书未齐" in page
    keys_file = b'{"devices": [{"serial": "T1", "function": "terminal", "tls_spki": "%s", "ip": "10.6.1.1", "mac": "", "room": "", "seat": ""}]}'
    browser("clerk").send("/sittings/devices/", files=uploaded("devices.json", keys_file % (b"ab" * 32)))
    sign(browser, "approver", "approver2")
    assert "abababababab" in browser("province").see(f"/sittings/devices/{BASE}/")
    back = browser("clerk").see(f"/sittings/devices/{BASE}/list.xlsx")
    answer = browser("clerk").client.post("/sittings/devices/", {"files": uploaded("list.xlsx", back)}, follow=True)
    assert "没有需要验收的变化" in answer.content.decode()
