"""Pages of custody: what was sealed for whom, who holds which share, what was scored. Never a share's value."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.law.verdict import refuse
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.refused import Refused
from kaopei.vault.custody import actions, queries
from kaopei.vault.custody.models import SealedPackage
from kaopei.vault.custody.words import HOLDERS


@permission("vault.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All packages."""
    return render(request, "custody/listing.html", {"rows": queries.packages(), "waiting": queries.waiting_shares()})


@permission("vault.view")
def exposures(request: HttpRequest) -> HttpResponse:
    """Items and tasks by how many candidates have seen them. Query: subject, page."""
    asked = request.GET.get("subject", "")
    page = Paginator(queries.exposed(asked), 100).get_page(request.GET.get("page"))
    return render(request, "custody/exposures.html", {"page": page, "subject": asked, "subjects": queries.exposed_subjects()})


@permission("vault.view")
def show(request: HttpRequest, package_id: str) -> HttpResponse:
    """One package: digests, shares with receipts, scorings."""
    row = _package(package_id)
    shares = [{**one, "holder": HOLDERS[one["share"].holder]} for one in queries.shares(row)]
    context = {"row": row, "shares": shares, "scorings": queries.revisions(row), "papers": sorted(row.papers.items())}
    return render(request, "custody/show.html", context)


@permission("vault.seal")
@require_POST
def hand_over(request: HttpRequest, package_id: str) -> HttpResponse:
    """Form fields: number (of the share), receiver, receipt."""
    row = _package(package_id)
    number = request.POST.get("number", "")
    share = queries.share(row, number)
    if share is None:
        raise Refused(refuse("", f"这个密封包没有编号 {number[:80]} 的密钥分持件。请核对编号。", "missing"))
    actions.hand_over(
        share,
        receiver=request.POST.get("receiver", "").strip(),
        receipt=request.POST.get("receipt", "").strip(),
        by=request.user,
        at=clock.now(),
    )
    messages.success(request, f"密钥分持件 {number} 已登记交接。")
    return redirect("package", package_id=package_id)


def _package(package_id: str) -> SealedPackage:
    row = queries.package(package_id)
    if row is None:
        raise Http404(package_id)
    return row
