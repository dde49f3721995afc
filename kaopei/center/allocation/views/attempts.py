"""A step of a draw that is refused before any action is asked leaves an event too: who tried what, and why not."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from kaopei.center.allocation import actions, queries
from kaopei.office import clock
from kaopei.office.refused import Refused

View = Callable[..., HttpResponse]


def recorded(view: View) -> View:
    """The view of a step: what its action refuses records itself; here is what the guard of the view or its form refuses."""

    @wraps(view)
    def run(request: HttpRequest, number: str, **more: str) -> HttpResponse:
        try:
            answer = view(request, number, **more)
        except Refused as refused:
            if not refused.is_recorded:
                _note(request, number, view.__name__, refused.verdict.clause, refused.verdict.code)
            raise
        if answer.status_code == HTTPStatus.FORBIDDEN:
            # His role does not allow the step: told by the guard of the view, not by the action.
            _note(request, number, view.__name__, "", "role")
        return answer

    return run


def _note(request: HttpRequest, number: str, step: str, clause: str, reason: str) -> None:
    draw = queries.draw(number)
    if draw is not None:
        actions.note_refusal(draw, step=step, clause=clause, reason=reason, by=request.user, at=clock.now())
