"""Today, language, static files, and the pages of faults."""

from urllib.parse import urlsplit

from django.apps import apps
from django.contrib.staticfiles.views import serve
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from kaopei.office import clock
from kaopei.office.accounts.permission import logged_in
from kaopei.office.ui.middleware import COOKIE

YEAR = 365 * 86_400


@logged_in
def today(request: HttpRequest) -> HttpResponse:
    """What is due, what waits, what comes: cards of every app, for this person."""
    at = clock.now()
    cards = []
    for config in apps.get_app_configs():
        give = getattr(config, "cards", None)
        if give is not None:
            cards += give(request.user, at)
    return render(request, "ui/today.html", {"cards": sorted(cards, key=lambda card: card.weight)})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch between Chinese and English."""
    back = urlsplit(request.POST.get("next", "/"))
    target = back._replace(scheme="", netloc="").geturl()
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    answer = HttpResponseRedirect(target)
    answer.set_cookie(COOKIE, "en" if request.POST.get("lang") == "en" else "zh", max_age=YEAR, samesite="Lax")
    return answer


@require_GET
def static(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of ours or of a wheel. With its digest in the address it never changes, so browsers keep it."""
    answer = serve(request, path, insecure=True)  # "insecure" is Django's word for serving files itself
    answer["Cache-Control"] = f"public, max-age={YEAR}, immutable" if "v" in request.GET else "no-cache"
    return answer


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """For whoever starts us: the program answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or the form came from elsewhere."""
    return _fault(request, 403, "页面已失效", "请返回上一页，刷新后再提交一次。如果反复出现，请重新登录。")


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page, or not in your scope."""
    return _fault(request, 404, "没有这个页面", "地址可能有误，或者该事项不在您的工作范围内。")


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of the program; written down, nothing applied."""
    return _fault(request, 500, "程序出错", "本次操作没有生效，错误已记入运行日志。请稍后再试；仍然出错请联系系统管理员。")


def _fault(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "ui/fault.html", {"title": title, "text": text}, status=status)
