"""Pages of the banks: what there is, taking a file in, the verdict of every row."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from kaopei.law.verdict import refuse
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.refused import Refused
from kaopei.paper.blueprint import BadBlueprint
from kaopei.vault.bank import actions, queries, reading
from kaopei.vault.bank.models import ItemBank
from kaopei.vault.bank.words import CODES, DECISIONS
from kaopei.vault.bank.workbook import BadWorkbook


@permission("vault.view")
def banks(request: HttpRequest) -> HttpResponse:
    """All banks."""
    return render(request, "bank/banks.html", {"rows": queries.banks()})


@permission("vault.view")
def show(request: HttpRequest, bank_id: int) -> HttpResponse:
    """One bank: blueprint, imports, numbers of items. Questions are not shown here."""
    bank = _bank(bank_id)
    return render(
        request,
        "bank/show.html",
        {"bank": bank, "plan": queries.current_blueprint(bank.subject), "imports": queries.imports(bank)},
    )


@permission("vault.view")
def verdicts(request: HttpRequest, bank_id: int, import_id: int) -> HttpResponse:
    """Verdicts of one import; `decision` in the address filters."""
    bank = _bank(bank_id)
    taken = queries.import_by_id(bank, import_id)
    if taken is None:
        raise Http404(str(import_id))
    wanted = request.GET.get("decision", "")
    lines = [line for line in taken.verdicts if not wanted or line[2] == wanted]
    page = Paginator(lines, 100).get_page(request.GET.get("page"))
    rows = [(number, row, *DECISIONS[decision], CODES.get(code, "")) for number, row, decision, code in page]
    counts = [(word, text, sum(line[2] == word for line in taken.verdicts)) for word, (_, text) in DECISIONS.items()]
    context = {"bank": bank, "taken": taken, "page": page, "rows": rows, "counts": counts, "wanted": wanted}
    return render(request, "bank/verdicts.html", context)


@permission("vault.import")
@require_http_methods(["GET", "POST"])
def take_in(request: HttpRequest) -> HttpResponse:
    """Form fields: bank (.xlsx), blueprint (.xlsx)."""
    problem = ""
    if request.method == "POST":
        files = [request.FILES.get(name) for name in ("bank", "blueprint")]
        if all(files):
            bank, plan = files
            try:
                tables = reading.read_tables(plan.read(), plan.name)
                file = reading.read_bank_bytes(bank.read(), bank.name, tables)
            except (BadWorkbook, BadBlueprint) as bad:
                problem = str(bad)
            else:
                lines = actions.take_in(file, by=request.user, at=clock.now())
                refused = sum(line.item is None for line in lines)
                messages.success(request, f"{file.name}：{len(lines)} 行，接收 {len(lines) - refused}，拒收 {refused}。")
                found = queries.find(file.blueprint.subject)
                return redirect("bank", bank_id=found.pk if found else 0)
        else:
            problem = "请同时选择题库和蓝图两个文件。"
    return render(request, "bank/take_in.html", {"problem": problem}, status=400 if problem else 200)


@permission("vault.review")
@require_POST
def retire(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Form field: number."""
    bank = _bank(bank_id)
    number = request.POST.get("number", "").strip()
    item = queries.item_row(bank, number)
    if item is None:
        raise Refused(refuse("", f"“{bank.subject}”题库中没有题号 {number[:80]}。请核对题号。", "missing"))
    actions.retire(item, by=request.user, at=clock.now())
    messages.success(request, f"试题 {item.number} 已停用，今后不再入卷。")
    return redirect("bank", bank_id=bank.pk)


def _bank(bank_id: int) -> ItemBank:
    bank = queries.bank_by_id(bank_id)
    if bank is None:
        raise Http404(str(bank_id))
    return bank
