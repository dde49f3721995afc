"""The order of the protocol: who, when, and what stays in the record."""

from datetime import timedelta

import pytest

from kaopei.center.allocation import actions, checking, queries, statements
from kaopei.center.allocation.models import Draw
from kaopei.lottery import seed
from kaopei.office import keys
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.approvals import queries as asked
from kaopei.office.audit import queries as events
from kaopei.office.refused import Refused
from kaopei.parcel import manifest
from kaopei.parcel.rejected import Rejected
from tests.center.allocation.city import BATCH, ORPHAN
from tests.center.allocation.conftest import DRAW_AT, LATER, PARTIES, SECRETS, rows_of
from tests.people import GUANGZHOU, NOW, PIN, Person


def test_the_seed_follows_from_secrets_and_public_value(play):
    drawn = play.all()
    assert drawn.seed == seed.combine(drawn.number, drawn.input_digest, SECRETS, drawn.public_value)


def test_every_step_is_an_event(play):
    drawn = play.all()
    codes = [event.code for event in events.events(obj=f"draw:{drawn.number}")]
    before = ["announced", "committed", "thin_decided", "freeze_asked", "frozen"]
    after = ["revealed", "public_value_taken", "drawn", "verified", "countersigned"]
    for verb in before + after:
        assert f"allocation.{verb}" in codes
    assert codes.count("allocation.committed") == codes.count("allocation.revealed") == 3


@pytest.mark.parametrize(
    "parties",
    [
        (("city", "party_city"), ("province", "party_province")),
        (("city", "party_city"), ("province", "party_province"), ("city", "party_notary")),
        (("city", "party_city"), ("province", "party_city"), ("notary", "party_notary")),
        (("city", "clerk"), ("province", "party_province"), ("notary", "party_notary")),
    ],
)
def test_three_parties_of_different_interest_and_three_people(play, parties):
    with pytest.raises(Refused) as refusal:
        play.announce(parties=parties)
    assert refusal.value.verdict.code == "parties"


def test_nobody_of_another_city_is_a_party(play):
    other = Person("party_gz", "外市人", ("draw_party",), city=GUANGZHOU).make()
    with pytest.raises(Refused, match="party_gz 是其他市的人员"):
        play.announce(parties=(("city", "party_city"), ("province", "party_province"), ("notary", other.username)))


def test_times_stand_in_their_order(play):
    with pytest.raises(Refused, match="不得早于异议截止"):
        play.announce(public_at=LATER - timedelta(minutes=1))
    with pytest.raises(Refused, match="必须晚于现在"):
        play.announce(objections_until=NOW)


def test_a_commitment_is_made_once_and_fits_its_deposit(play):
    draw = play.announce()
    party, by = draw.parties.get(key="city"), play.people["party_city"]
    with pytest.raises(Refused, match="与承诺不符"):
        actions.commit(party, commitment="0" * 64, secret=SECRETS["city"], pin=PIN, by=by, at=NOW)
    actions.commit(party, commitment="", secret=SECRETS["city"], pin=PIN, by=by, at=NOW)
    party.refresh_from_db()
    assert party.commitment == seed.commitment("city", draw.number, SECRETS["city"])
    with pytest.raises(Refused, match="只能作出一次"):
        actions.commit(party, commitment="", secret=SECRETS["city"], pin=PIN, by=by, at=NOW)


def test_a_commitment_is_signed_by_its_party(play):
    draw = play.announce()
    with pytest.raises(Refused, match="签名口令不对"):
        actions.commit(draw.parties.get(key="city"), commitment="", secret=SECRETS["city"], pin="000000", by=play.people["party_city"], at=NOW)
    draw = play.commit(draw)
    record = manifest.read("commitment", draw.parties.get(key="city").commit_record.encode(), keys.trust())
    assert record["draw_id"] == draw.number and record["party"] == "city"


