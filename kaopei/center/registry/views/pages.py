"""Pages of the register: institutions, sites, ties, each as of a day."""

import json
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from kaopei.center.registry import actions, queries, telephone
from kaopei.center.registry.forms import ResumeForm, SuspensionForm
from kaopei.center.registry.queries import papers, tied
from kaopei.center.registry.reading import code as tidy_code
from kaopei.center.registry.views.frame import frame
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.approvals import actions as approvals
from kaopei.office.exports import actions as exports
from kaopei.office.exports.actions import File

PAGE = 50


@permission("registry.view")
def institutions(request: HttpRequest) -> HttpResponse:
    """一（一）: who may train for what, on a day."""
    parts = frame(request)
    wanted = request.GET.get("q", "").strip()
    found = [body for body in queries.institutions(parts["city"], parts["day"]) if wanted in body.name or wanted in body.code]
    if request.user.institution:
        found = [body for body in found if body.code == request.user.institution]
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(request, "registry/institutions.html", {**parts, "page": page, "q": wanted})


@permission("registry.view")
def institution(request: HttpRequest, code: str) -> HttpResponse:
    """One institution: its time line, registrations, reports, ties, sites on its premises. Form field: reason (to see a masked telephone)."""
    parts = frame(request)
    body = queries.institution(parts["city"], code, parts["day"])
    if body is None or request.user.institution not in ("", code):
        raise Http404
    phone = telephone.shown(body.phone)
    if request.method == "POST":
        what = File("registry.phone", f"institution:{code}", f"联系电话 {code}", 1, "电话", "text/plain", body.phone.encode())
        exports.hand_out(what, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
        phone = body.phone
    context = {
        "body": body,
        "phone": phone,
        "hidden": phone != body.phone and request.user.may("exports.take"),
        "hosted": [site for site in queries.sites(parts["city"], parts["day"]) if site.host_code == code],
        "ties": [tie for tie in queries.ties(parts["city"], parts["day"]) if code in (tie.one_code, tie.other_code)],
        "registrations": queries.registrations(parts["city"], code),
        "timeline": queries.timeline(parts["city"], code),
        "reports": papers.reports(code),
        "may_measure": request.user.may("registry.measure") and request.user.city != "*",
        "resume": ResumeForm(lang=request.lang) if request.user.may("registry.suspend") and body.standing == "suspended" else None,
    }
    return render(request, "registry/institution.html", {**parts, **context})


@permission("registry.view")
def sites(request: HttpRequest) -> HttpResponse:
    """二（二）: exam sites, on a day."""
    parts = frame(request)
    found = queries.sites(parts["city"], parts["day"])
    context = {"sites": found, "cap": papers.cap(parts["city"], parts["day"]), "may": request.user.may("registry.plan")}
    return render(request, "registry/sites.html", {**parts, **context})


@permission("registry.view")
def site(request: HttpRequest, number: str) -> HttpResponse:
    """One site; somebody who may ask can ask a second person to suspend it."""
    parts = frame(request)
    found = queries.site(parts["city"], number, parts["day"])
    if found is None:
        raise Http404
    may_ask = request.user.may("approvals.request") and request.user.has("clerk")
    form = SuspensionForm(request.POST if request.method == "POST" else None, lang=request.lang) if may_ask else None
    if request.method == "POST" and form is not None and form.is_valid():
        _ask(request, parts["city"], number, form.cleaned_data)
        messages.success(request, "已提请第二人审批；批准后暂停即生效。")
        return redirect("registry:site", number=number)
    host = queries.institution(parts["city"], found.host_code, parts["day"]) if found.host_code else None
    codes = {number, found.host_code} - {""}
    context = {
        "site": found,
        "host": host,
        "form": form,
        "resume": ResumeForm(lang=request.lang) if request.user.may("registry.suspend") and found.standing == "suspended" else None,
        "standings": queries.standings(parts["city"], number),
        "records": papers.site_records(parts["city"], number),
        "files": papers.attachments(f"site:{number}"),
        "ties": [tie for tie in queries.ties(parts["city"], parts["day"]) if codes & {tie.one_code, tie.other_code}],
        "controller": queries.controllers(parts["city"], parts["day"]).get(number, ""),
        "may_amend": request.user.may("registry.amend"),
        "may_measure": request.user.may("registry.measure") and request.user.city != "*" and found.standing != "disqualified",
        "assumed": queries.rooms_are_assumed(parts["city"], number),
    }
    return render(request, "registry/site.html", {**parts, **context}, status=422 if form is not None and form.errors else 200)


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


@require_POST
@permission("registry.suspend")
def resume(request: HttpRequest, number: str) -> HttpResponse:
    """三（二）: what a site was suspended for is put right; it takes part again."""
    form = ResumeForm(request.POST, lang=request.lang)
    if not form.is_valid():
        messages.error(request, "请写明恢复日期和复查情况（不少于 10 个字）。")
        return redirect("registry:site", number=number)
    said = form.cleaned_data
    city = frame(request)["city"]
    actions.resume(number, city=city, from_day=said["from_day"], reason=said["reason"], by=request.user, at=clock.now())
    messages.success(request, f"{number} 自 {said['from_day']} 恢复。")
    return redirect("registry:site", number=number)


@permission("registry.view")
def ties(request: HttpRequest) -> HttpResponse:
    """二（二）: ties, the groups they make, and the path from one body to another, on a day."""
    parts = frame(request)
    city, day = parts["city"], parts["day"]
    listed = queries.ties(city, day)
    names = queries.names(city, listed)
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, top in sorted(queries.controllers(city, day).items()):
        groups.setdefault(top, []).append((code, names.get(code, "")))
    start = tidy_code(request.GET.get("of", ""))
    context = {
        "ties": listed,
        "groups": [members for members in groups.values() if len(members) > 1],
        "of": start,
        "of_name": names.get(start, ""),
        "ways": tied.ways(city, start, day, names) if start else [],
        "hops": tied.HOPS,
        "leads": [(one, [(code, names.get(code, "")) for code in one.codes]) for one in tied.leads(city, day)],
    }
    return render(request, "registry/ties.html", {**parts, **context})
