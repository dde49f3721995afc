"""The worker: takes waiting jobs one after another. A job of a worker that died starts again from the beginning.

Each job's work is one transaction, so that cancelling or dying leaves nothing half done.
"""

import logging
import secrets
import threading
from time import monotonic
from typing import Any

from django.db import close_old_connections, connection, transaction

from kaopei.office import clock, scope
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.roles import SYSTEM, Actor
from kaopei.office.audit.record import settle
from kaopei.office.refused import Refused
from kaopei.office.tasks.models import Job
from kaopei.office.tasks.progress import Progress, line
from kaopei.office.tasks.registry import CHANNEL, Cancelled, kind, timers

logger = logging.getLogger(__name__)
TRIES = 3


class Worker:
    """One worker; its life is an advisory lock on a connection of its own."""

    def __init__(self) -> None:
        self.key = secrets.randbits(62)
        self.stopping = threading.Event()
        self.line: Any = None
        self.timed: dict[str, float] = {}

    def run(self) -> None:
        """Work until stopped; a lost database connection is taken up again."""
        while not self.stopping.is_set():
            try:
                with line() as self.line:
                    self.line.execute("SELECT pg_advisory_lock(%s)", [self.key])
                    self.line.execute(f"LISTEN {CHANNEL}")
                    self._serve()
            except Exception:
                if self.stopping.is_set():
                    return
                logger.exception("后台任务的数据库连接中断，稍后重试")
                self.stopping.wait(2)

    def stop(self) -> None:
        """Finish the job in hand, then end."""
        self.stopping.set()

    def drain(self) -> int:
        """Do all that waits and come back (commands, tests); how many jobs were done."""
        done = 0
        with line() as self.line:
            self.line.execute("SELECT pg_advisory_lock(%s)", [self.key])
            while self.one():
                done += 1
        return done

    def _serve(self) -> None:
        while not self.stopping.is_set():
            while not self.stopping.is_set() and self.one():
                self._keep_time()
            self._keep_time()
            for _ in self.line.notifies(timeout=1.0, stop_after=1):
                pass

    def _keep_time(self) -> None:
        """Do the small repeated work that is due; its faults are logged and end nothing."""
        for name, (seconds, work) in timers().items():
            if monotonic() - self.timed.get(name, -seconds) < seconds:
                continue
            self.timed[name] = monotonic()
            try:
                work(clock.now())
            except Exception:
                logger.exception("定时工作 %s 出错", name)

    def one(self) -> bool:
        """Take and do one job; False if none waits."""
        close_old_connections()
        with scope.entered(scope.PROVINCE):
            self._take_up_orphans()
            job = self._take()
            if job is not None:
                self._do(job)
        return job is not None

    def _take_up_orphans(self) -> None:
        """Jobs whose worker no longer holds its lock go back to the queue, or fail after three tries."""
        for job in Job.objects.filter(status="running").exclude(worker=self.key):
            row = self.line.execute("SELECT pg_try_advisory_lock(%s)", [job.worker]).fetchone()
            if not row[0]:
                continue
            self.line.execute("SELECT pg_advisory_unlock(%s)", [job.worker])
            again = {"status": "waiting", "worker": 0, "done": 0}
            ended = {"status": "failed", "error": "程序多次中断，任务没有完成。", "finished_at": clock.now()}
            Job.objects.filter(pk=job.pk, status="running", worker=job.worker).update(**(again if job.tries < TRIES else ended))

    def _take(self) -> Job | None:
        with transaction.atomic():
            job = Job.objects.select_for_update(skip_locked=True).filter(status="waiting").order_by("id").first()
            if job is None:
                return None
            job.status, job.worker, job.started_at, job.tries = Job.Status.RUNNING, self.key, clock.now(), job.tries + 1
            job.save(update_fields=["status", "worker", "started_at", "tries"])
            return job

    def _do(self, job: Job) -> None:
        progress = Progress(job.pk, self.line)
        try:
            progress.check()
            with scope.entered(job.city), transaction.atomic():
                result = kind(job.kind).work(progress, by=_actor(job.by), at=clock.now(), **job.args)
                progress.check()
            end: dict[str, Any] = {"status": "done", "result": result or {}}
        except Cancelled:
            end = {"status": "cancelled"}
        except Exception as problem:
            if isinstance(problem, Refused):
                settle(problem)
            expected = isinstance(problem, Refused) or getattr(problem, "exit_status", None) is not None
            if not expected:
                logger.exception("后台任务 %s 出错", job.kind)
            end = {
                "status": "failed",
                "error": str(problem) if expected else "程序出错，已记入运行日志。请联系系统管理员。",
            }
        Job.objects.filter(pk=job.pk, worker=self.key).update(finished_at=clock.now(), **end)


def _actor(username: str) -> Actor:
    return SYSTEM if username == SYSTEM.username else people.person(username)


def start_thread() -> Worker:
    """Run a worker in a thread of this process (the server's door does)."""
    worker = Worker()
    threading.Thread(target=_run, args=[worker], name="worker", daemon=True).start()
    return worker


def _run(worker: Worker) -> None:
    try:
        worker.run()
    finally:
        connection.close()
