"""Two hundred attempts to bend a draw: every one is refused, changes nothing, and stands in the record.

What a person tries at an action leaves an event after its rollback. What somebody with the program's own database role sends straight
to PostgreSQL is refused by a guard, which cannot write: the database's log has it, and the timer takes it into the record.
"""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from kaopei.center.allocation import actions, queries
from kaopei.center.allocation.models import Draw, DrawFile, Party, Placement
from kaopei.lottery import seed
from kaopei.office import scope
from kaopei.office.accounts import actions as accounts
from kaopei.office.accounts.roles import SYSTEM, between
from kaopei.office.audit.models import Event
from kaopei.office.audit.statements import LogReader
from kaopei.office.refused import Refused
from kaopei.office.tasks.registry import start
from kaopei.office.tasks.worker import Worker
from tests.center.allocation.conftest import CAST, PARTIES, SECRETS, Play
from tests.conftest import CLUSTER

DRAW_ROLES = ("draw_announcer", "draw_freezer", "draw_party", "draw_escrow", "draw_verifier")


class Attempts:
    """Counts attempts; one that succeeds, leaves a trace in the draw, or leaves none in the record, fails the test."""

    def __init__(self, draw):
        self.draw, self.recorded, self.by_database = draw, 0, 0
        self.before = self.state()

    def state(self):
        draw = Draw.objects.get(pk=self.draw.pk)
        fixed = (draw.status, draw.input_digest, draw.public_value, draw.seed, draw.transcript_digest, draw.countersignature)
        parties = tuple(Party.objects.filter(draw=draw).order_by("pk").values_list("key", "commitment", "secret"))
        return fixed, parties, Placement.objects.filter(draw=draw).count(), DrawFile.objects.filter(draw=draw).count()

    def refused(self, act, by, **said):
        """By a person, at whatever door: the event names him, the step and the ground."""
        before = Event.objects.order_by("-id").first()
        with pytest.raises(Refused) as refused:
            act(self.draw if "thing" not in said else said.pop("thing"), by=by, **said)
        event = Event.objects.order_by("-id").first()
        assert event != before and event.code == "allocation.attempt_refused", event.code
        assert (event.obj, event.actor) == (f"draw:{self.draw.number}", by.username)
        assert event.facts["step"] == act.__name__
        assert event.facts["reason"] and event.facts["reason"] == refused.value.verdict.code
        self.recorded += 1
        assert self.state() == self.before

    def refused_by_database(self, act):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
        self.by_database += 1
        assert self.state() == self.before


def sql(text, *values):
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def wrong_secrets(attempts, play, draw):
    """A wrong, empty, other party's, or another draw's secret: 66 attempts, then withholding with one keeper only."""
    for key, username in PARTIES.items():
        party, by = draw.parties.get(key=key), play.people[username]
        others = [SECRETS[other] for other in PARTIES if other != key]
        for secret in ["", "0", SECRETS[key].upper() + "0", SECRETS[key][:-1], *others, *(f"{number:064x}" for number in range(100, 116))]:
            attempts.refused(actions.reveal, by, thing=party, secret=secret, at=play.at)


