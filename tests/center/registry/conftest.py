"""What tests of the register share."""

from datetime import date

import pytest

from kaopei.center.applications import actions as intake
from kaopei.center.registry import actions
from kaopei.center.registry.reporting import Upload
from kaopei.office.accounts.roles import SYSTEM
from tests.center.packs import HIGH, LOW, Pack, credit_code
from tests.people import NOW, PEOPLE, Person

PDF = Upload("盖章报告.pdf", b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF\n")
NEW_CODE = credit_code("440600", 77)


@pytest.fixture
def people(province):
    """clerk, clerk2, approver, institution (a new one without registration), by the name of the role."""
    made = {name: PEOPLE[name].make() for name in ("clerk", "approver", "clerk_gz")}
    made["clerk2"] = Person("clerk2", "叶青", ("clerk",)).make()
    made["institution"] = Person("new-inst", "简直", ("institution",), institution=NEW_CODE).make()
    return made


@pytest.fixture
def register(people):
    """A city's register as its lists give it; the people beside it."""
    intake.confirm(intake.receive(Pack().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
    return Pack()


def report(by, kind="first", *, code=NEW_CODE, files=(PDF,), at=NOW, changed_on=date(2026, 11, 20), **said):
    """Hand a report in."""
    if kind == "first":
        said = {"name": "新安培训中心", "address": "新路1号", "phone": "0757-86660000", "kind": "institution", "scope": [LOW, HIGH]} | said
    return actions.submit(kind, code, said, files=files, city="440600", changed_on=changed_on, by=by, at=at)


def verify(row, by, *, day=date(2026, 11, 24), at=NOW, revision=None):
    """Register it."""
    return actions.verify(
        row.number, checked=["papers", "code"], reasons="材料齐全，与营业执照一致", revision=row.revision if revision is None else revision,
        from_day=day, by=by, at=at,
    )  # fmt: skip
