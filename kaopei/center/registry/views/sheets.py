"""Spreadsheets in and out: upload, every row's verdict, confirm; download the same list as it stands."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.registry import actions, sheets
from kaopei.center.registry.forms import SheetForm
from kaopei.center.registry.models import Sheet
from kaopei.center.registry.queries import papers
from kaopei.center.registry.sheets import LISTS, RowVerdict
from kaopei.center.registry.unusable import Unusable
from kaopei.center.registry.views.frame import frame
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.sheets import XLSX, write_csv, write_xlsx

PAGE = 50
WORDS = {"new": "新增", "changed": "变更", "same": "无变化", "refuse": "不收", "gone": "停止使用"}
KINDS = {"new": "good", "changed": "run", "same": "plain", "refuse": "bad", "gone": "wait"}


@permission("registry.people")
def listing(request: HttpRequest) -> HttpResponse:
    """Upload a list; the latest ones; lists to download."""
    may = request.user.may("registry.sheet") and request.user.city != "*"
    sent = request.method == "POST" and may
    form = SheetForm(request.POST if sent else None, request.FILES if sent else None, lang=request.lang) if may else None
    fault = ""
    if sent and form is not None and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = actions.read_sheet(
                form.cleaned_data["list"], content=file.read(), filename=file.name, city=request.user.city, by=request.user, at=clock.now()
            )
            return redirect("registry:sheet", number=made.number)
        except Unusable as problem:
            fault = str(problem)
    page = Paginator(papers.sheets(), PAGE).get_page(request.GET.get("page"))
    lists = [(name, kind.columns, kind.whole, kind.personal) for name, kind in LISTS.items()]
    context = {**frame(request), "form": form, "fault": fault, "page": page, "lists": lists}
    return render(request, "registry/sheets.html", context, status=422 if fault or (form is not None and form.errors) else 200)


def _sheet(number: str) -> Sheet:
    row = papers.sheet(number)
    if row is None:
        raise Http404
    return row


def _judged(row: Sheet) -> tuple[list[RowVerdict], int]:
    return sheets.judged(row.list, bytes(row.content), row.filename, row.city, clock.now())


@permission("registry.people")
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """Every row with what would become of it; confirm applies all of them, once."""
    row = _sheet(number)
    waits = row.status == Sheet.Status.READ
    verdicts, changed = _judged(row) if waits else ([], row.changed)
    wanted = request.GET.get("decision", "")
    shown = [one for one in verdicts if not wanted or one.decision == wanted]
    page = Paginator([(one, WORDS[one.decision], KINDS[one.decision]) for one in shown], PAGE).get_page(request.GET.get("page"))
    context = {
        "row": row, "page": page, "columns": LISTS[row.list].columns, "changed": changed, "decision": wanted, "waits": waits,
        "counts": [(code, word, sum(one.decision == code for one in verdicts)) for code, word in WORDS.items()],
        "digest": sheets.digest(bytes(row.content), verdicts) if waits else row.digest, "may": waits and request.user.may("registry.sheet"),
    }  # fmt: skip
    return render(request, "registry/sheet.html", context)


@require_POST
@permission("registry.sheet")
def apply(request: HttpRequest, number: str) -> HttpResponse:
    """Applied as shown, or not at all."""
    row = _sheet(number)
    if request.POST.get("what") == "set_aside":
        actions.set_sheet_aside(row.number, by=request.user, at=clock.now())
        messages.success(request, f"登记表格 {number} 已作废，登记没有变动。")
        return redirect("registry:sheets")
    done = actions.apply_sheet(row.number, digest_shown=request.POST.get("digest", ""), by=request.user, at=clock.now())
    messages.success(request, f"《{done.list}》已一次写入，登记变动 {done.changed} 项。")
    return redirect("registry:sheet", number=number)


@permission("registry.people")
def verdicts(request: HttpRequest, number: str) -> HttpResponse:
    """The verdict on every row as CSV, personal data masked."""
    row = _sheet(number)
    found, _ = _judged(row) if row.status == Sheet.Status.READ else ([], 0)
    table = [[str(one.row or ""), WORDS[one.decision], "；".join(one.messages), *one.cells] for one in found]
    headers = {"Content-Disposition": f'attachment; filename="{number}.csv"', "Cache-Control": "no-store"}
    return HttpResponse(write_csv(["行", "结论", "说明", *LISTS[row.list].columns], table), content_type="text/csv; charset=utf-8", headers=headers)


@permission("registry.people")
def download(request: HttpRequest, name: str, suffix: str) -> HttpResponse:
    """A list as it stands, with the columns that are read again; names and numbers of people are masked."""
    kind = LISTS.get(name)
    if kind is None or suffix not in ("csv", "xlsx"):
        raise Http404
    parts = frame(request)
    rows = sheets.masked(kind, kind.rows(parts["city"], parts["day"]))
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}-{parts['day']}.{suffix}", "Cache-Control": "no-store"}
    if suffix == "csv":
        return HttpResponse(write_csv(kind.columns, rows), content_type="text/csv; charset=utf-8", headers=headers)
    content = write_xlsx(f"{name}（{parts['day']}）", kind.columns, rows)
    return HttpResponse(content, content_type=XLSX, headers=headers)
