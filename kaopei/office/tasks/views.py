"""The page of a job: how far it is, how long it will take, what came out."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.office import clock
from kaopei.office.accounts.permission import logged_in
from kaopei.office.tasks import actions, queries
from kaopei.office.tasks.models import Job


@logged_in
def listing(request: HttpRequest) -> HttpResponse:
    """My long work."""
    return render(request, "tasks/listing.html", {"jobs": queries.of_person(request.user)})


@logged_in
def show(request: HttpRequest, ulid: str) -> HttpResponse:
    """One job; htmx asks for the moving part again every second until it has ended."""
    job = _job(request, ulid)
    at = clock.now()
    elapsed = int(((job.finished_at or at) - job.started_at).total_seconds()) if job.started_at else 0
    left = int(elapsed * (job.total - job.done) / job.done) if job.status == "running" and job.done and job.total else None
    page = "tasks/part_job.html" if getattr(request, "htmx", False) else "tasks/show.html"
    return render(request, page, {"job": job, "elapsed": elapsed, "left": left, "own": job.by == request.user.username})


@logged_in
@require_POST
def cancel(request: HttpRequest, ulid: str) -> HttpResponse:
    """Cancel one's own job."""
    actions.cancel(_job(request, ulid), by=request.user, at=clock.now())
    return redirect("job", ulid=ulid)


def _job(request: HttpRequest, ulid: str) -> Job:
    """A job is seen by people of its city."""
    try:
        job = queries.get(ulid)
    except Job.DoesNotExist:
        raise Http404(ulid) from None
    if request.user.city not in ("*", job.city) and job.by != request.user.username:
        raise Http404(ulid)
    return job
