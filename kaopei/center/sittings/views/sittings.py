"""The list of sittings with what waits for whom, orders, and one sitting as a time line."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.allocation import queries as allocation
from kaopei.center.registry import queries as registry
from kaopei.center.sittings import actions, auditing, forms, orders, queries, timeline, windows
from kaopei.center.sittings.models import Artefact, Conduct
from kaopei.center.sittings.refusing import no
from kaopei.law import irregularities
from kaopei.office import clock
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.permission import permission

PAGE = 50
NEXT_SHOWN = 8
SLIPS = {"gate": "启封前", "open": "启封", "close": "收场"}


@permission("sittings.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All sittings that have begun, by start; what comes next to order; where to upload."""
    at, user = clock.now(), request.user
    rows = _filtered(request)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    found, asked, changed = queries.orderable(at), queries.waiting_sittings(), queries.overtaken(page)
    waiting = [one for one in found if one.verdict.code != "late"]
    context = {
        "page": page,
        "lines": [_line(row, user, at, asked, changed) for row in page],
        "states": Conduct.Status.choices,
        "state": request.GET.get("state", ""),
        "sites": sorted(set(queries.conducts().order_by().values_list("site", flat=True))),
        "site": request.GET.get("site", ""),
        "counts": _counts(),
        "next": waiting[:NEXT_SHOWN],
        "next_more": max(0, len(waiting) - NEXT_SHOWN),
        "missed": [one.facts.number for one in found if one.verdict.code == "late"],
        "ready": sum(one.verdict.allowed for one in waiting),
        "may_order": user.may("sittings.order"),
        "may_import": user.may("sittings.import"),
        "form": forms.OrderForm(),
        "upload": forms.UploadForm(),
        "trial": forms.TrialForm(sites=sorted(queries.sites_with_machines(at)), initial={"date": at.date()}),
        "aside": queries.quarantined().count(),
    }
    return render(request, "sittings/listing.html", context)


def _filtered(request: HttpRequest) -> Any:
    rows = queries.conducts()
    for name in ("site", "day"):
        value = request.GET.get(name, "")
        if name == "day" and value:
            value = str(_day(value) or "")
        rows = rows.filter(**{name: value}) if value else rows
    state = request.GET.get("state", "")
    return rows.filter(status=state) if state in Conduct.Status.values else rows


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _counts() -> list[tuple[str, str, int]]:
    """(code, words, how many) of each state that has any."""
    held = list(queries.conducts().order_by().values_list("status", flat=True))
    return [(code, words, held.count(code)) for code, words in Conduct.Status.choices if code in held]


def _line(row: Conduct, user: Any, at: Any, asked: set[str], changed: Mapping[str, str]) -> dict[str, Any]:
    act = "sittings.order" if row.sitting in changed else queries.WAITING.get(row.status)
    waits = row.sitting in asked
    return {
        "row": row,
        "behind": timeline.BEHIND[row.status],
        "late": "收场小条" if queries.slip_overdue(row, at) else timeline.late(row, at),
        "next": timeline.AGAIN if row.sitting in changed else timeline.NEXT[row.status],
        "mine": bool(act and user.may(act, row.city) and not waits),
        "waiting": waits,
    }


@permission("sittings.order")
@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """Form fields: count, or sitting (several). Each is asked by itself."""
    at = clock.now()
    named = request.POST.getlist("sitting")
    if not named:
        form = forms.OrderForm(request.POST)
        if not form.is_valid():
            raise no("N2.5.8", "请填写要下任务书的场次数（1 至 200）。", "count")
        named = [one.facts.number for one in queries.orderable(at) if one.verdict.allowed][: form.cleaned_data["count"]]
    if not named:
        raise no("N2.5.8", "现在没有可以下任务书的场次：须已抽签、会签、生成准考证，考试点有登记的考试服务器，且尚未开考。", "none")
    for number in named:
        actions.ask_order(number, by=request.user, at=at)
    messages.success(request, f"已提请 {len(named)} 个场次的密封任务书：{'、'.join(named)}。请两名审批人在“双人审批”签署。")
    return redirect("sittings:listing")


@permission("sittings.order")
@require_POST
def trial(request: HttpRequest) -> HttpResponse:
    """Form fields: site, date, start: a trial package for the machines of a site."""
    at = clock.now()
    form = forms.TrialForm(request.POST, sites=sorted(queries.sites_with_machines(at)))
    if not form.is_valid():
        raise no("N2.4.5", "请选择考试点、试封的日期和时间。", "form")
    said = form.cleaned_data
    actions.ask_trial(said["site"], starts_at=windows.moment(said["date"], said["start"]), by=request.user, at=at)
    messages.success(request, f"已提请考试点 {said['site']} 的试封任务书，请两名审批人签署；以后的步骤与正式场次相同。")
    return redirect("sittings:listing")