def edits_after_the_freeze(attempts, draw):
    """Straight at the tables, as somebody with the program's own database role would: all refused."""
    fields = ("input_digest", "rules", "public_source", "number", "frozen_by", "rule_document", "batch", "part")
    for field in fields:
        value = '{"k": 1}' if field == "rules" else "x"
        attempts.refused_by_database(lambda field=field, value=value: sql(f"UPDATE allocation_draw SET {field} = %s WHERE id = %s", value, draw.pk))
    for status in ("announced", "committed", "drawn", "verified", "closed"):
        attempts.refused_by_database(lambda status=status: sql("UPDATE allocation_draw SET status = %s WHERE id = %s", status, draw.pk))
    attempts.refused_by_database(lambda: sql("DELETE FROM allocation_draw WHERE id = %s", draw.pk))
    for row in DrawFile.objects.filter(draw=draw).values_list("pk", flat=True):
        attempts.refused_by_database(lambda row=row: sql("UPDATE allocation_drawfile SET content = %s WHERE id = %s", b"x", row))
        attempts.refused_by_database(lambda row=row: sql("DELETE FROM allocation_drawfile WHERE id = %s", row))
    for name in ("instance/extra.csv", "seating/extra.csv"):
        attempts.refused_by_database(
            lambda name=name: DrawFile.objects.create(city=draw.city, draw=draw, name=name, digest="0" * 64, content=b"x")
        )
    for party in draw.parties.all():
        for field in ("commitment", "username", "key", "interest"):
            attempts.refused_by_database(
                lambda party=party, field=field: sql(f"UPDATE allocation_party SET {field} = 'x' WHERE id = %s", party.pk)
            )
    sittings = list(queries.sittings(city=draw.city).filter(frozen_in=draw.number).values_list("pk", flat=True))
    for pk in sittings[:20]:
        attempts.refused_by_database(lambda pk=pk: sql("UPDATE allocation_sitting SET seats = seats + 10 WHERE id = %s", pk))


def wrong_people(attempts, play, draw):
    """Everybody tries the steps that are somebody else's."""
    at, people = play.at, play.people
    allowed = {"reveal": set(PARTIES.values()), "draw": {"freezer"}, "verify": {"province"}, "close": {"announcer"}}
    party = draw.parties.get(key="city")
    for name in CAST:
        by = people[name]
        if name not in allowed["close"]:
            attempts.refused(actions.close, by, reason="没有任何理由也要终止。", at=at)
        if name != PARTIES["city"]:
            attempts.refused(actions.reveal, by, thing=party, secret=SECRETS["city"], at=at)
        attempts.refused(actions.draw_seats, by, at=at)
        attempts.refused(actions.note_verification, by, agrees=True, text="好", at=at)
        attempts.refused(actions.request_freeze, by, at=at)


def withheld(attempts, play, draw):
    """A party is silent: one keeper alone, one keeper twice, a keeper without a reason, or somebody who is no keeper cannot open its deposit."""
    party, at = draw.parties.get(key="city"), play.at
    attempts.refused(actions.open_escrow, play.people["escrow"], thing=party, reason="", at=at)
    for name in ("announcer", "freezer", "party_city", "province", "clerk"):
        attempts.refused(actions.open_escrow, play.people[name], thing=party, reason="承诺方没有按时公开密值。", at=at)
    actions.open_escrow(party, reason="承诺方没有按时公开密值。", by=play.people["escrow"], at=at)
    for _ in range(3):
        attempts.refused(actions.open_escrow, play.people["escrow"], thing=party, reason="承诺方没有按时公开密值。", at=at)


def after_the_draw(attempts, play, draw):
    """Once more, with another secret or value, or what was given placed elsewhere."""
    for key, username in PARTIES.items():
        attempts.refused(actions.reveal, play.people[username], thing=draw.parties.get(key=key), secret=SECRETS[key], at=play.at)
    for by in (SYSTEM, play.people["freezer"]):
        attempts.refused(actions.draw_seats, by, at=play.at)
        attempts.refused(actions.take_public_value, by, value="1 2 3 4 5 6", at=play.at)
    attempts.refused(actions.request_freeze, play.people["freezer"], at=play.at)
    attempts.refused(actions.countersign, play.people["province"], pin="1234", at=play.at)
    for field in ("seed", "transcript_digest", "public_value"):
        attempts.refused_by_database(lambda field=field: sql(f"UPDATE allocation_draw SET {field} = 'x' WHERE id = %s", draw.pk))
    for pk in list(draw.placements.values_list("pk", flat=True))[:10]:
        attempts.refused_by_database(lambda pk=pk: sql("UPDATE allocation_placement SET seat = '999' WHERE id = %s", pk))


