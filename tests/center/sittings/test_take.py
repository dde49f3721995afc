"""Papers and shares from the vault: what answers the order is kept, anything else is set aside with its reason."""

import pytest
from django.db import DatabaseError, transaction

from kaopei.center.sittings import actions, queries
from kaopei.center.sittings.models import Artefact, KeyShare, Quarantine
from kaopei.office.append_only import Frozen
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from kaopei.parcel import key_share, manifest
from tests.center.sittings.conftest import carried, taken_back
from tests.people import vault_key


@pytest.fixture(scope="module")
def carried_so_far(month):
    yield from carried(month, "order")


@pytest.fixture
def desk(carried_so_far):
    yield from taken_back(carried_so_far.again())


@pytest.fixture
def ordered(desk):
    return bytes(queries.newest(desk.row(), "seal_order").data)


def states(landed):
    return [(one.state, one.code) for one in landed]


def test_paper_and_shares_land_in_any_order(desk, ordered):
    sealed = desk.seal()
    assert desk.row().status == "sealed"
    assert queries.package(desk.row().sitting).manifest["package_id"] == sealed.package_id
    assert {(one.holder, one.form) for one in queries.shares(desk.row())} == {
        ("site_head", "printed"), ("key_service", "jwe"), ("province", "printed"),
    }  # fmt: skip
    assert queries.shares(desk.row()).count() == 4


def test_same_files_again_change_nothing(desk, ordered):
    sealed = desk.seal()
    events = Event.objects.count()
    landed = desk.receive(sealed.parcel, *sealed.shares.values())
    assert {one.state for one in landed} == {"same"}
    assert (Event.objects.count(), Artefact.objects.filter(kind="exam_parcel").count(), KeyShare.objects.count()) == (events, 1, 4)


CHANGES = {
    "window": lambda order: {name: value + 60 for name, value in order["window"].items()},
    "roster_hash": lambda order: "0" * 64,
    "policy": lambda order: {**order["policy"], "duration_minutes": 90},
    "form_set": lambda order: "B",
    "supersedes": lambda order: "SO-other",
}


@pytest.mark.parametrize("field", CHANGES)
def test_paper_that_differs_from_its_order_is_set_aside(desk, ordered, field):
    order = manifest.unverified(ordered)
    sealed = desk.vault.seal(ordered, desk.at, **{field: CHANGES[field](order)})
    assert states(desk.receive(sealed.parcel)) == [("quarantined", "order")]
    (aside,) = queries.quarantined()
    assert (aside.sitting, aside.kind) == (desk.row().sitting, "exam_parcel")
    assert desk.row().status == "ordered"
    assert Event.objects.filter(code="sittings.quarantined").count() == 1
    desk.receive(sealed.parcel)
    assert Quarantine.objects.count() == 1


def test_paper_for_other_people_is_set_aside(desk, ordered):
    attempts = manifest.unverified(ordered)["attempts"]
    sealed = desk.vault.seal(ordered, desk.at, attempts=attempts[:-1])
    assert states(desk.receive(sealed.parcel)) == [("quarantined", "form")]


def test_paper_of_one_custodian_or_of_a_stranger_is_set_aside(desk, ordered):
    from kaopei.parcel import keyfile
    from kaopei.parcel.keyfile import Signer

    one = desk.vault.custodians[0]
    assert states(desk.receive(desk.vault.seal(ordered, desk.at, custodians=[one]).parcel)) == [("quarantined", "signers")]
    stranger = Signer(keyfile.generate_sign())
    assert states(desk.receive(desk.vault.seal(ordered, desk.at, custodians=[one, stranger]).parcel))[0][0] == "quarantined"
    assert desk.row().status == "ordered"


def test_second_paper_for_one_order_is_set_aside(desk, ordered):
    desk.seal()
    assert states(desk.receive(desk.vault.seal(ordered, desk.at).parcel)) == [("quarantined", "second")]


def test_paper_of_a_superseded_order_is_set_aside(desk, ordered):
    old = desk.vault.seal(ordered, desk.at)
    desk.sign(actions.ask_order(desk.row().sitting, by=desk.people["clerk"], at=desk.at))
    assert states(desk.receive(old.parcel)) == [("quarantined", "superseded")]


def test_paper_nobody_ordered_is_set_aside(desk, ordered):
    sealed = desk.vault.seal(ordered, desk.at, order_id="SO-unknown")
    assert states(desk.receive(sealed.parcel)) == [("quarantined", "order")]


