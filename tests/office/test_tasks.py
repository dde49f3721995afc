"""Long work: done once, seen while it runs, cancelled, taken up again after a death."""

import pytest

from kaopei.law.verdict import refuse
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from kaopei.office.tasks import actions, queries, registry
from kaopei.office.tasks.models import Job
from kaopei.office.tasks.worker import TRIES, Worker
from tests.people import FOSHAN, NOW, PEOPLE, log_in

pytestmark = pytest.mark.django_db(transaction=True)


@registry.task("test.count", "数数")
def count(progress, *, by, at, to, fail="", cancel=False):
    """Makes a person and counts; may fail or be cancelled half way."""
    PEOPLE["inspector"].make()
    for number in range(1, to + 1):
        if cancel and number == to:
            with scope.entered("*"):
                progress.to.execute("UPDATE tasks_job SET cancel_asked = true")
        progress(number, to, f"第 {number} 个")
    if fail == "refused":
        raise Refused(refuse("N2.3.2", "不能数", "no"))
    if fail == "fault":
        raise RuntimeError("secret detail")
    return {"text": f"数了 {to} 个，{scope.current()}", "url": "/"}


@pytest.fixture
def clerk():
    with scope.entered(FOSHAN):
        yield PEOPLE["clerk"].make()


def made_inspector():
    from kaopei.office.accounts.queries import find

    return find("inspector") is not None


def run(clerk, **args):
    job = registry.start("test.count", by=clerk, at=NOW, **args)
    Worker().drain()
    return queries.get(job.ulid)


def test_job_is_done_in_its_city(clerk):
    job = run(clerk, to=3)
    assert job.status == "done"
    assert job.result == {"text": f"数了 3 个，{FOSHAN}", "url": "/"}
    assert (job.done, job.total) == (3, 3)
    assert made_inspector()


def test_refusal_is_told_and_rolled_back(clerk):
    job = run(clerk, to=1, fail="refused")
    assert job.status == "failed"
    assert "不能数" in job.error
    assert not made_inspector()


@pytest.mark.filterwarnings("ignore")
def test_fault_is_not_shown_to_people(clerk):
    job = run(clerk, to=1, fail="fault")
    assert job.status == "failed"
    assert "secret" not in job.error
    assert not made_inspector()


def test_cancelled_work_leaves_nothing(clerk):
    job = run(clerk, to=3, cancel=True)
    assert job.status == "cancelled"
    assert not made_inspector()


def test_waiting_job_is_cancelled_at_once(clerk):
    job = registry.start("test.count", by=clerk, at=NOW, to=1)
    actions.cancel(job, by=clerk, at=NOW)
    assert Worker().drain() == 0
    assert queries.get(job.ulid).status == "cancelled"


def test_only_the_starter_cancels(clerk):
    job = registry.start("test.count", by=clerk, at=NOW, to=1)
    with pytest.raises(Refused, match="发起人"):
        actions.cancel(job, by=PEOPLE["approver"].make(), at=NOW)


def dead(clerk, tries):
    """A job that a worker took before it died: nobody holds that worker's lock any more."""
    job = registry.start("test.count", by=clerk, at=NOW, to=1)
    Job.objects.filter(pk=job.pk).update(status="running", worker=4711, tries=tries)
    return job


def test_job_of_a_dead_worker_is_taken_up(clerk):
    job = dead(clerk, tries=1)
    Worker().drain()
    assert queries.get(job.ulid).status == "done"


def test_job_that_kills_every_worker_fails_at_last(clerk):
    job = dead(clerk, tries=TRIES)
    Worker().drain()
    found = queries.get(job.ulid)
    assert found.status == "failed"
    assert "中断" in found.error


def test_job_of_a_living_worker_is_left_alone(clerk):
    from kaopei.office.tasks.progress import line

    job = dead(clerk, tries=1)
    with line() as other:
        other.execute("SELECT pg_advisory_lock(4711)")
        Worker().drain()
    assert queries.get(job.ulid).status == "running"


def test_machine_may_start_work():
    with scope.entered("*"):
        assert run(SYSTEM, to=1).status == "done"


def test_page_shows_progress_and_result(clerk, client):
    job = run(clerk, to=2)
    page = log_in(client, PEOPLE["clerk"]).get(f"/jobs/{job.ulid}/").content.decode()
    assert "已完成" in page
    assert "2 / 2" in page
    part = client.get(f"/jobs/{job.ulid}/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="job"')


def test_page_of_another_city_is_not_there(clerk, client):
    job = run(clerk, to=1)
    with scope.entered("*"):
        PEOPLE["clerk_gz"].make()
    assert log_in(client, PEOPLE["clerk_gz"]).get(f"/jobs/{job.ulid}/").status_code == 404


def test_unknown_kind_is_a_fault(clerk):
    with pytest.raises(ValueError, match="没有后台任务"):
        registry.start("test.nothing", by=clerk, at=NOW)
