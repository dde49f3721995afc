"""A drawn month with tickets, everybody's keys, and a desk that carries a sitting as far as a test needs it."""

import contextlib
import copy
import json
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client, override_settings

from kaopei.center.allocation import actions as allocation
from kaopei.center.applications import actions as intake
from kaopei.center.sittings import actions, inbox, queries, stafflist
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals import queries as asked
from kaopei.parcel import shares
from kaopei.parcel.rejected import Rejected
from tests.center.allocation.city import BATCH, City
from tests.center.allocation.conftest import Play
from tests.center.sittings.rooms import Machine, Vault
from tests.people import CAST, FOSHAN, NOW, PASSWORD, PIN, lay_trust

STAFF = "姓名,岗位,口令,签名人\n高平,考点负责人,111111,head\n马晓,监考人员,222222,invigilator\n罗巡,巡考人员,333333,patroller\n"
QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REASON = "值班室重装，原令牌过期未用"


@pytest.fixture(scope="package")
def month(django_db_setup, django_db_blocker, tmp_path_factory):
    """The city's draw, verified, with tickets: made once for these tests, never committed."""
    data = tmp_path_factory.mktemp("center")
    with django_db_blocker.unblock(), override_settings(DATA=data, HOME=data / "center", PASSWORD_HASHERS=QUICK), transaction.atomic():
        with scope.entered(scope.PROVINCE):
            kids = lay_trust(data)
            people = {one.username: one.make(kid=kids[one.username]) for one in CAST}
        with scope.entered(FOSHAN):
            taken = intake.receive(City().files(), by=SYSTEM, at=NOW)
            intake.confirm(taken, by=SYSTEM, at=NOW)
            allocation.take_plan(BATCH, by=SYSTEM, at=NOW)
            play = Play(people)
            draw = play.all()
            allocation.keep_tickets(draw, bundles=[("all", "all.zip", "0" * 64, draw.placements.count())], by=people["clerk"], at=play.at)
            yield SimpleNamespace(data=data, people=people, draw=draw, at=play.at)
        transaction.set_rollback(True)


@pytest.fixture
def desk(month):
    """What a test does to the month is taken back."""
    yield from taken_back(Desk(month))


def taken_back(desk):
    """The desk, until its test or module ends."""
    with transaction.atomic():
        yield desk
        transaction.set_rollback(True)


def carried(month, step):
    """For a fixture of a module: a desk with a sitting that has come as far as `step`, made once."""
    for desk in taken_back(Desk(month)):
        desk.through(step)
        if step == "seat":
            desk.quarter_before()
        yield desk


