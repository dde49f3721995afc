"""Pages of assembled papers: numbers only, no questions."""

import re

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.law.verdict import refuse
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.refused import Refused
from kaopei.paper.assemble import CannotAssemble
from kaopei.vault.assembly import actions, queries
from kaopei.vault.bank import queries as bank

_SEED = re.compile(r"(?:[0-9a-f]{2}){1,64}")


@permission("vault.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All assemblies, and the form for a new one."""
    return render(request, "assembly/listing.html", {"rows": queries.assemblies(), "banks": bank.banks()})


@permission("vault.view")
def show(request: HttpRequest, assembly_id: int) -> HttpResponse:
    """How the papers of one assembly compare."""
    found = queries.by_id(assembly_id)
    if found is None:
        raise Http404(str(assembly_id))
    return render(request, "assembly/show.html", {"assembly": found, **queries.compare(found)})


@permission("vault.assemble")
@require_POST
def assemble(request: HttpRequest) -> HttpResponse:
    """Form fields: subject, forms (number), seed (hex)."""
    subject, seed = request.POST.get("subject", ""), request.POST.get("seed", "").strip().lower()
    plan = bank.current_blueprint(subject)
    forms = request.POST.get("forms", "")
    if plan is None:
        raise Refused(refuse("", f"科目“{subject[:80]}”没有题库或蓝图，请先导入。", "bank"))
    if not _SEED.fullmatch(seed) or not re.fullmatch(r"[0-9]{1,3}", forms):
        raise Refused(refuse("", "套数应为整数，种子应为十六进制（偶数个 0-9a-f 字符）。", "form"))
    try:
        actions.assemble_forms(plan, forms=int(forms), seed=seed, by=request.user, at=clock.now())
    except CannotAssemble as problem:
        raise Refused(refuse("", str(problem), "bank")) from None
    messages.success(request, f"“{plan.subject}”已组卷 {forms} 套。")
    return redirect("assembly", assembly_id=queries.assemblies()[0].pk)