@permission("sittings.view")
def show(request: HttpRequest, sitting: str) -> HttpResponse:
    """One sitting: time line, parcels out and in, completeness, shares, what this person can do."""
    row, at = of_number(sitting), clock.now()
    changed, facts = queries.overtaken([row]).get(sitting, ""), allocation.facts(sitting)
    steps = timeline.steps(row, at)
    came = queries.returned(sitting)
    paper = queries.newest(row, Artefact.Kind.PAPER)
    shares = list(queries.shares(row, paper.ref)) if paper else []
    site = registry.site(row.city, row.site, row.day)
    makers = people.names_of([*(one.made_by for one in queries.artefacts(row)), *(one.handed_by for one in shares if one.handed_by)])
    context = {
        "row": row,
        "site": site,
        "steps": [(one.title, one.state) for one in steps],
        "lines": [(one, makers.get(one.by, "")) for one in steps],
        "next": timeline.AGAIN if changed and facts.placed else timeline.EMPTIED if changed else timeline.NEXT[row.status],
        "changed": changed,
        "people": queries.roster_made(row),
        "terms": windows.terms(row.starts_at, row.ends_at, orders.part_of(row)),
        "artefacts": [(one, makers[one.made_by]) for one in queries.artefacts(row)],
        "shares": [(one, makers.get(one.handed_by, "")) for one in shares],
        "shares_note": timeline.shares_note(shares) if paper else "",
        "came": came,
        "slips": [(one, SLIPS[one.facts["moment"]]) for one in queries.slips(row)],
        "slip_overdue": queries.slip_overdue(row, at),
        "timing": auditing.words(came.facts["timing"]) if came and "timing" in came.facts else [],
        "equation": equation(came),
        "odd": [irregularity(code) for code in came.facts["irregularities"]] if came else [],
        "aside": queries.quarantined().filter(sitting=sitting),
        **_offers(request.user, row),
    }
    return render(request, "sittings/sitting.html", context)


def _offers(user: Any, row: Conduct) -> dict[str, Any]:
    """What this person may do now."""
    order, imports = user.may("sittings.order", row.city), user.may("sittings.import", row.city)
    return {
        "may_order": order and row.status in ("planned", "ordered", "sealed", "seated"),
        "again": row.status != "planned",
        "may_seat": order and row.status in ("sealed", "seated"),
        "may_ask_key": user.may("sittings.ask_key", row.city) and row.status in ("seated", "released", "returned", "receipted"),
        "may_reserve": user.may("sittings.ask_reserve") and row.status in ("seated", "released"),
        "may_import": imports,
        "may_receipt": imports and row.status == "returned",
        "may_export": user.may("sittings.export", row.city),
        "may_hand": user.may("sittings.hand_share", row.city),
        "hands": [holder for holder, role in (("site_head", "clerk"), ("province", "province")) if role in user.held()],
        "hand_form": forms.HandForm(),
        "upload": forms.UploadForm(),
    }


def equation(came: Artefact | None) -> list[tuple[str, int]]:
    """The numbers of completeness, as people say them."""
    if came is None:
        return []
    counts = came.facts["counts"]
    words = {
        "roster": "名册",
        "present": "到考",
        "absent": "缺考",
        "refused": "不予入场",
        "opened": "开始答题",
        "closed": "已交卷",
        "events": "作答记录",
    }
    return [(title, counts[name]) for name, title in words.items()]


def irregularity(code: str) -> str:
    """What people call it; an unknown code as it is."""
    found = irregularities.named(code)
    return found.title if found else code


@permission("sittings.order")
@require_POST
def again(request: HttpRequest, sitting: str) -> HttpResponse:
    """No field: order this sitting, or order it anew."""
    actions.ask_order(sitting, by=request.user, at=clock.now())
    messages.success(request, f"已提请场次 {sitting} 的密封任务书，请两名审批人签署。")
    return redirect("sittings:sitting", sitting=sitting)


@permission("sittings.import")
@require_POST
def receipt(request: HttpRequest, sitting: str) -> HttpResponse:
    """No field: sign the receipt."""
    actions.sign_receipt(of_number(sitting), by=request.user, at=clock.now())
    messages.success(request, "已签发回执，请下载后交考试点装入考试服务器。")
    return redirect("sittings:sitting", sitting=sitting)


def of_number(sitting: str) -> Conduct:
    """The conduct of this sitting, or 404."""
    found = queries.conduct(sitting)
    if found is None:
        raise Http404(sitting)
    return found
