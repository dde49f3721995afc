"""Two clerks on one record at the same moment: one wins, the other is told and nothing of his is half done."""

import threading
from datetime import date

import pytest
from django.db import connection

from kaopei.center.registry import actions, queries
from kaopei.center.registry.models import Registration, SiteRecord, WrittenReport
from kaopei.office import scope
from kaopei.office.audit.models import Event
from kaopei.office.refused import Refused
from tests.center.registry.conftest import report, verify
from tests.people import NOW, PEOPLE, Person

pytestmark = pytest.mark.django_db(transaction=True)
CITY = "440600"


def at_once(*acts):
    """Run each in a thread of its own with a connection of its own, let go together; gives what each got or was told."""
    told, gate = [None] * len(acts), threading.Barrier(len(acts))

    def run(place, act):
        try:
            with scope.entered(CITY):
                gate.wait(20)
                told[place] = act()
        except Refused as problem:
            told[place] = problem.verdict
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told


def test_one_decision_of_two_and_one_change_of_two_count():
    with scope.entered(scope.PROVINCE):
        clerks = [PEOPLE["clerk"].make(), Person("clerk2", "叶青", ("clerk",)).make()]
        asker = Person("clerk3", "董三", ("clerk",)).make()
        row = report(asker)
        returned = lambda: actions.return_report(row.number, reasons="缺场所证明，请补正后再报", revision=0, by=clerks[1], at=NOW)  # noqa: E731
        told = at_once(lambda: verify(row, clerks[0]), returned)
        refused = [one for one in told if not isinstance(one, WrittenReport)]
        assert len(refused) == 1 and refused[0].code in ("changed_meanwhile", "decided_already"), told
        won = WrittenReport.objects.get()
        assert won.status in ("registered", "returned") and won.revision == 1
        assert Registration.objects.count() == (won.status == "registered")
        assert Event.objects.filter(code__regex=r"registry\.(registered|returned)$").count() == 1
        _site_changed_by_two(clerks)


def _site_changed_by_two(clerks):
    from kaopei.center.registry import planning
    from tests.center.packs import LOW

    plan = planning.SitePlan("440690", "公共基地", "public", "", "禅城区", 60, date(2026, 11, 1), theory=(LOW,))
    actions.accept_site(plan, city=CITY, asked_by="clerk", by=PEOPLE["approver"].make(), at=NOW)
    shared = {"theory": [LOW], "practical": [], "revision": 0, "day": date(2026, 12, 1), "city": CITY, "at": NOW}
    told = at_once(*(lambda by=by, seats=seats: actions.amend_site("440690", {"theory_seats": seats}, by=by, **shared)
                     for by, seats in zip(clerks, (70, 80), strict=True)))  # fmt: skip
    refused = [one for one in told if getattr(one, "code", "")]
    assert len(refused) == 1 and "另一人" in refused[0].text, told
    assert queries.site(CITY, "440690", date(2026, 12, 1)).theory_seats in (70, 80)
    assert SiteRecord.objects.count() == 2, "the facts before, and the winner's"


def test_two_reports_of_one_body_at_once_are_one():
    with scope.entered(scope.PROVINCE):
        clerks = [PEOPLE["clerk"].make(), Person("clerk2", "叶青", ("clerk",)).make()]
        told = at_once(*(lambda by=by, road=road: report(by, address=road) for by, road in zip(clerks, ("甲路", "乙路"), strict=True)))
        assert sum(isinstance(one, WrittenReport) for one in told) == 1 and WrittenReport.objects.count() == 1, told
