"""The frame's own addresses: language, static files, health, robots, what there is no page for."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.views import serve
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST, require_safe

from kaopei.center.publication import queries
from kaopei.center.publication.queries import Published
from kaopei.office import clock, trusted
from kaopei.office.ui.middleware import COOKIE
from kaopei.parcel.rejected import Rejected

YEAR = 365 * 86_400
ROBOTS = """User-agent: *
Disallow: /certificates/
Disallow: /results/
Disallow: /training-proofs/
Disallow: /api/certificates
Disallow: /language/
"""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What can I do here."""
    at = clock.now()
    counts = queries.counts(at)
    context = {"counts": counts, "register": queries.newest_round("register", at), "today": at.date().isoformat()}
    return render(request, "portal/home.html", context)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch between Chinese and English. Changes nothing but the reader's own cookie, so it needs no token."""
    target = urlsplit(request.POST.get("next", "/"))._replace(scheme="", netloc="").geturl()
    if not target.startswith("/") or not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    answer = HttpResponseRedirect(target)
    answer.set_cookie(COOKIE, "en" if request.POST.get("lang") == "en" else "zh", max_age=YEAR, samesite="Lax", httponly=True)
    return answer


@require_safe
def static(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of ours or of a wheel. With its digest in the address it never changes, so browsers keep it."""
    answer = serve(request, path, insecure=True)  # "insecure" is Django's word for serving files itself
    answer["Cache-Control"] = f"public, max-age={YEAR}, immutable" if "v" in request.GET else "no-cache"
    return answer


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For whoever starts us: the program answers and its database too."""
    queries.cities()
    return HttpResponse("ok\n", content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Lists may be found by search engines, pages about one person not."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")


@require_safe
def trust(request: HttpRequest) -> HttpResponseBase:
    """The signed trust list in force, for checks without us. Its root must be compared with the printed fingerprint."""
    try:
        listed = trusted.current(settings.DATA)
    except Rejected as refusal:
        raise Http404(str(refusal)) from None
    if listed is None:
        raise Http404("trust.json")
    return FileResponse((settings.DATA / "trust.json").open("rb"), content_type="application/json", filename="trust.json", as_attachment=True)


@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """The newest published list of certificates that no longer hold, byte for byte as it was signed."""
    return _list(queries.status_list(clock.now()), "status.json")


@require_GET
def training_status(request: HttpRequest) -> HttpResponse:
    """The newest published list of proofs of training that no longer hold, byte for byte as it was signed."""
    return _list(queries.proof_list(clock.now()), "training-status.json")


def _list(published: Published | None, name: str) -> HttpResponse:
    if published is None:
        raise Http404(name)
    answer = HttpResponse(str(published.content["text"]).encode(), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address or a form that no browser sends by itself."""
    return _fault(request, 400, "请求不完整", "内容读不出来，没有处理。请返回上一页重新填写。")


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page, or nothing public under this number."""
    return _fault(request, 404, "没有这个页面", "地址可能有误，或者该内容没有公布、已经撤下。可以从上方的栏目重新查找。")


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of the program."""
    return _fault(request, 500, "程序出错", "错误已记入运行日志，请稍后再试。")


def _fault(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    return render(request, "portal/fault.html", {"title": title, "text": text}, status=status)
