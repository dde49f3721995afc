"""The record, read."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.queries import names_of
from kaopei.office.audit import queries


@permission("audit.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Events of the scope; filters obj, code, actor in the address."""
    wanted = {name: request.GET.get(name, "").strip() for name in ("obj", "code", "actor")}
    page = Paginator(queries.events(**wanted), 50).get_page(request.GET.get("page"))
    people = names_of(one.actor for one in page)
    rows = [{"event": one, "who": people[one.actor]} for one in page]
    return render(request, "audit/listing.html", {"page": page, "rows": rows, "wanted": wanted})
