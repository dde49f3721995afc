"""Drawing the hard month: who may never sit where, and that nobody is lost."""

from datetime import date

from kaopei.center.allocation import queries
from kaopei.center.allocation.seats import ROW_SEATS
from kaopei.center.applications import queries as applications
from kaopei.center.registry import queries as registry
from kaopei.law.cells import Standing
from kaopei.law.facts import SiteFacts, TraineeFacts
from kaopei.law.rules.c2_3_cross_exam import may_sit_at
from tests.center.allocation.city import BATCH, CAMPUS, FREE, HIGH, LOW, ORPHAN, OWN, OWNER, SCHOOL, SHUT, TIED
from tests.center.allocation.conftest import rows_of, transcript
from tests.people import FOSHAN


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


def test_the_rule_of_the_law_allows_every_seat_given(play):
    """二（三） by the law's own rule, not by the draw's: each placement allowed, each exemption the same."""
    drawn = play.all(ORPHAN)
    first = date(2026, 12, 7)
    behind = registry.controllers(FOSHAN, first)
    sites = {site.number: law_site(site, behind) for site in registry.sites(FOSHAN, first)}
    people = {one.pseudonym: one for one in applications.accepted(BATCH)}
    campus = {site.code: site.host for site in sites.values() if site.is_campus}
    placed = drawn.placements.select_related("sitting")
    assert placed.count() == drawn.counts["seated"]
    for row in placed:
        one = people[row.pseudonym]
        school = campus.get(one.school_site, "")
        trainee = TraineeFacts(one.institution_code, behind[one.institution_code], one.operation, FOSHAN, one.is_student, school)
        verdict = may_sit_at(trainee, sites[row.sitting.site], sites.values(), row.sitting.day)
        assert verdict.allowed, (row, verdict.text)
        assert verdict.clause == row.exemption


def law_site(site, behind):
    standing = Standing("good", "正常")
    if site.suspensions:
        standing = Standing("suspended", "暂停", *site.suspensions[0])
    controller = behind.get(site.host_code or site.number, "")
    operations = frozenset(site.theory)
    return SiteFacts(site.number, FOSHAN, site.is_public, site.host_code, controller, site.is_campus, operations, standing)


def test_nobody_sits_before_the_day_after_his_training(play, city):
    city.trained[(FREE, LOW, False)] = 3
    drawn = play.all()
    ends = {one.pseudonym: one.training_end for one in applications.accepted(BATCH)}
    assert all(row.sitting.day > ends[row.pseudonym] for row in drawn.placements.select_related("sitting"))


def test_every_seat_is_one_of_the_sitting_and_taken_once(play):
    drawn = play.all()
    seen = {}
    for row in drawn.placements.select_related("sitting"):
        assert 1 <= int(row.seat) <= row.sitting.seats
        assert seen.setdefault((row.sitting_id, row.seat), row.pseudonym) == row.pseudonym
        assert row.subject in row.sitting.subjects


def test_neighbours_share_an_institution_only_where_it_fills_more_than_half(play):
    drawn = play.all()
    at, beside = {}, 0
    for row in drawn.placements.select_related("sitting"):
        at.setdefault(row.sitting, {})[int(row.seat)] = row.institution
    for sitting, seats in at.items():
        pairs = sum(seats.get(number) == body for one, body in seats.items() for number in (one + 1, one + ROW_SEATS) if number in seats)
        most = max(list(seats.values()).count(body) for body in seats.values())
        assert pairs == 0 or most > -(-sitting.seats // 2)
        beside += pairs
    assert beside == drawn.counts["neighbours_together"]


def test_the_files_of_a_draw_name_nobody(play):
    drawn = play.all()
    people = applications.people(BATCH).values()
    for row in queries.file_list(drawn):
        content = queries.file(drawn, row.name)
        for person in people:
            assert person.name.encode() not in content
            assert person.id_number.encode() not in content


def test_ticket_numbers_have_right_check_digits_and_no_order_of_pseudonyms(play):
    tickets = {row.pseudonym: row.ticket for row in play.all().placements.all()}
    assert all(int(ticket) % 97 == 1 for ticket in tickets.values())
    by_name = [tickets[name] for name in sorted(tickets)]
    assert by_name != sorted(by_name)
