"""Separation of duties: refused when a role is given, and again at each act."""

from itertools import combinations

import pytest

from kaopei.office.accounts import actions, roles
from kaopei.office.accounts.models import RoleAssignment
from kaopei.office.accounts.roles import SYSTEM, conflicts, judge
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused
from tests.people import CAST, NOW, PEOPLE, Person

PAIRS = sorted(tuple(sorted(pair)) for pair in roles.catalogue().forbidden)
DRAW = ["draw_announcer", "draw_freezer", "draw_party", "draw_escrow", "draw_verifier"]


class Holder:
    """Somebody with just these roles."""

    username, city = "x", "*"

    def __init__(self, *held):
        self._held = frozenset(held)

    def held(self):
        return self._held


def test_there_are_at_least_sixty_forbidden_pairs():
    assert len(PAIRS) >= 60


def test_parties_of_a_draw_exclude_each_other():
    for pair in combinations(DRAW, 2):
        assert conflicts(pair), pair


def test_institution_holds_no_exam_role():
    for role in ("invigilator", "clerk", "examiner", "custodian"):
        assert conflicts(["institution", role])[0][2].clause == "N2.4.7"


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.django_db
def test_pair_is_refused_on_assignment(pair, province):
    user = Person("someone", "某人", (pair[0],)).make()
    with pytest.raises(Refused) as refused:
        actions.assign(user, pair[1], by=SYSTEM, at=NOW)
    assert refused.value.verdict.code == "separation"
    assert not user.assignments.filter(role=pair[1]).exists()


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_pair_is_refused_on_every_act(pair):
    """Also if somebody wrote the second role past the actions."""
    both = Holder(*pair)
    for act, holders in roles.catalogue().acts.items():
        if holders & both.held():
            assert judge(both, act).code == "separation", act


@pytest.mark.django_db
def test_forbidden_pair_at_creation_makes_nobody(province):
    with pytest.raises(Refused):
        Person("both", "两任", ("clerk", "draw_freezer")).make()
    assert not RoleAssignment.objects.filter(user__username="both").exists()


@records("accounts.assigned", act="allocation.freeze")
def freeze_something(obj, *, by, at):
    event(obj=obj, role="draw_freezer")


@records("accounts.assigned", act="allocation.verify")
def verify_something(obj, *, by, at):
    event(obj=obj, role="draw_verifier")


@pytest.mark.django_db
def test_one_thing_is_not_handled_under_two_excluding_roles_one_after_the_other(province):
    user = Person("turncoat", "换岗", ("draw_freezer",)).make()
    freeze_something("draw:1", by=user, at=NOW)
    actions.unassign(user, "draw_freezer", by=SYSTEM, at=NOW)
    actions.assign(user, "draw_verifier", by=SYSTEM, at=NOW)
    verify_something("draw:2", by=user, at=NOW)
    with pytest.raises(Refused, match="抽签冻结人"):
        verify_something("draw:1", by=user, at=NOW)


@pytest.mark.django_db
def test_act_of_another_role_is_refused_and_names_who_does_it(province):
    with pytest.raises(Refused, match="抽签冻结人"):
        freeze_something("draw:1", by=PEOPLE["clerk"].make(), at=NOW)


def test_other_city_is_refused():
    clerk = Holder("clerk")
    clerk.city = "440100"
    assert judge(clerk, "applications.intake", "440100").allowed
    assert judge(clerk, "applications.intake", "440600").code == "city"


def test_unknown_act_is_a_fault_of_the_program():
    with pytest.raises(ValueError, match="没有操作"):
        judge(Holder("clerk"), "applications.intkae")


def test_cast_has_no_forbidden_pair():
    for person in CAST:
        assert not conflicts(person.roles), person.username
