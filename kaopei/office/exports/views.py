"""Pages of exports: my own, one with its state, taking it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from kaopei.office import clock
from kaopei.office.accounts.permission import logged_in, permission
from kaopei.office.accounts.queries import names_of
from kaopei.office.exports import actions, door, queries
from kaopei.office.exports.models import Export


@permission("exports.take")
def listing(request: HttpRequest) -> HttpResponse:
    """What I have taken or asked for."""
    at = clock.now()
    rows = [(one, queries.state(one, at)) for one in queries.asked_by(request.user)]
    return render(request, "exports/listing.html", {"rows": rows, "alone": queries.ALONE, "taken": queries.rows_today(request.user, at)})


@logged_in
def show(request: HttpRequest, ulid: str) -> HttpResponse:
    """One export, for whoever asked and whoever may agree."""
    row = _row(request, ulid)
    context = {
        "row": row, "state": queries.state(row, clock.now()), "asked": queries.approval(row), "own": row.requester == request.user.username,
        "requester": names_of([row.requester])[row.requester], "text": queries.said(row).decode(),
    }  # fmt: skip
    return render(request, "exports/show.html", context)


@require_POST
@permission("exports.take")
def take(request: HttpRequest, ulid: str) -> HttpResponse:
    """The file."""
    row = _row(request, ulid)
    content = actions.take(row, by=request.user, at=clock.now())
    return door.sent(content, row.media_type, row.name)


def _row(request: HttpRequest, ulid: str) -> Export:
    row = queries.get(ulid)
    if row is None or not queries.may_see(request.user, row):
        raise Http404(ulid)
    return row