def test_two_hundred_attempts_are_refused_and_recorded(play) -> None:
    log = LogReader(CLUSTER.log)
    log.take(play.at)
    draw = play.freeze(play.commit(play.announce()))
    play.at = draw.objections_until + timedelta(minutes=1)
    attempts = Attempts(draw)
    wrong_secrets(attempts, play, draw)
    edits_after_the_freeze(attempts, draw)
    wrong_people(attempts, play, draw)
    withheld(attempts, play, draw)
    again = Attempts(play.draw(play.reveal(draw)))
    after_the_draw(again, play, again.draw)

    people, by_database = attempts.recorded + again.recorded, attempts.by_database + again.by_database
    assert people >= 120 and by_database >= 80, (people, by_database)
    assert Event.objects.filter(code="allocation.attempt_refused", obj=f"draw:{draw.number}").count() == people
    assert log.take(play.at) == by_database
    assert log.take(play.at) == 0
    with scope.entered(scope.PROVINCE):  # a database role belongs to no city
        said = list(Event.objects.filter(code="audit.statement_refused").order_by("-id")[:by_database])
    assert len(said) == by_database
    assert {(one.facts["role"], one.facts["sqlstate"]) for one in said} == {("kaopei_app", "42501")}
    assert {len(one.facts["statement"]) for one in said} == {64}
    print(f"{people} refused attempts of persons, {by_database} refused statements, each an event")


def test_a_second_role_is_refused_and_recorded(play) -> None:
    """Nobody is given two of the separated roles; nobody signs what he asked for; who has acted once does not act again in another role."""
    at = play.at
    for role in DRAW_ROLES:
        if role != "draw_freezer":
            with pytest.raises(Refused):
                accounts.assign(play.people["freezer"], role, by=SYSTEM, at=at)
    with scope.entered(scope.PROVINCE):
        tried = list(Event.objects.filter(code="accounts.attempt_refused", obj="person:freezer").values_list("actor", flat=True))
    assert tried == [SYSTEM.username] * (len(DRAW_ROLES) - 1)
    draw = play.commit(play.announce())
    play.decide_thin(draw)
    asked = actions.request_freeze(draw, by=play.people["freezer"], at=at)
    with pytest.raises(Refused):
        play.approve(asked, "freezer")
    event = Event.objects.order_by("-id").first()
    assert (event.code, event.obj, event.actor) == ("approvals.attempt_refused", f"approval:{asked.ulid}", "freezer")


@pytest.mark.django_db(transaction=True)
def test_a_refusal_inside_other_work_is_recorded_after_its_rollback(month, trusted_people) -> None:
    """The second signature freezes; what the freeze refuses rolls the signature back, and stays in the record all the same. A job likewise."""
    play = Play(trusted_people)
    draw = play.commit(play.announce())
    play.decide_thin(draw)
    asked = actions.request_freeze(draw, by=play.people["freezer"], at=play.at)
    play.at = draw.public_at
    asked.refresh_from_db()
    with pytest.raises(Refused, match="约定时刻已到"):
        play.approve(asked)
    event = Event.objects.order_by("-id").first()
    assert (event.code, event.actor, event.facts["step"], event.facts["reason"]) == ("allocation.attempt_refused", "approver", "freeze", "late")
    assert not asked.signatures.exists()
    start("allocation.draw", by=SYSTEM, at=play.at, title="抽签", number=draw.number)
    before = Event.objects.filter(code="allocation.attempt_refused").count()
    Worker().drain()
    assert Event.objects.filter(code="allocation.attempt_refused").count() == before + 1
    assert Event.objects.order_by("-id").filter(code="allocation.attempt_refused").first().facts["step"] == "draw_seats"


def test_nobody_holds_two_of_the_separated_roles() -> None:
    for one in DRAW_ROLES:
        for other in DRAW_ROLES:
            if one != other:
                assert between(one, other) is not None, (one, other)


def test_a_commitment_for_another_draw_does_not_open_this_one(play) -> None:
    draw = play.commit(play.announce())
    party = draw.parties.get(key="city")
    assert party.commitment == seed.commitment("city", draw.number, SECRETS["city"])
    assert party.commitment != seed.commitment("city", draw.number + ".1", SECRETS["city"])
