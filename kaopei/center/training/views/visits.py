"""The inspector's phone: which classes are being held now, who should be there and who signed in, what was counted."""

import secrets

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kaopei.center.registry import queries as registry
from kaopei.center.training.actions import visits as actions
from kaopei.center.training.forms import VisitForm
from kaopei.center.training.models import Lesson, Visit
from kaopei.center.training.queries import classes, people, visits
from kaopei.law.places import cities
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.personal import mask_name

PAGE = 50


def _city(request: HttpRequest) -> str:
    """An inspector's own; the province's choice, empty for all."""
    if request.user.city != "*":
        return str(request.user.city)
    wanted = request.GET.get("city", "")
    return wanted if wanted in cities() else ""


@permission("training.visit")
def now(request: HttpRequest) -> HttpResponse:
    """Classes in session; ?pick=1 goes to one of them by chance."""
    city, wanted, at = _city(request), request.GET.get("q", "").strip()[:40], clock.now()
    lessons = visits.running(city, at, wanted)
    if "pick" in request.GET and lessons:
        return redirect("training:visit", pk=secrets.choice(lessons).pk)
    signed, names = visits.signed_in(lessons), _names(lessons)
    rows = [(one, names.get((one.city, one.study_class.institution_code), one.study_class.institution_code), signed[one.pk]) for one in lessons]
    choices = [(code, place.name) for code, place in cities().items()] if request.user.city == "*" else []
    context = {"rows": rows, "city": city, "q": wanted, "choices": choices, "at": at, "past": visits.found(city)[:5]}
    return render(request, "training/visits_now.html", context)


def _names(lessons: list[Lesson]) -> dict[tuple[str, str], str]:
    return {(city, code): name for city in {one.city for one in lessons} for code, name in registry.names(city).items()}


@permission("training.visit")
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One class room: names masked, the count typed in, a photograph if there is one; then the result beside the sign-ins."""
    one = classes.lesson(pk)
    if one is None or request.user.city not in ("*", one.city):
        raise Http404
    form = VisitForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        said, photo = form.cleaned_data, form.cleaned_data["photo"]
        chosen = [int(value) for value in request.POST.getlist("not_found") if value.isdecimal()]
        made = actions.visit(
            one, heads=said["heads"], as_reported=not said["differs"], not_found=chosen, note=said["note"],
            photo=photo.read() if photo else None, by=request.user, at=clock.now(),
        )  # fmt: skip
        messages.success(request, f"抽查 {made.number} 已记录，不能再改。")
        return redirect("training:visited", pk=made.pk)
    inside = people.present(one)
    roster = people.roster(one.study_class).filter(left_on=None)
    rows = [(row, mask_name(row.trainee.name), row.trainee.id_number[-4:], row.pk in inside) for row in roster]
    names, teachers = registry.names(one.city), classes.teacher_names({one.teacher})
    context = {
        "one": one, "rows": rows, "inside": len(inside), "form": form, "institution": names.get(one.study_class.institution_code, ""),
        "teacher": teachers.get(one.teacher, ""), "at": clock.now(),
    }  # fmt: skip
    return render(request, "training/visit.html", context, status=422 if form.errors else 200)


@permission("training.visit")
def past(request: HttpRequest) -> HttpResponse:
    """All visits in sight."""
    page = Paginator(visits.found(_city(request)), PAGE).get_page(request.GET.get("page"))
    return render(request, "training/visits.html", {"page": page})


def _visited(request: HttpRequest, pk: int) -> Visit:
    found = visits.one(pk)
    if found is None or request.user.city not in ("*", found.city):
        raise Http404
    return found


@permission("training.view_visits")
def visited(request: HttpRequest, pk: int) -> HttpResponse:
    """The result of one visit beside the sign-ins of that moment."""
    one = _visited(request, pk)
    known = {row.pk: row for row in people.roster(one.lesson.study_class)}
    rows = [(known[pk], mask_name(known[pk].trainee.name), pk in one.not_found) for pk in one.signed_in if pk in known]
    return render(request, "training/visited.html", {"one": one, "rows": rows})


@permission("training.view_visits")
def photo(request: HttpRequest, pk: int) -> HttpResponse:
    """The photograph as it was taken."""
    one = _visited(request, pk)
    if not one.photo:
        raise Http404
    kind = "image/png" if bytes(one.photo).startswith(b"\x89PNG") else "image/jpeg"
    answer = HttpResponse(bytes(one.photo), content_type=kind)
    answer["Cache-Control"] = "private, no-store"
    return answer
