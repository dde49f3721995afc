"""Pages of the intake: upload, verdicts, confirm, corrections, held rows."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.applications import actions, queries, showing, verdicts
from kaopei.center.applications.forms import PackForm, RulingForm, StepForm
from kaopei.center.applications.models import Application, Decision, Intake
from kaopei.center.applications.pack import COLUMNS, REQUIRED, Unusable
from kaopei.center.registry import queries as registry
from kaopei.law.rules.c3_0_decisions import may_be_final
from kaopei.office import clock
from kaopei.office.accounts.permission import permission

PAGE = 50


@permission("applications.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All batches with their intakes, the latest first."""
    found = Paginator(queries.intakes(), PAGE).get_page(request.GET.get("page"))
    waiting = queries.held().count()
    return render(request, "applications/listing.html", {"page": found, "held": waiting, "may": request.user.may("applications.intake")})


@permission("applications.intake")
def new(request: HttpRequest) -> HttpResponse:
    """Drop the spreadsheets; a fault of a file is said here, with nothing changed."""
    batch = request.POST.get("batch") or request.GET.get("batch") or ""
    sent = request.method == "POST"
    form = PackForm(request.POST if sent else None, request.FILES if sent else None, initial={"batch": batch})
    fault = ""
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.receive(form.delivery(), city=_city(request), batch=form.cleaned_data["batch"], by=request.user, at=clock.now())
            return redirect("applications:intake", number=made.number)
        except Unusable as problem:
            fault = str(problem)
    context = {"form": form, "fault": fault, "batch": batch, "required": REQUIRED, "optional": [name for name in COLUMNS if name not in REQUIRED]}
    return render(request, "applications/new.html", context, status=422 if fault or form.errors else 200)


def _city(request: HttpRequest) -> str:
    """A clerk takes in only his own city's tables."""
    return "" if request.user.city == "*" else request.user.city


def _intake(number: str) -> Intake:
    found = queries.intake(number)
    if found is None:
        raise Http404
    return found


@permission("applications.view")
def intake(request: HttpRequest, number: str) -> HttpResponse:
    """Every row with its verdict; filter by decision and reason."""
    return _verdicts(request, _intake(number), "")


@permission("applications.own")
def own(request: HttpRequest) -> HttpResponse:
    """An institution's own rows of the latest confirmed intake, masked like everywhere."""
    code = request.user.institution
    latest = queries.latest_naming(code) if code else None
    if latest is None:
        return render(request, "applications/own_empty.html")
    return _verdicts(request, latest, code)


def _verdicts(request: HttpRequest, found: Intake, institution: str) -> HttpResponse:
    decision, code = request.GET.get("decision", ""), request.GET.get("code", "")
    rows = queries.rows(found, institution=institution, decision=decision if decision in Decision.values else "", code=code)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    counts = queries.counts(found, institution)
    totals = {name: sum(number for kind, _, number in counts if kind == name) for name in Decision.values}
    context: dict[str, Any] = {
        "intake": found,
        "page": page,
        "rows": showing.rows(page.object_list, found),
        "columns": showing.SHOWN,
        "totals": totals,
        "all": sum(totals.values()),
        "codes": [(kind, name, number) for kind, name, number in counts if name],
        "decision": decision,
        "code": code,
        "own": bool(institution),
        "may": request.user.may("applications.intake") and found.status == Intake.Status.JUDGED,
        "may_correct": request.user.may("applications.intake") and found.status == Intake.Status.CONFIRMED,
    }
    return render(request, "applications/intake.html", context)


@permission("applications.view")
def verdict_file(request: HttpRequest, number: str) -> HttpResponse:
    """The verdict file to give back."""
    found = _intake(number)
    return _file(queries.verdict_rows(found), f"verdicts-{found.number}.csv")


@permission("applications.own")
def own_file(request: HttpRequest) -> HttpResponse:
    """The verdict file of an institution's own rows."""
    latest = queries.latest_naming(request.user.institution) if request.user.institution else None
    if latest is None:
        raise Http404
    return _file(queries.verdict_rows(latest, request.user.institution), f"verdicts-{latest.number}-own.csv")


