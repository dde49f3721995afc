"""What the read APIs of the programs share: log-in, acts, the form of refusals, and the OpenAPI document (django-ninja)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import ValidationError

from kaopei.office.accounts import roles


class Problem(Schema):
    """Why an answer was not given: what to say to a person, and the duty it rests on, if any."""

    error: str
    clause: str = ""


REFUSALS: dict[int, Any] = {401: Problem, 403: Problem, 404: Problem, 422: Problem}


class Missing(Exception):
    """Not there, or not in the scope of whoever asks: the two are not told apart."""


class NotAllowed(Exception):
    """The role does not allow it."""

    def __init__(self, verdict: Any) -> None:
        self.verdict = verdict
        super().__init__(verdict.text)


def logged_in(request: HttpRequest) -> Any:
    """The person of the session, or nobody."""
    return request.user if request.user.is_authenticated else None


def needs(request: HttpRequest, act: str) -> None:
    """Who may: refused with the words of the page otherwise."""
    verdict = roles.judge(request.user, act)
    if not verdict.allowed:
        raise NotAllowed(verdict)


def made(title: str, version: str) -> NinjaAPI:
    """An API with session log-in whose faults are answered in JSON, in words."""
    api = NinjaAPI(title=title, version=version, auth=logged_in, docs_url=None, urls_namespace="api", openapi_url="openapi.json")
    api.exception_handler(ValidationError)(lambda request, problem: _said(api, request, "参数不对：" + _first(problem), 422))
    api.exception_handler(Missing)(lambda request, _: _said(api, request, "没有这一项，或不在您的工作范围内。", 404))
    api.exception_handler(NotAllowed)(lambda request, problem: _said(api, request, problem.verdict.text, 403, problem.verdict.clause))
    return api


def _said(api: NinjaAPI, request: HttpRequest, text: str, status: int, clause: str = "") -> HttpResponse:
    return api.create_response(request, {"error": text, "clause": clause}, status=status)


def _first(problem: ValidationError) -> str:
    """Where it is wrong; what was typed is not repeated."""
    one = problem.errors[0] if problem.errors else {"loc": ("",), "msg": ""}
    return f"{'.'.join(str(word) for word in one['loc'])} {one['msg']}"[:200]
