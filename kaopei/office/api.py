"""What the APIs of the programs share: log-in, acts, the form of refusals, slices of lists, and the OpenAPI document (django-ninja)."""

from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import File, NinjaAPI, Router, Schema, UploadedFile
from ninja.errors import HttpError, ValidationError
from ninja.security import SessionAuth
from pydantic import Field

from kaopei.office.accounts import roles
from kaopei.office.refused import Refused

MOST = 500


class Problem(Schema):
    """Why an answer was not given: what to say to a person, and the duty it rests on, if any."""

    error: str
    clause: str = ""


REFUSALS: dict[int, Any] = {401: Problem, 403: Problem, 404: Problem, 422: Problem}
CHANGES: dict[int, Any] = {**REFUSALS, 409: Problem}


class Slice(Schema):
    """Rows `first` to `first` + `count` - 1 of a list, at most 500."""

    first: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    count: Annotated[int, Field(ge=1, le=MOST)] = 100

    def of(self, rows: Any) -> list[Any]:
        """Of a query or a list."""
        return list(rows[self.first : self.first + self.count])


class Missing(Exception):
    """Not there, or not in the scope of whoever asks: the two are not told apart."""


class Unfit(Exception):
    """What was handed in is no such file; in words."""


class NotAllowed(Exception):
    """The role does not allow it."""

    def __init__(self, verdict: Any) -> None:
        self.verdict = verdict
        super().__init__(verdict.text)


class Acting(SessionAuth):
    """The person of the session, who may do `act`; a change also carries the token of the page (X-CSRFToken)."""

    def __init__(self, act: str = "") -> None:
        if act:
            roles.catalogue().acts[act]  # an unknown act is found at start
        self.act = act
        super().__init__()

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """Before anything of the request is read: whoever may not, learns nothing about his input."""
        if not request.user.is_authenticated:
            return None
        verdict = roles.judge(request.user, self.act) if self.act else None
        if verdict is not None and not verdict.allowed:
            raise NotAllowed(verdict)
        return request.user


def reads(router: Router, path: str, out: Any, *, act: str, summary: str) -> Callable[..., Any]:
    """A read operation under the name of its function; the document names the act that it asks for."""

    def made(view: Callable[..., Any]) -> Callable[..., Any]:
        operation = router.get(
            path, response={200: out, **REFUSALS}, auth=Acting(act), operation_id=view.__name__, summary=summary, openapi_extra={"x-act": act}
        )
        return operation(view)

    return made


def changes(router: Router, path: str, out: Any, *, act: str, summary: str) -> Callable[..., Any]:
    """An operation that changes something: the same action as the page's, with its event; refusals of the law are 409."""

    def made(view: Callable[..., Any]) -> Callable[..., Any]:
        operation = router.post(
            path, response={200: out, **CHANGES}, auth=Acting(act), operation_id=view.__name__, summary=summary, openapi_extra={"x-act": act}
        )
        return operation(view)

    return made


def made(title: str, version: str) -> NinjaAPI:
    """An API with session log-in whose faults are answered in JSON, in words."""
    api = NinjaAPI(title=title, version=version, auth=Acting(), docs_url=None, urls_namespace="api", openapi_url="openapi.json")
    api.exception_handler(ValidationError)(lambda request, problem: _said(api, request, "参数不对：" + _first(problem), 422))
    api.exception_handler(Missing)(lambda request, _: _said(api, request, "没有这一项，或不在您的工作范围内。", 404))
    api.exception_handler(Unfit)(lambda request, problem: _said(api, request, str(problem), 422))
    api.exception_handler(NotAllowed)(lambda request, problem: _said(api, request, problem.verdict.text, 403, problem.verdict.clause))
    api.exception_handler(Refused)(lambda request, problem: _said(api, request, problem.verdict.text, 409, problem.verdict.clause))
    api.exception_handler(HttpError)(lambda request, problem: _said(api, request, _http(problem), problem.status_code))
    return api


def _said(api: NinjaAPI, request: HttpRequest, text: str, status: int, clause: str = "") -> HttpResponse:
    return api.create_response(request, {"error": text, "clause": clause}, status=status)


def _first(problem: ValidationError) -> str:
    """Where it is wrong; what was typed is not repeated."""
    one = problem.errors[0] if problem.errors else {"loc": ("",), "msg": ""}
    return f"{'.'.join(str(word) for word in one['loc'])} {one['msg']}"[:200]


def _http(problem: HttpError) -> str:
    words = {401: "请先登录。", 403: "页面令牌（X-CSRFToken）缺失或已失效，没有改动任何内容。", 400: "请求的内容读不出，没有改动任何内容。"}
    return words.get(problem.status_code, "没有办成，没有改动任何内容。")


__all__ = [
    "CHANGES", "REFUSALS", "Acting", "File", "Missing", "NotAllowed", "Problem", "Slice", "Unfit", "UploadedFile", "changes", "made", "reads",
]  # fmt: skip
