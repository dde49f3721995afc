"""Requests for a second signature: what waits for me, what I asked for, reading and signing."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.office import clock, trusted
from kaopei.office.accounts import passkeys
from kaopei.office.accounts.passkeys import answer_of
from kaopei.office.accounts.permission import logged_in, permission
from kaopei.office.accounts.queries import names_of
from kaopei.office.approvals import actions, queries, signing
from kaopei.office.approvals.models import Request

SHOWN = 20_000


@logged_in
def listing(request: HttpRequest) -> HttpResponse:
    """What waits for my signature, and my own requests."""
    waiting, mine = queries.waiting_for(request.user, clock.now()), queries.asked_by(request.user)
    return render(
        request,
        "approvals/listing.html",
        {"waiting": waiting, "mine": mine, "people": names_of(one.requester for one in waiting)},
    )


@logged_in
def show(request: HttpRequest, ulid: str) -> HttpResponse:
    """The matter, the exact bytes and their digest, and the form to sign."""
    row = _row(ulid)
    signed = list(row.signatures.order_by("id"))
    raw = bytes(row.content)
    try:
        text = "" if row.is_personal else raw[:SHOWN].decode()
    except UnicodeDecodeError:
        text = ""
    people = names_of([row.requester, *(one.approver for one in signed)])
    return render(
        request,
        "approvals/show.html",
        {
            "row": row,
            "text": text,
            "size": len(raw),
            "cut": len(raw) > SHOWN,
            "requester": people[row.requester],
            "signed": [(people[one.approver], one) for one in signed],
            "may_sign": row in queries.waiting_for(request.user, clock.now()),
            "own": row.requester == request.user.username,
            "has_passkey": _has_passkey(request),
        },
    )


@logged_in
def content(request: HttpRequest, ulid: str) -> HttpResponse:
    """The exact bytes as a file, for whoever wants to compute the digest himself."""
    row = _row(ulid)
    if row.is_personal:
        raise Http404(ulid)
    answer = HttpResponse(bytes(row.content), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{row.ulid}.bin"'
    return answer


@permission("approvals.approve")
@require_POST
def ask_passkey(request: HttpRequest, ulid: str) -> HttpResponse:
    """JSON for navigator.credentials.get: the challenge is the digest of the approval that is about to be signed."""
    options, draft, kid, state = signing.begin(_row(ulid), request.user, passkeys.place(request), clock.now())
    request.session["approving"] = {"ulid": ulid, "draft": draft, "kid": kid, "state": state}
    return JsonResponse(options)


@permission("approvals.approve")
@require_POST
def approve(request: HttpRequest, ulid: str) -> HttpResponse:
    """Form fields: digest (as shown), and pin or answer (JSON of the browser)."""
    row, answered = _row(ulid), None
    if "answer" in request.POST:
        kept = request.session.pop("approving", None) or {}
        if kept.get("ulid") != ulid:
            kept = {}
        where = passkeys.place(request)
        answered = signing.Answered(kept.get("draft", {}), kept.get("kid", ""), kept.get("state"), answer_of(request), where)
    words = {"digest": request.POST.get("digest", ""), "pin": request.POST.get("pin", ""), "answered": answered}
    actions.approve(row, **words, by=request.user, at=clock.now())
    messages.success(request, f"已签署：{row.title}")
    return redirect("approval", ulid=ulid)


@permission("approvals.approve")
@require_POST
def decline(request: HttpRequest, ulid: str) -> HttpResponse:
    """Form field: reason."""
    row = _row(ulid)
    actions.decline(row, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    messages.success(request, f"已答复不同意：{row.title}")
    return redirect("approval", ulid=ulid)


@permission("approvals.request")
@require_POST
def withdraw(request: HttpRequest, ulid: str) -> HttpResponse:
    """Take one's own request back."""
    actions.withdraw(_row(ulid), by=request.user, at=clock.now())
    return redirect("approvals")


def _has_passkey(request: HttpRequest) -> bool:
    """Whether this person signs with a passkey: one that the trust list names."""
    return trusted.current(settings.DATA) is not None and bool(signing.listed(request.user, clock.now()))


def _row(ulid: str) -> Request:
    try:
        return queries.get(ulid)
    except Request.DoesNotExist:
        raise Http404(ulid) from None
