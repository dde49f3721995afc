"""Pages of publications: what is public, what publishing would change, every statement that was ever made."""

import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.publication import actions, forms, masking, queries
from kaopei.center.publication.difference import Change, difference
from kaopei.center.publication.drafts import GROUPS
from kaopei.center.publication.words import FIELDS, WHAT, shown
from kaopei.law.places import cities
from kaopei.office import clock
from kaopei.office.accounts.permission import permission

PAGE = 50


def _city(request: HttpRequest) -> str:
    """The person's city; the province looks at one after the other."""
    mine = request.user.city
    if mine != "*":
        return str(mine)
    known = queries.cities()
    wanted = request.GET.get("city", "")
    return wanted if wanted in known else next(iter(known), "")


def _choices(request: HttpRequest) -> list[tuple[str, str]]:
    if request.user.city != "*":
        return []
    return [(code, cities()[code].name if code in cities() else code) for code in queries.cities()]


@permission("publication.view")
def overview(request: HttpRequest) -> HttpResponse:
    """What is public now, when it was published, and what waits."""
    at, city = clock.now(), _city(request)
    counts = queries.counts(at, city)
    lines = []
    for group in (one for one in GROUPS.values() if not one.by_itself):
        found = difference(group.key, city, at)
        lines.append(
            {
                "group": group,
                "found": found,
                "public": sum(counts.get(kind, 0) for kind in group.kinds),
                "round": queries.newest_round(group.key, at, city),
                "waiting": [(WHAT[what], found.count(what)) for what in WHAT if found.count(what)],
            }
        )
    context = {"lines": lines, "city": city, "choices": _choices(request)}
    return render(request, "publication/overview.html", context)


@permission("publication.view")
def preview(request: HttpRequest, group: str) -> HttpResponse:
    """Every object that publishing would change, with the words before and after."""
    if group not in GROUPS:
        raise Http404(group)
    at, city = clock.now(), _city(request)
    found = difference(group, city, at)
    page = Paginator(found.changes, PAGE).get_page(request.GET.get("page"))
    context = {
        "group": GROUPS[group],
        "found": found,
        "city": city,
        "page": page,
        "lines": [_line(change) for change in page.object_list],
        "counted": [(WHAT[what], found.count(what)) for what in WHAT],
        "round": queries.newest_round(group, at, city),
        "lacking": masking.lacking(found.drafts, at.date()),
        "may_publish": request.user.may("publication.publish") and city,
    }
    return render(request, "publication/preview.html", context)


def _line(change: Change) -> dict[str, Any]:
    said = change.draft.content if change.draft else change.before.content if change.before else {}
    words = [(FIELDS.get(name, name), shown(old, name), shown(new, name)) for name, old, new in change.words if new not in ("", None, []) or old]
    name = said.get("name") or said.get("site_name") or said.get("holder") or said.get("subject") or ""
    return {"change": change, "what": WHAT[change.what], "name": name, "words": words}


@require_POST
@permission("publication.publish")
def publish(request: HttpRequest, group: str) -> HttpResponse:
    """Field digest: of the preview that was read. Publishes exactly that."""
    if group not in GROUPS:
        raise Http404(group)
    found = actions.publish(group, city=_city(request), digest=request.POST.get("digest", ""), by=request.user, at=clock.now())
    if found.changes:
        counted = "，".join(f"{WHAT[what]} {found.count(what)}" for what in WHAT if found.count(what))
        messages.success(request, f"{GROUPS[group].zh}已公布：{counted}。")
    else:
        messages.info(request, f"{GROUPS[group].zh}没有变动，公布的内容仍是最新的；今天的日期和名单摘要已经记下。")
    return redirect("publication:overview")


@permission("publication.view")
def rows(request: HttpRequest) -> HttpResponse:
    """Everything that was ever published, the newest first."""
    kind, wanted = request.GET.get("kind", ""), request.GET.get("q", "").replace("\0", "").strip()[:60]
    kind = kind if kind in queries.Kind.values else ""
    page = Paginator(queries.listed(kind=kind, wanted=wanted), PAGE).get_page(request.GET.get("page"))
    return render(request, "publication/rows.html", {"page": page, "kind": kind, "q": wanted, "kinds": queries.Kind.choices})


def _row(pk: int) -> Any:
    found = queries.row(pk)
    if found is None:
        raise Http404(pk)
    return found


@permission("publication.view")
def row(request: HttpRequest, pk: int) -> HttpResponse:
    """One statement word for word, and the form to withdraw it."""
    found = _row(pk)
    may_withdraw = request.user.may("publication.publish") and found.status in (queries.Status.PUBLIC, queries.Status.SUPERSEDED)
    context = {
        "row": found,
        "words": [(FIELDS.get(name, name), shown(value, name)) for name, value in sorted(found.content.items())],
        "content": json.dumps(found.content, ensure_ascii=False, indent=2, sort_keys=True),
        "form": forms.WithdrawForm() if may_withdraw else None,
    }
    return render(request, "publication/row.html", context)


@require_POST
@permission("publication.publish")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Field reason: why it may no longer be public."""
    found = actions.withdraw(_row(pk), reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    messages.success(request, f"{found.get_kind_display()} {found.object[:24]} 已从门户撤下。")
    return redirect("publication:row", pk=pk)


@permission("publication.view")
def changes(request: HttpRequest, group: str) -> HttpResponse:
    """一（二） N1.2.5: from one publication of a group to another, word for word; by default the last two."""
    if group not in GROUPS:
        raise Http404
    city = _city(request)
    rounds = queries.rounds(group, city)
    first, last = (_round(request.GET.get(name, ""), rounds, place) for name, place in (("from", 1), ("to", 0)))
    found = queries.between(GROUPS[group].kinds, first.at, last.at, city) if first and last else []
    lines = [(one, WHAT[one.what], [(FIELDS.get(name, name), shown(old, name), shown(new, name)) for name, old, new in one.words]) for one in found]
    context = {
        "group": GROUPS[group], "city": city, "rounds": rounds, "first": first, "last": last,
        "page": Paginator(lines, PAGE).get_page(request.GET.get("page")),
    }  # fmt: skip
    return render(request, "publication/changes.html", context)


def _round(wanted: str, rounds: list[Any], place: int) -> Any:
    """The publication named by its number, else the one at this place."""
    named = next((one for one in rounds if str(one.pk) == wanted), None)
    return named or (rounds[min(place, len(rounds) - 1)] if rounds else None)
