"""The register as of a day, as a page, CSV or JSON; and what differs between two days."""

import datetime as dt

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from kaopei.center.registry.queries import asof
from kaopei.center.registry.views.frame import day_of, frame
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.clock import CHINA
from kaopei.office.sheets import write_csv

PAGE = 100


def _known(request: HttpRequest) -> dt.datetime | None:
    """The end of the day up to which the register is believed: what was entered later is left out."""
    day = day_of(request.GET.get("known"))
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), CHINA) if day and day < dt.date.max else None


def _entries(request: HttpRequest, city: str, day: dt.date, known: dt.datetime | None = None) -> list[asof.Entry]:
    """An institution sees itself and its teachers only."""
    own, found = request.user.institution, asof.entries(city, day, known)
    return asof.of_institution(found, own) if own else found


@permission("registry.view")
def register(request: HttpRequest) -> HttpResponse:
    """一（二） N1.2.5–6: the whole register as it stood on a day."""
    parts = frame(request)
    found = _entries(request, parts["city"], parts["day"], _known(request))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "registry/register.html", {**parts, "page": page, "known": day_of(request.GET.get("known"))})


@permission("registry.view")
def download(request: HttpRequest, suffix: str) -> HttpResponse:
    """The same as CSV or JSON, for machines: `?day=2026-11-30&known=2026-12-05&city=440600`."""
    parts = frame(request)
    if suffix not in ("csv", "json"):
        raise Http404
    known = _known(request)
    found = _entries(request, parts["city"], parts["day"], known)
    name = f"register-{parts['city']}-{parts['day']}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if suffix == "csv":
        return HttpResponse(write_csv(asof.COLUMNS, [one.cells for one in found]), content_type="text/csv; charset=utf-8", headers=headers)
    said = {
        "city": parts["city"], "day": str(parts["day"]), "known": known.isoformat() if known else None,
        "entries": [{"kind": one.kind, "code": one.code, **dict(zip(asof.COLUMNS[2:], one.cells[2:], strict=True))} for one in found],
    }  # fmt: skip
    return JsonResponse(said, headers=headers, json_dumps_params={"ensure_ascii": False})


@permission("registry.view")
def differences(request: HttpRequest) -> HttpResponse:
    """一（二） N1.2.5, 7: from one day to another, body by body and word by word."""
    parts = frame(request)
    today = clock.today()
    first = day_of(request.GET.get("from")) or today - dt.timedelta(days=30)
    last = day_of(request.GET.get("to")) or today
    before, after = (_entries(request, parts["city"], day) for day in (first, last))
    found = list(asof.differences(before, after))
    counts = {what: sum(one.what == what for one in found) for what in ("new", "changed", "gone")}
    context = {**parts, "first": first, "last": last, "page": Paginator(found, PAGE).get_page(request.GET.get("page")), "counts": counts}
    return render(request, "registry/differences.html", context)
