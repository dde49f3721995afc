"""Orders to the vault: whom they may concern, what they say, two approvers, the roster made once."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from kaopei.center.allocation import queries as allocation
from kaopei.center.sittings import actions, queries
from kaopei.center.sittings.models import Conduct, RosterEntry
from kaopei.office import keys, scope
from kaopei.office.append_only import Frozen
from kaopei.office.approvals.models import Request
from kaopei.office.refused import Refused
from kaopei.parcel import roster, seal_order
from tests.people import PIN


def ask(desk, number, by="clerk"):
    return actions.ask_order(number, by=desk.people[by], at=desk.at)


def test_order_says_who_sits_and_when(desk):
    artefact = desk.order()
    payload, (edge,) = seal_order.read(bytes(artefact.data), keys.trust())
    facts = desk.facts
    people = {one.pseudonym: one.subject for one in allocation.seated(facts.number)}
    assert {row["attempt"]: row["subject"] for row in payload["attempts"]} == people
    assert edge.payload["site_code"] == payload["site_code"] == facts.site
    start = int(desk.row().starts_at.timestamp())
    assert payload["window"]["start_earliest"] == start
    assert payload["window"]["not_before"] == start - 15 * 60
    assert payload["policy"]["duration_minutes"] == 120
    assert payload["window"]["stage2_not_before"] >= payload["window"]["end_latest"]
    assert {keys.trust().keys[kid].holder for kid in payload["officers"]} == {"key1", "key2"}
    assert payload["order_id"] == f"SO-{facts.number}-1"


def test_answer_keys_wait_for_the_last_sitting_of_the_day_with_a_common_subject(desk):
    payload = seal_order.read(bytes(desk.order().data), keys.trust())[0]
    ends = queries.last_ends(desk.facts)
    assert len(ends) > 1
    assert payload["window"]["stage2_not_before"] == max(int(one.timestamp()) for one in ends)


def test_one_signature_is_no_order_and_the_clerk_signs_none(desk):
    number = desk.start()
    desk.enrol(desk.facts.site)
    request = ask(desk, number)
    desk.sign(request, "approver")
    assert queries.newest(desk.row(), "seal_order") is None
    for who in ("clerk", "approver", "key1"):
        with pytest.raises(Refused):
            desk.sign(request, who)
    desk.sign(request, "approver2")
    assert desk.row().status == "ordered"


def test_approvers_see_exactly_what_is_signed(desk):
    number = desk.start()
    desk.enrol(desk.facts.site)
    request = ask(desk, number)
    shown = json.loads(bytes(request.content))
    desk.sign(request)
    payload = seal_order.read(bytes(queries.newest(desk.row(), "seal_order").data), keys.trust())[0]
    assert {name: value for name, value in payload.items() if name not in ("issued_at", "approvals")} == shown


def test_roster_is_made_once_and_its_salts_stay(desk):
    desk.order()
    before = queries.roster(desk.row())
    desk.sign(ask(desk, desk.facts.number))
    assert queries.roster(desk.row()) == before
    one = before[0]
    assert queries.leaves(desk.facts.number)[one["attempt"]] == roster.leaf(one) == queries.leaf(desk.facts.number, one["attempt"])
    assert queries.roster_row(desk.facts.number, one["attempt"]) == one
    with pytest.raises(Frozen):
        RosterEntry.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        RosterEntry.objects.raw("UPDATE sittings_rosterentry SET leaf = 'x' RETURNING *")[0]


def test_names_are_not_in_the_clear(desk):
    desk.order()
    from django.db import connection

    names = {one["name"] for one in queries.roster(desk.row())}
    with connection.cursor() as cursor:
        cursor.execute("SELECT row, id_salt FROM sittings_rosterentry")
        stored = b"".join(bytes(part) for pair in cursor.fetchall() for part in pair)
    assert not any(name.encode() in stored for name in names)


def test_commitment_to_the_number_opens_with_the_salt_that_stays(desk):
    desk.order()
    person = allocation.seated(desk.facts.number)[0]
    entry = RosterEntry.objects.get(attempt=person.pseudonym)
    assert json.loads(entry.row)["id_commit"] == roster.id_commit(person.id_number, bytes.fromhex(entry.id_salt))


def test_new_order_supersedes_the_old_one_until_the_key_goes(desk):
    desk.through("seal")
    first = queries.newest(desk.row(), "seal_order").ref
    desk.sign(ask(desk, desk.facts.number))
    payload = seal_order.read(bytes(queries.newest(desk.row(), "seal_order").data), keys.trust())[0]
    assert (payload["supersedes"], desk.row().status) == (first, "ordered")


def test_sitting_whose_key_is_out_is_not_ordered_again(desk):
    desk.through("release")
    with pytest.raises(Refused, match="试卷已放行"):
        ask(desk, desk.facts.number)


def test_what_cannot_be_ordered_says_why(desk):
    number = desk.start()
    with pytest.raises(Refused, match="还没有登记的考试服务器"):
        ask(desk, number)
    with pytest.raises(Refused, match="没有抽签安排的考生"):
        ask(desk, "440601-0000-00")
    desk.enrol(desk.facts.site)
    with pytest.raises(Refused, match="办理"):
        ask(desk, number, by="approver")
    desk.at = desk.at + timedelta(days=60)
    with pytest.raises(Refused, match="开考时间已过"):
        ask(desk, number)
    assert not Conduct.objects.exists()


def test_no_order_before_the_tickets(desk, monkeypatch):
    number = desk.start()
    desk.enrol(desk.facts.site)
    monkeypatch.setattr(allocation, "bundles", lambda row: [])
    with pytest.raises(Refused, match="准考证"):
        ask(desk, number)


def test_signature_after_the_start_issues_nothing(desk):
    number = desk.start()
    desk.enrol(desk.facts.site)
    request = ask(desk, number)
    Request.objects.filter(pk=request.pk).update(expires_at=desk.at + timedelta(days=90))
    desk.sign(request, "approver")
    desk.at = desk.row().starts_at + timedelta(minutes=1)
    with pytest.raises(Refused, match="开考时间已过"):
        desk.sign(request, "approver2")
    assert desk.row().status == "planned"


def test_next_ones_come_by_day_start_and_number(desk):
    found = [(one.facts.day, one.facts.start, one.facts.number) for one in queries.orderable(desk.at)]
    assert found == sorted(found) and len(found) > 3


def test_asked_sitting_is_not_counted_as_orderable(desk):
    number = desk.start()
    desk.enrol(desk.facts.site)
    ask(desk, number)
    (mine,) = [one for one in queries.orderable(desk.at) if one.facts.number == number]
    assert mine.verdict.code == "asked"


def test_other_city_sees_nothing(desk):
    desk.order()
    with scope.entered("440100"):
        assert queries.conduct(desk._facts.number) is None
        assert not RosterEntry.objects.exists()


def test_database_keeps_the_order_of_steps(desk):
    desk.order()
    for status in ("planned", "seated", "released", "receipted"):
        with pytest.raises(DatabaseError, match="no step"), transaction.atomic():
            Conduct.objects.filter(sitting=desk._facts.number).update(status=status)
    assert PIN
