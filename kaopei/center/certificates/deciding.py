"""One press of “办理发证”: decide for everybody of a sitting, put the events into the ledger, let the job sign."""

from datetime import datetime

from django.db import connection, transaction

from kaopei.center.certificates import actions, issuing, queries
from kaopei.center.certificates.actions import CLAUSE
from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.tasks import sequence
from kaopei.office.refused import Refused
from kaopei.office.tasks.queries import Job, newest
from kaopei.office.tasks.registry import start
from kaopei.parcel.rejected import Rejected

SIGN = "certificates.sign"


def decide(sitting: str, *, by: Actor, at: datetime) -> Job | None:
    """The job that signs, or None if no certificate is due. Pressing again does what is missing and nothing twice.

    The events are committed and in the tree before anything is signed: a certificate names the place of its event.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:  # two presses at once: the second finds what the first has decided
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"certificates {sitting}"])
        found = prepared(sitting, at=at)
        for one in found.people:
            if one.allowed:
                actions.issue(one, ready=found, by=by, at=at)
    if not queries.waiting(sitting):
        return None
    sequence(at)
    running = newest(SIGN, sitting=sitting)
    if running is not None and running.status in ("waiting", "running"):
        return running
    return start(SIGN, by=by, at=at, title=f"签发证书 {sitting}", sitting=sitting)


def prepared(sitting: str, *, at: datetime) -> issuing.Ready:
    """Everything verified; what does not hold is a refusal that says what to do."""
    try:
        return issuing.ready(sitting, at=at)
    except Rejected as problem:
        raise Refused(refuse(CLAUSE, str(problem), problem.code)) from None
