"""Cancelling a job."""

from datetime import datetime

from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused
from kaopei.office.tasks.models import Job


@records("tasks.cancelled")
def cancel(job: Job, *, by: Actor, at: datetime) -> None:
    """Whoever started a job may cancel it; one that waits ends at once, one that runs at its next step."""
    row = Job.objects.select_for_update().get(pk=job.pk)
    if row.by != by.username:
        raise Refused(refuse("", "只有发起人可以取消任务。", "role"))
    if row.status not in ("waiting", "running"):
        raise Refused(refuse("", f"该任务{row.get_status_display()}，不能取消。", "state"))
    row.cancel_asked = True
    if row.status == "waiting":
        row.status, row.finished_at = Job.Status.CANCELLED, at
    row.save(update_fields=["cancel_asked", "status", "finished_at"])
    event(obj=f"job:{row.ulid}", kind=row.kind)
