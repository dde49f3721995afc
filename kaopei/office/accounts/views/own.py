"""My log-in: passkeys, one-time codes, recovery codes, and where I am logged in."""

import secrets
from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.office import clock, trusted
from kaopei.office.accounts import actions, passkeys, queries, totp
from kaopei.office.accounts.models import User
from kaopei.office.accounts.permission import fresh, logged_in
from kaopei.office.personal import decrypt_bytes, encrypt_bytes

HOW = {"password": "密码", "totp": "密码与动态口令", "recovery": "恢复", "passkey": "通行密钥"}
# Where a seating calls a role by another word
DUTIES = {"site_head": "head"}


@logged_in
@fresh
def show(request: HttpRequest) -> HttpResponse:
    """What I log in with, and where I am logged in."""
    user = request.user
    where = passkeys.place(request)
    rows = [
        {"row": one, "how": HOW.get(one.how, one.how), "here": one.session_key == request.session.session_key} for one in queries.open_log_ins(user)
    ]
    facts = {
        "keys": _keys(user), "has_code": queries.has_code(user), "codes": queries.codes_left(user), "rows": rows,
        "must": queries.must_enrol(user), "works_here": not where.domain.replace(".", "").isdigit(), "domain": where.domain,
    }  # fmt: skip
    return render(request, "accounts/own.html", facts)


@logged_in
@fresh
@require_POST
def begin_passkey(request: HttpRequest) -> HttpResponse:
    """JSON for navigator.credentials.create."""
    options, state = passkeys.begin_making(request.user, passkeys.place(request), queries.passkeys_of(request.user))
    request.session["making"] = state
    return JsonResponse(options)


@logged_in
@fresh
@require_POST
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Form fields: answer (JSON of the browser), name."""
    where = passkeys.place(request)
    made = passkeys.finish_making(passkeys.answer_of(request), request.session.pop("making", None), where)
    actions.add_passkey(request.user, made=made, where=where, name=request.POST.get("name", ""), by=request.user, at=clock.now())
    return _set_up(request, "已登记通行密钥，下次可以用它登录。")


@logged_in
@fresh
@require_POST
def end_passkey(request: HttpRequest, pk: int) -> HttpResponse:
    """One of my passkeys is lost or no longer used."""
    row = next((one for one in queries.passkeys_of(request.user) if one.pk == pk), None)
    if row is None:
        raise Http404(str(pk))
    actions.end_passkey(row, by=request.user, at=clock.now())
    messages.success(request, f"已停用通行密钥“{row.name}”。")
    return redirect("own_log_in")


@logged_in
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """The row for the trust list, as a file for its issuer."""
    row = next((one for one in queries.passkeys_of(request.user) if one.pk == pk), None)
    if row is None:
        raise Http404(str(pk))
    duties = sorted(request.user.held() | {DUTIES[one] for one in request.user.held() if one in DUTIES})
    answer = JsonResponse(passkeys.listing(row, duties), json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="passkey-{request.user.username}.json"'
    return answer


@logged_in
@fresh
def set_code(request: HttpRequest) -> HttpResponse:
    """The QR code for the phone, and the first code back. Form field: code."""
    kept = request.session.get("code_secret")
    secret = decrypt_bytes(bytes.fromhex(kept), "totp") if kept else secrets.token_bytes(totp.BYTES)
    if request.method == "POST":
        actions.set_code(request.user, secret=secret, said="".join(request.POST.get("code", "").split()), by=request.user, at=clock.now())
        request.session.pop("code_secret", None)
        return _set_up(request, "已启用动态口令。请再打印一份恢复码，手机丢失时使用。")
    request.session["code_secret"] = encrypt_bytes(secret, "totp").hex()
    picture = segno.make(totp.address(secret, request.user.username, "kaopei"), micro=False, error="m")
    shown = totp.shown(secret)
    words = " ".join(shown[start : start + 4] for start in range(0, len(shown), 4))
    answer = render(request, "accounts/set_code.html", {"picture": picture.svg_data_uri(scale=5, border=2), "words": words})
    answer["Cache-Control"] = "no-store"
    return answer


@logged_in
@fresh
@require_POST
def end_code(request: HttpRequest) -> HttpResponse:
    """No one-time codes any more."""
    actions.end_code(request.user, by=request.user, at=clock.now())
    messages.success(request, "已停用动态口令。")
    return redirect("own_log_in")


@logged_in
@fresh
@require_POST
def make_codes(request: HttpRequest) -> HttpResponse:
    """Ten recovery codes, on this answer only."""
    codes = actions.make_codes(request.user, by=request.user, at=clock.now())
    answer = render(request, "accounts/recovery_codes.html", {"codes": codes})
    answer["Cache-Control"] = "no-store"
    return answer


@logged_in
@require_POST
def end_log_ins(request: HttpRequest) -> HttpResponse:
    """Log me out everywhere else."""
    count = actions.end_log_ins(request.user, keep=request.session.session_key or "", by=request.user, at=clock.now())
    messages.success(request, f"已结束其他 {count} 处登录。")
    return redirect("own_log_in")


def _set_up(request: HttpRequest, said: str) -> HttpResponse:
    request.session["must_enrol"] = queries.must_enrol(request.user)
    messages.success(request, said)
    return redirect("own_log_in")


def _keys(user: User) -> list[dict[str, Any]]:
    """My passkeys, and whether the trust list names them."""
    found = trusted.current(settings.DATA)
    return [{"row": one, "signs": found is not None and passkeys.kid(one) in found.keys} for one in queries.passkeys_of(user)]
