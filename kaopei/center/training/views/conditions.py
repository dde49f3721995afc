"""The check list of institutions by the standard in force on a day, and the gap report of one as page and as file."""

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kaopei.center.registry import queries as registry
from kaopei.center.training.actions import conditions as actions
from kaopei.center.training.forms import ConditionForm
from kaopei.center.training.queries import conditions
from kaopei.center.training.views.classes import mine
from kaopei.law import sources
from kaopei.law.conditions import edition
from kaopei.law.places import cities
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.sheets import XLSX, write_xlsx

COLUMNS = ("条", "条件", "标准要求", "机构自报", "自报依据", "监管核查", "核查依据", "结论", "说明")


def _day(request: HttpRequest) -> dt.date:
    try:
        return dt.date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return clock.today()


def _city(request: HttpRequest) -> str:
    if request.user.city != "*":
        return str(request.user.city)
    wanted = request.GET.get("city", "")
    return wanted if wanted in cities() else next(iter(cities()))


@permission("training.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Institutions of the city with how many clauses are met, not met, open; an institution comes to its own."""
    day = _day(request)
    if own := mine(request):
        return redirect("training:conditions_of", city=request.user.city, code=own)
    city = _city(request)
    bodies = [body for body in registry.institutions(city, day) if body.is_registered]
    counts = conditions.summary(city, [body.code for body in bodies], day)
    rows = sorted(((body, counts[body.code]) for body in bodies), key=lambda row: -row[1]["unmet"])
    choices = [(code, place.name) for code, place in cities().items()] if request.user.city == "*" else []
    context = {"rows": rows, "day": day, "standard": _standard(day), "city": city, "choices": choices}
    return render(request, "training/conditions.html", context)


def _standard(day: dt.date) -> sources.Source | None:
    known = edition(day)
    return sources.get(known) if known else None


@permission("training.view")
def of(request: HttpRequest, city: str, code: str) -> HttpResponse:
    """The gap report; ?form=xlsx as a file. Its own institution, and those who supervise it, enter figures and findings."""
    day, own = _day(request), mine(request)
    if own not in ("", code) or request.user.city not in ("*", city):
        raise Http404
    body = registry.institution(city, code, day)
    if body is None:
        raise Http404
    lines = conditions.report(city, code, day)
    form = ConditionForm(request.POST or None, clauses=[(line.condition.clause, line.condition.title) for line in lines])
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        met = {"yes": True, "no": False}.get(said["met"])
        actions.enter(city, code, said["clause"], day=day, figure=said["figure"], met=met, note=said["note"], by=request.user, at=clock.now())
        messages.success(request, f"第 {said['clause']} 条已记录，原来的记录保留。")
        return redirect(f"{request.path}?on={day}")
    if request.GET.get("form") == "xlsx":
        return _sheet(body, lines, day)
    context = {
        "body": body, "city": city, "lines": lines, "day": day, "standard": _standard(day), "known": conditions.known(city, code, day),
        "form": form if request.user.may("training.condition") else None, "counts": conditions.summary(city, [code], day)[code],
    }  # fmt: skip
    return render(request, "training/conditions_of.html", context, status=422 if form.errors else 200)


def _sheet(body: registry.InstitutionOn, lines: list[conditions.Line], day: dt.date) -> HttpResponse:
    standard = _standard(day)
    title = f"{body.name} 培训条件差距表（{standard.doc_no if standard else '无'}，{day}）"
    rows = [
        [line.condition.clause, line.condition.title, line.condition.wanted, *_said(line.own), *_said(line.regulator), line.word, line.why]
        for line in lines
    ]  # fmt: skip
    answer = HttpResponse(write_xlsx(title, COLUMNS, rows), content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="conditions-{body.code}-{day}.xlsx"'
    return answer


def _said(entry: conditions.ConditionEntry | None) -> tuple[str, str]:
    if entry is None:
        return "", ""
    met = "" if entry.met is None else "符合" if entry.met else "不符合"
    return " ".join(part for part in ("" if entry.figure is None else str(entry.figure), met) if part), f"{entry.note}（{entry.by} {entry.day}）"
