"""Certificates and results: what is true is said, what is not is said why, and nobody learns more than he should."""

import hashlib
import json
import re

import pytest

from tests.parcel import cast
from tests.portal.conftest import CERTIFICATES, ID_NUMBER, LIMIT, OTHER_ID, TICKET, facts_of
from tests.words import stands_in

ONE, REVOKED, EXPIRED, OVERDUE, UNPUBLISHED = CERTIFICATES
STATES = {ONE: "valid", REVOKED: "revoked", EXPIRED: "expired", OVERDUE: "review_overdue", UNPUBLISHED: "valid"}
WORDS = {"valid": "有效", "revoked": "已失效", "expired": "已过有效期", "review_overdue": "逾期未复审"}


def check(portal, data):
    answer = portal.ask("/api/certificates/check", data, **{"Content-Type": "application/octet-stream"})
    assert answer.status == 200
    return answer.json


def verdict(answer):
    """(shape, word and holder) of the page's verdict."""
    found = re.search(r'verdict-box verdict-(\w+)".*?<h2>(.*?)</h2>', answer.text, re.S)
    return found.group(1), found.group(2)


@pytest.mark.parametrize("form", ["pdf", "signed", "qr"])
@pytest.mark.parametrize("number", CERTIFICATES)
def test_every_form_of_a_certificate_gets_its_state(portal, number, form):
    made = portal.made["signed"][number]
    data = made[form] if isinstance(made[form], bytes) else made[form].encode()
    said = check(portal, data)
    assert (said["status"], said["signature"]) == (STATES[number], True), said
    assert said["holder"] == made["holder"] and said["fields"]["number"] == number
    assert said["trust_version"] == 1 and said["status_list"]["number"] == 1 and said["rehearsal"]


def test_page_shows_the_fields_of_the_paper_with_the_name_masked(portal):
    made = portal.made["signed"][ONE]
    answer = portal.upload("/certificates/", "证书.pdf", made["pdf"])
    assert verdict(answer) == ("good", "有效　欧**强") if len(made["holder"]) == 4 else made["holder"]
    for name in ("number", "subject", "category", "kind", "issued_on", "valid_from", "valid_to", "review_by", "cert_id"):
        assert str(made["facts"][name]) in answer.text
    assert made["facts"]["name"] not in answer.text and not stands_in(made["facts"]["id_last4"], answer.text)
    assert "公布的是同一份" in answer.text and "信任名单第 1 版" in answer.text


@pytest.mark.parametrize("number", [ONE, REVOKED, EXPIRED, OVERDUE])
def test_typed_number_shows_what_is_published(portal, number):
    answer = portal.ask(f"/certificates/?number= {number} ")
    assert WORDS[STATES[number]] in verdict(answer)[1] and "逐项对照" in answer.text
    said = portal.ask(f"/api/certificates/{number}")
    assert (said.status, said.json["status"], said.json["signature"]) == (200, STATES[number], False)


@pytest.mark.parametrize("number", [UNPUBLISHED, "佛山-2099-000001", "'; DROP TABLE x --", "%", "1" * 500])
def test_unknown_number_is_not_called_false(portal, number):
    assert verdict(portal.ask(f"/certificates/?number={number}")) == ("wait", "查无此证")
    answer = portal.ask(f"/api/certificates/{number}")
    assert (answer.status, answer.json["status"]) == (404, "unknown")


def test_empty_number_asks_for_one(portal):
    answer = portal.ask("/certificates/?number=")
    assert answer.status == 200 and "请填写证书编号" in answer.text


def test_signed_but_never_published_is_said(portal):
    said = check(portal, portal.made["signed"][UNPUBLISHED]["pdf"])
    assert any("尚未由市考试机构公布" in note for note in said["notes"])


