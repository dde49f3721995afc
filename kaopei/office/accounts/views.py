"""Log-in, log-out, the list of people."""

import json

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from kaopei.office import clock, scope, trusted
from kaopei.office.accounts import actions, queries, roles
from kaopei.office.accounts.forms import LoginForm, PersonForm, RoleForm
from kaopei.office.accounts.models import User
from kaopei.office.accounts.permission import permission
from kaopei.office.ui.context import city_name

WRONG = "用户名或密码不对。请核对后再试；忘记密码请联系安全管理员。"
WAIT = "该用户名连续输错，请十分钟后再试，或联系安全管理员。"


@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Form fields: username, password, next."""
    form = LoginForm(request.POST or None)
    problem = ""
    if request.method == "POST" and form.is_valid():
        at, username = clock.now(), form.cleaned_data["username"]
        if queries.must_wait(username, at):
            problem = WAIT
        else:
            user = authenticate(request, username=username, password=form.cleaned_data["password"])
            if user is not None:
                login(request, user)
                with scope.entered(user.city):
                    actions.note_login(user, by=user, at=at)
                return redirect(_next(request))
            actions.note_failure(username, by=roles.SYSTEM, at=at)
            problem = WRONG
    return render(
        request,
        "accounts/login.html",
        {
            "form": form,
            "problem": problem,
            "next": request.POST.get("next") or request.GET.get("next", ""),
            "demo": _demo(),
            "demo_words": _demo_words(),
        },
        status=400 if problem else 200,
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


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the log-in."""
    logout(request)
    return redirect("login")


@permission("accounts.view")
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with roles."""
    rows = [{"person": one, "roles": roles.names(one.held()), "city": city_name(one.city)} for one in queries.everyone()]
    return render(request, "accounts/people.html", {"rows": rows, "may_create": request.user.may("accounts.create")})


@permission("accounts.create")
def new_person(request: HttpRequest) -> HttpResponse:
    """Form fields: username, name, city, institution, held (several), password."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        made = actions.create_person(
            username=words["username"],
            name=words["name"],
            password=words["password"],
            held=tuple(words["held"]),
            city=words["city"],
            institution=words["institution"],
            by=request.user,
            at=clock.now(),
        )
        messages.success(request, f"已新建账号：{made.name}（{made.username}）")
        return redirect("person", username=made.username)
    return render(request, "accounts/new_person.html", {"form": form}, status=400 if form.errors else 200)


@permission("accounts.view")
def show_person(request: HttpRequest, username: str) -> HttpResponse:
    """One person: roles now and before."""
    row = _person(username)
    known = roles.catalogue().roles
    past = [{"zh": known[one.role].zh, "row": one} for one in row.assignments.order_by("-given_at")]
    return render(
        request,
        "accounts/person.html",
        {"row": row, "city": city_name(row.city), "past": past, "form": RoleForm(), "may_assign": request.user.may("accounts.assign")},
    )


@permission("accounts.assign")
@require_POST
def assign_role(request: HttpRequest, username: str) -> HttpResponse:
    """Form field: role."""
    form = RoleForm(request.POST)
    if form.is_valid():
        actions.assign(_person(username), form.cleaned_data["role"], by=request.user, at=clock.now())
    return redirect("person", username=username)


@permission("accounts.assign")
@require_POST
def end_role(request: HttpRequest, username: str) -> HttpResponse:
    """Form field: role."""
    actions.unassign(_person(username), request.POST.get("role", ""), by=request.user, at=clock.now())
    return redirect("person", username=username)


@permission("accounts.create")
@require_POST
def close_account(request: HttpRequest, username: str) -> HttpResponse:
    """The person leaves."""
    actions.close(_person(username), by=request.user, at=clock.now())
    return redirect("person", username=username)


def _person(username: str) -> User:
    found = queries.find(username)
    if found is None:
        raise Http404(username)
    return found