class Desk:
    """People of the city at their work, through the actions; `at` is the desk's clock."""

    def __init__(self, month):
        self.data, self.people, self.draw = month.data, month.people, month.draw
        self.at = month.at + timedelta(days=1)
        self.vault = Vault(month.data)
        self.machines = {}

    def again(self):
        """The same desk for one more test."""
        fresh = copy.copy(self)
        fresh.machines = {serial: copy.copy(one) for serial, one in self.machines.items()}
        for one in fresh.machines.values():
            one.leaves = list(one.leaves)
        return fresh

    @property
    def facts(self):
        """The first sitting of the month with candidates."""
        return queries.orderable(self.at)[0].facts if not hasattr(self, "_facts") else self._facts

    def start(self):
        """The sitting that the tests carry through."""
        self._facts = self.facts
        return self._facts.number

    def row(self):
        return queries.conduct(self._facts.number)

    def enrol(self, site, serial="EDGE-1", **more):
        machine = Machine(keys.trust(), site, serial, int(self.at.timestamp()), **more)
        row = actions.ask_enrolment(machine.request, acceptors=("clerk", "approver"), by=self.people["clerk"], at=self.at)
        for who in ("clerk", "approver"):
            row = actions.accept_machine(row, pin=PIN, by=self.people[who], at=self.at)
        row = actions.countersign_machine(row, by=self.people["province"], at=self.at)
        machine.record = bytes(row.record)
        self.machines[serial] = machine
        return machine

    def sign(self, request, *who):
        for name in who or ("approver", "approver2"):
            approvals.approve(asked.get(request.ulid), pin=PIN, digest=request.digest, by=self.people[name], at=self.at)

    def order(self, number=None):
        number = number or self.start()
        if not self.machines:
            self.enrol(self._facts.site)
        self.sign(actions.ask_order(number, by=self.people["clerk"], at=self.at))
        return queries.newest(self.row(), "seal_order")

    def receive(self, *files, who="clerk"):
        return inbox.receive([(f"file{place}", data) for place, data in enumerate(files)], by=self.people[who], at=self.at)

    def seal(self):
        """The vault's answer to the newest order, taken in."""
        order = queries.newest(self.row(), "seal_order") or self.order()
        self.sealed = self.vault.seal(bytes(order.data), self.at)
        landed = self.receive(*self.sealed.shares.values(), self.sealed.parcel)
        assert [one.state for one in landed] == ["taken"] * 5, landed
        return self.sealed

    def seat(self, staff=STAFF):
        request = actions.ask_seating(self.row(), staff=stafflist.read(staff.encode()), by=self.people["clerk"], at=self.at)
        self.sign(request)
        return queries.newest(self.row(), "seating")

    def quarter_before(self):
        self.at = self.row().starts_at - timedelta(minutes=15)

    def gate(self, challenge, serial="EDGE-1", **flags):
        """The gate slip of a challenge, sent in; a challenge that nobody could have shown has none."""
        with contextlib.suppress(Rejected):
            shares.check_challenge(challenge)
            paper = queries.paper(self.row())
            machine = self.machines[serial]
            data = machine.gate_slip(keys.trust(), self.row(), paper.manifest["package_id"], challenge, int(self.at.timestamp()), **flags)
            return self.receive(data)[0]

    def ask_key(self, challenge=None, slip=True, **more):
        said = {"challenge": challenge or self.challenge(), "stage": 1, "machine": "", "cameras_ok": True, "waiver": "", "reason": ""}
        if more.get("stage", 1) == 1 and slip and not more.get("unslipped"):
            self.gate(said["challenge"], more.get("machine") or next(iter(self.machines)))
        return actions.ask_release(self.row(), **said | more, by=self.people["clerk"], at=self.at)

    def challenge(self):
        return next(iter(self.machines.values())).challenge()

    def release(self, **more):
        asked_for = self.ask_key(**more)
        self.sign(asked.get(asked_for.approval), "key1", "key2")
        return queries.newest(self.row(), "key_release")

    def through(self, step):
        """Carry the sitting as far as: order, seal, seat, release."""
        self.order()
        for name in ("seal", "seat", "release")[: ("order", "seal", "seat", "release").index(step)]:
            if name == "release":
                self.quarter_before()
            getattr(self, name)()
        return self.row()

    def held(self, **more):
        """The exam at the site, from the files that the center gave out to the parcel that it hands back."""
        machine = next(iter(self.machines.values()))
        files = {kind: bytes(queries.newest(self.row(), kind).data) for kind in ("seating", "exam_parcel", "key_release")}
        people = {name: keys.person(self.people[name].kid, PIN) for name in ("head", "patroller", "invigilator")}
        self.at = self.row().ends_at + timedelta(hours=1)
        return machine.hold(keys.trust(), files, people, int(self.at.timestamp()), **more)


class Browser:
    """One person at the pages."""

    def __init__(self, who):
        self.client = Client()
        answer = self.client.post("/login/", {"username": who, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()

    def see(self, path, status=200):
        answer = self.client.get(path)
        assert answer.status_code == status, text(answer)
        return answer.content.decode() if "text" in answer["Content-Type"] else answer.content

    def send(self, path, expect=302, **fields):
        answer = self.client.post(path, fields)
        assert answer.status_code == expect, text(answer)
        return text(answer) if "text" in answer.get("Content-Type", "") else answer


def text(answer):
    return re.sub(r"<[^>]+>|\s+", " ", answer.content.decode(errors="replace"))


@pytest.fixture
def browser(desk):
    """Log-ins by name; the clock of the pages is the desk's."""
    open_ones, moved = {}, []

    def of(who):
        # The clock goes on by itself until the desk says another time; then everybody logs in anew.
        if moved[-1:] != [desk.at]:
            open_ones.clear()
            moved.append(desk.at)
            offset = int((desk.at - datetime.now(UTC)).total_seconds()) + 1
            (desk.data / "clock.json").write_text(json.dumps({"offset_seconds": offset}))
        if who not in open_ones:
            open_ones[who] = Browser(who)
        return open_ones[who]

    yield of
    (desk.data / "clock.json").unlink(missing_ok=True)
