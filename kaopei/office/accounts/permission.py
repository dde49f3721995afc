"""Guards of views: who may. When it may be done is the action's question."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode

from kaopei.office import clock
from kaopei.office.accounts import roles

View = Callable[..., HttpResponse]


def permission(act: str) -> Callable[[View], View]:
    """The view is for people whose role allows this act; others see who can help."""
    roles.catalogue().acts[act]  # an unknown act is found at start, not at the first click

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            verdict = roles.judge(request.user, act)
            if not verdict.allowed:
                return render(request, "ui/refused.html", {"verdict": verdict, "back": "/"}, status=403)
            return view(request, *args, **kwargs)

        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return guard


def logged_in(view: View) -> View:
    """The view is for everybody who has logged in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.act = ""  # type: ignore[attr-defined]
    return guarded


# Who sits before the screen is asked again before accounts and ways of logging in are changed.
FRESH_SECONDS = 600


def fresh(view: View) -> View:
    """The view wants a log-in, or a further proof, of the last ten minutes; what was typed before is not carried over."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and clock.machine() - request.session.get("proved", 0) > FRESH_SECONDS:
            back = request.get_full_path() if request.method == "GET" else _page_before(request)
            return redirect(f"/login/again/?{urlencode({'next': back})}")
        return view(request, *args, **kwargs)

    guarded.act = getattr(view, "act", "")  # type: ignore[attr-defined]
    return guarded


def _page_before(request: HttpRequest) -> str:
    """The page whose form was sent."""
    before = urlsplit(request.META.get("HTTP_REFERER", ""))
    return before.path if before.netloc == request.get_host() else "/"
