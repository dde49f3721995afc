"""What a log-in means for each request: whose rows are seen, and when it ends by itself."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from kaopei.office import clock, scope
from kaopei.office.accounts import queries
from kaopei.office.accounts.models import PREFIX
from kaopei.office.accounts.roles import catalogue

View = Callable[[HttpRequest], HttpResponse]


class Idle:
    """Ends a log-in that has been idle too long; sooner for people who decide."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            known = catalogue().roles
            privileged = any(known[role].privileged for role in user.held() if role in known)
            minutes = settings.IDLE_MINUTES_PRIVILEGED if privileged else settings.IDLE_MINUTES
            moment = int(clock.now().timestamp())
            seen = request.session.get("seen", moment)
            # A rehearsal may move its clock by weeks between two clicks; only idleness in one day's time is idleness.
            if minutes * 60 < moment - seen < 86_400:
                logout(request)
            elif moment - seen >= 30 or "seen" not in request.session or moment < seen:
                request.session["seen"] = moment
        return self.get_response(request)


class Lasting:
    """Ends a log-in that is too old, however busy; and lets whoever has no second factor yet only set one up."""

    FREE = ("/me/", "/logout/", "/login/", "/language/", "/static/", "/healthz")

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            since = request.session.setdefault("since", clock.machine())
            over = request.user.username.startswith(PREFIX) and queries.opened(request.user, clock.now()) is None
            if over or clock.machine() - since > settings.LOG_IN_HOURS * 3600:
                logout(request)
            elif request.session.get("must_enrol") and not request.path.startswith(self.FREE):
                return redirect("own_log_in")
        return self.get_response(request)


class CityScope:
    """Every query of the request sees only the rows of the person's city; without a log-in, none."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        with scope.entered(user.city if user.is_authenticated else ""):
            return self.get_response(request)
