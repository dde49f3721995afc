"""Files in and out: uploads with what became of each, parcels to fetch, shares handed over, what was set aside."""

import json
from typing import Any

from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from kaopei.center.sittings import actions, forms, inbox, queries
from kaopei.center.sittings.models import Artefact, Conduct, KeyShare
from kaopei.center.sittings.refusing import no
from kaopei.center.sittings.views.sittings import of_number
from kaopei.office import clock, pdf
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.roles import judge
from kaopei.office.refused import Refused
from kaopei.parcel import manifest

ENDINGS = {
    "seal_order": "order.json",
    "exam_parcel": "xpk",
    "seating": "seating",
    "key_release": "token.json",
    "return_parcel": "xrb",
    "receipt": "receipt.json",
    "slip": "slip",
}
STATES = {"taken": ("good", "已收入"), "same": ("plain", "早已收过"), "quarantined": ("bad", "已隔离"), "refused": ("wait", "未收")}
LARGEST = 513 * 2**20


@permission("sittings.import")
def upload(request: HttpRequest) -> HttpResponse:
    """Form field: files, any number and order; what became of each."""
    landed: list[inbox.Landed] = []
    if request.method == "POST":
        files = request.FILES.getlist("files")
        if not files:
            raise no("N2.4.13", "没有选择文件。请选择密封包、密钥分持件或回传包。", "empty")
        if too_large := [one.name for one in files if (one.size or 0) > LARGEST]:
            raise no("N2.4.13", f"{too_large[0]} 超过 512 MiB，不是本系统的包。", "size")
        landed = inbox.receive([(one.name or "", one.read()) for one in files], by=request.user, at=clock.now())
    rows = [(one, *STATES[one.state]) for one in landed]
    return render(request, "sittings/upload.html", {"rows": rows, "form": forms.UploadForm()})


@permission("sittings.import")
def scan(request: HttpRequest) -> HttpResponse:
    """Form field texts: the QR texts of a slip as the scanner gave them, one a line, in any order."""
    landed: list[inbox.Landed] = []
    if request.method == "POST":
        texts = [line.strip() for line in request.POST.get("texts", "").splitlines() if line.strip()]
        landed = [inbox.scanned(texts, by=request.user, at=clock.now())]
    rows = [(one, *STATES[one.state]) for one in landed]
    return render(request, "sittings/scan.html", {"rows": rows, "form": forms.ScanForm()})


@permission("sittings.view")
def witness(request: HttpRequest) -> HttpResponse:
    """What city and province have witnessed of each exam server's ledger."""
    return render(request, "sittings/witness.html", {"rows": [queries.witnessed(one) for one in queries.origins()]})


@permission("sittings.view")
def newest(request: HttpRequest, sitting: str, kind: str) -> HttpResponse:
    """The newest parcel of a kind."""
    row = of_number(sitting)
    found = queries.newest(row, kind) if kind in Artefact.Kind.values else None
    return _answer(request, row, found)


@permission("sittings.view")
def file(request: HttpRequest, sitting: str, digest: str) -> HttpResponse:
    """One parcel by its digest, byte for byte."""
    return _answer(request, of_number(sitting), queries.artefact(sitting, digest))


def _answer(request: HttpRequest, row: Conduct, found: Artefact | None) -> HttpResponse:
    if found is None:
        raise Http404(row.sitting)
    verdict = judge(request.user, "sittings.ask_key" if found.kind == Artefact.Kind.TOKEN else "sittings.export", row.city)
    if not verdict.allowed:
        raise Refused(verdict)
    answer = HttpResponse(bytes(found.data), content_type="application/octet-stream")
    rev = f"-r{found.rev}" if found.kind in (Artefact.Kind.SEATING, Artefact.Kind.RETURN, Artefact.Kind.RECEIPT) else ""
    name = found.ref if found.kind in (Artefact.Kind.ORDER, Artefact.Kind.PAPER) else row.sitting
    answer["Content-Disposition"] = f'attachment; filename="{name}{rev}.{ENDINGS[found.kind]}"'
    return answer


@permission("sittings.hand_share")
def hand(request: HttpRequest, sitting: str, number: str) -> HttpResponse:
    """Form field: receiver. The share itself, once: printed with a receipt strip, or as the sealed file."""
    share = _share(sitting, number)
    if request.method != "POST":
        return render(request, "sittings/hand.html", {"share": share, "form": forms.HandForm(), "row": share.conduct})
    at, receiver = clock.now(), request.POST.get("receiver", "").strip()
    # If it cannot be printed it has not been handed over: the center forgets it only together with the print.
    with transaction.atomic():
        content = actions.hand_share(share, receiver=receiver, by=request.user, at=at)
        if share.form == "printed":
            content = _print(share, content, receiver, request, at)
    if share.form == "printed":
        answer = HttpResponse(content, content_type="application/pdf")
        answer["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    else:
        answer = HttpResponse(content, content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="{number}.share"'
    answer["Cache-Control"] = "no-store"
    return answer


def _share(sitting: str, number: str) -> KeyShare:
    found = queries.share(number)
    if found is None or found.conduct.sitting != sitting:
        raise Http404(number)
    return found


def _print(share: KeyShare, content: bytes, receiver: str, request: HttpRequest, at: Any) -> bytes:
    digits = manifest.unverified(content)["share"]["digits"]
    row = share.conduct
    data = {
        "holder": actions.HOLDERS[share.holder],
        "number": share.number,
        "package": share.package,
        "sitting": row.sitting,
        "site": row.site,
        "when": f"{row.day:%Y-%m-%d}",
        "groups": digits,
        "qr": pdf.qr_svg(json.dumps({"share": share.number, "digits": digits}, separators=(",", ":"))),
        "receiver": receiver,
        "giver": people.names_of([request.user.username])[request.user.username],
        "at": f"{at:%Y-%m-%d %H:%M}",
    }
    return pdf.render("sittings/share.typ", data, at=at)


@permission("sittings.view")
def quarantine(request: HttpRequest) -> HttpResponse:
    """What was set aside, and why."""
    page = Paginator(queries.quarantined(), 50).get_page(request.GET.get("page"))
    names = people.names_of(one.by for one in page)
    rows = [(one, inbox.TITLES.get(one.kind, one.kind), names[one.by]) for one in page]
    return render(request, "sittings/quarantine.html", {"page": page, "rows": rows})
