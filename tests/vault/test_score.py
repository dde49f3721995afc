"""Scoring what a site handed back, and tracing a photo."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from kaopei.paper import codec
from kaopei.paper.item import LETTERS
from kaopei.parcel import key_release, key_share, outcomes, return_parcel, shares
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.vault.custody import queries, sealroom
from kaopei.vault.custody.models import Scoring, SealedPackage
from kaopei.vault.custody.scoring import CannotScore
from kaopei.vault.custody.tracing import BadSighting, trace
from tests.parcel.cast import NOW, Province
from tests.vault.sealing import AT, fill_bank, kids, order
from tests.vault.workbooks import SUBJECT

pytestmark = pytest.mark.django_db
Answers = Mapping[str, Mapping[str, str]]


@pytest.fixture
def sealed(vault: Province, tmp_path: Path) -> SealedPackage:
    fill_bank(tmp_path)
    sealroom.seal_all([order(vault)], kids(vault), tmp_path / "out", "00ff", AT)
    return SealedPackage.objects.get()


def handed_back(vault: Province, row: SealedPackage, folder: Path, answers: bytes, **changes: Any) -> Path:
    """A return parcel as the site makes it."""
    parcel = Parcel((folder / "out" / f"{row.package_id}.xpk").read_bytes(), vault.trust)
    file = (folder / "out" / f"{row.package_id}-B.share").read_bytes()
    share = key_share.take(key_share.read(file, vault.trust), vault.trust.algorithms, *vault.openers["key_service_decrypt"])
    released = vault.approvals("key.release", row.package_id, parcel.manifest_hash)
    challenge = shares.challenge("012345678901")
    token = key_release.make(
        vault.trust, parcel, vault.edge, share, released, vault.signers["key_service"], at=NOW, stage=1,
        challenge=challenge, log_seq=1,
    )  # fmt: skip
    fields = {
        "at": NOW, "bundle_id": "RB-1", "rev": 1, "prev_hash": None, "sitting_id": row.sitting_id, "package_id": row.package_id,
        "manifest_hash": row.manifest_hash, "tokens": [json.loads(token)], "counts": {"present": 3},
        "ledger": {"origin": "edge/1", "from": 0, "size": 1, "root": "0" * 64, "checkpoint": ""},
    }  # fmt: skip
    draft = return_parcel.draft(vault.trust, vault.edge, {"answers": answers, "attempts": b"[]"}, **(fields | changes))
    signers = [Signer(vault.edge_sign), vault.signers["head"], vault.signers["patrol"]]
    path = folder / "back.xrb"
    path.write_bytes(return_parcel.finish(*draft, signers))
    return path


def as_blob(answers: Answers) -> bytes:
    rows = [{"attempt": attempt, "answers": dict(given), "count": 3} for attempt, given in answers.items()]
    return codec.canonical({"attempts": rows})


def right(row: SealedPackage, attempt: str) -> dict[str, str]:
    """What a candidate who knows everything chooses, as he sees it."""
    papers = queries.papers(row)
    keys = papers.keys()
    return {
        str(ordinal): "".join(sorted(LETTERS[place["options"].index(option)] for option in keys[place["item"]]))
        for ordinal, place in enumerate(papers.form(attempt)["items"], 1)
    }


@pytest.fixture
def score(vault: Province, sealed: SealedPackage, tmp_path: Path) -> Callable[..., int]:
    def run(answers: bytes | Answers, reason: str = "", **changes: Any) -> int:
        blob = answers if isinstance(answers, bytes) else as_blob(answers)
        path = handed_back(vault, sealed, tmp_path, blob, **changes)
        return sealroom.score_one(path.read_bytes(), kids(vault), tmp_path / "outcomes.xoc", reason, AT)

    return run


def test_score_each_attempt_by_what_he_saw(vault: Province, sealed: SealedPackage, score: Callable[..., int], tmp_path: Path) -> None:
    half = dict(list(right(sealed, "K00002").items())[:5])
    assert score({"K00001": right(sealed, "K00001"), "K00002": half, "K00004": right(sealed, "K00001"), "K00005": {}}) == 4
    payload, body = outcomes.open((tmp_path / "outcomes.xoc").read_bytes(), vault.trust, *vault.openers["city_import"])
    assert (payload["package_id"], payload["rev"], payload["bundle_id"]) == (sealed.package_id, 1, "RB-1")
    found = {row["attempt"]: row for row in body["results"]}
    assert {row["subject"] for row in body["results"]} == {SUBJECT}
    assert (found["K00001"]["score"], found["K00001"]["max_score"], found["K00001"]["answered"]) == (20, 20, 20)
    assert (found["K00002"]["score"], found["K00002"]["answered"]) == (5, 5)
    assert found["K00004"]["score"] < 20
    assert (found["K00005"]["score"], found["K00005"]["answered"]) == (0, 0)
    assert found["K00002"]["detail"]["points"] == [1] * 5 + [0] * 15
    assert len({row["digest"] for row in body["form_digests"]}) == 4
    assert Event.objects.get(code="custody.scored").facts["attempts"] == 4


def test_score_again_with_a_reason_only(vault: Province, sealed: SealedPackage, score: Callable[..., int], tmp_path: Path) -> None:
    score({"K00001": {}})
    first = (tmp_path / "outcomes.xoc").read_bytes()
    with pytest.raises(Refused, match="请用 --reason 写明原因"):
        score({"K00001": {}})
    score({"K00001": {}}, "申诉：核对第3题")
    payload, _ = outcomes.open((tmp_path / "outcomes.xoc").read_bytes(), vault.trust, *vault.openers["city_import"])
    assert (payload["rev"], payload["reason"]) == (2, "申诉：核对第3题")
    assert payload["prev_hash"] == vault.trust.algorithms.hash(first).hex()
    assert list(Scoring.objects.order_by("rev").values_list("rev", flat=True)) == [1, 2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"package_id": "019afb5d-0000-7000-8000-000000000000"}, "不是本题库室密封的"),
        ({"manifest_hash": "0" * 64}, "清单或场次不符"),
        ({"sitting_id": "440601-1207-99"}, "清单或场次不符"),
    ],
)
def test_refuse_what_belongs_elsewhere(score: Callable[..., int], changes: dict[str, str], said: str) -> None:
    with pytest.raises(CannotScore, match=said):
        score({"K00001": {}}, **changes)
    assert not Scoring.objects.exists()


def test_refuse_strangers_and_unreadable_answers(score: Callable[..., int]) -> None:
    with pytest.raises(CannotScore, match="应考号 X1 不在密封包中（共 2 个）"):
        score({"K00001": {}, "X1": {}, "X2": {}})
    with pytest.raises(codec.BadBlob):
        score(b"[]")
    with pytest.raises(codec.BadBlob):
        score({"K00001": {"1": "a"}})


def test_refuse_a_spoiled_parcel(vault: Province, sealed: SealedPackage, tmp_path: Path) -> None:
    spoiled = bytearray(handed_back(vault, sealed, tmp_path, as_blob({"K00001": {}})).read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    with pytest.raises(Rejected):
        sealroom.score_one(bytes(spoiled), kids(vault), tmp_path / "o", "", AT)
    assert not (tmp_path / "o").exists()


def test_lead_a_photo_back_to_attempts(sealed: SealedPackage) -> None:
    papers = queries.papers(sealed)
    form = papers.form("K00006")
    numbers = {blob: item.number for paper in papers.papers.values() for item, blob in zip(paper.items, papers.ids(paper), strict=True)}
    lines = [
        f"{numbers[place['item']]}:{ordinal}:{''.join(place['options']).upper()}"
        for ordinal, place in enumerate(form["items"], 1)
        if place["options"][0] not in "tf"
    ]
    assert trace(papers, lines[:2]) == ["K00006"]
    number = lines[0].split(":")[0]
    assert len(trace(papers, [f"{number}:0:"])) == 9
    for wrong, said in [("QZ-0001", "不是 题号:第几题:选项次序"), ("无:1:ABCD", "没有试题 无")]:
        with pytest.raises(BadSighting, match=said):
            trace(papers, [wrong])
