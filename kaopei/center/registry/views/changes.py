"""Changes of the register by a clerk: a new site, facts and rooms of a site, the city's own cap."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kaopei.center.registry import actions, queries, taking
from kaopei.center.registry.forms import AmendSiteForm, CapForm, NewSiteForm
from kaopei.center.registry.planning import SitePlan
from kaopei.center.registry.queries import papers
from kaopei.center.registry.reading import code
from kaopei.center.registry.reporting import Upload
from kaopei.center.registry.views.frame import frame
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.refused import Refused


@permission("registry.plan")
def new_site(request: HttpRequest) -> HttpResponse:
    """二（二） N2.2.6–7: a site to be accepted; on an institution only by a reasoned exception; a second person decides."""
    sent = request.method == "POST"
    form = NewSiteForm(request.POST if sent else None, request.FILES if sent else None, lang=request.lang)
    refused = None
    if sent and form.is_valid():
        plan, files = _plan(form.cleaned_data)
        try:
            actions.ask_site(plan, files=files, city=request.user.city, by=request.user, at=clock.now())
            messages.success(request, f"已提请第二人审批；批准后考试点 {plan.number} 才进入登记。")
            return redirect("registry:sites")
        except Refused as problem:
            refused = problem.verdict
    context = {"form": form, "verdict": refused, "cap": papers.cap(request.user.city, clock.today())}
    return render(request, "registry/site_new.html", context, status=422 if refused or (sent and form.errors) else 200)


def _plan(said: dict[str, Any]) -> tuple[SitePlan, list[Upload]]:
    facts = {name: value for name, value in said.items() if name != "files"}
    facts |= {name: tuple(facts[name]) for name in ("theory", "practical")}
    facts |= {name: code(facts[name]) for name in ("number", "host_code")}
    return SitePlan(**facts), said.get("files") or []


@permission("registry.amend")
def amend_site(request: HttpRequest, number: str) -> HttpResponse:
    """Facts of a site from a day on; whoever was slower is told and has lost nothing that he typed."""
    city = frame(request)["city"]
    found = queries.site(city, number, clock.today())
    revision = queries.revision_of_site(city, number)
    if found is None:
        raise Http404
    names = (*taking.SITE_FACTS, *taking.AGREEMENT_FACTS, "theory", "practical")
    initial = {name: getattr(found, name) for name in names} | {"revision": revision, "day": clock.today()}
    sent = request.method == "POST"
    form = AmendSiteForm(request.POST if sent else None, initial=initial, lang=request.lang)
    refused = None
    if sent and form.is_valid():
        said = form.cleaned_data
        facts = {name: said[name] for name in (*taking.SITE_FACTS, *taking.AGREEMENT_FACTS) if name in said}
        try:
            actions.amend_site(
                number, facts, theory=said["theory"], practical=said["practical"], revision=said["revision"], day=said["day"], city=city,
                by=request.user, at=clock.now(),
            )  # fmt: skip
            messages.success(request, f"考试点 {number} 的登记已变更，自 {said['day']} 起。")
            return redirect("registry:site", number=number)
        except Refused as problem:
            refused = problem.verdict
    context = {"form": form, "site": found, "verdict": refused}
    return render(request, "registry/site_amend.html", context, status=422 if refused or (sent and form.errors) else 200)


@permission("registry.view")
def cap(request: HttpRequest) -> HttpResponse:
    """二（二） N2.2.6: the city's own figure of sites; it starts empty and refuses nobody until it is set with its source."""
    parts = frame(request)
    now = papers.cap(parts["city"], clock.today())
    may = request.user.may("registry.cap") and request.user.city != "*"
    sent = request.method == "POST" and may
    form = CapForm(request.POST if sent else None, lang=request.lang, initial={"day": clock.today(), "most": now.most if now else None})
    refused = None
    if sent and form.is_valid():
        said = form.cleaned_data
        try:
            actions.set_cap(said["most"], day=said["day"], source=said["source"], city=parts["city"], by=request.user, at=clock.now())
            messages.success(request, "本市考试点数量的设定已保存。")
            return redirect("registry:cap")
        except Refused as problem:
            refused = problem.verdict
    context = {**parts, "form": form if may else None, "figure": now, "present": len(queries.sites(parts["city"], clock.today())), "verdict": refused}
    return render(request, "registry/cap.html", context, status=422 if refused or (sent and form.errors) else 200)
