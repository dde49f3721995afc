"""Pages of the register: institutions, sites, ties, each as of a day."""

import datetime as dt
import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from kaopei.center.registry import queries
from kaopei.center.registry.forms import SuspensionForm
from kaopei.law.places import cities
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.approvals import actions as approvals

PAGE = 50


def _frame(request: HttpRequest) -> dict[str, Any]:
    """Day and city of the page: today and the person's city unless the address says otherwise; the province chooses a city."""
    try:
        day = dt.date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        day = clock.today()
    mine = request.user.city
    city = mine if mine != "*" else request.GET.get("city", "")
    known = sorted(queries.cities_in_sight())
    if city not in known and mine == "*":
        city = known[0] if known else ""
    choices = [(code, cities()[code].name if code in cities() else code) for code in known] if mine == "*" else []
    return {"day": day, "city": city, "choices": choices}


@permission("registry.view")
def institutions(request: HttpRequest) -> HttpResponse:
    """一（一）: who may train for what, on a day."""
    frame = _frame(request)
    wanted = request.GET.get("q", "").strip()
    found = [body for body in queries.institutions(frame["city"], frame["day"]) if wanted in body.name or wanted in body.code]
    if request.user.institution:
        found = [body for body in found if body.code == request.user.institution]
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "registry/institutions.html", {**frame, "page": page, "q": wanted})


@permission("registry.view")
def institution(request: HttpRequest, code: str) -> HttpResponse:
    """One institution: registrations, ties, sites on its premises."""
    frame = _frame(request)
    body = queries.institution(frame["city"], code, frame["day"])
    if body is None or request.user.institution not in ("", code):
        raise Http404
    hosted = [site for site in queries.sites(frame["city"], frame["day"]) if site.host_code == code]
    tied = [tie for tie in queries.ties(frame["city"], frame["day"]) if code in (tie.one_code, tie.other_code)]
    known = queries.registrations(frame["city"], code)
    return render(request, "registry/institution.html", {**frame, "body": body, "hosted": hosted, "ties": tied, "registrations": known})


@permission("registry.view")
def sites(request: HttpRequest) -> HttpResponse:
    """二（二）: exam sites, on a day."""
    frame = _frame(request)
    return render(request, "registry/sites.html", {**frame, "sites": queries.sites(frame["city"], frame["day"])})


@permission("registry.view")
def site(request: HttpRequest, number: str) -> HttpResponse:
    """One site; somebody who may ask can ask a second person to suspend it."""
    frame = _frame(request)
    found = queries.site(frame["city"], number, frame["day"])
    if found is None:
        raise Http404
    may_ask = request.user.may("approvals.request") and request.user.has("clerk")
    form = SuspensionForm(request.POST if request.method == "POST" else None) if may_ask else None
    if request.method == "POST" and form is not None and form.is_valid():
        _ask(request, frame["city"], number, form.cleaned_data)
        messages.success(request, "已提请第二人审批；批准后暂停即生效。")
        return redirect("registry:site", number=number)
    host = queries.institution(frame["city"], found.host_code, frame["day"]) if found.host_code else None
    codes = {number, found.host_code} - {""}
    context = {
        "site": found,
        "host": host,
        "form": form,
        "standings": queries.standings(frame["city"], number),
        "ties": [tie for tie in queries.ties(frame["city"], frame["day"]) if codes & {tie.one_code, tie.other_code}],
        "controller": queries.controllers(frame["city"], frame["day"]).get(number, ""),
    }
    return render(request, "registry/site.html", {**frame, **context}, status=422 if form is not None and form.errors else 200)


def _ask(request: HttpRequest, city: str, number: str, said: dict[str, Any]) -> None:
    content = {
        "city": city,
        "site": number,
        "from_day": said["from_day"].isoformat(),
        "to_day": said["to_day"].isoformat(),
        "reason": said["reason"].strip(),
    }
    approvals.request(
        action="registry.suspend",
        object=f"site:{number}",
        content=json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode(),
        title=f"暂停考试点 {number} 的考试业务",
        approve_act="registry.suspend",
        url=reverse("registry:site", args=[number]),
        by=request.user,
        at=clock.now(),
    )


@permission("registry.view")
def ties(request: HttpRequest) -> HttpResponse:
    """二（二）: ties and the groups they make, on a day."""
    frame = _frame(request)
    listed = queries.ties(frame["city"], frame["day"])
    names = queries.names(frame["city"], listed)
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, top in sorted(queries.controllers(frame["city"], frame["day"]).items()):
        groups.setdefault(top, []).append((code, names.get(code, "")))
    shown = [members for members in groups.values() if len(members) > 1]
    return render(request, "registry/ties.html", {**frame, "ties": listed, "groups": shown})
