"""A pack taken in by the machine, decisions by the clerk."""

import pytest

from kaopei.center.applications import actions
from kaopei.office.accounts.roles import SYSTEM
from tests.center.packs import Pack
from tests.people import NOW, PEOPLE


@pytest.fixture
def take(province):
    """Take a pack in as the command does: receive and confirm."""

    def take(made: Pack, *, at=NOW, **options):
        return actions.confirm(actions.receive(made.files(options.pop("style", None)), by=SYSTEM, at=at, **options), by=SYSTEM, at=at)

    return take


@pytest.fixture
def clerk(province):
    return PEOPLE["clerk"].make()


@pytest.fixture
def held():
    """A pack whose first row is held."""
    made = Pack()
    row = made.apply(0)
    row["性别"] = "女" if row["性别"] == "男" else "男"
    return made
