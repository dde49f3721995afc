"""The door: log-in by passkey, by password and code, recovery, proving oneself again, log-out."""

import json
import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from kaopei.office import clock, scope, trusted
from kaopei.office.accounts import actions, passkeys, queries, roles
from kaopei.office.accounts.actions.recovering import NOT_THE_WORD
from kaopei.office.accounts.forms import BeginAgainForm, CodeForm, LoginForm
from kaopei.office.accounts.models import User
from kaopei.office.accounts.permission import logged_in
from kaopei.office.refused import Refused

WRONG = "用户名或密码不对。请核对后再试；忘记密码请联系安全管理员。"
WAIT = "该用户名连续输错，请十分钟后再试，或改用通行密钥登录，或联系安全管理员。"
BACKEND = "kaopei.office.accounts.backend.ActivePeople"
# Minutes between password and code
HALF_SECONDS = 300
BROWSER = "kaopei_browser"
BROWSER_DAYS = 180


@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Form fields: username, password, next."""
    form = LoginForm(request.POST or None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        username = form.cleaned_data["username"]
        user, problem = _password(request, username, form.cleaned_data["password"])
        if user is not None:
            if queries.has_code(user):
                request.session["half"] = {"user": user.pk, "at": clock.machine(), "next": _next(request)}
                return redirect("login_code")
            if queries.in_service() and queries.passkeys_of(user):
                problem = "您已登记通行密钥，请用通行密钥登录。没有带在身边，请先启用动态口令或联系安全管理员。"
            else:
                return _enter(request, user, "password", _next(request))
    facts = {"form": form, "problem": problem, "next": request.POST.get("next") or request.GET.get("next", "")}
    more = {"demo": _demo(), "demo_words": _demo_words(), "earnest": queries.in_service()}
    return render(request, "accounts/login.html", {**facts, **more}, status=400 if problem else 200)


def _password(request: HttpRequest, username: str, password: str) -> tuple[User | None, str]:
    """The person, or what was wrong; too many wrong words make the name wait in browsers like this one."""
    at, browser = clock.now(), _browser(request, username)
    if queries.must_wait(username, at, browser):
        return None, WAIT
    user = authenticate(request, username=username, password=password)
    if user is None:
        actions.note_failure(username, browser=browser, by=roles.SYSTEM, at=at)
        return None, WRONG
    return user, ""  # type: ignore[return-value]


@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step after the password. Form field: code."""
    half = request.session.get("half") or {}
    user = queries.by_number(half.get("user", 0))
    if user is None or clock.machine() - half["at"] > HALF_SECONDS:
        request.session.pop("half", None)
        return redirect("login")
    form, problem = CodeForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        how, problem = _code(request, user, form.cleaned_data["code"])
        if how:
            request.session.pop("half", None)
            return _enter(request, user, how, half["next"])
    return render(request, "accounts/code.html", {"form": form, "problem": problem}, status=400 if problem else 200)


def _code(request: HttpRequest, user: User, said: str) -> tuple[str, str]:
    """How he proved himself, or what was wrong; wrong codes count like wrong passwords."""
    at, browser = clock.now(), _browser(request, user.username)
    if queries.must_wait(user.username, at, browser):
        return "", WAIT
    try:
        return actions.prove_code(user, said, by=user, at=at), ""
    except Refused as refused:
        actions.note_failure(user.username, browser=browser, by=roles.SYSTEM, at=at)
        return "", refused.verdict.reasons[0].text


@require_POST
def ask_passkey(request: HttpRequest) -> HttpResponse:
    """JSON for navigator.credentials.get: any of our passkeys, or mine if I am in already."""
    known = queries.passkeys_of(request.user) if request.user.is_authenticated else None
    options, state = passkeys.begin_asking(passkeys.place(request), known)
    request.session["asked"] = state
    return JsonResponse(options)


