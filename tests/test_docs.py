"""The pages under docs/ that are made from the code are current, and name everything there is."""

import ast
import re
from pathlib import Path

import pytest

from kaopei.office import docs
from kaopei.office.environment import VARIABLES

ROOT = Path(__file__).resolve().parent.parent
NAMES = re.compile(r"^(KAOPEI|APP|CHROMIUM|(VAULT_)?DATABASE)_?[A-Z_]*$")


@pytest.mark.parametrize("name", docs.pages())
def test_page_is_current(name):
    there = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert there == docs.pages()[name], "run: python -m kaopei.office.docs"


def used():
    """Every name that the programs ask the environment for."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "kaopei").rglob("*.py"))]
    for text in texts:
        if "environ" not in text and "getenv" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            asked = ""
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv") and node.args:
                asked = getattr(node.args[0], "value", "")
            elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
                asked = getattr(node.slice, "value", "")
            if isinstance(asked, str) and NAMES.match(asked):
                yield asked


def test_every_variable_is_documented():
    names = set(used())
    assert names <= set(VARIABLES) and "KAOPEI_DATA" in names


def test_every_state_has_a_way_to_it():
    """All but the first state are reached by some way."""
    for machine in docs.machines():
        first = next(iter(machine.states))
        reached = {way[1] for way in machine.ways}
        assert set(machine.states) - reached <= {first}, f"{machine.place}: {machine.model}"
