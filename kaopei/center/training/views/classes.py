"""Pages of classes: list, draft, timetable, roster, report, changes, close; syllabus units and teachers."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.registry import queries as registry
from kaopei.center.training.actions import classes as actions
from kaopei.center.training.actions import people as people_actions
from kaopei.center.training.forms import ChangeForm, ClassForm, LessonForm, RosterForm, UnitForm
from kaopei.center.training.models import Lesson, LessonChange, TrainingClass
from kaopei.center.training.queries import classes, hours, people
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.clock import CHINA
from kaopei.office.personal import mask_id, mask_name

PAGE = 50


def mine(request: HttpRequest) -> str:
    """The institution whose classes alone this person may see; empty for the city's people."""
    return request.user.institution if request.user.has("institution") or request.user.has("teacher") else ""


def class_of(request: HttpRequest, number: str) -> TrainingClass:
    """The class, or 404 where it is not his."""
    found = classes.of(number)
    if found is None or mine(request) not in ("", found.institution_code):
        raise Http404
    return found


def lesson_of(request: HttpRequest, pk: int) -> Lesson:
    """The lesson, or 404 where it is not his."""
    found = classes.lesson(pk)
    if found is None or mine(request) not in ("", found.study_class.institution_code):
        raise Http404
    return found


@permission("training.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All classes in sight; a teacher comes to his lessons."""
    if request.user.has("teacher"):
        return redirect("training:teaching")
    wanted, status = request.GET.get("q", "").strip(), request.GET.get("status", "")
    status = status if status in TrainingClass.Status.values else ""
    page = Paginator(classes.found(institution=mine(request), wanted=wanted, status=status), PAGE).get_page(request.GET.get("page"))
    names = registry.names(request.user.city) if request.user.city != "*" else {}
    rows = [(one, names.get(one.institution_code, one.institution_code)) for one in page]
    context = {"page": page, "rows": rows, "q": wanted, "status": status, "statuses": TrainingClass.Status.choices}
    return render(request, "training/classes.html", {**context, "may": request.user.may("training.report")})


@permission("training.report")
def new(request: HttpRequest) -> HttpResponse:
    """Draft a class."""
    body = registry.institution(request.user.city, request.user.institution, clock.today())
    form = ClassForm(request.POST or None, scope=list(body.scope) if body else [])
    if request.method == "POST" and form.is_valid():
        made = actions.draft(city=request.user.city, institution=request.user.institution, fields=form.cleaned_data, by=request.user, at=clock.now())
        messages.success(request, f"培训班 {made.number} 已草拟。下一步：编排课程表、登记学员，然后报告。")
        return redirect("training:class", number=made.number)
    return render(request, "training/new.html", {"form": form, "body": body}, status=422 if form.errors else 200)


@permission("training.view")
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One class: what is to be done next, timetable, roster with hours, changes."""
    return _show(request, class_of(request, number))


def _show(request: HttpRequest, one: TrainingClass, *, status: int = 200, **forms: Any) -> HttpResponse:
    teachers = list(classes.teachers(one.city, one.institution_code))
    lessons = list(classes.lessons(one))
    names = {row.person: row.name for row in teachers}
    may = request.user.may("training.report") and request.user.institution == one.institution_code
    rows = [
        (row, mask_name(row.trainee.name) or "（不在名册）", mask_id(row.trainee.id_number), hours.of(row) if row.continues_id else None)
        for row in people.roster(one)
    ]
    context = {
        "one": one,
        "lessons": [(row, names.get(row.teacher, "")) for row in lessons],
        "rows": rows,
        "changes": classes.changes(one),
        "needed": hours.needed(one),
        "may": may,
        "lesson_form": forms.get("lesson_form") or LessonForm(teachers=teachers, initial=_initial(one, lessons)),
        "roster_form": forms.get("roster_form") or RosterForm(),
        "has_teachers": bool(teachers),
        "steps": _steps(one, bool(lessons), bool(rows)),
    }
    return render(request, "training/class.html", context, status=status)


def _initial(one: TrainingClass, lessons: list[Lesson]) -> dict[str, Any]:
    day = lessons[-1].day if lessons else one.first_day
    return {"day": day, "start": "09:00", "end": "12:15", "room": one.room, "capacity": one.capacity}


def _steps(one: TrainingClass, has_lessons: bool, has_people: bool) -> list[tuple[str, str]]:
    draft = one.status == "draft"
    first = "done" if has_lessons else "now"
    second = "done" if has_people else "now" if has_lessons else "todo"
    third = "done" if not draft else "now" if has_lessons and has_people else "todo"
    fourth = "done" if one.status in ("closed", "sealed") else "now" if not draft else "todo"
    last = "done" if one.status == "sealed" else "now" if one.status == "closed" else "todo"
    return [("课程表", first), ("学员名册", second), ("报告", third), ("上课、签到", fourth), ("结班、封存档案", last)]


@require_POST
@permission("training.report")
def plan(request: HttpRequest, number: str) -> HttpResponse:
    """Add a lesson to a class that is not reported yet."""
    one = class_of(request, number)
    form = LessonForm(request.POST, teachers=list(classes.teachers(one.city, one.institution_code)))
    if not form.is_valid():
        return _show(request, one, status=422, lesson_form=form)
    actions.plan(one, [form.row()], by=request.user, at=clock.now())
    return redirect("training:class", number=number)


@require_POST
@permission("training.enrol")
def enrol(request: HttpRequest, number: str) -> HttpResponse:
    """Put people on the roster."""
    one, form = class_of(request, number), RosterForm(request.POST)
    if not form.is_valid():
        return _show(request, one, status=422, roster_form=form)
    made = people_actions.enrol(one, form.rows(), by=request.user, at=clock.now())
    messages.success(request, f"已登记 {len(made)} 名学员。")
    return redirect("training:class", number=number)


@require_POST
@permission("training.report")
def report(request: HttpRequest, number: str) -> HttpResponse:
    """The written report."""
    made = actions.report(class_of(request, number), by=request.user, at=clock.now())
    messages.success(request, f"已向市应急管理局书面报告，编号 {made.report_number}。")
    return redirect("training:class", number=number)


@require_POST
@permission("training.report")
def close(request: HttpRequest, number: str) -> HttpResponse:
    """The class is over."""
    actions.close(class_of(request, number), by=request.user, at=clock.now())
    messages.success(request, "本班已结班。")
    return redirect("training:class", number=number)


@permission("training.report")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Move, cancel or repeat a lesson."""
    one = lesson_of(request, pk)
    teachers = list(classes.teachers(one.city, one.study_class.institution_code))
    chosen = next((row.pk for row in teachers if row.person == one.teacher), None)
    local = one.starts_at.astimezone(CHINA)
    initial = {
        "day": one.day, "start": f"{local:%H:%M}", "end": f"{one.ends_at.astimezone(CHINA):%H:%M}", "teacher": chosen, "room": one.room,
        "capacity": one.capacity,
    }  # fmt: skip
    kind = request.POST.get("kind", "")
    form = ChangeForm(request.POST or None, teachers=teachers, initial=initial)
    if request.method == "POST" and kind == LessonChange.Kind.CANCELLED:
        actions.change_lesson(one, kind, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    elif request.method == "POST" and kind in LessonChange.Kind.values and form.is_valid():
        actions.change_lesson(one, kind, row=form.row(), reason=form.cleaned_data["reason"], by=request.user, at=clock.now())
    else:
        context = {"one": one, "form": form, "ahead": one.starts_at > clock.now(), "kind": kind}
        return render(request, "training/change.html", context, status=422 if form.errors else 200)
    messages.success(request, f"已{LessonChange.Kind(kind).label}，学员手机上会看到通知。")
    return redirect("training:class", number=one.study_class.number)


@permission("training.view")
def units(request: HttpRequest) -> HttpResponse:
    """Units of syllabuses; the city enters, a second person confirms."""
    may = request.user.may("training.enter_hours")
    form = UnitForm(request.POST or None, initial={"day": clock.today()}) if may else None
    if form is not None and request.method == "POST" and form.is_valid():
        actions.enter_unit(city=request.user.city, **form.cleaned_data, by=request.user, at=clock.now())
        messages.success(request, "已录入。须由另一人核对出处并确认后，才能据此不予认定。")
        return redirect("training:units")
    city = "" if request.user.city == "*" else request.user.city
    context = {"rows": classes.units(city, clock.today()), "form": form, "may_confirm": request.user.may("training.confirm_hours")}
    return render(request, "training/units.html", context, status=422 if form is not None and form.errors else 200)


@require_POST
@permission("training.confirm_hours")
def confirm_unit(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person."""
    city = "" if request.user.city == "*" else request.user.city
    found = next((one for one in classes.units(city, clock.today()) if one.pk == pk), None)
    if found is None:
        raise Http404
    actions.confirm_unit(found, by=request.user, at=clock.now())
    messages.success(request, "已确认。")
    return redirect("training:units")
