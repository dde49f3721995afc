"""Pages of the duty draw: steps, who serves, gates and ties behind it, gaps, replacements, the record."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.allocation import actions, duty_record
from kaopei.center.allocation.models import DutyRoster
from kaopei.center.allocation.queries import duty as queries
from kaopei.center.registry import queries as registry
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.personal import mask_name
from kaopei.office.refused import Refused

PAGE = 100
ORDER = ("announced", "committed", "frozen", "drawn")
WORDS = (("公告、第一份承诺", "Announce"), ("第二份承诺", "Commit"), ("冻结", "Freeze"), ("抽签", "Draw"))


class DutyForm(forms.Form):
    """A duty draw to be announced."""

    kind = forms.ChoiceField(label="种类", choices=DutyRoster.Kind.choices)
    first = forms.DateField(label="起", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="止", widget=forms.DateInput(attrs={"type": "date"}))
    choose = forms.IntegerField(label="抽取几个校内考试点（只用于双随机巡查）", required=False, min_value=1, max_value=100)


@permission("allocation.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All duty draws; a clerk announces one."""
    may = request.user.may("allocation.duty") and request.user.city != "*"
    sent = request.method == "POST" and may
    form = DutyForm(request.POST if sent else None) if may else None
    refused = None
    if sent and form is not None and form.is_valid():
        said = form.cleaned_data
        try:
            made = actions.announce_duties(
                said["kind"], said["first"], said["last"], choose=said["choose"], city=request.user.city, by=request.user, at=clock.now()
            )
            return redirect("allocation:roster", number=made.number)
        except Refused as problem:
            refused = problem.verdict
    page = Paginator(queries.rosters(), PAGE).get_page(request.GET.get("page"))
    status = 422 if refused or (form is not None and form.errors) else 200
    return render(request, "allocation/rosters.html", {"page": page, "form": form, "verdict": refused}, status=status)


def _roster(number: str) -> DutyRoster:
    row = queries.duty_roster(number)
    if row is None:
        raise Http404
    return row


def _names(row: DutyRoster) -> dict[str, str]:
    return {one.person: mask_name(one.name) for one in registry.staff(row.city)}


@permission("allocation.view")
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One duty draw: what is next, who serves where, what nobody can fill."""
    row = _roster(number)
    names, role = _names(row), request.GET.get("role", "")
    places = row.places.prefetch_related("replacements")
    roles = sorted(set(places.order_by().values_list("role", flat=True)))
    shown = places.filter(role=role) if role else places
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    lines = [(one, names.get(one.person, ""), [(names.get(r.out, ""), r) for r in one.replacements.all()]) for one in page.object_list]
    now = ORDER.index(row.status)
    english = request.lang == "en"
    context: dict[str, Any] = {
        "row": row, "page": page, "lines": lines, "role": role, "roles": roles, "places": places.count(),
        "unfilled": places.filter(person="").count(),
        "gaps": queries.gaps(row) if row.status == "drawn" else [],
        "steps": [(pair[english], "done" if at <= now else "now" if at == now + 1 else "todo") for at, pair in enumerate(WORDS)],
        "frozen": _counts(row), "may": request.user.may("allocation.duty"), "may_second": request.user.may("allocation.duty_second"),
        "is_first": row.first_by == request.user.username,
    }  # fmt: skip
    return render(request, "allocation/roster.html", context)


def _counts(row: DutyRoster) -> list[tuple[str, int, int, int]]:
    """Of the frozen input: role, posts, people, people who may serve in at least one."""
    if row.input is None:
        return []
    roles = json.loads(bytes(row.input))["roles"].items()
    return [(role, len(said["posts"]), len(said["people"]), len({one for group in said["able"] for one in group})) for role, said in roles]


@require_POST
@permission("allocation.view")
def step(request: HttpRequest, number: str) -> HttpResponse:
    """The next step, by whom it belongs to; the action asks who may."""
    row = _roster(number)
    acts = {"commit": actions.commit_duties, "freeze": actions.freeze_duties, "draw": actions.draw_duties}
    act = acts.get(request.POST.get("what", ""))
    if act is None:
        raise Http404
    done = act(row.number, by=request.user, at=clock.now())
    messages.success(request, f"{number}：{done.get_status_display()}。")
    return redirect("allocation:roster", number=number)


@require_POST
@permission("allocation.duty")
def replace(request: HttpRequest, number: str, position: int) -> HttpResponse:
    """Somebody cannot come: the next by the same seed."""
    row = _roster(number)
    place = row.places.filter(position=position).first()
    if place is None:
        raise Http404
    made = actions.replace_duty(place, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    name = _names(row).get(made.into, "")
    messages.success(request, f"已由{name}替换。" if made.into else "没有可以替换的人，该岗位空缺，请向其他地市求助。")
    return redirect("allocation:roster", number=number)


@permission("allocation.view")
def judged(request: HttpRequest, number: str) -> HttpResponse:
    """Everybody of a role at a sitting: gates, and the path of each tie."""
    row = _roster(number)
    names = _names(row)
    sitting, role = request.GET.get("sitting", ""), request.GET.get("role", "")
    rows = [(names.get(one.person.id_number, ""), one.person.id_number, one.grounds) for one in queries.judged(row.city, sitting, role)]
    rows.sort(key=lambda one: (len(one[2]) > 0, one[0]))
    context = {"row": row, "sitting": sitting, "role": role, "rows": rows, "free": sum(not one[2] for one in rows)}
    return render(request, "allocation/roster_judged.html", context)


@permission("allocation.view")
def record(request: HttpRequest, number: str) -> HttpResponse:
    """The record, by pseudonym, for whoever wants to run the draw again: `./run roster verify FILE`."""
    row = _roster(number)
    if row.status != DutyRoster.Status.DRAWN:
        raise Http404
    secrets = {duty_record.FIRST: row.first_secret, duty_record.SECOND: row.second_secret}
    commitments = {duty_record.FIRST: row.first_commitment, duty_record.SECOND: row.second_commitment}
    content = duty_record.encode(duty_record.written(bytes(row.input), number, secrets, commitments))
    headers = {"Content-Disposition": f'attachment; filename="{number}.json"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/json", headers=headers)
