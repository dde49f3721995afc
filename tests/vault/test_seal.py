"""Sealing: what leaves the vault, what is refused, what is remembered."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from kaopei.commandline import seals
from kaopei.ledger import proof
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from kaopei.paper import codec
from kaopei.parcel import checking, exam_parcel, key_share
from kaopei.parcel.exam_parcel import Parcel, Secrets
from kaopei.parcel.rejected import Rejected
from kaopei.vault.custody import actions, keyring, queries, sealroom
from kaopei.vault.custody.keyring import NoKey
from kaopei.vault.custody.models import Exposure, KeyShare, SealedPackage
from kaopei.vault.custody.sealing import CannotSeal, choose
from tests.parcel import cast
from tests.parcel.cast import Province
from tests.people import PEOPLE
from tests.vault.sealing import AT, fill_bank, kids, lay_keys, order
from tests.vault.workbooks import PLAN, SUBJECT, blueprint, rows

pytestmark = pytest.mark.django_db


def seal(vault: Province, out: Path, *orders: bytes, seed: str | None = "00ff") -> dict[str, Any]:
    return sealroom.seal_all(orders, kids(vault), out, seed, AT)


def opened(vault: Province, out: Path, row: dict[str, Any]) -> tuple[Parcel, Secrets]:
    """The parcel on the site's machine, with all shares."""
    parcel = Parcel((out / row["parcel"]).read_bytes(), vault.trust)
    suite = vault.trust.algorithms
    read = {name: key_share.read((out / file).read_bytes(), vault.trust) for name, file in row["shares"].items()}
    service = vault.openers["key_service_decrypt"]
    machine = (vault.edge.decrypt.kid, vault.edge_key)
    secrets = parcel.unlock(key_share.take(read["A"], suite), key_share.take(read["C"], suite), *machine)
    return parcel, parcel.unlock_keys(secrets, key_share.take(read["R2"], suite, *service), *machine)