def test_the_freeze_is_signed_over_digest_and_commitments(play):
    frozen = play.freeze(play.commit(play.announce()))
    record = manifest.read("freeze", frozen.freeze_record.encode(), keys.trust())
    assert record["input_digest"] == frozen.input_digest
    assert len(record["commitments"]) == 3
    altered = frozen.freeze_record.replace(frozen.freeze_record[300], "A" if frozen.freeze_record[300] != "A" else "B", 1)
    with pytest.raises(Rejected):
        manifest.read("freeze", altered.encode(), keys.trust())


def test_a_silent_party_is_opened_by_two_keepers(play):
    frozen = play.freeze(play.commit(play.announce()))
    play.at = LATER + timedelta(hours=1)
    for key in ("city", "province"):
        actions.reveal(frozen.parties.get(key=key), secret=SECRETS[key], by=play.people[PARTIES[key]], at=play.at)
    silent = frozen.parties.get(key="notary")
    actions.open_escrow(silent, reason="公证人员失联", by=play.people["escrow"], at=play.at)
    with pytest.raises(Refused, match="另一名托管人"):
        actions.open_escrow(silent, reason="公证人员失联", by=play.people["escrow"], at=play.at)
    actions.open_escrow(silent, reason="公证人员失联", by=play.people["escrow2"], at=play.at)
    silent.refresh_from_db()
    frozen.refresh_from_db()
    assert silent.secret == SECRETS["notary"] and silent.from_escrow
    assert frozen.status == Draw.Status.REVEALED


def test_a_deposit_in_three_shares_opens_with_two_of_them(play):
    draw = play.announce()
    shares = statements.split_secret(SECRETS["notary"])
    for key, username in PARTIES.items():
        value = seed.commitment(key, draw.number, SECRETS[key])
        digests = [statements.share_digest(share) for share in shares] if key == "notary" else []
        secret = "" if key == "notary" else SECRETS[key]
        given = {"commitment": value, "secret": secret, "share_digests": digests}
        actions.commit(draw.parties.get(key=key), **given, pin=PIN, by=play.people[username], at=NOW)
    draw.refresh_from_db()
    frozen = play.freeze(draw)
    play.at = LATER
    silent = frozen.parties.get(key="notary")
    with pytest.raises(Refused, match="摘要不符"):
        actions.open_escrow(silent, share="1-" + "0" * 64, reason="公证人员失联", by=play.people["escrow"], at=play.at)
    actions.open_escrow(silent, share=shares[0], reason="公证人员失联", by=play.people["escrow"], at=play.at)
    actions.open_escrow(silent, share=shares[2], reason="公证人员失联", by=play.people["escrow3"], at=play.at)
    silent.refresh_from_db()
    assert silent.secret == SECRETS["notary"]


def test_the_public_value_is_not_taken_before_its_time_nor_twice(play):
    ready = play.reveal(play.freeze(play.commit(play.announce())))
    with pytest.raises(Refused, match="还没有到"):
        actions.take_public_value(ready, by=SYSTEM, at=DRAW_AT - timedelta(seconds=1))
    actions.take_public_value(ready, by=SYSTEM, at=DRAW_AT)
    with pytest.raises(Refused, match="只取一次"):
        actions.take_public_value(ready, value="another value", by=SYSTEM, at=DRAW_AT)


def test_a_typed_value_counts_after_a_second_person(play):
    draw = play.reveal(play.freeze(play.commit(play.announce(public_source="welfare_lottery"))))
    play.at = DRAW_AT
    request = actions.request_public_value(draw, value=" 03  11 17 22 ", by=play.people["freezer"], at=play.at)
    draw.refresh_from_db()
    assert draw.public_value == ""
    play.approve(request)
    draw.refresh_from_db()
    assert draw.public_value == "03 11 17 22"


