"""PDF: data never becomes markup, every character of a name is there, a rehearsal says so."""

import io
import threading

import pypdf
import pytest

from kaopei.office import pdf
from tests.people import NOW, lay_trust

TEMPLATE = """#import "/office/ui/typst/frame.typ": *
#show: sheet.with(title: data.title, foot: "佛山市")
= #data.title
#data.name
#qr(data.qr)
"""
RARE = "㛃䶮𬭎堃𠮷𠅤㵘"


@pytest.fixture
def template(tmp_path, monkeypatch):
    """A template that only this test has, with the frame beside it: typst reads below its root only."""
    frame = "office/ui/typst/frame.typ"
    (tmp_path / frame).parent.mkdir(parents=True)
    (tmp_path / frame).write_bytes((pdf.ROOT / frame).read_bytes())
    (tmp_path / "try.typ").write_text(TEMPLATE)
    monkeypatch.setattr(pdf, "ROOT", tmp_path)
    monkeypatch.setattr(pdf, "_find", lambda name: tmp_path / name)
    monkeypatch.setattr(pdf, "_mine", threading.local())
    return "try.typ"


def make(template, name="张三"):
    data = {"title": "准考证", "name": name, "qr": pdf.qr_svg("https://example.cn/1")}
    return pdf.render(template, data, at=NOW)


def text(data):
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def test_rare_characters_are_printed(template, own_data):
    assert RARE in text(make(template, RARE))


def test_data_is_never_markup(template, own_data):
    hostile = '#read("/office/keys.py") *x* $y$ [z] \\ "'
    assert hostile.replace(" ", "") in text(make(template, hostile)).replace(" ", "")


def test_same_data_same_bytes(template, own_data):
    assert make(template) == make(template)


def test_rehearsal_is_marked(template, own_data):
    assert "演练样张" not in text(make(template))
    lay_trust(own_data, [])
    assert "演练样张" in text(make(template))


def test_only_our_font_is_used(template, own_data):
    page = pypdf.PdfReader(io.BytesIO(make(template))).pages[0]
    names = {font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()}
    assert names
    assert all("NotoSansCJK" in name for name in names)


def test_unknown_template_is_a_fault():
    with pytest.raises(pdf.NoTemplate):
        pdf.render("ui/nothing.typ", {}, at=NOW)


def test_qr_is_svg_without_style():
    assert pdf.qr_svg("张三").startswith("<svg")
    assert "style=" not in pdf.qr_svg("张三")
