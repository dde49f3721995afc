"""二（三） as law and as the draw carries it out: both say the same about every pair of 200 random pools."""

import json
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from kaopei.law.cells import Standing
from kaopei.law.facts import SiteFacts, TraineeFacts
from kaopei.law.rules.c2_3_cross_exam import may_sit_at
from kaopei.lottery import pool as pools
from kaopei.lottery.eligibility import Eligibility

START = date(2026, 12, 1)
SUBJECTS = ("DG01", "HJ01")
INSTITUTIONS = {"I1": "G1", "I2": "G1", "I3": "", "I4": ""}


def random_files(random: Random) -> dict[str, bytes]:
    """A small province in which exemptions, suspensions, ties and avoid lists happen often."""
    cities = [f"C{number},市{number},{random.randint(0, 1)},1" for number in (1, 2)]
    points, suspensions, sessions, candidates = [], [], [], []
    for number in range(random.randint(1, 7)):
        kind = random.choice(["public", "attached", "attached", "school"])
        host = "" if kind == "public" else random.choice(list(INSTITUTIONS))
        controller = INSTITUTIONS.get(host, "") or random.choice(["", "", "G1"])
        listed = ";".join(subject for subject in SUBJECTS if random.random() < 0.6)
        points.append(f"P{number},C{random.randint(1, 2)},{kind},{host},{controller},0,0,{listed},")
        if random.random() < 0.3:
            first = random.randint(0, 4)
            suspensions.append(f"P{number},{first},{first + random.randint(0, 4)}")
        for sitting in range(random.randint(0, 3)):
            subjects = random.choice(["*", "DG01", "HJ01"])
            sessions.append(f"S{number}{sitting},P{number},{random.randint(0, 6)},0,T,{subjects},{random.randint(0, 2)}")
    for number in range(12):
        inst = random.choice(["", *INSTITUTIONS])
        avoid = ";".join(sorted({f"P{random.randrange(len(points))}" for _ in range(random.choice([0, 0, 1, 2]))}))
        subject, student = random.choice(SUBJECTS), random.randint(0, 1)
        candidates.append(f"K{number:02},C{random.randint(1, 2)},{inst},{subject},T,D1,0,{student},{avoid}")
    tables = {
        "cities.csv": ("city_id,name,own_school_allowed,accepts_cross", cities),
        "districts.csv": ("district_id,city_id,name,x_m,y_m", ["D1,C1,区,0,0"]),
        "subjects.csv": ("subject,category,has_practical,cross_city", [f"{subject},X,0,0" for subject in SUBJECTS]),
        "institutions.csv": (
            "inst_id,city_id,controller,kind,x_m,y_m",
            [f"{inst},C1,{controller},school,0,0" for inst, controller in INSTITUTIONS.items()],
        ),
        "points.csv": (
            "point_id,city_id,kind,inst_id,controller,x_m,y_m,theory_subjects,practical_subjects",
            points,
        ),
        "suspensions.csv": ("point_id,from_day,to_day", suspensions),
        "sessions.csv": ("session_id,point_id,day,slot,part,subjects,seats", sessions),
        "candidates.csv": (
            "cand_id,city_id,inst_id,subject,parts,district_id,earliest_day,student,avoid",
            candidates,
        ),
    }
    files = {name: "\n".join([header, *rows, ""]).encode() for name, (header, rows) in tables.items()}
    return files | {"meta.json": json.dumps({"format": "xalloc/1"}).encode()}


def site_facts(site: pools.Site, suspension: tuple[int, int] | None) -> SiteFacts:
    standing = Standing("good")
    if suspension:
        first, last = (START + timedelta(days=day) for day in suspension)
        standing = Standing("suspended", "暂停", first, last)
    return SiteFacts(
        code=site.id,
        city=site.city,
        is_public=site.kind == "public",
        host=site.inst,
        controller=site.controller,
        is_campus=site.kind == "school",
        operations=site.subjects["T"],
        standing=standing,
    )


def test_law_and_draw_agree_on_every_pair() -> None:
    exempt, refused = 0, 0
    for seed in range(200):
        files = random_files(Random(seed))
        pool = pools.parse(files)
        draw = Eligibility(pool, "T")
        lines = [line.split(",") for line in files["suspensions.csv"].decode().splitlines()[1:]]
        suspended = {point: (int(first), int(last)) for point, first, last in lines}
        facts = [site_facts(site, suspended.get(site.id)) for site in pool.sites]
        people = pool.candidates
        for city, inst, subject, student, avoid in zip(
            people.city, people.inst, people.subject, people.student, people.avoid, strict=True
        ):
            trainee = TraineeFacts(inst, pool.controllers.get(inst, ""), subject, city, bool(student))
            by_law = []
            for place, site in enumerate(facts):
                days = [
                    START + timedelta(days=session.day)
                    for session in pool.sessions
                    if session.site == place and session.seats and subject in (session.subjects or SUBJECTS)
                ]
                own_school = bool(pool.cities[site.city].own_school)
                verdicts = [may_sit_at(trainee, site, facts, day, avoid, own_school) for day in days]
                exempt += any(verdict.code in ("sole_site", "own_school") for verdict in verdicts)
                refused += any(verdict.code in ("own_site", "avoid") for verdict in verdicts)
                if any(verdict.allowed for verdict in verdicts):
                    by_law.append(place)
            assert tuple(by_law) == draw.home_sites(city, subject, inst, student, avoid), f"seed {seed}"
    assert min(exempt, refused) >= 50


def test_the_comparison_can_fail() -> None:
    site = SiteFacts("P0", "C1", False, "I1", "G1", False, frozenset({"DG01"}), Standing("good"))
    trainee = TraineeFacts("I2", "G1", "DG01", "C1")
    rival = replace(site, code="P1", host="I3", controller="")
    assert not may_sit_at(trainee, site, [site, rival], START).allowed
    assert may_sit_at(trainee, site, [site], START).allowed
