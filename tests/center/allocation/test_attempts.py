"""Two hundred attempts to bend a draw: every one is refused, changes nothing, and stands in the record where it was an act of a person."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from kaopei.center.allocation import actions, queries
from kaopei.center.allocation.models import Draw, DrawFile, Party, Placement
from kaopei.lottery import seed
from kaopei.office.accounts.roles import SYSTEM, between
from kaopei.office.refused import Refused
from tests.center.allocation.conftest import CAST, PARTIES, SECRETS

DRAW_ROLES = ("draw_announcer", "draw_freezer", "draw_party", "draw_escrow", "draw_verifier")


class Attempts:
    """Counts attempts; one that succeeds, or leaves a trace in the draw, fails the test."""

    def __init__(self, draw):
        self.draw, self.made = draw, 0
        self.before = self.state()

    def state(self):
        draw = Draw.objects.get(pk=self.draw.pk)
        fixed = (draw.status, draw.input_digest, draw.public_value, draw.seed, draw.transcript_digest, draw.countersignature)
        parties = tuple(Party.objects.filter(draw=draw).order_by("pk").values_list("key", "commitment", "secret"))
        return fixed, parties, Placement.objects.filter(draw=draw).count(), DrawFile.objects.filter(draw=draw).count()

    def refused(self, act):
        with pytest.raises(Refused), transaction.atomic():
            act()
        self.done()

    def refused_by_database(self, act):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
        self.done()

    def done(self):
        self.made += 1
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
            attempts.refused(lambda party=party, by=by, secret=secret: actions.reveal(party, secret=secret, by=by, at=play.at))


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
            attempts.refused(lambda by=by: actions.close(draw, reason="没有任何理由也要终止。", by=by, at=at))
        if name != PARTIES["city"]:
            attempts.refused(lambda by=by: actions.reveal(party, secret=SECRETS["city"], by=by, at=at))
        attempts.refused(lambda by=by: actions.draw_seats(draw, by=by, at=at))
        attempts.refused(lambda by=by: actions.note_verification(draw, agrees=True, text="好", by=by, at=at))
        attempts.refused(lambda by=by: actions.request_freeze(draw, by=by, at=at))


def test_two_hundred_attempts_are_refused(play) -> None:
    draw = play.freeze(play.commit(play.announce()))
    play.at = draw.objections_until + timedelta(minutes=1)
    attempts = Attempts(draw)
    wrong_secrets(attempts, play, draw)
    edits_after_the_freeze(attempts, draw)
    wrong_people(attempts, play, draw)
    frozen = attempts.made

    draw = play.draw(play.reveal(draw))
    again = Attempts(draw)
    for key, username in PARTIES.items():
        party, by = draw.parties.get(key=key), play.people[username]
        again.refused(lambda party=party, by=by, key=key: actions.reveal(party, secret=SECRETS[key], by=by, at=play.at))
    for by in (SYSTEM, play.people["freezer"]):
        again.refused(lambda by=by: actions.draw_seats(draw, by=by, at=play.at))
        again.refused(lambda by=by: actions.take_public_value(draw, value="1 2 3 4 5 6", by=by, at=play.at))
    again.refused(lambda: actions.request_freeze(draw, by=play.people["freezer"], at=play.at))
    again.refused(lambda: actions.countersign(draw, pin="1234", by=play.people["province"], at=play.at))
    for field in ("seed", "transcript_digest", "public_value"):
        again.refused_by_database(lambda field=field: sql(f"UPDATE allocation_draw SET {field} = 'x' WHERE id = %s", draw.pk))
    for pk in list(draw.placements.values_list("pk", flat=True))[:10]:
        again.refused_by_database(lambda pk=pk: sql("UPDATE allocation_placement SET seat = '999' WHERE id = %s", pk))
    assert frozen + again.made >= 200, (frozen, again.made)


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
