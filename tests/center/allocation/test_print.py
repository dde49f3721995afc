"""Tickets and the papers of a sitting: read back from the PDFs."""

import io
import json
import re
import zipfile

import pypdf
import pytest
import segno

from kaopei.center.allocation import bundles, pages, papers, queries, tasks
from kaopei.center.allocation.models import TicketBundle
from kaopei.center.allocation.press import qr_svg
from kaopei.center.registry import queries as registry
from kaopei.lottery import merkle
from kaopei.office.refused import Refused
from kaopei.office.tasks.progress import Quiet
from tests.center.allocation.city import BODIES, OWNER, SCHOOL


def text_of(content):
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def squeezed(text):
    return "".join(text.split())


@pytest.fixture
def printed(play):
    """All tickets of the month, as the job makes them."""
    drawn = play.all()
    told = []
    result = tasks.print_tickets(lambda *said: told.append(said), by=play.people["clerk"], at=play.at, number=drawn.number)
    return drawn, result, told


def opened(drawn, code):
    row = next(one for one in queries.bundles(drawn) if one.institution == code)
    return row, zipfile.ZipFile(io.BytesIO(bundles.opened(row.file)))


def test_there_is_a_file_an_institution_and_a_file_a_candidate(printed):
    drawn, result, told = printed
    assert str(drawn.counts["seated"]) in result["text"]
    assert told[-1][0] <= told[-1][1] == drawn.counts["seated"]
    files = {}
    for row in queries.bundles(drawn):
        _, archive = opened(drawn, row.institution)
        names = archive.namelist()
        assert f"institution-{row.institution}.pdf" in names and len(names) == 2 * row.tickets + 1
        files[row.institution] = names
    singles = [name for names in files.values() for name in names if name.startswith("candidate-")]
    assert len(singles) == len(set(singles)) == drawn.counts["seated"]


def test_each_candidate_gets_the_slip_of_his_own_draw(printed):
    """With it he works his number, his draws and his place in the record out again, at the portal."""
    drawn, _, _ = printed
    rows = queries.files(drawn, "result")["rows.jsonl"].splitlines()
    for row in queries.bundles(drawn):
        _, archive = opened(drawn, row.institution)
        for placed in drawn.placements.filter(institution=row.institution):
            told = json.loads(archive.read(f"draw-slip-{placed.ticket}.json"))
            assert (told["format"], told["draw_id"], told["size"]) == ("xslip/1", drawn.number, len(rows))
            (part,) = told["parts"]
            own = json.loads(part["row"])
            assert (own["cand"], own["session"]) == (placed.pseudonym, placed.sitting.number)
            assert merkle.leads(part["row"].encode(), part["place"], told["size"], part["path"], merkle.root(rows))
            assert all(draw["agrees"] for stage in part["stages"] for draw in stage["draws"])


def test_the_ticket_and_its_slip_of_one_candidate_stand_alone(printed):
    """The file of one candidate holds no page and no tag of another one; the file for the printer has all pages."""
    drawn, _, _ = printed
    row, archive = opened(drawn, OWNER)
    whole = pypdf.PdfReader(io.BytesIO(archive.read(f"institution-{OWNER}.pdf")), strict=True)
    assert len(whole.pages) == row.tickets
    people = queries.with_people(drawn.placements.filter(institution=OWNER).select_related("sitting"))
    for one in people[:6]:
        content = archive.read(f"candidate-{one.ticket}.pdf")
        alone = pypdf.PdfReader(io.BytesIO(content), strict=True)
        assert len(alone.pages) == 1 and papers.ticket_text(one.ticket) in alone.pages[0].extract_text()
        tags = alone.trailer["/Root"]["/StructTreeRoot"]
        (document,) = tags["/K"]
        assert len(document["/K"]) > 3 and len(tags["/ParentTree"]["/Nums"]) == 2
        others = [other for other in people if other.ticket != one.ticket]
        assert not any(papers.ticket_text(other.ticket) in alone.pages[0].extract_text() for other in others)
    assert [papers.ticket_text(one.ticket) in page.extract_text() for one, page in zip(people, whole.pages, strict=True)] == [True] * row.tickets


