"""The paper: every character that names have is printed, the seal holds, a rehearsal says so, the code says what was signed."""

from datetime import datetime
from types import SimpleNamespace

import pypdf
import pytest

from kaopei.center.certificates import printing
from kaopei.parcel import certificate, roster
from kaopei.parcel.rejected import Rejected
from tests.parcel import cast
from tests.people import CHINA

AT = datetime(2026, 12, 20, 9, 0, tzinfo=CHINA)
RARE = "欧阳㛃䶮𬭎堃𠮷·买买提"


@pytest.fixture
def signed(own_data):
    """A signed certificate of somebody with a rare name, under a rehearsal's trust list."""
    p, row = cast.found(), cast.row(1)
    (own_data / "trust.json").write_bytes(p.data)
    (own_data / "root.txt").write_text(p.root)
    facts = {
        **p.trust.frame(cast.NOW), "cert_id": "01K9ZZZZZZZZZZZZZZZZZZZZZZ", "number": "440600-2026-000123", "name": RARE, "id_last4": "123X",
        "id_commit": row["id_commit"], "subject": "低压电工作业", "category": "电工作业", "kind": "延期换证", "issued_on": "2026-12-20",
        "valid_from": "2026-12-20", "valid_to": "2032-12-19", "review_by": "2029-12-19", "outcomes_digest": "2" * 64,
        "roster_leaf": roster.leaf(row), "event": {"origin": "center.粤演练/2026", "seq": 7}, "previous": None,
    }  # fmt: skip
    return SimpleNamespace(p=p, facts=facts, data=certificate.sign(facts, p.signers["issuer"]))


def page(signed, **changed):
    return printing.sheet({**signed.facts, **changed}, signed.data, city="440600", notes=["原证书有效期未知"], at=AT)


def text(pdf, folder):
    path = folder / "page.pdf"
    path.write_bytes(pdf)
    return "".join(pypdf.PdfReader(path).pages[0].extract_text().split())


def test_rare_characters_days_and_an_unknown_earlier_one_are_printed(signed, own_data):
    found = text(page(signed), own_data)
    for part in (RARE, "440600-2026-000123", "123X", "2026年12月20日至2032年12月19日", "2029年12月19日", "本系统未查到", "佛山市应急管理局", "第7条"):
        assert part in found, (part, found)


def test_a_known_earlier_one_is_named(signed, own_data):
    found = text(page(signed, previous="440600-2023-000009"), own_data)
    assert "440600-2023-000009" in found and "未查到" not in found


def test_a_rehearsal_stands_on_the_paper_and_only_a_rehearsal(signed, own_data):
    assert "演练样张" in text(page(signed), own_data)
    (own_data / "trust.json").unlink()
    assert "演练" not in text(page(signed, event={"origin": "center.gd/2026", "seq": 7}), own_data)


def test_the_same_facts_give_the_same_bytes(signed):
    assert page(signed) == page(signed)


def test_any_changed_bit_of_the_sealed_paper_is_found(signed):
    issuer = signed.p.signers["issuer"]
    sealed = certificate.seal_pdf(page(signed), signed.data, issuer, signed.p.trust, at=cast.NOW)
    assert certificate.check_pdf(sealed, signed.p.trust) == signed.facts
    for place in range(5, len(sealed), len(sealed) // 150):
        spoiled = bytearray(sealed)
        spoiled[place] ^= 1
        with pytest.raises(Rejected):
            certificate.check_pdf(bytes(spoiled), signed.p.trust)


def test_the_code_fits_one_that_a_telephone_reads(signed):
    """Version 25 or so at 66 mm: a point of half a millimetre."""
    svg = printing.code(signed.data)
    size = int(svg.split('viewBox="0 0 ')[1].split()[0])
    assert 66 / size >= 0.45
