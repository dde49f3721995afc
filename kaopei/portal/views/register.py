"""The public register: institutions and sites as of any day, and the exam calendar; as page, CSV and JSON."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kaopei.center.publication import queries
from kaopei.portal import listing, sketch
from kaopei.portal.listing import Asked, Listing
from kaopei.portal.views.asking import Unclear, asked, asked_or_today, kept, short_or_404

PAGE = 50


def _answer(request: HttpRequest, form: str, name: str, rows: list[dict[str, Any]], columns: Sequence[str]) -> HttpResponse:
    if form == "csv":
        answer = HttpResponse(listing.as_csv(rows, columns), content_type="text/csv; charset=utf-8")
    else:
        answer = HttpResponse(json.dumps({name: rows}, ensure_ascii=False), content_type="application/json")
        answer["Access-Control-Allow-Origin"] = "*"
    if not request.path.startswith("/api/"):
        answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer


def listed(name: str, rows_of: Callable[[Asked], Listing], columns: Sequence[str], day_name: str) -> Callable[..., HttpResponse]:
    """The view of a list in a machine's form: `form` is csv or json."""

    @require_safe
    def view(request: HttpRequest, form: str) -> HttpResponse:
        try:
            wanted = asked(request, day_name=day_name)
        except Unclear as problem:
            return HttpResponse(json.dumps({"error": str(problem)}, ensure_ascii=False), status=400, content_type="application/json")
        return _answer(request, form, name, rows_of(wanted).rows, columns)

    return view


institutions_file = listed("institutions", listing.institutions, listing.INSTITUTION_COLUMNS, "on")
sites_file = listed("sites", listing.sites, listing.SITE_COLUMNS, "on")
calendar_file = listed("calendar", listing.sittings, listing.SITTING_COLUMNS, "from")


def _page(request: HttpRequest, kind: str, rows_of: Callable[[Asked], Listing], day_name: str = "on") -> dict[str, Any]:
    """What all three lists share: filters, choices, rows, and why there may be none."""
    wanted, problem = asked_or_today(request, day_name=day_name)
    found = rows_of(wanted)
    return {
        "asked": wanted,
        "problem": problem,
        "rows": found.rows,
        "every": found.every,
        "page": Paginator(found.rows, PAGE).get_page(request.GET.get("page")),
        "works": listing.operations(found.every),
        "choices": listing.city_choices(kind),
        "kept": kept(request),
        "nothing_yet": not found.every,
        "first_day": queries.first_day(kind, wanted.city),
        "is_past": wanted.on < wanted.at.date(),
    }


@require_safe
def institutions(request: HttpRequest) -> HttpResponse:
    """一（二） N1.2.5, N1.2.6: who may train for what, where."""
    context = _page(request, "institution", listing.institutions)
    context["round"] = queries.newest_round("register", context["asked"].moment, context["asked"].city)
    return render(request, "portal/institutions.html", context)


@require_safe
def institution(request: HttpRequest, city: str, code: str) -> HttpResponse:
    """One institution: what is public of it, since when, and what was public before."""
    context = _one(request, "institution", city, code)
    hosted = [one for one in listing.sites(Asked(context["asked"].at, context["asked"].on, city)).rows if one["host"] == code]
    return render(request, "portal/institution.html", {**context, "hosted": hosted})


@require_safe
def sites(request: HttpRequest) -> HttpResponse:
    """二（二）: where exams are held, and whether the site may hold them on the day."""
    context = _page(request, "site", listing.sites)
    context["round"] = queries.newest_round("register", context["asked"].moment, context["asked"].city)
    context["map"] = sketch.draw(context["rows"])
    return render(request, "portal/sites.html", context)


@require_safe
def site(request: HttpRequest, city: str, number: str) -> HttpResponse:
    """One site: what may be examined there, measures with their end, the sittings to come."""
    context = _one(request, "site", city, number)
    shown = listing.site(context["one"], context["asked"].on)
    coming = listing.sittings(Asked(context["asked"].at, context["asked"].at.date(), city, site=number)).rows
    return render(request, "portal/site.html", {**context, "site": shown, "coming": coming[:PAGE]})


def _one(request: HttpRequest, kind: str, city: str, number: str) -> dict[str, Any]:
    try:
        wanted = asked(request)
    except Unclear as problem:
        raise Http404(str(problem)) from None
    number = short_or_404(number)
    found = queries.one(kind, number, wanted.moment, city=city)
    if found is None:
        raise Http404(number)
    return {"asked": wanted, "one": found, "versions": queries.versions(kind, number, wanted.at, city=city)}


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """二（三）: when and where what is examined, with seats; no names."""
    context = _page(request, "sitting", listing.sittings, "from")
    context["round"] = queries.newest_round("calendar", context["asked"].at, context["asked"].city)
    context["sites"] = sorted({row["site"]: row["site_name"] for row in context["every"]}.items())
    for row in context["page"].object_list:
        row["shown_day"] = date.fromisoformat(row["day"])
    return render(request, "portal/calendar.html", context)
