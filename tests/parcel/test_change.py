"""变更单: what a newer seating may change after the opening: one more person, or the list of devices, and nothing else."""

import copy

import pytest

from kaopei.parcel import seating
from kaopei.parcel.rejected import Rejected

ROW = {"kid": None, "name": "马晓", "role": "invigilator", "pin_verifier": "x"}
BEFORE = {
    "sitting_id": "S", "rev": 3, "prev_hash": "1" * 64, "site_code": "440601", "exam": {}, "roster": [{"attempt": "A"}], "staff": [ROW],
    "baseline": {"rev": 4, "devices": []}, "numbers": {}, "trust_chain": ["old"], "_hash": "2" * 64, "_body_hash": "3" * 64,
}  # fmt: skip


def after(kind="staff", **more):
    body = {name: copy.deepcopy(value) for name, value in BEFORE.items() if not name.startswith("_")}
    body |= {"rev": 4, "prev_hash": "2" * 64, "trust_chain": ["old", "new"], "change": {"kind": kind, "reason": "监考人员突发疾病，加派一人"}}
    body |= {"staff": [ROW, ROW | {"name": "何新"}]} if kind == "staff" else {"baseline": {"rev": 5, "devices": []}}
    return body | more


@pytest.mark.parametrize("kind", ["staff", "devices"])
def test_one_more_person_or_a_newer_list_of_devices(kind):
    assert seating.change(BEFORE, after(kind)) == kind


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({name: value for name, value in after().items() if name != "change"}, "frozen"),
        (after(rev=5), "base"),
        (after(prev_hash="9" * 64), "base"),
        (after(roster=[]), "change"),
        (after(baseline={"rev": 5, "devices": []}), "change"),
        (after(staff=[ROW]), "change"),
        (after(staff=[ROW, ROW]), "change"),
        (after(staff=[ROW | {"role": "head"}, ROW | {"name": "何新"}]), "change"),
        (after(staff=[ROW, ROW | {"name": "何新"}, ROW | {"name": "周易"}]), "change"),
        (after("devices", baseline={"rev": 4, "devices": []}), "change"),
        (after(more={}), "change"),
    ],
)
def test_everything_else_is_refused(body, code):
    with pytest.raises(Rejected) as problem:
        seating.change(BEFORE, body)
    assert problem.value.code == code
