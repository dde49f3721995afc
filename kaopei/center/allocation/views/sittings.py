"""Sittings: list and calendar, one sitting with its seats, its papers."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.allocation import actions, papers, queries
from kaopei.center.allocation.forms import TakePlanForm
from kaopei.center.allocation.models import Sitting
from kaopei.center.applications import queries as applications
from kaopei.center.registry import queries as registry
from kaopei.law.verdict import refuse
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.exports.door import Offer, hand_out
from kaopei.office.personal import mask_name
from kaopei.office.refused import Refused

PAGE = 50
PAPERS = {"door": "考场座次表", "signin": "考生签到表", "record": "考场情况记录表"}


@permission("allocation.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All sittings by day and start, and a calendar of how full the days are."""
    rows = queries.sittings()
    day, site = _day(request.GET.get("day", "")), request.GET.get("site", "")
    batch = request.GET.get("batch", "")
    shown = rows.filter(day=day) if day else rows
    shown = shown.filter(site=site) if site else shown
    shown = shown.filter(batch=batch) if batch else shown
    batches = [one.number for one in applications.batches()]
    context = {
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")),
        "days": _calendar(rows),
        "day": day,
        "site": site,
        "batch": batch,
        "batches": batches,
        "sites": sorted(set(rows.order_by().values_list("site", flat=True))),
        "form": TakePlanForm(batches=batches),
        "may_plan": request.user.may("allocation.plan"),
    }
    return render(request, "allocation/sittings.html", context)


@permission("allocation.plan")
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Form field: batch."""
    count = actions.take_plan(request.POST.get("batch", ""), by=request.user, at=clock.now())
    messages.success(request, f"已按考试计划生成 {count} 个场次。")
    return redirect("allocation:sittings")


@permission("allocation.view")
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One sitting: rooms, seats with masked names, institutions, papers."""
    sitting = _sitting(number)
    people = queries.seated(number)
    site = registry.site(sitting.city, sitting.site, sitting.day)
    rooms: dict[str, list[dict[str, Any]]] = {}
    for one in people:
        line = {"seat": one.seat, "name": mask_name(one.name), "ticket": one.ticket, "subject": one.subject}
        rooms.setdefault(one.room, []).append({**line, "institution": one.institution, "exemption": one.exemption})
    bodies = {body.code: body.name for body in registry.institutions(sitting.city, sitting.day)}
    shares: dict[str, int] = {}
    for one in people:
        shares[one.institution] = shares.get(one.institution, 0) + 1
    context = {
        "sitting": sitting,
        "site": site,
        "rooms": rooms,
        "placed": len(people),
        "shares": sorted(((bodies.get(code, code), count) for code, count in shares.items()), key=lambda row: -row[1]),
        "draw": queries.draw(sitting.frozen_in) if sitting.frozen_in else None,
        "papers": PAPERS,
        "may_print": request.user.may("allocation.people", sitting.city),
    }
    return render(request, "allocation/sitting.html", context)


@permission("allocation.people")
def paper(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """A paper of a sitting as PDF; with names only after the countersignature, and taken down in the record."""
    sitting = _sitting(number)
    if kind not in PAPERS:
        raise Http404(kind)
    draw = queries.draw(sitting.frozen_in)
    if draw is None or draw.status != "verified":
        raise Refused(refuse("N2.3.2", "省级复核会签以前不印发座次表、签到表和记录表。", "state"))
    people = queries.seated(number)
    site = registry.site(sitting.city, sitting.site, sitting.day)
    at = clock.now()
    frame = papers.Frame(sitting.city, draw.number, draw.input_digest, at)

    def make() -> bytes:
        return papers.sitting_paper(kind, frame, sitting, site.name if site else sitting.site, people)

    if kind == "door":  # masked, to hang up at the door
        actions.note_fetched(f"sitting:{number}", what=f"{kind}.pdf", count=len(people), city=sitting.city, by=request.user, at=at)
        return pdf_answer(make(), f"{number}-{kind}.pdf")
    title = f"场次 {number} {PAPERS[kind]}"
    return hand_out(request, Offer(f"allocation.{kind}", f"sitting:{number}", title, len(people), f"{number}-{kind}.pdf", "application/pdf", make))


def pdf_answer(content: bytes, name: str) -> HttpResponse:
    """A PDF to be shown in the browser."""
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


def _calendar(rows: Any) -> list[dict[str, Any]]:
    days: dict[date, dict[str, Any]] = {}
    for day, seats, placed in rows.values_list("day", "seats", "placed"):
        one = days.setdefault(day, {"day": day, "sittings": 0, "seats": 0, "placed": 0})
        one["sittings"] += 1
        one["seats"] += seats
        one["placed"] += placed
    for one in days.values():
        one["percent"] = one["placed"] * 100 // one["seats"] if one["seats"] else 0
    return [days[day] for day in sorted(days)]


def _sitting(number: str) -> Sitting:
    found = queries.sitting(number)
    if found is None:
        raise Http404(number)
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
