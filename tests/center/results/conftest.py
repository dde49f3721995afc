"""A city's month drawn for real, one of its sittings held and handed back: made once, every test begins there."""

import copy
import types

import pytest

from kaopei.center.allocation import actions as allocating
from kaopei.center.allocation import queries as allocation
from kaopei.center.applications import actions as intake
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from tests.center.allocation.city import BATCH, City
from tests.center.allocation.conftest import Play
from tests.center.results.stage import Held, lay
from tests.conftest import DATABASE, migrated, remake
from tests.people import FOSHAN, NOW


@pytest.fixture(scope="package")
def ground(django_db_setup, django_db_blocker, tmp_path_factory):
    """Committed, so that tests that roll back come back to it; afterwards the database is a fresh one again."""
    from django.conf import settings
    from django.db import connections

    data = tmp_path_factory.mktemp("month")
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setattr(settings, "DATA", data)
        patch.setattr(settings, "HOME", data / "center")
        with scope.entered("*"):
            world = lay(data)
        with scope.entered(FOSHAN):
            intake.confirm(intake.receive(City(practical=True).files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
            allocating.take_plan(BATCH, by=SYSTEM, at=NOW)
            Play(world.people).all()
            held = Held(world, fullest()).hand_back()
        yield types.SimpleNamespace(world=world, held=held, data=data)
        connections.close_all()
        remake(DATABASE, migrated())


@pytest.fixture
def world(ground, settings, db):
    """Keys, trust list, people, in the city's scope."""
    settings.DATA, settings.HOME = ground.data, ground.data / "center"
    with scope.entered(FOSHAN):
        yield ground.world


@pytest.fixture
def held(ground, world):
    """A sitting held and handed back, not scored yet."""
    fresh = copy.copy(ground.held)
    fresh.states, fresh.scores = dict(fresh.states), dict(fresh.scores)
    return fresh


@pytest.fixture
def another(world):
    """The next sitting: make it with `another()`."""
    return lambda: Held(world, fullest(1))


def fullest(more=0):
    """Sittings with first-time applicants and most of the others first: who sits where is chance."""

    def kinds(number):
        found = [one.kind for one in allocation.seated(number)]
        return min(4, found.count("initial")), len(found) - found.count("initial")

    rows = sorted(allocation.with_candidates(), key=lambda one: (kinds(one.number), one.number))
    return rows[-1 - more].number
