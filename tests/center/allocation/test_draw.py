"""Drawing the hard month: who may never sit where, and that nobody is lost."""

from tests.center.allocation.city import CAMPUS, FREE, HIGH, LOW, ORPHAN, OWN, OWNER, SCHOOL, SHUT, TIED
from tests.center.allocation.conftest import rows_of, transcript


def test_nobody_sits_at_his_own_or_a_tied_site_but_by_exemption(play):
    drawn = play.all()
    rows = rows_of(drawn)
    assert len(rows) == drawn.counts["seated"] > 90
    own = [row for row in rows if row[3] == OWN and row[1] in (OWNER, TIED)]
    assert own and all(row[4] == "N2.3.5" and row[2] == HIGH and row[1] == OWNER for row in own)
    assert any(row[3] == OWN and row[1] == FREE for row in rows)
    assert drawn.counts["exempt_sole_site"] == len(own)


def test_a_student_may_sit_at_his_own_school_and_a_colleague_who_is_none_may_not(play):
    rows = rows_of(play.all())
    at_campus = [row for row in rows if row[3] == CAMPUS and row[1] == SCHOOL]
    assert all(row[4] == "N2.3.6" for row in at_campus)
    assert len(at_campus) <= 9
    assert all(row[2] == LOW for row in rows if row[3] == CAMPUS)


def test_a_suspended_site_is_never_used(play):
    drawn = play.all()
    assert not [row for row in rows_of(drawn) if row[3] == SHUT]


def test_a_site_without_a_registered_host_is_used_only_after_an_exception(play):
    assert not [row for row in rows_of(play.all()) if row[3] == ORPHAN]


def test_with_the_exception_of_two_persons_its_seats_are_there(play):
    drawn = play.all(ORPHAN)
    assert [row for row in rows_of(drawn) if row[3] == ORPHAN]
    assert drawn.exceptions.get().approved_by == "approver"


def test_the_transcript_proves_the_optimum(play):
    drawn = play.all()
    for component in transcript(drawn)["components"]:
        for phase in ("public", "every"):
            flow = component[phase]
            assert flow["seated"] == flow["cut"]["demand_outside"] + flow["cut"]["seats_inside"]
