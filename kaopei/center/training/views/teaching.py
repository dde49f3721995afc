"""The teacher's phone: his lessons, the code, who is there, confirmation, cards; and the code that binds a trainee's phone."""

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.training import codes, presence
from kaopei.center.training.actions import corrections
from kaopei.center.training.actions import people as people_actions
from kaopei.center.training.forms import CorrectionForm
from kaopei.center.training.models import Enrolment, Lesson, SignInRecord
from kaopei.center.training.queries import classes, people
from kaopei.center.training.views.classes import lesson_of, mine
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.personal import mask_id, mask_name


@permission("training.teach")
def lessons(request: HttpRequest) -> HttpResponse:
    """Lessons of today and the week to come."""
    found = classes.ahead(request.user.username, request.user.institution, clock.now())
    return render(request, "training/teaching.html", {"lessons": found, "today": clock.today()})


@permission("training.teach")
def board(request: HttpRequest, pk: int) -> HttpResponse:
    """The code for the class, and everybody with his evidence."""
    one = lesson_of(request, pk)
    presence.may_teach(one, request.user)
    return render(request, "training/board.html", {**_code(one), **_people(one), "one": one})


@permission("training.teach")
def code(request: HttpRequest, pk: int) -> HttpResponse:
    """The code as it is now; the page asks every few seconds."""
    one = lesson_of(request, pk)
    presence.may_teach(one, request.user)
    return render(request, "training/part_code.html", {**_code(one), "one": one})


@permission("training.teach")
def seats(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is there now."""
    one = lesson_of(request, pk)
    presence.may_teach(one, request.user)
    return render(request, "training/part_people.html", {**_people(one), "one": one})


def _code(one: Lesson) -> dict[str, object]:
    at = int(clock.now().timestamp())
    secret = bytes(one.study_class.secret or b"")
    return {"code": codes.code(secret, one.pk, at) if secret else "", "left": codes.left(at), "step": codes.SAMPLE.step_seconds}


def _people(one: Lesson) -> dict[str, object]:
    rows = people.board(one)
    for row in rows:
        enrolment: Enrolment = row["enrolment"]  # type: ignore[assignment]
        row["name"], row["tail"] = mask_name(enrolment.trainee.name), enrolment.trainee.id_number[-4:]
    return {"rows": rows, "inside": sum(bool(row["came"]) and not row["went"] for row in rows), "unconfirmed": _unconfirmed(rows)}


def _unconfirmed(rows: list[dict[str, object]]) -> int:
    return sum(bool(row["came"]) and not row["confirmed"] for row in rows)


@require_POST
@permission("training.teach")
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The teacher has seen them."""
    one = lesson_of(request, pk)
    chosen = [int(value) for value in request.POST.getlist("enrolment") if value.isdecimal()]
    count = presence.confirm(one, chosen, by=request.user, at=clock.now())
    messages.success(request, f"已确认 {count} 人在场。")
    return redirect("training:board", pk=pk)


@require_POST
@permission("training.teach")
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """A card at the teacher's desk."""
    one = lesson_of(request, pk)
    kind = "out" if request.POST.get("kind") == "out" else "in"
    row = presence.by_card(one, request.POST.get("card", ""), kind, by=request.user, at=clock.now())
    messages.success(request, f"{mask_name(row.enrolment.trainee.name)} 已刷卡{presence.WORDS[kind]}。")
    return redirect("training:board", pk=pk)


def enrolment_of(request: HttpRequest, pk: int) -> Enrolment:
    """An enrolment of his own institution (or of the city), or 404."""
    found = people.enrolment(pk)
    if found is None or mine(request) not in ("", found.study_class.institution_code):
        raise Http404
    return found


@permission("training.enrol")
def bind(request: HttpRequest, pk: int) -> HttpResponse:
    """At the identity check: show the trainee a code that binds his phone, once; or end a phone."""
    one = enrolment_of(request, pk)
    phone = people.phone_of(one.trainee)
    shown, picture = "", ""
    if request.method == "POST" and request.POST.get("what") == "end" and phone is not None:
        people_actions.end_device(phone, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
        messages.success(request, "这台手机已停用。")
        return redirect("training:bind", pk=pk)
    if request.method == "POST":
        shown = people_actions.issue_code(one, by=request.user, at=clock.now())
        picture = segno.make(request.build_absolute_uri("/training/phone/"), error="m").svg_data_uri(scale=5)
    context = {
        "one": one, "name": mask_name(one.trainee.name), "number": mask_id(one.trainee.id_number), "phone": phone, "code": shown, "picture": picture,
        "minutes": codes.SAMPLE.code_minutes,
    }  # fmt: skip
    return render(request, "training/bind.html", context)


@permission("training.view")
def records(request: HttpRequest, pk: int) -> HttpResponse:
    """All records of one person in one class; a correction is asked for from here."""
    one = enrolment_of(request, pk)
    form = CorrectionForm(request.POST or None)
    chosen = request.POST.get("number", "")
    if request.method == "POST" and request.user.may("training.correct") and form.is_valid():
        _ask(request, one, form, chosen)
        messages.success(request, "已提出更正，须由市局第二人核对后才生效；原记录保留。")
        return redirect("training:records", pk=pk)
    rows = SignInRecord.objects.filter(enrolment=one).order_by("begin", "pk")
    context = {"one": one, "name": mask_name(one.trainee.name), "rows": rows, "form": form, "may": request.user.may("training.correct")}
    lessons_ = classes.lessons(one.study_class).filter(starts_at__lte=clock.now())
    return render(request, "training/records.html", {**context, "lessons": lessons_}, status=422 if form.errors else 200)


def _ask(request: HttpRequest, one: Enrolment, form: CorrectionForm, chosen: str) -> None:
    import datetime as dt

    record = SignInRecord.objects.filter(enrolment=one, number=chosen).first()
    named = request.POST.get("lesson", "")
    lesson = one.study_class.lessons.filter(pk=int(named)).first() if named.isdecimal() else record.lesson if record else None
    day = lesson.day if lesson else record.day if record else None
    times = [dt.datetime.combine(day, form.cleaned_data[name], clock.CHINA) if day and form.cleaned_data[name] else None for name in ("begin", "end")]
    corrections.ask(
        record, enrolment=one, lesson=lesson, begin=times[0], end=times[1], evidence=0 if record else 8, reason=form.cleaned_data["reason"],
        by=request.user, at=clock.now(),
    )  # fmt: skip
