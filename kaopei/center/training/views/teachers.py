"""Teachers as reported: the list, a report, its end, and every version of what was reported of one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.training.actions import classes as actions
from kaopei.center.training.forms import TeacherEndForm, TeacherForm
from kaopei.center.training.models import TeacherReport
from kaopei.center.training.queries import classes
from kaopei.center.training.views.classes import mine
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.personal import mask_id, mask_name

PAGE = 50


@permission("training.view")
def teachers(request: HttpRequest) -> HttpResponse:
    """Teachers as reported; an institution reports its own."""
    may = request.user.may("training.report")
    form = TeacherForm(request.POST or None) if may else None
    if form is not None and request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        actions.report_teacher(city=request.user.city, institution=request.user.institution, **said, by=request.user, at=clock.now())
        messages.success(request, f"教师 {said['name']} 已书面报告，今天起可以排课。")
        return redirect("training:teachers")
    city = "" if request.user.city == "*" else request.user.city
    page = Paginator(classes.teachers(city, mine(request)), PAGE).get_page(request.GET.get("page"))
    rows = [(one, mask_name(one.name), mask_id(one.id_number)) for one in page]
    context = {"page": page, "rows": rows, "form": form, "today": clock.today()}
    return render(request, "training/teachers.html", context, status=422 if form is not None and form.errors else 200)


def _report(request: HttpRequest, pk: int) -> TeacherReport:
    """A report in sight; an institution's people see its own only."""
    found = TeacherReport.objects.filter(pk=pk).first()
    if found is None or mine(request) not in ("", found.institution_code):
        raise Http404
    return found


@permission("training.view")
def teacher(request: HttpRequest, pk: int) -> HttpResponse:
    """One teacher: what was reported of him, from when to when; the institution ends its report here."""
    found = _report(request, pk)
    versions = classes.reports_of(found.city, found.institution_code, found.person)
    is_open = found.to_day is None and found.ended_at is None
    form = TeacherEndForm(initial={"last_day": clock.today()}) if is_open and request.user.may("training.report") else None
    context = {"one": found, "name": mask_name(found.name), "number": mask_id(found.id_number), "versions": versions, "form": form}
    return render(request, "training/teacher.html", {**context, "today": clock.today()})


@require_POST
@permission("training.report")
def end_teacher(request: HttpRequest, pk: int) -> HttpResponse:
    """一（二） N1.2.7: he no longer teaches here."""
    found, form = _report(request, pk), TeacherEndForm(request.POST)
    if not form.is_valid():
        messages.error(request, "没有办成：请填写最后任教日和原因。")
        return redirect("training:teacher", pk=pk)
    actions.end_teacher(found, **form.cleaned_data, by=request.user, at=clock.now())
    messages.success(request, f"教师报告已终止，最后任教日 {form.cleaned_data['last_day']}。登记沿革保留以前的内容。")
    return redirect("training:teachers")
