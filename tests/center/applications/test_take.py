"""One pack, one transaction, and never twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from kaopei.center import commands
from kaopei.center.applications import actions, filing, queries
from kaopei.center.applications.models import Application, Batch, Intake, Row, Workbook
from kaopei.center.registry import queries as registry
from kaopei.center.registry.models import Institution
from kaopei.center.training.queries import syllabus as training
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from kaopei.office.personal import blind_index
from tests.center.applications.test_judge import dirty
from tests.center.packs import Pack, Style
from tests.people import NOW

pytestmark = pytest.mark.django_db
TABLES = (Batch, Intake, Workbook, Row, Application, Institution)


def state():
    """Everything that an intake could have changed."""
    return [list(model.objects.order_by("pk").values()) for model in TABLES] + [Event.objects.count()]


def test_every_row_becomes_a_record_with_its_verdict(take):
    made, expected = dirty()
    taken = take(made)
    assert [(row.decision, row.code) for row in queries.rows(taken)] == expected
    assert [(row.decision) for row in Application.objects.order_by("pk")] == [decision for decision, _ in expected]
    assert taken.number == "440600-2026-12-1" and taken.counts["rows"] == 18 and taken.counts["hold"] == 1


def test_accepted_applications_go_forward_and_held_ones_wait(take):
    made, expected = dirty()
    take(made)
    accepted = queries.accepted("440600-2026-12")
    assert len(accepted) == sum(decision == "accept" for decision, _ in expected)
    assert len({one.pseudonym for one in accepted}) == len(accepted) and all(len(one.pseudonym) == 16 for one in accepted)
    assert queries.undecided("440600-2026-12") == 1


@pytest.mark.parametrize(("written", "kind"), [("初次取证", "initial"), ("复审", "review"), ("延期换证", "renewal"), ("不明", "")])
def test_kind_is_stored_as_later_steps_read_it(take, written, kind):
    made = Pack()
    made.apply(0, 申请类型=written)
    take(made)
    assert Application.objects.get(serial="1").kind == kind


def test_register_syllabus_and_plan_are_filled(take):
    take(Pack())
    day = queries.batch("440600-2026-12").first_day
    assert [site.number for site in registry.sites("440600", day)] == ["440601", "440602", "440603"]
    assert len(registry.institutions("440600", day)) == 4
    assert training.hours("440600", day).count() == 5
    assert len(queries.plan_rows("440600-2026-12")) == 12


@pytest.mark.parametrize("style", [Style(), Style(titles=2, blank=1, extra=True, shuffled=8, sheet="另存")])
def test_same_pack_again_changes_nothing(take, style):
    made, _ = dirty()
    first = queries.verdict_rows(take(made))
    before = state()
    again = take(made, style=style)
    assert state() == before
    assert queries.verdict_rows(again) == first


def test_one_event_for_each_list_and_none_with_personal_data(take):
    made, _ = dirty()
    take(made)
    events = {event.code: event for event in Event.objects.all()}
    assert set(events) == {"applications.received", "applications.confirmed", "registry.taken", "training.hours_entered"}
    assert events["applications.received"].facts["counts"]["rows"] == 18
    text = str([event.facts for event in events.values()])
    for row in made.sheets["学员报名"]:
        assert str(row["身份证号码"]) not in text and (not row["姓名"] or row["姓名"] not in text)


def test_personal_data_is_not_readable_in_the_database(take):
    made = Pack()
    take(made)
    with connection.cursor() as cursor:
        for table in ("applications_row", "applications_application", "applications_workbook"):
            cursor.execute(f"SELECT string_agg(t::text, '') FROM {table} t")  # noqa: S608
            text = cursor.fetchone()[0]
            for row in made.sheets["学员报名"]:
                for value in (row["身份证号码"], row["姓名"], row["手机号"]):
                    assert value not in text and value.encode().hex() not in text


def test_person_is_found_again_by_index_only(take):
    made = Pack()
    take(made)
    number = made.sheets["学员报名"][0]["身份证号码"]
    assert Application.objects.get(person=blind_index(number.lower(), "person").hex()).serial == "1"


def test_failure_in_the_middle_leaves_nothing(province, monkeypatch):
    before = state()

    def fail(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(filing, "apply", fail)
    with pytest.raises(RuntimeError):
        commands._take(commands_pack(Pack()))
    assert state() == before


def commands_pack(made):
    from kaopei.center.applications.pack import open_delivery

    return open_delivery(made.files())


KILLED = """
import os, signal, sys
import django; django.setup()
from pathlib import Path
from kaopei.center import commands
from kaopei.center.applications import filing, pack
close = filing.close
def cut(*args):
    close(*args)
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM applications_application")
        print(cursor.fetchone()[0], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
filing.close = cut
commands._take(pack.open_delivery(pack.collect(Path(sys.argv[1]))))
"""


@pytest.mark.django_db(transaction=True)
def test_killed_process_leaves_nothing(tmp_path):
    folder = Pack().lay(tmp_path / "in")
    with scope.entered(scope.PROVINCE):
        before = state()
    root = Path(commands.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (-signal.SIGKILL, "12"), done.stderr
    with scope.entered(scope.PROVINCE):
        assert state() == before
        assert actions.confirm(actions.receive(Pack().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW).counts["rows"] == 12


def test_rehearsal_gives_the_same_pseudonyms_again(take, own_data, settings):
    from kaopei.center.applications.pseudonyms import pseudonym
    from tests.people import lay_trust

    (own_data / "rehearsal.json").write_text('{"seed": "ab12"}')
    chance = {pseudonym("440600-2026-12", "1") for _ in range(3)}
    assert len(chance) == 3, "without a rehearsal's trust list the seed is not looked at"
    lay_trust(own_data)
    first = {pseudonym("440600-2026-12", "1") for _ in range(3)}
    assert len(first) == 1 and pseudonym("440600-2026-12", "2") not in first and pseudonym("440600-2027-01", "1") not in first


def test_another_citys_rows_are_out_of_sight(take):
    take(Pack())
    take(Pack("441900"))
    with scope.entered("441900"):
        assert [batch.number for batch in queries.batches()] == ["441900-2026-12"]
        assert {row.city for row in Row.objects.all()} == {"441900"}
    with scope.entered(""):
        assert state()[:-1] == [[] for _ in TABLES]
