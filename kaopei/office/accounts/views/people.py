"""The list of people: new ones, their roles, letting somebody in again."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.office import clock
from kaopei.office.accounts import actions, queries, roles
from kaopei.office.accounts.forms import PersonForm, RecoveryForm, RoleForm
from kaopei.office.accounts.models import User
from kaopei.office.accounts.permission import fresh, permission
from kaopei.office.ui.context import city_name


@permission("accounts.view")
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with roles."""
    rows = [{"person": one, "roles": roles.names(one.held()), "city": city_name(one.city)} for one in queries.everyone(request.user.city)]
    return render(request, "accounts/people.html", {"rows": rows, "may_create": request.user.may("accounts.create")})


@permission("accounts.create")
@fresh
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
    row = _person(request, username)
    known = roles.catalogue().roles
    past = [{"zh": known[one.role].zh, "row": one} for one in row.assignments.order_by("-given_at")]
    return render(
        request,
        "accounts/person.html",
        {
            "row": row,
            "city": city_name(row.city),
            "past": past,
            "form": RoleForm(),
            "recovery": RecoveryForm(),
            "ways": {"passkeys": len(queries.passkeys_of(row)), "code": queries.has_code(row), "codes": queries.codes_left(row)},
            "may_assign": request.user.may("accounts.assign"),
            "may_recover": request.user.may("accounts.create") and request.user.username != username,
        },
    )


@permission("accounts.assign")
@require_POST
@fresh
def assign_role(request: HttpRequest, username: str) -> HttpResponse:
    """Form field: role."""
    form = RoleForm(request.POST)
    if form.is_valid():
        actions.assign(_person(request, username), form.cleaned_data["role"], by=request.user, at=clock.now())
    return redirect("person", username=username)


@permission("accounts.assign")
@require_POST
@fresh
def end_role(request: HttpRequest, username: str) -> HttpResponse:
    """Form field: role."""
    actions.unassign(_person(request, username), request.POST.get("role", ""), by=request.user, at=clock.now())
    return redirect("person", username=username)


@permission("accounts.create")
@require_POST
@fresh
def close_account(request: HttpRequest, username: str) -> HttpResponse:
    """The person leaves."""
    actions.close(_person(request, username), by=request.user, at=clock.now())
    return redirect("person", username=username)


@permission("accounts.create")
@require_POST
@fresh
def ask_recovery(request: HttpRequest, username: str) -> HttpResponse:
    """Form field: reason. The word for the person is shown on this answer only."""
    row = _person(request, username)
    word = actions.ask_recovery(row, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    answer = render(request, "accounts/recovery_word.html", {"row": row, "word": word})
    answer["Cache-Control"] = "no-store"
    return answer


def _person(request: HttpRequest, username: str) -> User:
    """Somebody whom this administrator looks after: of his own city, or anybody for the province."""
    found = queries.find(username)
    if found is None or request.user.city not in (roles.PROVINCE, found.city):
        raise Http404(username)
    return found
