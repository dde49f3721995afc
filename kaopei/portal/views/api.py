"""The same facts for machines: documented on the page /api/, with names that stay."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from kaopei.center.publication import queries
from kaopei.center.publication.queries import Published
from kaopei.office import clock
from kaopei.portal import checking, listing
from kaopei.portal.checking import Answer
from kaopei.portal.views.people import TOO_LARGE, oversized, trust


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """What there is to ask, with the fields of every answer."""
    context = {
        "institution_fields": [*listing.INSTITUTION_COLUMNS, *listing.LAST],
        "site_fields": [*listing.SITE_COLUMNS, "measures", *listing.LAST],
        "sitting_fields": [*listing.SITTING_COLUMNS, *listing.LAST],
        "certificate_fields": checking.FIELDS,
        "words": checking.WORDS,
        "base": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "portal/api.html", context)


def _json(value: dict[str, Any], status: int = 200) -> HttpResponse:
    answer = HttpResponse(json.dumps(value, ensure_ascii=False), status=status, content_type="application/json")
    # Public facts: a page of anybody may read them.
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def _statement(one: Published) -> dict[str, Any]:
    until = one.until.isoformat(timespec="seconds") if one.until else None
    more = {"version": one.version, "published_since": one.since.isoformat(timespec="seconds"), "published_until": until, "digest": one.digest}
    return one.content | more


@require_safe
def draws(request: HttpRequest) -> HttpResponse:
    """All public draws."""
    return _json({"draws": [_statement(one) for one in queries.public("draw", clock.now())]})


@require_safe
def draw(request: HttpRequest, number: str) -> HttpResponse:
    """One public draw."""
    found = queries.one("draw", number[:60].replace("\0", ""), clock.now())
    return _json(_statement(found)) if found else _json({"error": "没有公布过这次抽签"}, 404)


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "status": answer.status,
        "holder": answer.holder,
        "reason": answer.reason,
        "signature": answer.signed,
        "fields": answer.fields,
        "notes": answer.notes,
        "trust_version": answer.trust_version,
        "status_list": {"number": answer.status_number, "issued_on": answer.status_issued_on} if answer.status_number else None,
        "rehearsal": answer.rehearsal,
    }


@require_safe
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """What is public under a certificate's number; 404 with status `unknown` if nothing is."""
    listed, problem = trust()
    if listed is None:
        return _json({"error": problem}, 503)
    found = checking.look_up(number[:60].replace("\0", ""), listed, clock.now())
    return _json(_answer(found), 404 if found.status == "unknown" else 200)


@require_http_methods(["POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The body is the certificate: PDF, signed JSON or QR text. Always 200 with a status, unless nothing could be checked."""
    listed, problem = trust()
    if listed is None:
        return _json({"error": problem}, 503)
    if oversized(request):
        return _json({"error": TOO_LARGE}, 413)
    return _json(_answer(checking.check(request.body, listed, clock.now())))


def nothing(request: HttpRequest, rest: str = "") -> HttpResponse:
    """An address that is no part of the interface, said in JSON."""
    return _json({"error": "没有这个接口，见 /api/"}, 404)
