"""Pages of certificates: who gets one, the list, one with its proofs, papers to take away."""

import io
import zipfile
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.certificates import actions, deciding, issuing, printing, queries
from kaopei.center.certificates.models import Certificate, Match, Matching
from kaopei.center.results import queries as results
from kaopei.law.rules.c2_6_certificates import state_on
from kaopei.law.verdict import refuse
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.queries import names_of
from kaopei.office.exports.actions import MOST_BYTES
from kaopei.office.exports.door import Offer, hand_out
from kaopei.office.personal import mask_name
from kaopei.office.refused import Refused
from kaopei.office.scope import PROVINCE
from kaopei.office.ui.context import city_name

PAGE = 50
STATES = {"valid": ("good", "有效"), "review_overdue": ("wait", "逾期未复审"), "expired": ("bad", "已过期"), "revoked": ("bad", "已失效")}


@permission("certificates.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All certificates; above, released sittings that wait. Query: q (part of a number), sitting."""
    asked, sitting = request.GET.get("q", "").strip(), request.GET.get("sitting", "").strip()
    page = Paginator(queries.certificates(sitting=sitting, number=asked), PAGE).get_page(request.GET.get("page"))
    today = clock.today()
    waiting = [{"made": made, "missing": queries.to_issue(made.sitting), "unsigned": queries.waiting(made.sitting)} for made in _released()]
    context = {
        "page": page,
        "rows": [_row(one, today) for one in page],
        "waiting": [row for row in waiting if row["missing"] or row["unsigned"]],
        "q": asked,
        "sitting": sitting,
        "may": request.user.may("certificates.issue"),
        "status": queries.newest_list(),
    }
    return render(request, "certificates/listing.html", context)


def _released() -> list[Any]:
    return results.released_sittings()[-queries.SHOWN :]


def _row(one: Certificate, today: Any) -> dict[str, Any]:
    return {"one": one, "name": mask_name(one.name), "kind": issuing.WORDS.get(one.kind, one.kind), "state": _state(one, today)}


def _state(one: Certificate, today: Any) -> tuple[str, str]:
    if one.status != Certificate.Status.SIGNED:
        return "run", one.get_status_display()
    return STATES[state_on(one.valid_to, one.review_by, today)]


@permission("certificates.view")
def sitting(request: HttpRequest, sitting: str) -> HttpResponse:
    """Who of a released sitting gets a certificate, who does not and why; query: show=all."""
    made = results.release(sitting)
    if made is None:
        raise Refused(refuse(actions.CLAUSE, f"场次 {sitting} 的成绩还没有发布，不能发证。", "release"))
    found = deciding.prepared(sitting, at=clock.now())
    known = {one.attempt: one for one in queries.certificates(sitting=sitting)}
    due = [one for one in found.people if one.allowed or one.attempt in known]
    everybody = request.GET.get("show") == "all"
    page = Paginator(found.people if everybody else due, PAGE).get_page(request.GET.get("page"))
    words = {"initial": "初次取证", **issuing.WORDS}
    rows = [{"one": one, "name": mask_name(one.row["name"]), "kind": words.get(one.kind, one.kind), "known": known.get(one.attempt)} for one in page]
    signed = sum(one.status == Certificate.Status.SIGNED for one in known.values())
    context = {
        "sitting": sitting,
        "release": made,
        "proof": found.proof,
        "page": page,
        "rows": rows,
        "everybody": everybody,
        "all": len(found.people),
        "due": len(due),
        "missing": sum(one.allowed and one.attempt not in known for one in found.people),
        "unsigned": len(known) - signed,
        "signed": signed,
        "withdrawn": [known[one.attempt].number for one in found.people if one.attempt in known and one.grade != "passed"],
        "may": request.user.may("certificates.issue", found.city),
    }
    return render(request, "certificates/sitting.html", context)


@permission("certificates.issue")
@require_POST
def issue(request: HttpRequest, sitting: str) -> HttpResponse:
    """No field: decides for everybody to whom a certificate is due, then signs as a job."""
    job = deciding.decide(sitting, by=request.user, at=clock.now())
    if job is None:
        messages.info(request, "本场没有待发的证书。")
        return redirect("certificates:sitting", sitting=sitting)
    return redirect("job", ulid=job.ulid)


@permission("certificates.view")
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One certificate: what is printed on it, and the proofs behind it."""
    one = _one(number)
    signed = queries.signed(one.number)
    context = {
        "one": one,
        "name": mask_name(one.name),
        "kind": issuing.WORDS.get(one.kind, one.kind),
        "state": _state(one, clock.today()),
        "qr": printing.code(signed) if signed else "",
        "proof": queries.is_in_checkpoint(one),
        "by": names_of([one.issued_by])[one.issued_by],
        "may": request.user.may("certificates.issue", one.city),
        "status": queries.newest_list(),
    }
    return render(request, "certificates/certificate.html", context)


def _one(number: str) -> Certificate:
    found = queries.certificate(number)
    if found is None:
        raise Http404(number)
    return found


@permission("certificates.issue")
def paper(request: HttpRequest, number: str) -> HttpResponse:
    """The sealed PDF of one certificate."""
    one = _signed(number)
    _note(request, f"certificate:{one.number}", "pdf", 1, one.city)
    return _file(bytes(one.pdf), "application/pdf", f"{one.number}.pdf")


@permission("certificates.issue")
def signed(request: HttpRequest, number: str) -> HttpResponse:
    """The signed facts of one certificate."""
    one = _signed(number)
    _note(request, f"certificate:{one.number}", "json", 1, one.city)
    return _file(bytes(one.signed), "application/json", f"{one.number}.json")


def _signed(number: str) -> Certificate:
    one = _one(number)
    if one.status != Certificate.Status.SIGNED:
        raise Refused(refuse(actions.CLAUSE, f"证书 {one.number} 已决定，还没有签发。请在场次的发证页按“签发”。", "unsigned"))
    return one


@permission("certificates.issue")
def papers(request: HttpRequest, sitting: str) -> HttpResponse:
    """All sealed PDFs of a sitting as ZIP."""
    return _zip(request, sitting, f"sitting:{sitting}", f"certificates-{sitting}.zip")


@permission("certificates.issue")
def every_paper(request: HttpRequest) -> HttpResponse:
    """All sealed PDFs in sight as ZIP."""
    return _zip(request, "", "certificates:all", "certificates.zip")


def _zip(request: HttpRequest, sitting: str, obj: str, name: str) -> HttpResponse:
    """Papers name people: never in a file of the machine, not even for the moment of sending."""
    count = queries.sealed(sitting)
    if not count:
        raise Refused(refuse(actions.CLAUSE, "还没有签发的证书可以下载。", "none"))

    def make() -> bytes:
        out, size = io.BytesIO(), 0
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as box:
            for number, content in queries.papers(sitting):
                size += len(content)
                if size > MOST_BYTES:
                    raise Refused(refuse(actions.CLAUSE, f"证书合计超过 {MOST_BYTES >> 20} MB，请按场次下载。", "size"))
                box.writestr(zipfile.ZipInfo(f"{number}.pdf", (2026, 1, 1, 0, 0, 0)), content)
        return out.getvalue()

    return hand_out(request, Offer("certificates.papers", obj, f"证书 {sitting or '全部'}", count, name, "application/zip", make))


def _note(request: HttpRequest, obj: str, what: str, count: int, city: str | None) -> None:
    at: datetime = clock.now()
    home = city if city is not None else "" if request.user.city == "*" else request.user.city
    actions.note_fetched(obj, what=what, count=count, city=home, by=request.user, at=at)


@permission("certificates.view")
def matching(request: HttpRequest) -> HttpResponse:
    """The province compares the cities (form field: reason) and sees how much was found; a city sees its own rows. Query: kind."""
    may = request.user.may("certificates.match") and request.user.city == PROVINCE
    if request.method == "POST":
        if not may:
            raise Http404
        made = actions.ask_matching(reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
        messages.success(request, f"跨市比对 {made.number} 已开始，完成后结果分送各市。")
        return redirect("certificates:matching")
    kind = request.GET.get("kind", "")
    kind = kind if kind in Match.Kind.values else ""
    page = Paginator(queries.matches(kind), PAGE).get_page(request.GET.get("page"))
    told = [_told(one) for one in queries.matchings()] if may else []
    return render(request, "certificates/matching.html", {"may": may, "told": told, "page": page, "kinds": Match.Kind.choices, "kind": kind})


def _told(one: Matching) -> tuple[Matching, list[tuple[str, int]], list[tuple[str, int]]]:
    kinds = [(Match.Kind(name).label, count) for name, count in sorted(one.counts.items())]
    return one, kinds, [(city_name(code), count) for code, count in sorted(one.cities.items())]


@permission("certificates.view")
def status_list(request: HttpRequest) -> HttpResponse:
    """The signed status list in force."""
    data = queries.status_list()
    if data is None:
        raise Http404("status.json")
    return _file(data, "application/json", "status.json")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
