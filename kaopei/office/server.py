"""Serve a Django program: granian's worker processes answer pages, this process does the long work beside them.

    python -m kaopei.office.server kaopei.center.wsgi:application 127.0.0.1 8100

WSGI only: Django under ASGI costs several times the processor time of each request. Ends gracefully on SIGTERM and Ctrl-C.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels


def serve(wsgi: str, host: str, port: int, *, workers: int = 1, threads: int = 4, jobs: bool = True) -> None:
    """Serve until told to stop. `threads` a worker are also its database connections; `jobs` runs the long work here.

    DJANGO_SETTINGS_MODULE, KAOPEI_DATA and the database's address are taken from the environment, as by the workers.
    """
    # A forked copy of a process with threads and database connections would share both.
    multiprocessing.set_start_method("spawn", force=True)
    working = None
    if jobs:
        import django

        django.setup()
        from kaopei.office.tasks.worker import start_thread

        working = start_thread()
    server = Granian(
        wsgi,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        log_level=LogLevels.warning,
        # A worker that does not end by itself is ended: a browser may hold its connection open for minutes.
        workers_kill_timeout=5,
    )
    try:
        server.serve(target_loader=partial(load, wsgi, os.getpid()), wrap_loader=False)
    finally:
        if working is not None:
            working.stop()


def load(wsgi: str, parent: int) -> Callable[..., Any]:
    """In the worker process: the application, and an end when the parent was killed and can no longer say so."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
    module, _, name = wsgi.partition(":")
    return getattr(import_module(module), name or "application")  # type: ignore[no-any-return]


def main(argv: list[str]) -> int:
    """The door for `./run`, the rehearsal and service managers."""
    parser = argparse.ArgumentParser(prog="kaopei.office.server")
    parser.add_argument("wsgi")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--without-jobs", action="store_true")
    asked = parser.parse_args(argv)
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        parser.error("DJANGO_SETTINGS_MODULE is not set")
    serve(asked.wsgi, asked.host, asked.port, workers=asked.workers, threads=asked.threads, jobs=not asked.without_jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