@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Form fields: answer (JSON of the browser), next. The person is whoever the passkey says."""
    at, mine = clock.now(), request.user if request.user.is_authenticated else None
    row, uses = passkeys.finish_asking(passkeys.answer_of(request), request.session.pop("asked", None), passkeys.place(request), mine)
    actions.prove_passkey(row, uses=uses, by=row.user, at=at)
    if mine is not None:
        request.session["proved"] = clock.machine()
        return redirect(_next(request))
    return _enter(request, row.user, "passkey", _next(request))


@logged_in
@require_http_methods(["GET", "POST"])
def again(request: HttpRequest) -> HttpResponse:
    """Who sits there? Form fields: password, code (where the person has codes), next; or by passkey."""
    user, problem = request.user, ""
    if request.method == "POST":
        found, problem = _password(request, user.username, request.POST.get("password", ""))
        if found is not None and queries.has_code(user):
            _how, problem = _code(request, user, request.POST.get("code", ""))
        if not problem:
            request.session["proved"] = clock.machine()
            return redirect(_next(request))
    facts = {"problem": problem, "next": request.POST.get("next") or request.GET.get("next", ""), "has_code": queries.has_code(user)}
    return render(request, "accounts/again.html", {**facts, "has_passkey": queries.passkeys_of(user)}, status=400 if problem else 200)


@require_http_methods(["GET", "POST"])
def recover(request: HttpRequest) -> HttpResponse:
    """Beginning again with the word that two administrators made. Form fields: username, word, password."""
    form, problem = BeginAgainForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        said, at = form.cleaned_data, clock.now()
        user = queries.find(said["username"])
        if queries.must_wait(said["username"], at):
            problem = WAIT
        else:
            try:
                if user is None:
                    raise Refused(NOT_THE_WORD)
                actions.use_recovery(user, word=said["word"], password=said["password"], by=user, at=at)
                return _enter(request, user, "recovery", "/me/log-in/")
            except Refused as refused:
                actions.note_failure(said["username"], by=roles.SYSTEM, at=at)
                problem = refused.verdict.reasons[0].text
    return render(request, "accounts/recover.html", {"form": form, "problem": problem}, status=400 if problem or form.errors else 200)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the log-in."""
    logout(request)
    return redirect("login")


def _enter(request: HttpRequest, user: User, how: str, to: str) -> HttpResponse:
    """In: the session begins anew, is noted, and the browser is remembered as one that this person uses."""
    login(request, user, backend=BACKEND)
    request.session["since"] = request.session["proved"] = clock.machine()
    request.session["must_enrol"] = queries.must_enrol(user)
    with scope.entered(user.city):
        machine = request.META.get("HTTP_USER_AGENT", "")
        actions.note_login(user, how=how, session_key=request.session.session_key or "", machine=machine, by=user, at=clock.now())
    answer = redirect(to)
    _remember(request, answer, user.username)
    return answer


def _browser(request: HttpRequest, username: str) -> str:
    """The browser's own number if this person has logged in here before, else nothing."""
    known = _known(request)
    return str(known["id"]) if username in known.get("people", []) else ""


def _known(request: HttpRequest) -> dict[str, Any]:
    try:
        return dict(signing.loads(request.COOKIES.get(BROWSER, ""), salt=BROWSER, max_age=BROWSER_DAYS * 86_400))
    except signing.BadSignature:
        return {}


def _remember(request: HttpRequest, answer: HttpResponse, username: str) -> None:
    known = _known(request)
    people = [username, *(one for one in known.get("people", []) if one != username)][:20]
    value = signing.dumps({"id": known.get("id") or secrets.token_hex(12), "people": people}, salt=BROWSER)
    answer.set_cookie(
        BROWSER, value, max_age=BROWSER_DAYS * 86_400, httponly=True, samesite="Lax", path="/login/", secure=settings.SESSION_COOKIE_SECURE
    )


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if safe else "/"


def _demo() -> list[dict[str, str]]:
    """Demo log-ins, shown only where the trust list says that everything is a rehearsal."""
    if not trusted.rehearsal(settings.DATA):
        return []
    order = list(roles.catalogue().roles)
    people = sorted(queries.everyone(), key=lambda one: min((order.index(role) for role in one.held()), default=len(order)))
    return [{"username": one.username, "name": one.name, "roles": roles.names(one.held())} for one in people if one.is_active]


def _demo_words() -> dict[str, str]:
    """Password and PIN of the rehearsal, if whoever set it up left them in demo.json; never looked at in earnest."""
    path = settings.HOME / "demo.json"
    if not trusted.rehearsal(settings.DATA) or not path.exists():
        return {}
    return dict(json.loads(path.read_text(encoding="utf-8")))
