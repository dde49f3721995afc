"""Written reports: hand one in, see where it is, verify or return it."""

import json

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.registry import actions, queries, reporting, telephone
from kaopei.center.registry.forms import KINDS, ReportForm, VerifyForm
from kaopei.center.registry.models import WrittenReport
from kaopei.center.registry.queries import papers
from kaopei.center.registry.views.frame import frame
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.refused import Refused

PAGE = 50


@permission("registry.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All reports in sight, those that wait first; an institution sees its own."""
    status = request.GET.get("status", "")
    rows = papers.reports(request.user.institution, status if status in WrittenReport.Status.values else "")
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "status": status,
        "statuses": WrittenReport.Status.choices,
        "kinds": KINDS.items(),
        "may": request.user.may("registry.report"),
        "names": queries.names(request.user.city) if request.user.city != "*" else {},
    }
    return render(request, "registry/reports.html", context)


@permission("registry.report")
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """一（二） N1.2.1–3, 7–8: hand a report in; a refusal stays on the page with everything that was typed."""
    if kind not in KINDS:
        raise Http404
    own = "" if request.user.has("clerk") else request.user.institution
    sent = request.method == "POST"
    code = request.GET.get("code", "") or own
    form = ReportForm(
        request.POST if sent else None, request.FILES if sent else None, kind=kind, own=own, lang=request.lang, initial=_known(request, code, kind)
    )
    refused = None
    if sent and form.is_valid():
        said = form.cleaned_data
        try:
            made = actions.submit(
                kind, said["code"].strip().upper(), form.said(), files=said["files"], city=request.user.city, changed_on=said["changed_on"],
                by=request.user, at=clock.now(),
            )  # fmt: skip
            messages.success(request, f"已收到，回执编号 {made.number}。")
            return redirect("registry:report", number=made.number)
        except Refused as problem:
            refused = problem.verdict
    left = reporting.unfinished(request.user.city, code) if kind == "deregistration" and code else []
    context = {"form": form, "kind": kind, "word": KINDS[kind], "verdict": refused, "left": left, "kinds": KINDS.items()}
    return render(request, "registry/report_new.html", context, status=422 if refused or (sent and form.errors) else 200)


def _known(request: HttpRequest, code: str, kind: str) -> dict[str, object]:
    """What the register says now, to be changed rather than typed again."""
    body = queries.institution(request.user.city, code, clock.today()) if code else None
    found: dict[str, object] = {"code": code, "changed_on": clock.today()}
    if body is not None and kind != "first":
        found |= {name: getattr(body, name) for name in reporting.ABOUT} | {"scope": list(body.scope)}
    return found


def _report(request: HttpRequest, number: str) -> WrittenReport:
    row = papers.report(number)
    if row is None or request.user.institution not in ("", row.code):
        raise Http404
    return row


@permission("registry.view")
def report(request: HttpRequest, number: str) -> HttpResponse:
    """One report: what it says beside what the register says, its files, and the decision."""
    row = _report(request, number)
    said = json.loads(row.said)
    now = queries.institution(row.city, row.code, clock.today())
    rows = [(reporting.LABELS[name], _shown(name, _now(now, name)), _shown(name, value)) for name, value in said.items()]
    may = request.user.may("registry.verify") and row.status == WrittenReport.Status.SUBMITTED and row.submitted_by != request.user.username
    context = {
        **frame(request),
        "row": row,
        "rows": rows,
        "files": papers.attachments(f"report:{number}"),
        "name": now.name if now else said.get("name", row.code),
        "may": may,
        "own": row.submitted_by == request.user.username and row.status == WrittenReport.Status.SUBMITTED,
        "left": reporting.unfinished(row.city, row.code) if row.kind == "deregistration" and row.status == "submitted" else [],
        "form": VerifyForm(lang=request.lang, initial={"from_day": clock.today(), "revision": row.revision}) if may else None,
        "checks": [word for code, word in VerifyForm.CHECKS if code in row.checked],
    }
    return render(request, "registry/report.html", context)


def _now(body: queries.InstitutionOn | None, name: str) -> object:
    return getattr(body, name, "") if body is not None else ""


def _shown(name: str, value: object) -> str:
    if name == "phone":
        return telephone.shown(str(value or ""))
    return "、".join(sorted(value)) if isinstance(value, list | tuple) else str(value or "")


@require_POST
@permission("registry.verify")
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Register or return, by another person than who handed it in."""
    row = _report(request, number)
    form = VerifyForm(request.POST)
    if not form.is_valid():
        messages.error(request, "；".join(f"{form[name].label}：{'，'.join(faults)}" for name, faults in form.errors.items()))
        return redirect("registry:report", number=number)
    said = form.cleaned_data
    if request.POST.get("what") == "return":
        actions.return_report(row.number, reasons=said["reasons"], revision=said["revision"], by=request.user, at=clock.now())
        messages.success(request, f"报告 {number} 已退回，理由报告人可以看到。")
    else:
        actions.verify(
            row.number, checked=said["checked"], reasons=said["reasons"], revision=said["revision"],
            from_day=said["from_day"] or clock.today(), by=request.user, at=clock.now(),
        )  # fmt: skip
        messages.success(request, f"报告 {number} 已核实登记；名单有变动，请到“公布”页公布。")
    return redirect("registry:report", number=number)


@require_POST
@permission("registry.report")
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """Taken back by who handed it in."""
    row = _report(request, number)
    shown = request.POST.get("revision", "")
    actions.withdraw(row.number, revision=int(shown) if shown.isdecimal() and len(shown) < 9 else -1, by=request.user, at=clock.now())
    messages.success(request, f"报告 {number} 已撤回。")
    return redirect("registry:report", number=number)


@permission("registry.view")
def file(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """An attachment, decrypted for who may see the report; never opened inside the page."""
    row = _report(request, number)
    found = next((one for one in papers.attachments(f"report:{row.number}") if one.pk == pk), None)
    if found is None:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{row.number}-{pk}"', "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return HttpResponse(bytes(found.content), content_type=found.media_type, headers=headers)