def test_seal_what_the_site_can_open_and_nobody_else(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    out = tmp_path / "out"
    report = seal(vault, out, order(vault))
    assert report["refused"] == []
    [row] = report["sealed"]
    parcel, secrets = opened(vault, out, row)
    assert Counter(kind for kind, _ in parcel.rows) == {"item": 20, "form": 9, "policy": 1, "key": 1}
    [rules] = parcel.manifest["subjects"]
    assert rules["subject"] == SUBJECT and rules["bank_version"] == "1"
    assert (rules["policy"]["full_marks"], rules["policy"]["pass_mark"], rules["policy"]["duration_minutes"]) == (20, 16, 90)
    form = codec.read_form(parcel.blob("form", "K00003", secrets))
    policy = codec.read_policy(parcel.blob("policy", form["policy"], secrets))
    key = codec.read_key(parcel.blob("key", policy["key"], secrets))
    assert rules["policy"]["policy"] == form["policy"]
    for place in form["items"]:
        item = codec.read_item(parcel.blob("item", place["item"], secrets))
        assert "金丝雀" in item["stem"]
        assert set(key["keys"][place["item"]]) <= {option["id"] for option in item["options"]}
    raw = b"".join((out / name).read_bytes() for name in (row["parcel"], *row["shares"].values(), "forms.json"))
    assert "金丝雀".encode() not in raw
    assert b"QZ-0" not in raw
    assert all((out / file).stat().st_mode & 0o077 == 0 for file in row["shares"].values())


def test_remember_who_sealed_what_and_nothing_of_the_keys(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    [row] = seal(vault, tmp_path / "out", order(vault))["sealed"]
    kept = SealedPackage.objects.get()
    assert (kept.order_id, kept.package_id, kept.form_set) == ("SO-1", row["package_id"], "A")
    assert kept.custodians == kids(vault)
    assert str(kept.day) == "2026-11-30"
    assert Exposure.objects.count() == 20
    assert sorted(KeyShare.objects.values_list("stage", "x", "holder")) == [
        (1, 1, "site_head"), (1, 2, "key_service"), (1, 3, "province"), (2, 0, "key_service"),
    ]  # fmt: skip
    facts = Event.objects.get(code="custody.sealed").facts
    assert facts["manifest"] == kept.manifest_hash
    assert facts["shared"] == {SUBJECT: 0}
    forms = json.loads((tmp_path / "out" / "forms.json").read_text())["forms"]
    assert [(form["id"], form["digest"]) for form in forms] == [(f"440601-1207-01/A/{SUBJECT}", facts["papers"][SUBJECT])]


def test_give_each_candidate_an_order_of_his_own(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    [row] = seal(vault, tmp_path / "out", order(vault))["sealed"]
    parcel, secrets = opened(vault, tmp_path / "out", row)
    forms = [codec.read_form(parcel.blob("form", name, secrets)) for name in parcel.ids("form")]
    assert len({tuple(place["item"] for place in form["items"]) for form in forms}) == 9
    assert len({frozenset(place["item"] for place in form["items"]) for form in forms}) == 1
    [row] = seal(vault, tmp_path / "out", order(vault, 2, order="fixed"))["sealed"]
    parcel, secrets = opened(vault, tmp_path / "out", row)
    fixed = [codec.read_form(parcel.blob("form", name, secrets)) for name in parcel.ids("form")]
    assert len({tuple(place["item"] for place in form["items"]) for form in fixed}) == 1


def test_refuse_a_subject_without_a_bank_and_seal_the_other_orders(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    mixed = order(vault, 1, subjects=(SUBJECT, "氯化工艺", "聚合工艺"))
    report = seal(vault, tmp_path / "out", mixed, order(vault, 2))
    [refused] = report["refused"]
    assert refused["order_id"] == "SO-1"
    assert refused["subjects"] == ["氯化工艺", "聚合工艺"]
    assert "科目“氯化工艺”“聚合工艺”" in refused["reason"]
    assert [row["order_id"] for row in report["sealed"]] == ["SO-2"]
    assert SealedPackage.objects.count() == 1
    assert len(list((tmp_path / "out").iterdir())) == 6


def test_use_other_items_in_a_later_sitting_of_the_day(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path, times=2)
    out = tmp_path / "out"
    seal(vault, out, order(vault, 1), order(vault, 2, hours=4), order(vault, 3, hours=6), order(vault, 4, hours=30))
    rows = {row.sitting_id[-2:]: row for row in SealedPackage.objects.all()}
    items = {name: {one.number for one in row.exposures.all()} for name, row in rows.items()}
    assert not items["01"] & items["02"]
    assert len(items["03"] & (items["01"] | items["02"])) == 20
    shared = [form["shared"] for form in json.loads((out / "forms.json").read_text())["forms"]]
    assert shared == [0, 0, 20, 0]
    assert sum(queries.exposures(SUBJECT).values()) == 80


def test_seal_a_spare_paper_only_if_it_shares_nothing(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path, times=2)
    sitting = "440601-1207-01"
    report = seal(vault, tmp_path / "out", order(vault, 1, sitting=sitting), order(vault, 2, sitting=sitting, form_set="B"))
    assert report["refused"] == []
    assert not queries.set_of(sitting, "A", SUBJECT) & queries.set_of(sitting, "B", SUBJECT)


def test_refuse_a_spare_paper_that_shares_items(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path, lines=rows(times=2)[:-1])
    sitting = "440601-1207-01"
    report = seal(vault, tmp_path / "out", order(vault, 1, sitting=sitting), order(vault, 2, sitting=sitting, form_set="B"))
    assert "不够组出与 A 卷完全不同的备用卷（相同 1 题）" in report["refused"][0]["reason"]


def test_seal_a_trial_without_any_bank(vault: Province, tmp_path: Path) -> None:
    [row] = seal(vault, tmp_path / "out", order(vault, subjects=("氯化工艺",), form_set="trial"))["sealed"]
    parcel, secrets = opened(vault, tmp_path / "out", row)
    form = codec.read_form(parcel.blob("form", "K00000", secrets))
    assert "试机题" in codec.read_item(parcel.blob("item", form["items"][0]["item"], secrets))["stem"]
    assert Exposure.objects.count() == 0


def test_repeat_a_rehearsal_with_its_seed_only(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)

    def papers(seed: str | None) -> tuple[str, str]:
        """Seal in a vault that has sealed nothing yet."""
        before = transaction.savepoint_create()
        seal(vault, tmp_path / "out", order(vault), seed=seed)
        row = SealedPackage.objects.get()
        transaction.savepoint_rollback(before)
        return str(row.papers[SUBJECT]), codec.canonical(queries.papers(row).form("K00001")).hex()

    assert papers("00ff") == papers("00ff")
    assert papers("ffff")[0] != papers("00ff")[0]
    assert papers(None)[1] != papers(None)[1]


def test_never_seal_one_order_twice(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    report = seal(vault, tmp_path / "out", order(vault), order(vault))
    assert "SO-1 已经密封过" in report["refused"][0]["reason"]
    assert len(report["sealed"]) == 1


def test_refuse_orders_that_do_not_hold(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    spoiled = bytearray(order(vault))
    spoiled[200] ^= 1
    report = seal(vault, tmp_path / "out", bytes(spoiled), b"", order(cast.found()))
    assert report["sealed"] == []
    assert len(report["refused"]) == 3
    assert SealedPackage.objects.count() == 0


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (blueprint((SUBJECT, PLAN), minutes=None), "缺少考试时间或合格分"),
        (blueprint((SUBJECT, PLAN), full_marks=100), "蓝图前后不一致：“组卷参数”起重机作业“满分”写 100，按各题数应为 20"),
        (blueprint((SUBJECT, PLAN | {("P00", "judge"): 5})), "需要 5 题|知识点 P00"),
    ],
)
def test_refuse_blueprints_that_cannot_be_carried_out(vault: Province, tmp_path: Path, plan: bytes, said: str) -> None:
    fill_bank(tmp_path, times=1, plan=plan)
    [refused] = seal(vault, tmp_path / "out", order(vault))["refused"]
    assert any(word in refused["reason"] for word in said.split("|"))


def test_refuse_words_of_order_that_would_be_ignored(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    [refused] = seal(vault, tmp_path / "out", order(vault, order="alphabetic"))["refused"]
    assert "“alphabetic”不认识" in refused["reason"]


def test_take_no_seed_in_earnest(vault: Province) -> None:
    with pytest.raises(CannotSeal, match="不能使用 --seed"):
        choose({}, replace(vault.trust, rehearsal=False), "00")


def test_need_two_different_custodians_with_their_keys(vault: Province, tmp_path: Path) -> None:
    one, two = kids(vault)
    for given in ([one], [one, one], [one, two, two[::-1]]):
        with pytest.raises(NoKey, match="两名不同的保管人"):
            sealroom.seal_all([], given, tmp_path, None, AT)
    (settings.DATA / "keys" / f"{two}.key").unlink()
    with pytest.raises(NoKey, match="没有密钥"):
        sealroom.seal_all([], [one, two], tmp_path, None, AT)
    with pytest.raises(exam_parcel.Rejected):
        sealroom.seal_all([], [one, vault.signers["center"].kid], tmp_path, None, AT)


def test_lay_down_trust_before_anything(db: None, tmp_path: Path, settings: Any, province_keys: Province) -> None:
    settings.DATA = tmp_path / "vault"
    settings.DATA.mkdir()
    with pytest.raises(NoKey, match="vault trust-in"):
        sealroom.seal_all([], ["a", "b"], tmp_path, None, AT)
    assert keyring.take([province_keys.data], province_keys.root).version == 1
    assert (settings.DATA / "root.txt").read_text().strip() == province_keys.root
    assert (settings.DATA / "trust" / "1.json").read_bytes() == province_keys.data
    assert keyring.take([province_keys.data.decode()], None).version == 1
    with pytest.raises(exam_parcel.Rejected):
        keyring.take([cast.found().data], None)
    assert keyring.current().root == province_keys.root


def test_hand_shares_over_once_against_a_receipt(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    seal(vault, tmp_path / "out", order(vault))
    row = SealedPackage.objects.get()
    assert queries.waiting_shares() == 4
    custodian = PEOPLE["custodian1"].make()
    share = queries.share(row, f"{row.package_id}-1-1")
    assert share is not None
    later = datetime.fromtimestamp(cast.NOW, UTC) + timedelta(hours=1)
    with pytest.raises(Refused, match="请填写接收人"):
        actions.hand_over(share, receiver="", receipt="", by=custodian, at=later)
    actions.hand_over(share, receiver="考点负责人", receipt="R-1", by=custodian, at=later)
    with pytest.raises(Refused, match="已经登记交接"):
        actions.hand_over(share, receiver="别人", receipt="R-2", by=custodian, at=later)
    assert queries.waiting_shares() == 3


def test_keep_the_keys_of_two_rehearsals_apart(vault: Province, tmp_path: Path, settings: Any) -> None:
    settings.DATA = tmp_path / "other"
    other = cast.found()
    lay_keys(other, settings.DATA)
    fill_bank(tmp_path)
    report = sealroom.seal_all([order(vault)], kids(other), tmp_path / "out", None, AT)
    assert report["sealed"] == []


def test_the_seal_stands_in_the_vaults_ledger_and_says_so_in_the_parcel(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    out = tmp_path / "out"
    for number in (1, 2):
        [row] = seal(vault, out, order(vault, number))["sealed"]
        found = checking.check((out / row["parcel"]).read_bytes(), vault.trust)
        assert found.seal is not None
        fields = proof.verify(found.seal, lambda note: seals.believe(note, vault.trust))
        assert (fields["type"], fields["obj"], fields["seq"]) == ("custody.sealed", f"package:{row['package_id']}", found.seal["size"] - 1)
        assert fields["body"]["manifest"] == found.manifest_hash
        assert "题库室台账第" in seals.check(found, vault.trust)


def test_a_seal_of_another_parcel_is_no_seal(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    out = tmp_path / "out"
    read = [seal(vault, out, order(vault, number))["sealed"][0]["parcel"] for number in (1, 2)]
    first, second = (checking.check((out / name).read_bytes(), vault.trust) for name in read)
    with pytest.raises(Rejected, match="不是这个密封包的"):
        seals.check(replace(first, seal=second.seal), vault.trust)


def test_nothing_is_sealed_without_a_ledger_key(vault: Province, tmp_path: Path) -> None:
    fill_bank(tmp_path)
    (settings.DATA / "keys" / f"{vault.signers['vault'].kid}.key").unlink()
    with pytest.raises(Refused, match="用途为 ledger"):
        seal(vault, tmp_path / "out", order(vault))
    assert not SealedPackage.objects.exists()
    assert not list((tmp_path / "out").iterdir())
