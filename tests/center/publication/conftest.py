"""A city's month taken in, with sittings: enough to publish a register and a calendar."""

import pytest

from kaopei.center.allocation import actions as allocation
from kaopei.center.applications import actions as intake
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from tests.center.allocation.city import BATCH, City
from tests.people import FOSHAN, NOW, PEOPLE


@pytest.fixture
def city():
    return City()


@pytest.fixture
def clerk(db):
    return PEOPLE["clerk"].make()


@pytest.fixture
def register(db, city):
    """Institutions, sites and sittings of 佛山, in its scope."""
    with scope.entered(FOSHAN):
        intake.confirm(intake.receive(city.files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
        allocation.take_plan(BATCH, by=SYSTEM, at=NOW)
        yield city
