"""The public record of a draw and the list of certificates that no longer hold."""

import pytest

from kaopei.parcel import canonical, manifest, protocol, status
from kaopei.parcel.rejected import Rejected
from tests.parcel import records
from tests.parcel.cast import NOW
from tests.parcel.test_whole_chain import chain


def p():
    return chain().p


def test_a_record_is_read_with_everything_inside_it():
    payload, commitments = protocol.read_freeze(records.freeze(p()), p().trust)
    assert [one["party"] for one in commitments] == ["party1", "party2"]
    assert protocol.read(records.protocol(p()), p().trust)["draw_id"] == payload["draw_id"]


@pytest.mark.parametrize(
    ("names", "more", "words"),
    [
        (["party1", "party1"], {}, "两份承诺"), (["party1", "party2"], {"draw": "DR-9"}, "不是为这次抽签"),
        (["party1", "party2"], {"at": NOW + 11}, "作于冻结之后"),
    ],
)
def test_commitments_are_one_a_party_for_this_draw_before_the_freeze(names, more, words):
    made = [records.commitment(p(), name, **more) for name in names]
    with pytest.raises(Rejected, match=words):
        protocol.read_freeze(records.freeze(p(), made), p().trust)


def test_a_commitment_that_nobody_signed_is_found_inside_the_freeze():
    claimed = manifest.unverified(canonical.encode(records.commitment(p(), "party1")))
    forged = canonical.decode_object(manifest.sign("commitment", claimed, [p().signers["center"]]))
    with pytest.raises(Rejected, match="签名人不符合"):
        protocol.read_freeze(records.freeze(p(), [forged]), p().trust)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"draw_id": "DR-2"}, "draw_id 不一致"), ({"input_digest": "9" * 64}, "input_digest 不一致"),
        ({"reveals": [{"party": "party1", "secret": "s"}]}, "承诺方不一致"),
        ({"reveals": [{"party": name, "secret": "s"} for name in ("party1", "party2", "party2")]}, "承诺方不一致"),
        ({"public": {"value": "1", "source": "彩票", "time": NOW + 9}}, "早于冻结"),
    ],
)
def test_a_record_that_does_not_fit_its_freeze_is_refused(changes, words):
    with pytest.raises(Rejected, match=words):
        protocol.read(records.protocol(p(), **changes), p().trust)


# ── status.json ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def entry(cert, since, word="revoked"):
    return {"cert_id": cert, "status": word, "since": since}


def test_a_list_says_what_holds_and_when_it_no_longer_knows():
    first = records.status_list(p(), 1, entry("C2", NOW + 50), entry("C1", NOW - 5), term=100)
    listed = status.read(first, p().trust)
    assert [row["cert_id"] for row in listed["entries"]] == ["C1", "C2"]
    assert [status.judge(listed, "C1", at) for at in (NOW - 900, NOW, NOW + 1000)] == ["revoked"] * 3
    assert [status.judge(listed, "C2", at) for at in (NOW + 49, NOW + 50, NOW + 1000)] == ["valid", "revoked", "revoked"]
    assert [status.judge(listed, "C3", at) for at in (0, NOW + 99, NOW + 100)] == ["valid", "valid", "stale"]


def test_a_later_list_names_the_one_before():
    first = records.status_list(p(), 1)
    second = status.read(records.status_list(p(), 2, previous=first), p().trust)
    assert second["prev_hash"] == manifest.digest(first, p().trust)
    for number, previous in ((1, first), (2, None)):
        data = status.sign(p().trust, p().signers["status"], [], at=NOW, number=number, next_update=NOW + 1, previous=previous)
        with pytest.raises(Rejected, match="编号与前一份摘要"):
            status.read(data, p().trust)
