"""The timetable of a class as a spreadsheet: upload, every row's verdict, confirm; download as it stands."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kaopei.center.registry.unusable import Unusable
from kaopei.center.training import lesson_sheet
from kaopei.center.training.actions import classes as actions
from kaopei.center.training.forms import LessonSheetForm
from kaopei.center.training.models import TrainingClass
from kaopei.center.training.queries import classes
from kaopei.center.training.views.classes import class_of
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.sheets import XLSX, write_xlsx


@permission("training.report")
def upload(request: HttpRequest, number: str) -> HttpResponse:
    """Read a timetable and show what would become of each row; confirming plans all of them at once."""
    one = class_of(request, number)
    if request.method == "POST" and "rows" in request.POST:
        rows = lesson_sheet.opened(one, request.POST["rows"], request.user.username)
        made = actions.plan(one, rows, by=request.user, at=clock.now())
        messages.success(request, f"已排入 {len(made)} 次课。请核对课程表。")
        return redirect("training:class", number=number)
    form = LessonSheetForm(request.POST or None, request.FILES or None)
    found, told, fault = [], [], ""
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found, told = lesson_sheet.judged(one, file.read(), file.name, clock.now())
        except Unusable as problem:
            fault = str(problem)
    return _page(request, one, {"form": form, "found": found, "told": told, "fault": fault})


def _page(request: HttpRequest, one: TrainingClass, context: dict) -> HttpResponse:
    found = context["found"]
    bad = sum(tried.row is None for tried in found)
    more = {
        "one": one, "teachers": list(classes.teachers(one.city, one.institution_code)), "columns": lesson_sheet.COLUMNS,
        "bad": bad, "good": len(found) - bad, "draft": one.status == TrainingClass.Status.DRAFT,
        "rows": lesson_sheet.sealed(one, found, request.user.username) if found and not bad else "",
    }  # fmt: skip
    return render(request, "training/timetable.html", context | more, status=422 if context["fault"] or bad or context["form"].errors else 200)


@permission("training.report")
def download(request: HttpRequest, number: str) -> HttpResponse:
    """An institution's own timetable with the columns that are read again; without lessons it is the empty form to fill in."""
    one = class_of(request, number)
    names = {row.person: row.name for row in classes.teachers(one.city, one.institution_code)}
    content = write_xlsx(f"{one.number} 课程表", lesson_sheet.COLUMNS, lesson_sheet.rows(classes.lessons(one), names))
    headers = {"Content-Disposition": f'attachment; filename="lessons-{one.number}.xlsx"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=XLSX, headers=headers)
