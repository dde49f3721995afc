"""From a city's files to the draw's input."""

from datetime import date, time

from kaopei.center.allocation import pool, queries
from kaopei.center.allocation.geometry import Plane, centroid
from kaopei.lottery import pool as lottery_pool
from tests.center.allocation.city import CAMPUS, COMPANY, FREE, GONE, HIGH, HOST, LOW, ORPHAN, OWN, OWNER, SCHOOL, SHUT, TIED
from tests.center.allocation.conftest import instance


def table(text):
    header, *rows = [line.split(",") for line in text.splitlines()]
    return [dict(zip(header, row, strict=True)) for row in rows]


def facts(**changed):
    day = date(2026, 12, 7)
    plain = {
        "city": pool.CityFacts("440600", "佛山市", 113.0, 23.0),
        "part": "T",
        "districts": ("南海区", "禅城区", "高明区"),
        "subjects": (pool.SubjectFacts(LOW, "1", True, False),),
        "institutions": (pool.InstitutionFacts("I1"), pool.InstitutionFacts("I2")),
        "sites": (
            pool.SiteFacts("S1", "public", "", "禅城区", (113.0, 23.0), (LOW,)),
            pool.SiteFacts("S2", "school", "H2", "禅城区", (113.001, 23.0), (LOW,), closed=((day, day),)),
            pool.SiteFacts("S3", "attached", "I1", "南海区", None, (LOW,)),
        ),
        "sittings": (
            pool.SittingFacts("A", "S1", day, time(14), "T", (LOW,), 5),
            pool.SittingFacts("B", "S2", day, time(9), "T", (LOW,), 5),
            pool.SittingFacts("C", "S2", date(2026, 12, 8), time(14), "T", (LOW,), 5),
        ),
        "candidates": (pool.CandidateFacts("X", "I2", LOW, "禅城区", date(2026, 11, 30)),),
        "controllers": {"I1": "E", "H2": "H2", "S1": "E"},
    }
    return pool.PoolFacts(**plain | changed)


def test_the_instance_is_one_that_the_draw_reads():
    parsed = lottery_pool.parse(pool.files(facts()))
    assert len(parsed.candidates.id) == 1
    assert parsed.canonical()["meta.json"] == b'{"format":"xalloc/1","rules":{}}'


def test_slots_are_ranks_of_start_times_and_days_are_counted():
    rows = {row["session_id"]: row for row in table(pool.files(facts())["sessions.csv"].decode())}
    assert (rows["A"]["slot"], rows["B"]["slot"], rows["C"]["slot"]) == ("1", "0", "1")
    assert int(rows["C"]["day"]) - int(rows["A"]["day"]) == 1
    assert pool.day_of(int(rows["A"]["day"])) == date(2026, 12, 7)


def test_the_earliest_day_is_the_day_after_the_training():
    row = table(pool.files(facts())["candidates.csv"].decode())[0]
    assert pool.day_of(int(row["earliest_day"])) == date(2026, 12, 1)


def test_a_district_lies_at_the_mean_of_its_sites_in_whole_metres():
    rows = {row["name"]: row for row in table(pool.files(facts())["districts.csv"].decode())}
    east = Plane(113.0, 23.0).metres(113.001, 23.0)
    assert east == (102, 0)
    assert (rows["禅城区"]["x_m"], rows["禅城区"]["y_m"]) == ("51", "0")
    assert rows["高明区"]["x_m"] == rows["南海区"]["x_m"] == ""
    assert centroid([(-3, 0), (0, 5)]) == (-1, 3)


def test_hosts_outside_the_register_are_bodies_too():
    rows = {row["inst_id"]: row for row in table(pool.files(facts())["institutions.csv"].decode())}
    assert rows["H2"]["kind"] == "school"
    points = {row["point_id"]: row for row in table(pool.files(facts())["points.csv"].decode())}
    assert (points["S1"]["controller"], points["S2"]["controller"], points["S3"]["controller"]) == ("E", "H2", "E")


def test_the_citys_own_files_become_the_pool(play):
    frozen = play.freeze(play.commit(play.announce()))
    files = instance(frozen)
    behind = {row["inst_id"]: row["controller"] for row in table(files["institutions.csv"])}
    smallest = min(OWNER, TIED, COMPANY, HOST)
    assert behind[OWNER] == behind[TIED] == smallest
    assert behind[FREE] == FREE, "a share under 5 % is no tie"
    assert behind[HOST] == HOST, "a tie that ended before the first sitting day is none"
    points = {row["point_id"]: row for row in table(files["points.csv"])}
    assert points[OWN]["controller"] == smallest
    assert points[CAMPUS]["kind"] == "school" and points[CAMPUS]["inst_id"] == SCHOOL
    assert [row["point_id"] for row in table(files["suspensions.csv"])] == [SHUT]
    assert {row["point_id"] for row in table(files["sessions.csv"])} == set(points) - {ORPHAN}
    assert ORPHAN in points, "it still stands in the list of sites, so that no sole-site exemption opens"
    students = [row for row in table(files["candidates.csv"]) if row["student"] == "1"]
    assert len(students) == 9 and {row["inst_id"] for row in students} == {SCHOOL}


def test_a_student_trained_at_another_schools_site_is_no_student_there(month):
    """The flag opens the campus site of the training body, so it is only set where that is his own school."""
    from kaopei.center.allocation.queries.facts import _candidate
    from kaopei.center.applications.queries import accepted

    student = next(one for one in accepted("440600-2026-12") if one.school_site)
    first = date(2026, 12, 7)
    assert _candidate(student, {SCHOOL: CAMPUS}, first).student
    assert not _candidate(student, {SCHOOL: "440699"}, first).student


def test_the_thin_list_names_institution_subject_and_options(play):
    ready = queries.prepare(play.announce())
    thin = {(row.institution, row.subject): row for row in queries.thin_market(ready.pool, "T")}
    assert thin[OWNER, HIGH].options == thin[FREE, HIGH].options == 1
    assert thin[OWNER, HIGH].candidates == 6
    assert (FREE, LOW) not in thin


def test_a_host_that_left_the_register_leaves_its_sittings_out(play):
    ready = queries.prepare(play.announce())
    assert [(one.site, len(one.sittings), one.seats) for one in ready.left_out] == [(ORPHAN, 4, 40)]
    assert GONE not in set(ready.pool.candidates.inst)
