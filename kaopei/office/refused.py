"""A refusal is not a fault: the action says which clause forbids it, one middleware shows the page."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kaopei.law.verdict import Verdict


class Refused(Exception):
    """The law, or the order of work, does not allow this; raised by actions only."""

    exit_status = 2

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        # Refused acts that still have to become events (office.audit.record.settle), and whether one has
        self.attempts: list[Any] = []
        self.is_recorded = False
        super().__init__("；".join(f"{reason.text}（{reason.clause}）" for reason in verdict.reasons))


class ShowRefusals:
    """Turns Refused into a page that names clause, remedy and who can help; what it interrupted is rolled back already."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        """Everything else crashes and is logged."""
        if not isinstance(problem, Refused):
            return None
        back = request.META.get("HTTP_REFERER", "/")
        return render(request, "ui/refused.html", {"verdict": problem.verdict, "back": back}, status=409)
