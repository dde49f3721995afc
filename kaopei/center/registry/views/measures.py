"""三 Measures: a clerk or an inspector asks, a second person signs, the standing changes; what it meets is shown before."""

import datetime as dt
import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from kaopei.center.registry import actions, effects, queries
from kaopei.center.registry.forms import BarForm, ResumeForm, WithdrawalForm
from kaopei.center.registry.views.frame import frame
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.approvals import actions as approvals


def _ask(request: HttpRequest, action: str, obj: str, title: str, url: str, said: dict[str, Any], found: list[effects.Effect]) -> None:
    """Ask that a second person signs exactly these words, with what they meet as it is counted now."""
    plain = {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in said.items()}
    content = {**plain, "city": request.user.city, "met_when_asked": {one.zh: one.count for one in found}}
    approvals.request(
        action=action, object=obj, content=json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode(), title=title,
        approve_act="registry.suspend", url=url, by=request.user, at=clock.now(),
    )  # fmt: skip


@permission("registry.measure")
def bar(request: HttpRequest, code: str) -> HttpResponse:
    """三（一）、三（五） An institution or platform takes no part for a time; clause, reason, two persons."""
    parts = frame(request)
    city, today = parts["city"], clock.today()
    body = queries.institution(city, code, today)
    if body is None:
        raise Http404
    sent = request.method == "POST"
    form = BarForm(request.POST if sent else None, lang=request.lang, initial={"from_day": today})
    said = form.cleaned_data if sent and form.is_valid() else {}
    found = effects.affected(city, code, said.get("from_day", today), said.get("to_day"))
    if said:
        url = reverse("registry:institution", args=[code])
        _ask(request, "registry.bar", f"institution:{code}", f"培训机构 {body.name} 停止参加", url, {**said, "code": code}, found)
        messages.success(request, "已提请第二人审批；批准后措施即生效，受理和抽签随之不再收这家机构。")
        return redirect(url)
    context = {**parts, "body": body, "form": form, "effects": found, "timeline": queries.timeline(city, code)}
    return render(request, "registry/bar.html", context, status=422 if sent else 200)


@permission("registry.measure")
def withdraw(request: HttpRequest, number: str) -> HttpResponse:
    """三（二） N3.2.0c: a site loses its qualification for good, after an order to correct that was not met; two persons."""
    parts = frame(request)
    city, today = parts["city"], clock.today()
    site = queries.site(city, number, today)
    if site is None:
        raise Http404
    sent = request.method == "POST"
    form = WithdrawalForm(request.POST if sent else None, lang=request.lang, initial={"from_day": today}, today=today)
    said = form.cleaned_data if sent and form.is_valid() else {}
    found = effects.affected(city, number, said.get("from_day", today), None)
    if said:
        url = reverse("registry:site", args=[number])
        _ask(request, "registry.withdraw", f"site:{number}", f"取消考试点 {number} {site.name} 的资格", url, {**said, "site": number}, found)
        messages.success(request, "已提请第二人审批；批准后取消即生效，以后的抽签不再安排该考试点。")
        return redirect(url)
    context = {**parts, "site": site, "form": form, "effects": found}
    return render(request, "registry/site_withdraw.html", context, status=422 if sent else 200)


@require_POST
@permission("registry.suspend")
def resume_institution(request: HttpRequest, code: str) -> HttpResponse:
    """三 What an institution was barred for is put right; it takes part again."""
    form = ResumeForm(request.POST, lang=request.lang)
    if not form.is_valid():
        messages.error(request, "请写明恢复日期和复查情况（不少于 10 个字）。")
        return redirect("registry:institution", code=code)
    said = form.cleaned_data
    actions.resume(code, city=frame(request)["city"], from_day=said["from_day"], reason=said["reason"], by=request.user, at=clock.now())
    messages.success(request, f"{code} 自 {said['from_day']} 恢复。")
    return redirect("registry:institution", code=code)
