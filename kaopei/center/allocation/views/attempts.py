"""A refused step of a draw leaves an event: who tried what, and why not."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from kaopei.center.allocation import actions, queries
from kaopei.office import clock
from kaopei.office.refused import Refused

View = Callable[..., HttpResponse]


def recorded(view: View) -> View:
    """The view of a step, whose refusals are recorded after everything else was rolled back."""

    @wraps(view)
    def run(request: HttpRequest, number: str, **more: str) -> HttpResponse:
        try:
            answer = view(request, number, **more)
        except Refused as refused:
            _note(request, number, view.__name__, refused.verdict.reasons[0].clause if refused.verdict.reasons else "")
            raise
        if answer.status_code == HTTPStatus.FORBIDDEN:
            # His role does not allow the step: told by the guard of the view, not by the action.
            _note(request, number, view.__name__, "")
        return answer

    return run


def _note(request: HttpRequest, number: str, step: str, clause: str) -> None:
    draw = queries.draw(number)
    if draw is not None:
        actions.note_refusal(draw, step=step, clause=clause, by=request.user, at=clock.now())