def test_a_draw_is_made_once(play):
    drawn = play.draw(play.reveal(play.freeze(play.commit(play.announce()))))
    with pytest.raises(Refused, match="只抽一次"):
        actions.draw_seats(drawn, by=SYSTEM, at=play.at)


def test_other_code_in_another_process_agrees_and_finds_a_swapped_seat(play):
    drawn = play.draw(play.reveal(play.freeze(play.commit(play.announce()))))
    inputs, result = queries.files(drawn, "instance"), queries.files(drawn, "result")
    result.pop("seats.csv")
    agrees, said = checking.rerun(drawn.number, inputs, result)
    assert agrees, said
    head, *rows = [line.split(b",") for line in result["allocation.csv"].splitlines()]
    other = next(row for row in rows if row[2] != rows[0][2])
    rows[0][2], other[2] = other[2], rows[0][2]
    result["allocation.csv"] = b"".join(b",".join(row) + b"\n" for row in [head, *rows])
    agrees, said = checking.rerun(drawn.number, inputs, result)
    assert not agrees and said


def test_a_difference_found_stops_everything(play):
    drawn = play.draw(play.reveal(play.freeze(play.commit(play.announce()))))
    disputed = actions.note_verification(drawn, agrees=False, text="第 3 行不同", by=play.people["province"], at=play.at)
    assert disputed.status == Draw.Status.DISPUTED
    with pytest.raises(Refused):
        actions.countersign(disputed, pin=PIN, by=play.people["province"], at=play.at)
    with pytest.raises(Refused, match="省级复核会签以前"):
        actions.keep_tickets(disputed, bundles=[], by=play.people["clerk"], at=play.at)


def test_the_protocol_is_signed_by_two_approvers_and_the_center(play):
    drawn = play.all()
    request = actions.request_protocol(drawn, by=play.people["freezer"], at=play.at)
    play.approve(request)
    with pytest.raises(Refused, match="两名审批人"):
        actions.publish_protocol(drawn, by=play.people["freezer"], at=play.at)
    play.approve(request, "approver2")
    made = actions.publish_protocol(drawn, by=play.people["freezer"], at=play.at)
    protocol = manifest.read("protocol", bytes(made.content), keys.trust())
    assert protocol["seed"] == drawn.seed
    assert protocol["transcript_digest"] == drawn.transcript_digest
    assert {row["party"]: row["secret"] for row in protocol["reveals"]} == SECRETS
    assert asked.standing("draw.publish", drawn.number).status == "granted"


def test_the_same_secrets_give_the_same_bytes_and_others_do_not(play, month):
    drawn = play.all(ORPHAN)
    first = queries.files(drawn, "result")
    again = play.draw_again(drawn, SECRETS)
    assert again == {name: first[name] for name in again}
    other = play.draw_again(drawn, SECRETS | {"city": "f" * 64})
    assert other["allocation.csv"] != first["allocation.csv"]
    assert len(rows_of(drawn)) == first["seats.csv"].count(b"\n") - 1


def test_a_second_draw_of_a_batch_gets_the_next_number_and_nobody_is_left_for_it(play):
    drawn = play.all()
    second = play.announce(objections_until=play.at + timedelta(days=1), public_at=play.at + timedelta(days=2))
    assert (drawn.number, second.number) == (f"{BATCH}-T1", f"{BATCH}-T2")
    with pytest.raises(queries.NothingToDraw, match="没有可以参加"):
        queries.prepare(second)


def test_a_draw_may_be_closed_before_its_freeze_only(play):
    draw = play.announce()
    actions.close(draw, reason="公告的异议时间有误，重新公告。", by=play.people["announcer"], at=NOW)
    assert Draw.objects.get(pk=draw.pk).status == Draw.Status.CLOSED
    frozen = play.freeze(play.commit(play.announce()))
    with pytest.raises(Refused, match="冻结以后不能终止"):
        actions.close(frozen, reason="公告的异议时间有误，重新公告。", by=play.people["announcer"], at=NOW)
