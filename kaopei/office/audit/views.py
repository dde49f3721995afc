"""The record, read."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from kaopei.law.verdict import refuse
from kaopei.ledger import events
from kaopei.office import scope
from kaopei.office.accounts import roles
from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.queries import names_of
from kaopei.office.audit import queries
from kaopei.office.refused import Refused
from kaopei.parcel import container


@permission("audit.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Events of the scope, with their place in the signed tree; filters obj, code, actor in the address."""
    wanted = {name: request.GET.get(name, "").strip() for name in ("obj", "code", "actor")}
    page = Paginator(queries.events(**wanted), 50).get_page(request.GET.get("page"))
    people = names_of(one.actor for one in page)
    kinds = events.catalogue()
    rows = [
        {"event": one, "who": people[one.actor], "what": kinds[one.code].zh, "clause": kinds[one.code].clause, "seq": seq}
        for one, seq in zip(page, queries.places(page.object_list), strict=True)
    ]
    choices = sorted(kinds.values(), key=lambda kind: kind.code)
    found = {"page": page, "rows": rows, "wanted": wanted, "kinds": choices, "last": queries.last_checkpoint()}
    whole = request.user.city == scope.PROVINCE and roles.judge(request.user, "audit.export").allowed
    return render(request, "audit/listing.html", {**found, "origins": queries.origins() if whole else []})


@require_GET
@permission("audit.export")
def export(request: HttpRequest) -> HttpResponse:
    """One tree up to its newest checkpoint, in one file for `./run ledger verify`."""
    if request.user.city != scope.PROVINCE:
        raise Refused(refuse("N2.4.13", "台账不能按城市拆开导出（拆开就无法复核）。请由负责全省的审计员导出。", "scope"))
    named = request.GET.get("origin", "")
    if named not in queries.origins():
        raise Http404
    answer = HttpResponse(container.write(list(queries.segment_of(named).items())), content_type="application/zip")
    program, year = named.partition(".")[0], named.rpartition("/")[2]
    answer["Content-Disposition"] = f'attachment; filename="ledger-{program}-{year}.zip"'
    return answer
