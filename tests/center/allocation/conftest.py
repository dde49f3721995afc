"""A city's month taken in, a trust list, and the people of a draw."""

import json
import shutil
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from kaopei.center.allocation import actions, queries
from kaopei.center.applications import actions as intake
from kaopei.lottery import seed
from kaopei.office import scope
from kaopei.office.accounts import queries as accounts
from kaopei.office.accounts.roles import SYSTEM
from tests.center.allocation.city import BATCH, City
from tests.center.allocation.trust import found
from tests.conftest import DATABASE, STANDING, WORKER, remake, standing
from tests.people import CHINA, FOSHAN, NOW, PEOPLE, PIN, Person

SECRETS = {key: f"{number:064x}" for number, key in enumerate(("city", "province", "notary"), 1)}
PARTIES = {"city": "party_city", "province": "party_province", "notary": "party_notary"}
PEOPLE2 = {"escrow2": Person("escrow2", "唐明", ("draw_escrow",)), "escrow3": Person("escrow3", "秦川", ("draw_escrow",))}
CAST = ("clerk", "approver", "approver2", "announcer", "freezer", *PARTIES.values(), "escrow", *PEOPLE2, "province", "institution")
LATER = NOW + timedelta(days=2)
DRAW_AT = NOW + timedelta(days=3)
REASON = "丁中心注销前已验收，考场由市考试机构接管，本月场次无法另行安排。"


class Play:
    """Plays all parties of a draw through the actions, step by step, as a rehearsal says it does."""

    def __init__(self, people):
        self.people = people
        self.at = NOW

    def announce(self, **changed):
        said = {
            "batch": BATCH,
            "part": "T",
            "rule_document": "佛山市交叉考试实施办法（试行）",
            "rule_published_on": datetime(2024, 1, 1).date(),
            "public_source": "rehearsal",
            "public_at": DRAW_AT,
            "objections_until": LATER,
            "parties": tuple(PARTIES.items()),
        }
        return actions.announce(actions.Announcement(**said | changed), by=self.people["announcer"], at=self.at)

    def commit(self, draw):
        for key, username in PARTIES.items():
            party = draw.parties.get(key=key)
            value = seed.commitment(key, draw.number, SECRETS[key])
            actions.commit(party, commitment=value, secret=SECRETS[key], pin=PIN, by=self.people[username], at=self.at)
        draw.refresh_from_db()
        return draw

    def except_site(self, draw, site):
        from kaopei.office.approvals import queries as asked

        days = (datetime(2026, 12, 1).date(), datetime(2026, 12, 31).date())
        given = {"site": site, "reason": REASON, "attachment": ("接管协议.pdf", b"%PDF-1.7 agreement"), "days": days}
        actions.ask_exception(draw, **given, by=self.people["clerk"], at=self.at)
        self.approve(asked.standing("allocation.exception", f"draw:{draw.number}:{site}"))

    def approve(self, request, who="approver"):
        from kaopei.office.approvals import actions as approvals

        return approvals.approve(request, pin=PIN, digest=request.digest, by=self.people[who], at=self.at)

    def decide_thin(self, draw):
        return actions.decide_thin(
            draw, choice="accept", reason="本市考试点少，本月不再增开场次，按现有考试点抽签。", by=self.people["freezer"], at=self.at
        )

    def freeze(self, draw):
        self.decide_thin(draw)
        self.approve(actions.request_freeze(draw, by=self.people["freezer"], at=self.at))
        draw.refresh_from_db()
        return draw

    def reveal(self, draw):
        self.at = LATER + timedelta(minutes=1)
        for key, username in PARTIES.items():
            actions.reveal(draw.parties.get(key=key), secret=SECRETS[key], by=self.people[username], at=self.at)
        draw.refresh_from_db()
        return draw

    def draw(self, draw):
        self.at = DRAW_AT + timedelta(minutes=1)
        actions.take_public_value(draw, by=SYSTEM, at=self.at)
        return actions.draw_seats(draw, by=SYSTEM, at=self.at)

    def draw_again(self, draw, secrets):
        """The result that these secrets would give on the same frozen input, as files."""
        from kaopei.lottery import pool
        from kaopei.lottery.draw import draw as lottery_draw

        chosen = seed.combine(draw.number, draw.input_digest, secrets, draw.public_value)
        return lottery_draw(pool.parse(queries.files(draw, "instance")), chosen, draw.number).files()

    def verify(self, draw):
        actions.note_verification(draw, agrees=True, text="重算一致", by=self.people["province"], at=self.at)
        return actions.countersign(draw, pin=PIN, by=self.people["province"], at=self.at)

    def all(self, *excepted):
        draw = self.commit(self.announce())
        for site in excepted:
            self.except_site(draw, site)
        return self.verify(self.draw(self.reveal(self.freeze(draw))))


@pytest.fixture(scope="session")
def grown(django_db_setup, django_db_blocker, tmp_path_factory):
    """A database with the people of a draw and the city's month, taken in and confirmed, with its sittings; made once, only copied."""
    from django.conf import settings
    from django.db import connections

    data, name = tmp_path_factory.mktemp("grown"), f"grown_{WORKER}"
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(settings, "DATA", data)
        patch.setattr(settings, "HOME", data / "center")
        with standing(STANDING[0]):
            with scope.entered("*"):
                found(data, {one: {**PEOPLE, **PEOPLE2}[one] for one in CAST})
            with scope.entered(FOSHAN):
                taken = intake.receive(City().files(), by=SYSTEM, at=NOW)
                intake.confirm(taken, by=SYSTEM, at=NOW)
                actions.take_plan(BATCH, by=SYSTEM, at=NOW)
            connections.close_all()
            remake(name, DATABASE)
    return SimpleNamespace(name=name, data=data, taken=taken)


@pytest.fixture(scope="module")
def ground(grown, django_db_blocker):
    """The tests of this module begin with it."""
    with django_db_blocker.unblock(), standing(grown.name):
        yield grown


@pytest.fixture
def trusted_people(ground, db, settings, tmp_path):
    """A rehearsal's trust list with the installation's keys and everybody's, and the people."""
    shutil.copytree(ground.data, tmp_path, dirs_exist_ok=True)
    settings.DATA, settings.HOME = tmp_path, tmp_path / "center"
    with scope.entered("*"):
        return {name: accounts.person(name) for name in CAST}


@pytest.fixture
def people_alone(db, settings, tmp_path):
    """The same without any month."""
    settings.DATA, settings.HOME = tmp_path, tmp_path / "center"
    with scope.entered("*"):
        return found(tmp_path, {name: {**PEOPLE, **PEOPLE2}[name] for name in CAST})


@pytest.fixture
def city():
    return City()


@pytest.fixture
def month(ground, trusted_people):
    """The city's month, in the city's scope."""
    with scope.entered(FOSHAN):
        ground.taken.refresh_from_db()
        yield ground.taken


@pytest.fixture
def play(month, trusted_people):
    return Play(trusted_people)


def rows_of(draw):
    """Candidates with the site and the sitting they got."""
    return [(row.pseudonym, row.institution, row.subject, row.sitting.site, row.exemption) for row in draw.placements.select_related("sitting")]


def instance(draw):
    return {name: data.decode() for name, data in queries.files(draw, "instance").items()}


def transcript(draw):
    return json.loads(queries.files(draw, "result")["transcript.json"])


def china(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)
