"""The English page: what the book knows is said in English, what people typed stays, data is marked as Chinese."""

import pytest

from kaopei.office.ui import english


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("待定", "on hold"),
        ("2026-12-07 周一 09:30", "2026-12-07 Mon 09:30"),
        ("考务员、审批人", "Exam clerk, Approver"),
        ("抽签 440600-2026-12-T1", "Draw 440600-2026-12-T1"),
        ("3 条培训线索待核实", "3 leads to be checked"),
        ("见过原文（依据现在是否有效未核实）", "seen in the text (whether the basis is in force is not verified)"),
        ("第 4.1.2 条", "article 4.1.2"),
        ("佛山甲安全培训中心", "佛山甲安全培训中心"),
        ("佛山甲（总校），二号楼", "佛山甲（总校），二号楼"),
    ],
)
def test_piece_is_said_as_far_as_the_book_knows_it(zh, en):
    assert english.say(zh) == en


def test_page_keeps_data_and_marks_it():
    said = english.page('<p title="待定">佛山甲</p><select><option value="x">其他</option><option>佛山甲</option></select>')
    assert said == '<p title="on hold"><span lang="zh-CN">佛山甲</span></p><select><option value="x">other</option><option>佛山甲</option></select>'


def test_what_people_typed_and_scripts_stay():
    page = '<textarea name="t">待定</textarea><script>"待定"</script><input value="待定">'
    assert english.page(page) == page


def test_marks_of_html_are_no_way_out():
    """A name that looks like a tag stays text."""
    assert english.page("<p>其他 &lt;b&gt; &amp; 佛山甲</p>") == '<p><span lang="zh-CN">other &lt;b&gt; &amp; 佛山甲</span></p>'
    assert english.page("<p>&lt;script&gt;待定</p>") in ("<p>&lt;script&gt;on hold</p>", '<p><span lang="zh-CN">&lt;script&gt;待定</span></p>')


def test_book_has_no_empty_word_and_every_shape_keeps_its_values():
    book = english.book()
    assert len(book) > 900 and all(book.values())
    assert not [zh for zh, en in book.items() if zh.count("{}") != en.count("{}") or english.HAN.search(en)]


def test_office_page_in_english_and_in_chinese(client, db):
    from tests.people import PEOPLE, log_in

    log_in(client, PEOPLE["auditor"])
    zh = client.get("/events/").content.decode()
    client.cookies["kaopei_lang"] = "en"
    en = client.get("/events/").content.decode()
    assert "新建人员账号" in zh and "Account made" not in zh
    assert "Account made" in en and "新建人员账号" not in en and '<html lang="en">' in en
