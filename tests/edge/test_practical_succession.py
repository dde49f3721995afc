"""A practical sitting whose ledger was damaged in the middle: two persons let it go on, and the center weighs what came of it."""

import json

import apsw
import pytest

from kaopei.center.sittings import bundle, closing
from kaopei.ledger import checkpoint
from kaopei.parcel import base64url, return_parcel
from kaopei.parcel.rejected import Rejected
from tests.edge import site as at
from tests.edge.examination import EMPTY, FIRST, SECOND, SIGN_PIN, Examiner, contents
from tests.edge.room import HEAD, INVIGILATOR, PATROLLER, Parcels, candidate
from tests.edge.test_practical_hand_back import changed, forge, staffed
from tests.edge.test_succession import go_on, spoil

pytestmark = pytest.mark.slow


def place_of(site, kind):
    """Number of the newest entry of a kind."""
    with apsw.Connection(str(site.home / "edge.sqlite")) as connection:
        rows = connection.execute("SELECT seq, CAST(leaf AS TEXT) FROM entry ORDER BY seq DESC").fetchall()
    return next(seq for seq, leaf in rows if f'"type":"{kind}"' in leaf)


@pytest.fixture(scope="module")
def returned(laid, tmp_path_factory):
    """One examiner has marked and signed; then the entry of his marks is altered, with the server down; the other marks afterwards."""
    site = at.copied(laid, tmp_path_factory.mktemp("practical-succession"))
    rows = [candidate(1)]
    made = at.pack(site, rows=rows, policy={"practical": EMPTY}, blobs=contents(rows))
    site.packs[at.SITTING] = Parcels(rows, staffed(site, made), made.sealed, made.parcel)
    site.serve()
    try:
        head = at.take_in(site)
        at.prepare(head)
        at.open_paper(site, head)
        head.client.headers["Accept"] = "application/json"
        assert head.send("desk/sign-in", ticket_no=rows[0]["ticket_no"], id_last4=rows[0]["id_last4"], checked="1").status_code == 200
        head.client.headers["Accept"] = "text/html"
        at.ring(site, head)
        mark(site, FIRST, rows[0])
        # A pause is a gate event: a checkpoint covers the marks so far.
        head.do("pause", INVIGILATOR, reason="核对考场人数，全场暂停")
        head.do("resume", INVIGILATOR, reason="核对完毕，继续考试")
        site.kill()
        seq = place_of(site, "practical.marked")
        spoil(site, "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"events\":6', '\"events\":9') AS BLOB) WHERE seq = ?", seq)
        code, said = go_on(site)
        assert code == 0, said
        site.serve()
        mark(site, SECOND, rows[0])
        head = site.person(HEAD)
        head.do("practical/finish")
        head.do("hand-back/close", INVIGILATOR)
        head.do("hand-back/slip", PATROLLER, **at.SIGNED)
        at.build(head)
        data = (site.home / "outbox" / f"{at.SITTING}-r1.xrb").read_bytes()
        yield site, rows, return_parcel.Returned(data, site.province.trust), seq
    finally:
        site.stop()


def mark(site, name, row):
    examiner = Examiner(site, name)
    assert examiner.begin(row).status_code == 200
    assert examiner.send(row, *examiner.all_marks(s11=5)).json() == {"saved": 6}
    assert examiner.sign(row, 95, pin=SIGN_PIN).status_code == 200


def weigh(returned, blobs):
    site, rows, back, _ = returned
    public = base64url.decode(site.province.edge.sign.pub, "公钥")

    def believe(origin, note):
        return checkpoint.verify(note, {origin: public}, site.province.trust.algorithms.verify)

    return bundle.weigh(back, blobs, {row["attempt"] for row in rows}, None, site.province.trust, believe, 2)


@pytest.fixture(scope="module")
def opened(returned):
    return returned[2].contents(*returned[0].province.openers["city_import"])


def test_the_center_takes_the_marks_and_says_which_entries_prove_nothing(returned, opened):
    weighed = weigh(returned, opened)
    (one,) = weighed.successions
    assert one.kind == "ledger.succeeded" and returned[3] in one.doubtful and weighed.counts["present"] == 1
    body = closing.read(opened["outcomes"])
    assert [(row["score"], row["answered"]) for row in body["results"]] == [(95, 2)]


def test_without_the_doubtful_entries_the_signature_must_still_stand(returned, opened):
    """The sheet whose entries prove nothing is as safe as its examiner's own signature."""
    (one,) = weigh(returned, opened).successions
    (early,) = [place for place, row in enumerate(json.loads(opened["sheets"])["sheets"]) if row["place"] in one.doubtful]
    for change in (
        lambda blob: forge(blob["sheets"][early], score=99),
        lambda blob: blob["sheets"][early].update(statement=""),
        lambda blob: blob["sheets"][early].update(signature=blob["sheets"][1 - early]["signature"]),
    ):
        with pytest.raises(Rejected):
            weigh(returned, changed(opened, "sheets", change))


def test_a_mark_of_the_doubtful_part_is_held_by_its_chain(returned, opened):
    lines = opened["events"].splitlines()
    place = next(place for place, line in enumerate(lines) if json.loads(line)["entry"] == returned[3])
    with pytest.raises(Rejected):
        weigh(returned, opened | {"events": b"\n".join([*lines[:place], *lines[place + 1 :]])})
