"""Proofs of training on the portal: by number, QR text, signed JSON and paper; revoked ones are told, nobody is named."""

import pytest

ONE, TWO = "440600-2026-证-000001", "440600-2026-证-000002"
PAGE = "/training-proofs/"
UNSIGNED = "KT1:eyJhbGciOiJFZDI1NTE5In0.e30.AAAA"


@pytest.mark.parametrize(("number", "word"), [(ONE, "有效"), (TWO, "已失效"), ("440600-2026-证-999999", "查无此证"), ("", "请填写培训证明编号")])
def test_by_number(portal, number, word):
    answer = portal.ask(f"{PAGE}?number={number}")
    assert answer.status == 200 and word in answer.text and "欧阳" not in answer.text


@pytest.mark.parametrize(("number", "word"), [(ONE, "有效"), (TWO, "已失效")])
def test_by_qr_text_and_signed_json(portal, number, word):
    made = portal.made["proofs"][number]
    for answer in (portal.fill_in(PAGE, text=f" {made['qr']}\n"), portal.upload(PAGE, "proof.json", made["signed"])):
        assert answer.status == 200 and word in answer.text and "内容与签名一致" in answer.text and "欧阳" not in answer.text


@pytest.mark.parametrize("text", ["", "KT1:", "KT1:a.b.c", UNSIGNED, "KP1:a.b.c", "{}", "\ufffd"])
def test_what_nobody_signed_is_not_believed(portal, text):
    answer = portal.fill_in(PAGE, text=text)
    assert answer.status == 200 and "不能相信" in answer.text


def test_a_changed_signed_file_is_not_believed(portal):
    signed = portal.made["proofs"][ONE]["signed"]
    for data in (signed[:-1], signed.replace(b"ey", b"eX", 1), portal.made["signed"]["佛山-2026-000001"]["signed"]):
        assert "不能相信" in portal.upload(PAGE, "proof.json", data).text


def test_the_list_of_revoked_proofs_is_there_to_be_kept(portal):
    assert portal.ask("/training-status.json").body.startswith(b"{") and portal.ask("/training-status.json").status == 200
    assert portal.ask("/status.json").body != portal.ask("/training-status.json").body