@pytest.mark.parametrize("spoil", [lambda d: d[: len(d) // 2], lambda d: d[:-1], lambda d: d + b"x", lambda d: d[:40] + b"\x00" + d[41:]])
def test_damaged_paper_is_set_aside(desk, ordered, spoil):
    assert desk.receive(spoil(desk.vault.seal(ordered, desk.at).parcel))[0].state == "quarantined"


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff" * 99, b"{}", "姓名,岗位\n".encode()])
def test_files_that_are_nothing_of_ours_are_not_kept(desk, ordered, data):
    assert desk.receive(data)[0].state == "refused"
    assert not Quarantine.objects.exists()


def test_one_bad_file_keeps_no_other_out(desk, ordered):
    sealed = desk.vault.seal(ordered, desk.at)
    landed = desk.receive(b"hello", sealed.shares["B"], sealed.parcel[:-1], sealed.parcel)
    assert [one.state for one in landed] == ["refused", "taken", "quarantined", "taken"]


def test_share_without_its_paper_or_of_another_is_set_aside(desk, ordered):
    other = desk.vault.seal(ordered, desk.at)
    assert states(desk.receive(other.shares["B"])) == [("quarantined", "package")]
    desk.seal()
    assert states(desk.receive(other.shares["A"])) == [("quarantined", "package")]


def test_share_with_a_wrong_value_is_found_now_and_not_on_the_day(desk, ordered):
    sealed = desk.vault.seal(ordered, desk.at)
    desk.receive(sealed.parcel)
    said = manifest.unverified(sealed.shares["A"])
    spoiled = {**said, "share": {**said["share"], "digits": [*said["share"]["digits"][1:], "000098"]}}
    assert desk.receive(manifest.sign("key_share", spoiled, desk.vault.custodians))[0].state == "quarantined"


def test_share_of_the_key_service_in_the_clear_is_set_aside(desk, ordered):
    sealed = desk.vault.seal(ordered, desk.at, printed=(1, 2, 3))
    desk.receive(sealed.parcel)
    landed = desk.receive(sealed.shares["B"])
    assert landed[0].state == "quarantined" and "明文" in landed[0].text
    assert bytes(Quarantine.objects.get(kind="key_share").data) == b""


def test_head_gets_his_share_once_and_the_center_keeps_nothing_of_it(desk, ordered):
    sealed = desk.seal()
    share = queries.share(f"{sealed.package_id}-1-1")
    given = actions.hand_share(share, receiver="高平", by=desk.people["clerk"], at=desk.at)
    assert given == sealed.shares["A"]
    kept = queries.share(share.number)
    assert (bytes(kept.content), kept.handed_to, kept.handed_by) == (b"", "高平", "clerk")
    with pytest.raises(Refused, match="只能交接一次"):
        actions.hand_share(share, receiver="高平", by=desk.people["clerk"], at=desk.at)
    with pytest.raises(DatabaseError, match="handed over once"), transaction.atomic():
        KeyShare.objects.filter(pk=share.pk).update(content=b"again")


@pytest.mark.parametrize(
    ("x", "who", "words"), [(1, "province", "不能经手"), (3, "clerk", "不能经手"), (2, "clerk", "由密钥服务保管"), (1, "key1", "办理")]
)
def test_shares_go_to_their_holders_only(desk, ordered, x, who, words):
    sealed = desk.seal()
    with pytest.raises(Refused, match=words):
        actions.hand_share(queries.share(f"{sealed.package_id}-1-{x}"), receiver="某某", by=desk.people[who], at=desk.at)


def test_receiver_is_named(desk, ordered):
    sealed = desk.seal()
    with pytest.raises(Refused, match="领取人"):
        actions.hand_share(queries.share(f"{sealed.package_id}-1-1"), receiver=" ", by=desk.people["clerk"], at=desk.at)


def test_center_cannot_read_the_paper(desk, ordered):
    """With everything that the center stores, and its own keys, no blob opens: the exam server's key is not here."""
    from kaopei.office import keys
    from kaopei.parcel.rejected import Rejected

    sealed = desk.seal()
    parcel = queries.package(desk.row().sitting)
    listed = keys.trust()
    first = key_share.take(key_share.read(sealed.shares["A"], listed), listed.algorithms)
    opener = keys.opener("key_service_decrypt", desk.at)
    second = key_share.take(key_share.read(sealed.shares["B"], listed), listed.algorithms, *opener)
    for kid, key in (opener, keys.opener("city_import", desk.at), vault_key(desk.data, "vault_import.440600")):
        with pytest.raises(Rejected):
            parcel.unlock(first, second, kid, key)


def test_kept_parcels_never_change(desk, ordered):
    desk.seal()
    with pytest.raises(Frozen):
        Artefact.objects.update(data=b"")
    for kind in ("artefact", "quarantine", "attempt", "rosterentry"):
        from django.db import connection

        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM sittings_{kind}")
