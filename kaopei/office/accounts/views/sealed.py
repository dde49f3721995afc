"""Emergency accounts: sealing one, taking one's half, opening it by both halves, the report."""

from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from kaopei.office import clock, scope
from kaopei.office.accounts import actions, queries, roles
from kaopei.office.accounts.forms import SealForm, UnsealForm
from kaopei.office.accounts.models import SealedAccount
from kaopei.office.accounts.permission import fresh, logged_in, permission
from kaopei.office.accounts.views.door import BACKEND, WAIT
from kaopei.office.refused import Refused
from kaopei.office.ui.context import city_name


@logged_in
def listing(request: HttpRequest) -> HttpResponse:
    """Those that concern me."""
    found = list(queries.sealed_accounts(request.user))
    names = queries.names_of(who for row in found for who in (row.first, row.second))
    rows = [
        {"one": row, "roles": roles.names(row.user.held()), "city": city_name(row.user.city), "holders": f"{names[row.first]}、{names[row.second]}"}
        for row in found
    ]
    return render(request, "accounts/sealed.html", {"rows": rows, "may_create": request.user.may("accounts.create")})


@permission("accounts.create")
@fresh
def new(request: HttpRequest) -> HttpResponse:
    """Form fields: role, city, first, second (staff numbers of the holders)."""
    form = SealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        row = actions.seal(said["role"], city=said["city"], holders=(said["first"], said["second"]), by=request.user, at=clock.now())
        messages.success(request, f"已封存 {row.user.username}。请两名持有人登录后各自领取一份口令，抄写后封入信封保管。")
        return redirect("sealed_account", username=row.user.username)
    return render(request, "accounts/sealed_new.html", {"form": form}, status=422 if form.errors else 200)


@logged_in
def show(request: HttpRequest, username: str) -> HttpResponse:
    """One account. Form fields: what (take, report), text."""
    row, half = _row(request, username), ""
    if request.method == "POST" and request.POST.get("what") == "take":
        half = actions.take_half(row, by=request.user, at=clock.now())
    elif request.method == "POST":
        actions.report(row, text=request.POST.get("text", ""), by=request.user, at=clock.now())
        messages.success(request, "启用报告已提交。")
        return redirect("sealed_account", username=username)
    row = _row(request, username)
    halves = {row.first: row.first_digest, row.second: row.second_digest}
    mine, names = halves.get(request.user.username), queries.names_of({row.sealed_by, row.reported_by, *halves})
    context = {
        "row": row, "half": half, "holder": mine is not None, "to_take": mine is not None and not mine and row.opened_at is None,
        "to_report": mine is not None and row.opened_at is not None and row.reported_at is None, "role": roles.names(row.user.held()),
        "city": city_name(row.user.city), "ready": all(halves.values()),
        "holders": [(names[who], bool(taken or row.opened_at)) for who, taken in halves.items()], "sealed_by": names[row.sealed_by],
        "reported_by": names[row.reported_by],
    }  # fmt: skip
    answer = render(request, "accounts/sealed_one.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_http_methods(["GET", "POST"])
def unseal(request: HttpRequest) -> HttpResponse:
    """Both halves, by whoever sits there. Form fields: username, first, second, reason."""
    form, problem = UnsealForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        said, at = form.cleaned_data, clock.now()
        row = queries.sealed_account(said["username"])
        if queries.must_wait(said["username"], at):
            problem = WAIT
        elif row is None:
            actions.note_failure(said["username"], by=roles.SYSTEM, at=at)
            problem = "没有这个应急账号，请核对信封上的账号。"
        else:
            try:
                actions.unseal(row, halves=(said["first"], said["second"]), reason=said["reason"], by=roles.SYSTEM, at=at)
                return _enter(request, row)
            except Refused as refused:
                actions.note_failure(said["username"], by=roles.SYSTEM, at=at)
                problem = refused.verdict.reasons[0].text
    return render(request, "accounts/unseal.html", {"form": form, "problem": problem}, status=400 if problem or form.errors else 200)


@require_POST
@logged_in
def end(request: HttpRequest) -> HttpResponse:
    """The emergency is over before its time."""
    row = queries.sealed_account(request.user.username)
    if row is None:
        raise Http404
    actions.end(row, by=request.user, at=clock.now())
    logout(request)
    return redirect("login")


def _enter(request: HttpRequest, row: SealedAccount) -> HttpResponse:
    user = queries.person(row.user.username)
    login(request, user, backend=BACKEND)
    request.session["since"] = request.session["proved"] = clock.machine()
    with scope.entered(user.city):
        machine = request.META.get("HTTP_USER_AGENT", "")
        actions.note_login(user, how="sealed", session_key=request.session.session_key or "", machine=machine, by=user, at=clock.now())
    return redirect("today")


def _row(request: HttpRequest, username: str) -> SealedAccount:
    row = next((one for one in queries.sealed_accounts(request.user) if one.user.username == username), None)
    if row is None:
        raise Http404(username)
    return row
