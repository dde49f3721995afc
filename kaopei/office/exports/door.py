"""The one way in which a page hands out rows of people: `return door.hand_out(request, Offer(…))`.

The first visit asks what for. Up to a hundred rows come at once; more are kept until a second person has signed what they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kaopei.office import clock
from kaopei.office.exports import actions, queries
from kaopei.office.exports.actions import File


@dataclass(frozen=True)
class Offer:
    """A file that could be made. `rows`: people it is about; `make` is called only after the reason was given."""

    kind: str
    object: str
    title: str
    rows: int
    name: str
    media_type: str
    make: Callable[[], bytes]


def hand_out(request: HttpRequest, offer: Offer) -> HttpResponse:
    """The page that asks for the reason (form field: reason), the file, or the way to the second person."""
    if request.method != "POST":
        taken = queries.rows_today(request.user, clock.now())
        return render(request, "exports/ask.html", {"offer": offer, "alone": queries.ALONE, "many": offer.rows > queries.ALONE, "taken": taken})
    file = File(offer.kind, offer.object, offer.title, offer.rows, offer.name, offer.media_type, offer.make() if offer.rows else b"")
    reason, at = request.POST.get("reason", ""), clock.now()
    if offer.rows <= queries.ALONE:
        actions.hand_out(file, reason=reason, by=request.user, at=at)
        return sent(file.content, offer.media_type, offer.name)
    made = actions.ask(file, reason=reason, by=request.user, at=at)
    messages.success(request, f"已提交第二人审批。同意后 24 小时内，在本页下载“{offer.title}”。")
    return redirect("export", ulid=made.ulid)


def sent(content: bytes, media_type: str, name: str) -> HttpResponse:
    """A file that no cache keeps."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=media_type, headers=headers)
