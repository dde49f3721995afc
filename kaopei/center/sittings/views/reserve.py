"""The province's reserve share, a token by telephone, the report within a day."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.sittings import actions, forms, queries
from kaopei.center.sittings.refusing import no
from kaopei.center.sittings.views.sittings import of_number
from kaopei.office import clock
from kaopei.office.accounts.permission import permission


@permission("sittings.ask_reserve")
def ask(request: HttpRequest, sitting: str) -> HttpResponse:
    """Form fields: challenge, digits (the envelope's), machine, reason, unslipped."""
    row, at = of_number(sitting), clock.now()
    machines = [edge.payload["edge_serial"] for edge in queries.edges(row.site, at)]
    form = forms.ReserveForm(request.POST or None, machines=machines)
    if request.method == "POST" and form.is_valid():
        actions.ask_reserve(row, by=request.user, at=at, **form.cleaned_data)
        messages.success(request, "已提请启用备用分持，请两名密钥值班员签署；放行后 24 小时内须报告。")
        return redirect("sittings:sitting", sitting=sitting)
    rows = [(one, getattr(one, "report", None)) for one in queries.releases(row) if one.path == "AC"]
    context = {"row": row, "form": form, "rows": rows, "report": forms.ReportForm()}
    return render(request, "sittings/reserve.html", context, status=200 if request.method == "GET" else 409)


@permission("sittings.ask_reserve")
@require_POST
def report(request: HttpRequest, sitting: str, number: int) -> HttpResponse:
    """Form field: text."""
    row = of_number(sitting)
    found = next((one for one in queries.releases(row) if one.number == number), None)
    if found is None:
        raise no("N2.5.9", f"场次 {sitting} 没有第 {number} 号放行记录。", "number")
    actions.report_reserve(found, text=request.POST.get("text", ""), by=request.user, at=clock.now())
    messages.success(request, "应急放行报告已记录。")
    return redirect("sittings:reserve", sitting=sitting)


@permission("sittings.release_key")
@require_POST
def dictate(request: HttpRequest, sitting: str, number: int) -> HttpResponse:
    """Form field: digits (of the reserve envelope, for a token of the province only). The groups are shown once and kept nowhere."""
    row = of_number(sitting)
    groups = actions.dictate(row, number, digits=request.POST.get("digits", ""), by=request.user, at=clock.now())
    answer = render(request, "sittings/dictate.html", {"row": row, "number": number, "groups": list(enumerate(groups, 1))})
    answer["Cache-Control"] = "no-store"
    return answer
