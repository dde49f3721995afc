"""Proofs of training: one in all its forms, changed nowhere; their list never passes for the certificates'."""

import pytest

from kaopei.parcel import status, training
from kaopei.parcel.rejected import Rejected
from tests.parcel.cast import NOW, found

FACTS = {
    "proof_id": "01K0000000000000000000000A", "number": "440600-2026-证-000001", "name": "陈志强", "id_last4": "123X",
    "institution": "佛山市某培训学校", "institution_code": "91440604MA5W1TDK60", "study_class": "4406-2026-P001",
    "operation": "低压电工作业", "kind": "初训", "hours": 148,
    "needed": "148", "first_day": "2026-11-01", "last_day": "2026-11-28", "issued_on": "2026-11-30",
}  # fmt: skip


def test_a_proof_is_one_in_both_forms():
    p = found()
    facts = {**p.trust.frame(NOW), **FACTS}
    signed = training.sign(facts, p.signers["center"])
    text = training.qr_text(signed).encode()
    for data in (signed, text, text + b"\n"):
        assert training.read_any(data, p.trust) == (facts, signed)
    for bad in (b"%PDF-1.7", text[:-4], text.replace(b"KT1:", b"KP1:"), signed[:-1], b"KT1:\xff"):
        with pytest.raises(Rejected):
            training.read_any(bad, p.trust)


@pytest.mark.parametrize("signer", ["issuer", "status", "clerk"])
def test_only_the_center_signs(signer):
    p = found()
    with pytest.raises(Rejected):
        training.read_any(training.sign({**p.trust.frame(NOW), **FACTS}, p.signers[signer]), p.trust)


def test_the_lists_of_proofs_and_certificates_are_two():
    p = found()
    gone = {"cert_id": FACTS["proof_id"], "status": "revoked", "since": NOW}
    data = status.sign(p.trust, p.signers["status"], [gone], at=NOW, number=1, next_update=NOW + 9, kind="training_status")
    assert status.judge(status.read(data, p.trust, kind="training_status"), FACTS["proof_id"], NOW) == "revoked"
    with pytest.raises(Rejected):
        status.read(data, p.trust)
