"""Pages of score sheets: what is in force, a file in (or only looked at), the verdict of every row, what the second person signs."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.paper.score_sheet import SheetVerdict
from kaopei.vault.bank.workbook import BadWorkbook
from kaopei.vault.practical import actions, queries, reading
from kaopei.vault.practical.words import CODES, DECISIONS

SHOWN = 500


@permission("vault.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Sheets in force and imports."""
    rows = [{"taken": taken, "approval": getattr(taken, "approval", None), "asked": queries.asked(taken)} for taken in queries.imports()]
    return render(request, "practical/listing.html", {"sheets": queries.listed(), "imports": rows})


@permission("vault.import")
@require_http_methods(["GET", "POST"])
def take_in(request: HttpRequest) -> HttpResponse:
    """Form fields: file (.xlsx); `look` only shows what would become of it."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        sent = request.FILES.get("file")
        try:
            if sent is None:
                raise BadWorkbook("请选择实操评分标准的工作簿。")
            file = reading.read_bytes(sent.read(), sent.name)
        except BadWorkbook as bad:
            context = {"problem": str(bad)}
        else:
            if "look" not in request.POST:
                return _taken(request, file)
            verdicts, sheets = file.judge()
            context = {"file": file, "told": _lines(verdicts)[:SHOWN], "counts": _counts(verdicts), "sheets": sheets}
    return render(request, "practical/take_in.html", context, status=400 if context.get("problem") else 200)


def _taken(request: HttpRequest, file: reading.SheetFile) -> HttpResponse:
    lines = actions.take_in(file, by=request.user, at=clock.now())
    refused = sum(one.decision == "refuse" for one in lines)
    messages.success(request, f"{file.name}：{len(lines)} 行，接收 {len(lines) - refused}，拒收 {refused}。由另一名审题人签署后启用。")
    last = queries.last_import()
    return redirect("score_sheet", import_id=last.pk if last else 0)


@permission("vault.view")
def show(request: HttpRequest, import_id: int) -> HttpResponse:
    """One import: the verdicts (`decision` filters) and its sheets with every step, for whoever signs."""
    taken = queries.import_by_id(import_id)
    if taken is None:
        raise Http404(str(import_id))
    wanted = request.GET.get("decision", "")
    verdicts = [SheetVerdict(*line) for line in taken.verdicts]
    page = Paginator(_lines([one for one in verdicts if not wanted or one.decision == wanted]), 100).get_page(request.GET.get("page"))
    context = {
        "taken": taken,
        "approval": getattr(taken, "approval", None),
        "asked": queries.asked(taken),
        "page": page,
        "wanted": wanted,
        "counts": _counts(verdicts),
        "sheets": queries.sheets(taken),
    }
    return render(request, "practical/show.html", context)


def _lines(verdicts: list[SheetVerdict]) -> list[tuple[SheetVerdict, str, str, str]]:
    return [(one, *DECISIONS[one.decision], CODES.get(one.code, "")) for one in verdicts]


def _counts(verdicts: list[SheetVerdict]) -> list[tuple[str, str, int]]:
    return [(word, text, sum(one.decision == word for one in verdicts)) for word, (_, text) in DECISIONS.items()]