def _file(rows: Any, name: str) -> HttpResponse:
    answer = HttpResponse(verdicts.as_csv(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@permission("applications.view")
def changes(request: HttpRequest, number: str) -> HttpResponse:
    """What a correction round changes, row by row."""
    found = _intake(number)
    page = Paginator(queries.changes(found), PAGE).get_page(request.GET.get("page"))
    earlier = queries.rows_before(found, [row.serial for row in page.object_list])
    context = {
        "intake": found,
        "page": page,
        "rows": showing.differences(page.object_list, earlier),
        "counts": queries.change_counts(found),
        "absent": queries.absent(found),
        "may": request.user.may("applications.intake") and found.status == Intake.Status.JUDGED,
    }
    return render(request, "applications/changes.html", context)


@require_POST
@permission("applications.intake")
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Carry the intake out: all of it or nothing."""
    try:
        made = actions.confirm(_intake(number), by=request.user, at=clock.now())
    except Unusable as problem:
        messages.error(request, str(problem))
        return redirect("applications:intake", number=number)
    messages.success(request, f"受理 {made.number} 已确认，全部内容一次入库。")
    return redirect("applications:intake", number=made.number)


@require_POST
@permission("applications.intake")
def set_aside(request: HttpRequest, number: str) -> HttpResponse:
    """The intake is not wanted."""
    actions.set_aside(_intake(number), by=request.user, at=clock.now())
    messages.success(request, f"受理 {number} 已作废，没有改动任何报名。")
    return redirect("applications:listing")


@permission("applications.view")
def held(request: HttpRequest) -> HttpResponse:
    """Rows that wait for a person."""
    page = Paginator(queries.held(), PAGE).get_page(request.GET.get("page"))
    rows = [(one, showing.masked("姓名", one.name), showing.masked("身份证号码", one.id_number)) for one in page.object_list]
    return render(request, "applications/held.html", {"page": page, "rows": rows, "may": request.user.may("applications.decide")})


def _application(batch: str, serial: str) -> Application:
    found = queries.application(batch, serial)
    if found is None:
        raise Http404
    return found


@permission("applications.view")
def application(request: HttpRequest, batch: str, serial: str) -> HttpResponse:
    """One application: cells, reasons, decisions, other batches."""
    return _show(request, _application(batch, serial), RulingForm())


@require_POST
@permission("applications.decide")
def decide(request: HttpRequest, batch: str, serial: str) -> HttpResponse:
    """A person's decision of a held row."""
    found, form = _application(batch, serial), RulingForm(request.POST)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    made = actions.decide(found, form.cleaned_data["decision"], reason=form.cleaned_data["reason"], by=request.user, at=clock.now())
    messages.success(request, f"序号 {serial} 已决定：{made.get_decision_display()}（决定书号 {made.number}）。")
    return redirect("applications:held")


@require_POST
@permission("applications.answer")
def step(request: HttpRequest, batch: str, serial: str) -> HttpResponse:
    """Service, statement or review of the decision on an application."""
    found, form = _application(batch, serial), StepForm(request.POST)
    if not form.is_valid():
        return _show(request, found, RulingForm(), status=422, step_form=form)
    made = actions.record_step(found, form.cleaned_data.pop("kind"), **form.cleaned_data, by=request.user, at=clock.now())
    messages.success(request, f"决定 {made.number} 的{made.get_kind_display()}已记录。")
    return redirect("applications:application", batch=batch, serial=serial)


@require_POST
@permission("applications.decide")
def unmask(request: HttpRequest, batch: str, serial: str) -> HttpResponse:
    """The whole cells, once, for somebody who has said why; the look is recorded."""
    found = _application(batch, serial)
    actions.unmask(found, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    return _show(request, found, RulingForm(), whole=True)


def _show(
    request: HttpRequest, found: Application, form: RulingForm, *, status: int = 200, whole: bool = False, step_form: StepForm | None = None
) -> HttpResponse:
    made = queries.decision(found)
    context = {
        "made": made,
        "open": may_be_final(made, clock.today()) if made else None,
        "step_form": step_form or StepForm(),
        "may_answer": request.user.may("applications.answer"),
        "one": found,
        "facts": showing.facts(found, whole=whole),
        "marked": {column for reason in found.row.reasons for column in reason["columns"]},
        "rulings": found.rulings.order_by("-pk"),
        "others": queries.other_applications(found),
        "institution": registry.institution(found.city, found.institution_code, found.batch.first_day),
        "form": form,
        "whole": whole,
        "may": request.user.may("applications.decide"),
    }
    return render(request, "applications/application.html", context, status=status)
