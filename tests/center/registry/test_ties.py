"""Who counts as one."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from kaopei.center.registry.ties import components, in_force

DAY = date(2026, 12, 7)


@dataclass
class Tied:
    one_code: str
    other_code: str
    kind: str = "控股"
    share: Decimal | None = None
    from_day: date | None = date(2020, 1, 1)
    to_day: date | None = None


@pytest.mark.parametrize(
    ("tie", "holds"),
    [
        (Tied("A", "B", "参股", Decimal("4.99")), False),
        (Tied("A", "B", "参股", Decimal(5)), True),
        (Tied("A", "B", "参股", None), True),
        (Tied("A", "B", "控股", Decimal(3)), True),
        (Tied("A", "B", "同一电话"), True),
        (Tied("A", "B", from_day=DAY, to_day=DAY), True),
        (Tied("A", "B", to_day=date(2026, 12, 6)), False),
        (Tied("A", "B", from_day=date(2026, 12, 8)), False),
        (Tied("A", "B", from_day=None), True),
    ],
)
def test_tie_holds_on_its_days_unless_a_small_holding(tie, holds):
    assert in_force(tie, DAY) is holds


def test_chain_of_ties_is_one_component_with_its_smallest_code():
    found = components([Tied("C", "B"), Tied("B", "D"), Tied("X", "Y")], {}, ["A", "D", "C"], DAY)
    assert found == {"A": "A", "B": "B", "C": "B", "D": "B", "X": "X", "Y": "X"}


def test_order_of_the_list_does_not_matter():
    ties = [Tied("C", "B"), Tied("D", "C"), Tied("E", "A"), Tied("A", "D")]
    assert components(ties, {}, [], DAY) == components(ties[::-1], {}, [], DAY) == dict.fromkeys("ABCDE", "A")


def test_site_is_of_its_host_and_a_public_base_stands_for_itself():
    hosts = {"440601": "", "440602": "", "440605": "H"}
    found = components([Tied("P", "440602"), Tied("440605", "Q")], hosts, ["P", "Q"], DAY)
    assert found["440601"] == "440601"
    assert found["440602"] == found["P"] == "440602"
    assert found["440605"] == found["H"] == found["Q"] == "H"
