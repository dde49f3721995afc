"""The record, read."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kaopei.ledger import events
from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.queries import names_of
from kaopei.office.audit import queries


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
    return render(request, "audit/listing.html", found)