def test_a_sheet_of_another_form_is_not_cut(printed):
    """A typesetter that writes otherwise is found at once, not at the printer's."""
    for data in (b"", b"%PDF-1.7 something else", b"%PDF-1.7\nstartxref\n9\n%%EOF"):
        with pytest.raises(pages.NotPlain, match="联系系统管理员"):
            pages.read(data)


def test_a_ticket_says_who_where_when_and_why_and_is_marked_as_rehearsal(printed):
    drawn, _, _ = printed
    row, archive = opened(drawn, OWNER)
    placed = drawn.placements.filter(institution=OWNER, exemption="N2.3.5").select_related("sitting").first()
    text = squeezed(text_of(archive.read(f"candidate-{placed.ticket}.pdf")))
    person = queries.with_people([placed])[0]
    for expected in (
        person.name, person.id_number[:6], person.id_number[-4:], placed.subject, BODIES[OWNER][0], placed.room, placed.seat,
        placed.sitting.number, f"{placed.sitting.day:%Y-%m-%d}", "准考证", "演练样张", "请带", "N2.3.5",
    ):  # fmt: skip
        assert squeezed(expected) in text, expected
    assert person.id_number not in text
    assert squeezed(papers.ticket_text(placed.ticket)) in text


def test_rare_names_survive_on_a5_and_nothing_lies_open(printed, settings):
    drawn, _, _ = printed
    row, archive = opened(drawn, SCHOOL)
    whole = text_of(archive.read(f"institution-{SCHOOL}.pdf"))
    names = {one.name for one in queries.with_people(drawn.placements.filter(institution=SCHOOL).select_related("sitting"))}
    assert {name[1] for name in names} == set("㛃䶮𬭎堃𠮷𠅤㵘")
    for name in names:
        assert name in whole
    content = archive.read(next(one for one in archive.namelist() if one.startswith("candidate-")))
    page = pypdf.PdfReader(io.BytesIO(content)).pages[0]
    assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [148, 210]
    assert "照片25×35mm" in squeezed(text_of(content))
    stored = (settings.HOME / "tickets" / row.file).read_bytes()
    assert b"%PDF" not in stored and b"candidate-" not in stored


def test_the_code_holds_the_number_of_the_ticket():
    """Drawn back from the SVG's strokes, module by module."""
    text = "KAOPEI/T/4406261210100000195"
    steps = re.findall(r"([Mm])(-?\d+) (-?[\d.]+)|h(\d+)", qr_svg(text))
    x, y, dark = 0, 0.0, set()
    for move, right, down, run in steps:
        if run:
            dark |= {(x + place, int(y)) for place in range(int(run))}
            x += int(run)
        else:
            x, y = (int(right), float(down)) if move == "M" else (x + int(right), y + float(down))
    wanted = segno.make(text, error="m", micro=False, mask=3).matrix
    assert dark == {(i + 2, j + 2) for j, row in enumerate(wanted) for i, cell in enumerate(row) if cell}


def test_no_ticket_before_the_province_has_countersigned(play):
    drawn = play.draw(play.reveal(play.freeze(play.commit(play.announce()))))
    with pytest.raises(Refused, match="省级复核会签以前"):
        tasks.print_tickets(Quiet(), by=play.people["clerk"], at=play.at, number=drawn.number)
    assert not TicketBundle.objects.exists()


@pytest.mark.parametrize("kind", ["door", "signin", "record"])
def test_the_papers_of_a_sitting(play, kind):
    drawn = play.all()
    placed = drawn.placements.select_related("sitting").first()
    sitting, people = placed.sitting, queries.seated(placed.sitting.number)
    site = registry.site(drawn.city, sitting.site, sitting.day)
    frame = papers.Frame(drawn.city, drawn.number, drawn.input_digest, play.at)
    text = squeezed(text_of(papers.sitting_paper(kind, frame, sitting, site.name, people)))
    assert squeezed(site.name) in text and sitting.number in text and "演练样张" in text
    full = [one.name in text for one in people if len(one.name) > 1]
    if kind == "signin":
        assert all(full) and all(one.id_number[-4:] in text for one in people)
    else:
        assert not any(full)
    if kind == "door":
        assert all(squeezed(papers.ticket_text(one.ticket)) in text for one in people)
    if kind == "record":
        assert "应到人数" in text and "封条号" in text
    assert not any(one.id_number in text for one in people)
