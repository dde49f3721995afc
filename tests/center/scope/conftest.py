"""The month of the results' tests, and everything that a page can name; made once."""

import copy
from types import SimpleNamespace

import pytest
from django.test import Client

from kaopei.office import clock, scope
from kaopei.office.accounts import roles
from kaopei.office.accounts.models import RoleAssignment, User
from tests.center.results.conftest import ground  # noqa: F401 (fixture)
from tests.center.scope import objects
from tests.people import FOSHAN, GUANGZHOU, NOW, PEOPLE

PLACES = {"own": FOSHAN, "foreign": GUANGZHOU}


class Matrix:
    """Log-ins by role and place, the addresses with what they name, the marks of the own city."""

    def __init__(self, held):
        objects.deepen(held)
        self.addresses = [(one, f"/{path_of(one)}") for one in objects.addresses()]
        self.marks = objects.marks()
        self.people = {}
        for role in roles.catalogue().roles:
            if role == roles.SYSTEM_ROLE:
                continue
            for place, city in PLACES.items():
                institution = PEOPLE["institution"].institution if role in ("institution", "teacher") and place == "own" else ""
                user = User.objects.create(username=f"m-{place}-{role}".replace("_", "-")[:32], name="某", city=city, institution=institution)
                RoleAssignment.objects.create(user=user, role=role, given_at=NOW, given_by="system")
                self.people[role, place] = user
        self._clients = {}

    def client(self, role, place):
        if (role, place) not in self._clients:
            made = Client(raise_request_exception=False)
            if role:
                made.force_login(self.people[role, place])
                session = made.session
                session["proved"] = session["since"] = clock.machine()
                session.save()
            self._clients[role, place] = made
        return self._clients[role, place]


def path_of(one):
    """The address with the values that its parameters have."""
    path = one.route.lstrip("^")
    for name, value in objects.values(one).items():
        start = path.index(f":{name}>") if f":{name}>" in path else path.index(f"<{name}>")
        begin = path.rindex("<", 0, start + 1)
        path = f"{path[:begin]}{value}{path[path.index('>', begin) + 1 :]}"
    return path


@pytest.fixture(scope="package")
def matrix(ground, django_db_blocker):  # noqa: F811
    """Committed into the ground's database, which is thrown away with it."""
    from django.test import override_settings

    with django_db_blocker.unblock(), override_settings(DATA=ground.data, HOME=ground.data / "center"), scope.entered(FOSHAN):
        yield Matrix(copy.copy(ground.held))


@pytest.fixture
def month(matrix, ground, settings, db):  # noqa: F811
    settings.DATA, settings.HOME = ground.data, ground.data / "center"
    matrix._clients.clear()  # their sessions went with the test before
    return SimpleNamespace(matrix=matrix, ground=ground)
