"""变更单 on a real server: after the opening two persons take in one more person on duty; nobody's exam is touched."""

import pytest

from tests.edge import room as stage
from tests.edge import site as at
from tests.edge.room import HEAD, KEEPER, Parcels

pytestmark = pytest.mark.slow
NEW = "何新"



def staff(site):
    """Who serves, with verifiers that stay the same from one rev to the next."""
    signers = site.province.signers
    return [
        {"kid": signers[at.KIDS[name]].kid if name in at.KIDS else None, "name": name, "role": role, "pin_verifier": stage.verifier(at.PIN)}
        for name, role in stage.STAFF.items()
    ]


@pytest.fixture
def running(laid, tmp_path):
    site = at.copied(laid, tmp_path)
    made, people = at.pack(site, count=1), staff(site)
    site.packs[at.SITTING] = made = Parcels(made.rows, seats(site, made, staff=people), made.sealed, made.parcel)
    site.serve()
    try:
        head = at.take_in(site)
        at.prepare(head)
        at.open_paper(site, head)
        (terminal,) = at.seat_all(site, head, made.rows)
        at.ring(site, head)
        assert terminal.begin().status_code == 200 and terminal.answer(1, "A").status_code == 200
        yield site, head, terminal, people
    finally:
        site.stop()


def seats(site, made, **more):
    return at.seats(site.province, made.rows, made.sealed.package_id, **more)


def ordered(site, people, **more):
    """A change order on what is in force; `more` replaces sections of its body."""
    made = site.packs[at.SITTING]
    row = {"kid": None, "name": NEW, "role": "invigilator", "pin_verifier": stage.verifier(at.PIN)}
    body = {"rev": 2, "prev_hash": site.province.trust.algorithms.hash(made.seats).hex(), "staff": [*people, row]}
    return seats(site, made, **body | {"change": {"kind": "staff", "reason": "监考人员突发疾病，加派一人"}} | more)


def upload(head, data):
    return at.words(head.send("/parcels/upload", files=at.files(data)).text)


def test_one_more_person_comes_on_duty_while_everybody_goes_on(running):
    site, head, terminal, people = running
    for data, says in (
        (ordered(site, people, numbers={"pause_cap_minutes": 90}), "还改了别的"),
        (ordered(site, people, prev_hash="9" * 64), "不是接在现用的"),
    ):  # fmt: skip
        assert says in upload(head, data)
    data = ordered(site, people)
    shown = upload(head, data)
    assert "变更单" in shown and NEW in shown and "加派一人" in shown
    head.do("/parcels/import", KEEPER)
    assert site.person(NEW).see("board")
    assert terminal.answer(2, "B").status_code == 200
    upload(head, data)
    assert site.rows("SELECT count(*) FROM parcel WHERE kind = 'seating'") == [(2,)]
    site.kill()
    site.serve()
    site.person(NEW)
    terminal.state()
    assert terminal.client.get("/api/item/2").json()["answer"] == "B"
    assert "作答记录 2" in at.words(site.person(HEAD).see("hand-back"))
