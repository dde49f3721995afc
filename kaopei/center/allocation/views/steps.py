"""The acts of a draw: each a form on its page, one action behind it."""

from datetime import datetime

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.allocation import actions, forms, queries
from kaopei.center.allocation.models import Draw, Party
from kaopei.center.allocation.sources import SOURCES
from kaopei.center.allocation.views.draws import of_number
from kaopei.law.verdict import refuse
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from kaopei.office.tasks.queries import Job
from kaopei.office.tasks.registry import start


def _said(form: Form) -> Form:
    """A filled-in form, or a refusal that names the fields."""
    if not form.is_valid():
        faults = "；".join(f"{form.fields[name].label or name}：{'、'.join(map(str, found))}" for name, found in form.errors.items())
        raise Refused(refuse("", f"请改正后再提交：{faults}", "form"))
    return form


def _back(request: HttpRequest, draw: Draw, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("allocation:draw", number=draw.number)


def _party(draw: Draw, request: HttpRequest) -> Party:
    mine = queries.of_person(draw, request.user.username)
    if mine is None:
        raise Refused(refuse("N2.3.2", "您不是本次抽签的承诺方。", "party"))
    return mine


@permission("allocation.announce")
@require_POST
def close(request: HttpRequest, number: str) -> HttpResponse:
    """Form field: reason."""
    draw = of_number(number)
    form = _said(forms.ReasonForm(request.POST))
    actions.close(draw, reason=form.cleaned_data["reason"], by=request.user, at=clock.now())
    return _back(request, draw, "本次抽签已终止。")


@permission("allocation.commit")
@require_POST
def commit(request: HttpRequest, number: str) -> HttpResponse:
    """Form fields: commitment, secret (rehearsal) or share_1, share_2, share_3, pin."""
    draw = of_number(number)
    form = _said(forms.CommitForm(request.POST))
    said = {name: form.cleaned_data[name].strip() for name in ("commitment", "secret")}
    party = _party(draw, request)
    actions.commit(party, **said, share_digests=form.shares(), pin=form.cleaned_data["pin"], by=request.user, at=clock.now())
    return _back(request, draw, "承诺已签名公布，密值已托管。")


@permission("allocation.exception")
def exception(request: HttpRequest, number: str) -> HttpResponse:
    """Form fields: site, reason, from_day, to_day, attachment (file)."""
    draw = of_number(number)
    try:
        ready = queries.prepare(draw)
    except queries.NothingToDraw as fault:
        raise Refused(refuse("N2.4.2", str(fault), "empty")) from None
    days = [one.day for one in ready.sittings]
    sites = [(one.site, f"{one.site} {one.name}（{len(one.sittings)} 场）") for one in ready.left_out]
    initial = {"from_day": min(days), "to_day": max(days)} if days else {}
    form = forms.ExceptionForm(request.POST or None, request.FILES or None, sites=sites, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        file = said["attachment"]
        actions.ask_exception(
            draw,
            site=said["site"],
            reason=said["reason"],
            attachment=(file.name, file.read()),
            days=(said["from_day"], said["to_day"]),
            by=request.user,
            at=clock.now(),
        )
        return _back(request, draw, "例外申请已提交，等待另一人审批。")
    return render(request, "allocation/exception.html", {"draw": draw, "form": form, "left_out": ready.left_out})


@permission("allocation.freeze")
@require_POST
def thin(request: HttpRequest, number: str) -> HttpResponse:
    """Form fields: choice (accept, open, later), reason."""
    draw = of_number(number)
    form = _said(forms.ThinForm(request.POST))
    count = actions.decide_thin(draw, **form.cleaned_data, by=request.user, at=clock.now())
    return _back(request, draw, f"已处理 {count} 项。")


@permission("allocation.freeze")
@require_POST
def change(request: HttpRequest, number: str) -> HttpResponse:
    """Form fields: kind, about (number of a sitting, or pseudonym), reason."""
    draw = of_number(number)
    form = _said(forms.ChangeForm(request.POST))
    told = actions.tell_change(draw, **form.cleaned_data, by=request.user, at=clock.now())
    return _back(request, draw, f"已登记：{told.get_kind_display()} {told.object}。")


@permission("allocation.freeze")
@require_POST
def freeze(request: HttpRequest, number: str) -> HttpResponse:
    """No field: the second person signs at /approvals/."""
    draw = of_number(number)
    asked = actions.request_freeze(draw, by=request.user, at=clock.now())
    return _back(request, draw, f"冻结申请已提交（摘要 {asked.digest[:12]}…），等待审批人签署。")


@permission("allocation.reveal")
@require_POST
def reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Form field: secret. After the last secret the draw goes on by itself where the value is at hand."""
    draw = of_number(number)
    form = _said(forms.RevealForm(request.POST))
    at = clock.now()
    actions.reveal(_party(draw, request), secret=form.cleaned_data["secret"], by=request.user, at=at)
    _go_on_by_itself(draw, at)
    return _back(request, draw, "密值已公开，与承诺相符。")


@permission("allocation.keep")
@require_POST
def escrow(request: HttpRequest, number: str) -> HttpResponse:
    """Form fields: party (id), share, reason."""
    draw = of_number(number)
    silent = [(str(one.pk), one.title) for one in draw.parties.all() if not one.secret]
    form = _said(forms.EscrowForm(request.POST, parties=silent))
    party = draw.parties.get(pk=int(form.cleaned_data["party"]))
    at = clock.now()
    said = {name: form.cleaned_data[name] for name in ("share", "reason")}
    opened = actions.open_escrow(party, **said, by=request.user, at=at)
    _go_on_by_itself(draw, at)
    return _back(request, draw, "托管的密值已公开。" if opened.secret else "已记录，还须另一名托管人参与。")


@permission("allocation.draw")
@require_POST
def value(request: HttpRequest, number: str) -> HttpResponse:
    """Form field: value. A typed value waits for a second person; otherwise the draw starts."""
    draw = of_number(number)
    form = _said(forms.ValueForm(request.POST))
    at = clock.now()
    if SOURCES[draw.public_source].typed:
        actions.request_public_value(draw, value=form.cleaned_data["value"], by=request.user, at=at)
        return _back(request, draw, "公共值已提交，等待另一人核对签署，随后自动抽签。")
    actions.take_public_value(draw, value=form.cleaned_data["value"], by=request.user, at=at)
    return redirect("job", ulid=_start_draw(draw, at).ulid)


@permission("allocation.draw")
@require_POST
def again(request: HttpRequest, number: str) -> HttpResponse:
    """No field: the job stopped before it drew; input and seed are fixed, so nothing can come out differently."""
    draw = of_number(number)
    if not draw.public_value or draw.seed:
        raise Refused(refuse("N2.3.2", "公共值取得以后才能抽签，且只抽一次。", "state"))
    return redirect("job", ulid=_start_draw(draw, clock.now()).ulid)


@permission("allocation.verify")
@require_POST
def verify(request: HttpRequest, number: str) -> HttpResponse:
    """No field: runs the stand-alone verifier as a job."""
    draw = of_number(number)
    if draw.status != Draw.Status.DRAWN:
        raise Refused(refuse("N2.3.2", f"抽签处于“{draw.get_status_display()}”，不需要复核。", "state"))
    job = start("allocation.verify", by=request.user, at=clock.now(), title=f"独立复核 {number}", number=number)
    return redirect("job", ulid=job.ulid)


@permission("allocation.verify")
@require_POST
def countersign(request: HttpRequest, number: str) -> HttpResponse:
    """Form field: pin."""
    draw = of_number(number)
    form = _said(forms.PinForm(request.POST))
    actions.countersign(draw, pin=form.cleaned_data["pin"], by=request.user, at=clock.now())
    return _back(request, draw, "已会签，可以生成准考证。")


@permission("allocation.freeze")
@require_POST
def protocol(request: HttpRequest, number: str) -> HttpResponse:
    """No field: asks two approvers for their signatures under the protocol."""
    draw = of_number(number)
    actions.request_protocol(draw, by=request.user, at=clock.now())
    return _back(request, draw, "抽签记录已提交两名审批人签署。")


@permission("allocation.freeze")
@require_POST
def publish(request: HttpRequest, number: str) -> HttpResponse:
    """No field: writes protocol.json when both have signed."""
    draw = of_number(number)
    actions.publish_protocol(draw, by=request.user, at=clock.now())
    return _back(request, draw, "抽签记录已签署，可以下载。")


@permission("allocation.tickets")
@require_POST
def tickets(request: HttpRequest, number: str) -> HttpResponse:
    """No field: prints all tickets as a job."""
    draw = of_number(number)
    if draw.status != Draw.Status.VERIFIED:
        raise Refused(refuse("N2.3.2", "省级复核会签以前不得制作准考证。", "state"))
    job = start("allocation.tickets", by=request.user, at=clock.now(), title=f"准考证 {number}", number=number)
    return redirect("job", ulid=job.ulid)


def _go_on_by_itself(draw: Draw, at: datetime) -> None:
    """二（三）N2.3.3: nobody is needed once the secrets are public and the named time is over."""
    draw.refresh_from_db()
    ready = draw.status == Draw.Status.REVEALED and not draw.public_value and at >= draw.public_at
    if ready and not SOURCES[draw.public_source].typed:
        actions.take_public_value(draw, by=SYSTEM, at=at)
        _start_draw(draw, at)


def _start_draw(draw: Draw, at: datetime) -> Job:
    return start("allocation.draw", by=SYSTEM, at=at, title=f"抽签 {draw.number}", number=draw.number)
