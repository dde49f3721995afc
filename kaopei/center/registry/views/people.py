"""The staff file and the exam body."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.registry import actions, gates, queries, taking
from kaopei.center.registry.forms import ExamBodyForm, StaffForm
from kaopei.center.registry.queries import papers, tied
from kaopei.center.registry.views.frame import day_of, frame
from kaopei.law.rules.c2_1_exam_bodies import has_full_time_staff
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.personal import mask_id, mask_name
from kaopei.office.refused import Refused

PAGE = 50


@permission("registry.people")
def staff(request: HttpRequest) -> HttpResponse:
    """二（五）: who may be sent on a day, and which gate is shut for the others."""
    parts = frame(request)
    post, shut = request.GET.get("post", ""), request.GET.get("shut", "")
    rows = [(row, mask_name(row.name), mask_id(row.id_number), gates.of(row, parts["day"])) for row in queries.staff(parts["city"])]
    posts = sorted({row.post for row, *_ in rows})
    shown = [one for one in rows if (not post or one[0].post == post) and (not shut or not one[3].allowed)]
    context = {
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")), "post": post, "shut": shut, "posts": posts, "all": len(rows),
        "barred": sum(not verdict.allowed for *_, verdict in rows), "may": request.user.may("registry.staff"),
    }  # fmt: skip
    return render(request, "registry/staff.html", {**parts, **context})


@permission("registry.people")
def person(request: HttpRequest, index: str) -> HttpResponse:
    """One person: gates, relations, what the file said when; a clerk changes it from a day on."""
    parts = frame(request)
    row = papers.person(parts["city"], index)
    if row is None:
        raise Http404
    may = request.user.may("registry.staff")
    sent = request.method == "POST" and may
    initial = {name: getattr(row, name) for name in taking.STAFF_FACTS} | {"revision": row.revision, "day": clock.today()}
    form = StaffForm(request.POST if sent else None, initial=initial, lang=request.lang) if may else None
    refused = None
    if sent and form is not None and form.is_valid():
        said: dict[str, Any] = dict(form.cleaned_data)
        try:
            actions.amend_staff(index, said, revision=said["revision"], day=said["day"], city=parts["city"], by=request.user, at=clock.now())
            messages.success(request, "考务人员登记已变更。")
            return redirect("registry:person", index=index)
        except Refused as problem:
            refused = problem.verdict
    names = queries.names(parts["city"], queries.ties(parts["city"], parts["day"]))
    relations = [(one, names.get(one.body, ""), tied.ways(parts["city"], one.body, parts["day"], names)) for one in tied.relations(row.city, index)]
    context = {
        "row": row, "name": mask_name(row.name), "number": mask_id(row.id_number), "gates": gates.of(row, parts["day"]), "form": form,
        "verdict": refused, "records": papers.staff_records(row), "relations": relations,
    }  # fmt: skip
    return render(request, "registry/person.html", {**parts, **context}, status=422 if refused or (form is not None and form.errors) else 200)


@permission("registry.view")
def exam_body(request: HttpRequest) -> HttpResponse:
    """二（一）: the one exam body of the city, by which document, with how many full-time people."""
    parts = frame(request)
    may = request.user.may("registry.plan")
    sent = request.method == "POST" and may
    form = ExamBodyForm(request.POST if sent else None, lang=request.lang, initial={"from_day": clock.today()}) if may else None
    refused = None
    if sent and form is not None and form.is_valid():
        try:
            actions.ask_exam_body(form.said(), city=parts["city"], by=request.user, at=clock.now())
            messages.success(request, "已提请第二人审批；批准后生效。")
            return redirect("registry:exam_body")
        except Refused as problem:
            refused = problem.verdict
    rows = papers.exam_bodies(parts["city"])
    count = papers.full_time(parts["city"])
    context = {
        "rows": rows, "active": next((row for row in rows if row.to_day is None and row.ended_at is None), None), "full_time": count,
        "staffed": has_full_time_staff(count), "form": form, "verdict": refused, "may_end": request.user.may("registry.accept"),
    }  # fmt: skip
    return render(request, "registry/exam_body.html", {**parts, **context}, status=422 if refused or (form is not None and form.errors) else 200)


@require_POST
@permission("registry.accept")
def end_exam_body(request: HttpRequest) -> HttpResponse:
    """二（一） N2.1.1: ends the exam body, so that another may be designated."""
    last = day_of(request.POST.get("last_day")) or clock.today()
    city = frame(request)["city"]
    actions.end_exam_body(city=city, last_day=last, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    messages.success(request, f"考试机构到 {last} 终止。")
    return redirect("registry:exam_body")
