"""The freeze: two persons, exact bytes, and nothing changes afterwards, whoever tries."""

import hashlib

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from kaopei.center.allocation import actions, queries
from kaopei.center.allocation.models import Draw, DrawFile, Party, Sitting
from kaopei.center.applications import actions as intake
from kaopei.lottery import pool
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.append_only import Frozen
from kaopei.office.refused import Refused
from tests.center.allocation.city import BATCH, FREE, LOW, ORPHAN, City
from tests.center.allocation.conftest import DRAW_AT, PARTIES, SECRETS, instance
from tests.conftest import DATABASE, url
from tests.people import NOW


def refused_by_database(sql, params=()):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def frozen(play):
    return play.freeze(play.commit(play.announce()))


def test_the_digest_is_that_of_the_stored_files(frozen):
    assert pool.parse(queries.files(frozen, "instance")).input_digest == frozen.input_digest
    for row in queries.file_list(frozen):
        assert row.digest == hashlib.sha256(queries.file(frozen, row.name)).hexdigest()


def test_the_requester_may_not_sign_his_own_freeze(play):
    draw = play.commit(play.announce())
    play.decide_thin(draw)
    asked = actions.request_freeze(draw, by=play.people["freezer"], at=NOW)
    with pytest.raises(Refused, match="审批人"):
        play.approve(asked, "freezer")


def test_the_announcer_may_not_freeze(play):
    draw = play.commit(play.announce())
    with pytest.raises(Refused, match="抽签冻结人"):
        actions.request_freeze(draw, by=play.people["announcer"], at=NOW)


def test_nothing_is_frozen_before_all_have_committed(play):
    draw = play.announce()
    with pytest.raises(Refused, match="承诺已齐"):
        actions.request_freeze(draw, by=play.people["freezer"], at=NOW)


def test_the_thin_list_must_be_decided_first(play):
    draw = play.commit(play.announce())
    with pytest.raises(Refused) as refusal:
        actions.request_freeze(draw, by=play.people["freezer"], at=NOW)
    assert refusal.value.verdict.clause == "N2.3.4"
    assert play.decide_thin(draw) > 0


def test_data_changed_after_the_request_is_not_what_was_signed(play):
    draw = play.commit(play.announce())
    play.decide_thin(draw)
    asked = actions.request_freeze(draw, by=play.people["freezer"], at=NOW)
    Sitting.objects.filter(number__startswith="440601").update(seats=11)
    with pytest.raises(Refused, match="数据有变"):
        play.approve(asked)
    draw.refresh_from_db()
    assert draw.input_digest == ""


def test_no_freeze_after_the_hour_of_the_public_value(play):
    draw = play.commit(play.announce())
    play.decide_thin(draw)
    play.at = DRAW_AT
    with pytest.raises(Refused, match="约定时刻已到"):
        actions.request_freeze(draw, by=play.people["freezer"], at=play.at)


def test_the_database_refuses_to_change_frozen_rows(frozen):
    refused_by_database("UPDATE allocation_sitting SET seats = seats + 1 WHERE frozen_in = %s", [frozen.number])
    refused_by_database("DELETE FROM allocation_sitting WHERE frozen_in = %s", [frozen.number])
    refused_by_database("UPDATE allocation_drawfile SET content = '' WHERE draw_id = %s", [frozen.pk])
    refused_by_database("DELETE FROM allocation_drawfile WHERE draw_id = %s", [frozen.pk])
    refused_by_database("UPDATE allocation_draw SET input_digest = repeat('0', 64) WHERE id = %s", [frozen.pk])
    refused_by_database("UPDATE allocation_draw SET rules = '{}' WHERE id = %s", [frozen.pk])
    refused_by_database("UPDATE allocation_draw SET status = 'committed' WHERE id = %s", [frozen.pk])
    refused_by_database("UPDATE allocation_party SET commitment = repeat('0', 64) WHERE draw_id = %s", [frozen.pk])
    refused_by_database("DELETE FROM allocation_draw WHERE id = %s", [frozen.pk])


def test_no_file_slips_into_a_frozen_input(frozen):
    with pytest.raises(DatabaseError), transaction.atomic():
        DrawFile.objects.create(city=frozen.city, draw=frozen, name="instance/changes.csv", digest="0" * 64, content=b"x")
    with pytest.raises(Frozen):
        DrawFile.objects.filter(draw=frozen).update(content=b"")


def test_a_correction_after_the_freeze_replaces_nothing_frozen(frozen, month, city):
    before = instance(frozen)
    corrected = City(seats=9, trained={**city.trained, (FREE, LOW, False): 3})
    taken = intake.receive(corrected.files(), by=SYSTEM, at=NOW)
    intake.confirm(taken, by=SYSTEM, at=NOW)
    actions.take_plan(BATCH, by=SYSTEM, at=NOW)
    assert set(Sitting.objects.filter(frozen_in=frozen.number).values_list("seats", flat=True)) == {10}
    assert instance(frozen) == before


def test_a_second_draw_takes_only_what_is_free(frozen, play):
    frozen_sittings = Sitting.objects.filter(frozen_in=frozen.number).count()
    assert frozen_sittings == Sitting.objects.exclude(site=ORPHAN).count()
    with pytest.raises(Refused, match="已有进行中的抽签"):
        play.announce()


@pytest.mark.django_db(transaction=True)
def test_tampering_with_the_frozen_files_stops_the_draw(frozen, play):
    """Somebody with the owner's password gets past the triggers; the digest does not."""
    play.reveal(frozen)
    student = queries.files(frozen, "instance")["candidates.csv"].replace(b",0,\n", b",1,\n", 1)
    with psycopg.connect(url("owner", DATABASE)) as line:
        line.execute("ALTER TABLE allocation_drawfile DISABLE TRIGGER USER")
        line.execute("SELECT set_config('kaopei.scope', '*', false)")
        changed = line.execute("UPDATE allocation_drawfile SET content = %s WHERE name = 'instance/candidates.csv'", [student])
        assert changed.rowcount == 1
    play.at = DRAW_AT
    actions.take_public_value(frozen, by=SYSTEM, at=play.at)
    with pytest.raises(Refused, match="摘要不符"):
        actions.draw_seats(frozen, by=SYSTEM, at=play.at)
    assert Draw.objects.get(pk=frozen.pk).seed == ""


def test_a_secret_that_does_not_fit_is_refused(frozen, play):
    play.at = DRAW_AT
    party = frozen.parties.get(key="city")
    with pytest.raises(Refused, match="与冻结前的承诺不符"):
        actions.reveal(party, secret=SECRETS["province"], by=play.people[PARTIES["city"]], at=play.at)
    assert Party.objects.get(pk=party.pk).secret == ""


def test_no_secret_before_the_freeze_nor_within_the_term_for_objections(play):
    draw = play.commit(play.announce())
    party, by = draw.parties.get(key="city"), play.people[PARTIES["city"]]
    with pytest.raises(Refused, match="只有冻结以后"):
        actions.reveal(party, secret=SECRETS["city"], by=by, at=DRAW_AT)
    play.freeze(draw)
    with pytest.raises(Refused, match="异议期"):
        actions.reveal(party, secret=SECRETS["city"], by=by, at=NOW)
    refused_by_database("UPDATE allocation_draw SET status = 'drawn' WHERE id = %s", [draw.pk])