def test_any_changed_byte_of_a_pdf_is_found(portal):
    pdf = portal.made["signed"][ONE]["pdf"]
    for place in range(0, len(pdf), max(1, len(pdf) // 30)):
        spoiled = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        said = check(portal, spoiled)
        assert (said["status"], said["signature"], said["fields"]) == ("bad", False, {}), place
        assert said["reason"].endswith("。")


@pytest.mark.parametrize("cut", [0, 1, 5, 100, -1, -100])
def test_cut_off_pdf_is_bad(portal, cut):
    pdf = portal.made["signed"][ONE]["pdf"]
    assert check(portal, pdf[:cut])["status"] == "bad"


@pytest.mark.parametrize(
    "data",
    [b"", b" \n ", b"hello", b"\x00" * 1000, b"{}", b"[]", b"null", b"{" * 5000, b"KP1:", b"KP1:a.b.c", b"%PDF-1.7", b"%PDF-1.7\n%kaopei-seal ",
     b"PK\x03\x04" + b"x" * 100, "这是文字".encode(), "这是文字".encode("gbk"), b"\xff\xfe" + "KP1:".encode("utf-16-le")],
)  # fmt: skip
def test_something_else_is_bad_with_what_to_do(portal, data):
    said = check(portal, data)
    assert said["status"] == "bad" and said["reason"] and not said["fields"]
    page = portal.upload("/certificates/", "x", data)
    assert page.status == 200 and verdict(page) == ("bad", "不能相信")


def test_certificate_of_a_stranger_is_bad(portal):
    """Signed well, by an issuer whom our trust list does not know."""
    made = facts_of(cast.found(), ONE, {})
    for form in ("pdf", "signed"):
        said = check(portal, made[form])
        assert said["status"] == "bad" and "密钥" in said["reason"]


def test_other_signed_things_are_no_certificates(portal):
    for data in (portal.made["status"], portal.made["province"].data):
        assert check(portal, data)["status"] == "bad"


def test_key_of_another_role_may_not_issue(portal):
    from kaopei.parcel import certificate
    from kaopei.parcel.rejected import Rejected

    province, facts = portal.made["province"], portal.made["signed"][ONE]["facts"]
    with pytest.raises(Rejected):
        certificate.read(certificate.sign(facts, province.signers["center"]), province.trust)
    assert check(portal, certificate.sign(facts, province.signers["center"]))["status"] == "bad"


def test_pasted_text_may_be_broken_over_lines(portal):
    text = portal.made["signed"][ONE]["qr"]
    lines = " \r\n".join(text[start : start + 40] for start in range(0, len(text), 40))
    answer = portal.fill_in("/certificates/", text=f"\r\n{lines}\r\n")
    assert verdict(answer)[0] == "good"


@pytest.mark.parametrize("address", ["/certificates/", "/api/certificates/check"])
def test_too_large_is_refused_with_an_answer(portal, address):
    answer = portal.ask(address, b"%PDF-1.7" + bytes(12 * 1024 * 1024), **{"Content-Type": "application/pdf"})
    assert answer.status == 413 and "太大" in answer.text


def test_broken_form_is_an_answer_and_no_fault(portal):
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "application/json", "text/plain", ""):
        assert portal.ask("/certificates/", b"\xff\x00--x", **{"Content-Type": kind}).status in (200, 400)
    many = "&".join(f"a{n}=1" for n in range(100)).encode()
    answer = portal.ask("/certificates/", many, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 400 and "请求不完整" in answer.text


def test_typed_script_is_only_text(portal):
    answer = portal.fill_in("/certificates/", text="<script>alert(1)</script>")
    assert "<script" not in answer.text


def test_downloaded_lists_are_those_that_were_signed(portal, tmp_path):
    """With them, and the root that is printed, anybody checks without the portal."""
    assert portal.ask("/status.json").body == portal.made["status"]
    assert portal.ask("/trust.json").body == portal.made["province"].data
    assert portal.made["province"].root in portal.ask("/certificates/").text


def test_command_line_agrees_with_the_page(portal, tmp_path):
    import subprocess
    import sys

    lists = []
    for name in ("trust", "status"):
        (tmp_path / f"{name}.json").write_bytes(portal.ask(f"/{name}.json").body)
        lists += [f"--{name}", str(tmp_path / f"{name}.json")]
    for number in (ONE, REVOKED, EXPIRED):
        (tmp_path / "c.pdf").write_bytes(portal.made["signed"][number]["pdf"])
        words = ["certificate", "check", str(tmp_path / "c.pdf"), *lists, "--root", portal.made["province"].root, "--data", str(portal.data)]
        done = subprocess.run([sys.executable, "-m", "kaopei", *words], capture_output=True, text=True, timeout=LIMIT)
        assert done.stdout.split("\t")[0] == check(portal, portal.made["signed"][number]["pdf"])["status"], done.stdout + done.stderr


def test_holder_of_ticket_and_identity_number_sees_his_result(portal):
    answer = portal.fill_in("/results/", ticket=f" {TICKET[:4]} {TICKET[4:]}", id_number=ID_NUMBER.lower())
    assert verdict(answer) == ("good", "合格")
    assert "ABCD-EFGH" in answer.text and "98" in answer.text and "2026-12-08" in answer.text
    assert ID_NUMBER not in answer.text and TICKET not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("ticket", "id_number"),
    [(TICKET, OTHER_ID), (TICKET[:-1] + "4", ID_NUMBER), (TICKET[::-1], ID_NUMBER), (ID_NUMBER[:17], ID_NUMBER)],
)
def test_nobody_else_learns_even_that_there_is_one(portal, ticket, id_number):
    """Wrong number, wrong ticket and a result whose time is over get the same words."""
    answer = portal.fill_in("/results/", ticket=ticket, id_number=id_number)
    assert "没有查到成绩" in answer.text and "verdict-box" not in answer.text


@pytest.mark.parametrize(
    ("ticket", "id_number", "word"),
    [("", "", "两项都要"), (TICKET, "%" * 18, "身份证号"),
     (TICKET, "", "两项都要"), ("", ID_NUMBER, "两项都要"), ("abc", ID_NUMBER, "全是数字"), (TICKET, "1234", "身份证号"),
     (TICKET, ID_NUMBER[:-1] + ("9" if ID_NUMBER[-1] != "9" else "8"), "身份证号"), ("\0" * 20, "\0" * 18, "两项都要")],
)  # fmt: skip
def test_what_cannot_be_a_number_is_said(portal, ticket, id_number, word):
    assert word in portal.fill_in("/results/", ticket=ticket, id_number=id_number).text


def test_numbers_in_the_address_are_not_looked_at(portal):
    """An address ends up in logs and histories."""
    assert "verdict-box" not in portal.ask(f"/results/?ticket={TICKET}&id_number={ID_NUMBER}").text


def test_public_words_of_a_certificate_are_all_that_the_register_tells(portal):
    said = portal.ask(f"/api/certificates/{ONE}").json
    assert portal.made["signed"][ONE]["facts"]["name"] not in json.dumps(said, ensure_ascii=False)
    assert hashlib.sha256(portal.made["signed"][ONE]["signed"]).hexdigest() not in json.dumps(said)
