"""The trainee's phone. No log-in: the phone proves itself with its key; events prove themselves with their signatures."""

import json
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from kaopei.center.training import codes, decisions, filming, identity, live, presence
from kaopei.center.training.actions import contests
from kaopei.center.training.actions import people as people_actions
from kaopei.center.training.actions import presence as notes
from kaopei.center.training.bounds import no
from kaopei.center.training.models import Contest, Device, Enrolment, Exclusion
from kaopei.center.training.queries import people
from kaopei.law.rules.c3_0_decisions import may_be_final
from kaopei.office import clock, scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.personal import mask_name
from kaopei.office.refused import Refused

MOST = 256 * 1024
View = Callable[..., HttpResponse]


def trainee(view: View) -> View:
    """The view is for a phone that has proved itself in this session; it sees its city and gets request.trainee and request.device."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        device = people.device(request.session.get("training_device", ""))
        if device is None:
            return redirect("training:phone")
        with scope.entered(device.city):
            request.device, request.trainee = device, device.trainee  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

    guarded.act = ""  # type: ignore[attr-defined]
    return guarded


@ensure_csrf_cookie
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Lessons, hours and what does not count; before the phone has proved itself: how to bind it."""
    device = people.device(request.session.get("training_device", ""))
    if device is None:
        return render(request, "training/phone_start.html", {})
    with scope.entered(device.city):
        at = clock.now()
        context = {"courses": live.page(device.trainee, at), "name": mask_name(device.trainee.name), "device": device, "at": at}
        context["trainee"], context["confirmed"] = device.trainee, identity.is_confirmed(device.trainee)
        return render(request, "training/phone_home.html", context)


def _said(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > MOST:
        raise no("N1.3.9", "一次上传的内容太多，请分几次上传。", "size")
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not codes.storable(said):
        raise no("N1.3.9", "内容读不出，请刷新页面后重试。", "json")
    return said


def _told(problem: Refused, status: int = 409) -> JsonResponse:
    reason = problem.verdict.reasons[0]
    return JsonResponse({"ok": False, "text": reason.text, "clause": reason.clause, "code": reason.code}, status=status)


@csrf_exempt
@require_POST
def enrol(request: HttpRequest) -> HttpResponse:
    """{code, last_four, public_key, fingerprint}: bind this phone with a one-time code."""
    at = clock.now()
    try:
        said = {name: str(value) for name, value in _said(request).items()}
        issued = people.code(codes.enrol_digest(said.get("code", "")))
        if issued is None:
            raise no("N1.3.9", "绑定码不对，请核对后再输。", "code_unknown")
        with scope.entered(issued.city):
            try:
                made = people_actions.bind(
                    issued, public_key=said.get("public_key", ""), fingerprint=said.get("fingerprint", ""), last_four=said.get("last_four", ""),
                    by=SYSTEM, at=at,
                )  # fmt: skip
            except Refused as problem:
                notes.note_wrong_code(issued, code=problem.verdict.reasons[0].code, by=SYSTEM, at=at)
                raise
    except Refused as problem:
        return _told(problem)
    return JsonResponse({"ok": True, "device": made.number})


@require_GET
def challenge(request: HttpRequest) -> HttpResponse:
    """Chance to be signed; good once, in this session."""
    request.session["training_challenge"] = secrets.token_urlsafe(24)
    return JsonResponse({"challenge": request.session["training_challenge"]})


@csrf_exempt
@require_POST
def log_in(request: HttpRequest) -> HttpResponse:
    """{device, signature} over the challenge: this session is that phone's from now on."""
    try:
        said = _said(request)
        device, asked = people.device(str(said.get("device", ""))), request.session.pop("training_challenge", "")
        if device is None or not asked:
            raise no("N1.3.9", "这台手机没有绑定，或已停用。请到核验处取绑定码。", "device_unknown")
        try:
            codes.verify(f"log-in/{asked}".encode(), str(said.get("signature", "")), device.public_key)
        except codes.Unsigned:
            raise no("N1.3.9", "手机的密钥与登记的不符，请到核验处重新绑定。", "unsigned") from None
    except Refused as problem:
        return _told(problem, 403)
    request.session.cycle_key()
    request.session["training_device"] = device.number
    return JsonResponse({"ok": True})


@csrf_exempt
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """{events: [{device, payload, signature}]}: sign-ins signed by phones, one answer each; what was taken before is answered again."""
    try:
        listed = _said(request).get("events")
        if not isinstance(listed, list) or len(listed) > 50:
            raise no("N1.3.9", "一次最多上传 50 条签到。", "count")
    except Refused as problem:
        return _told(problem)
    return JsonResponse({"results": [_one(one) for one in listed]})


def _one(sent: Any) -> dict[str, Any]:
    at = clock.now()
    said = sent if isinstance(sent, dict) else {}
    device = people.device(str(said.get("device", "")))
    if device is None:
        return {"ok": False, "text": "这台手机没有绑定，或已停用。请到核验处重新绑定。", "code": "device_unknown"}
    with scope.entered(device.city):
        try:
            taken = presence.take(str(said.get("payload", "")), str(said.get("signature", "")), device, at=at)
        except Refused as problem:
            reason = problem.verdict.reasons[0]
            notes.note_refusal(city=device.city, trainee=device.trainee_id, lesson=_lesson(said), code=reason.code, by=SYSTEM, at=at)
            return {"ok": False, "text": reason.text, "clause": reason.clause, "code": reason.code}
    word = presence.WORDS[taken.kind]
    text = f"{taken.at:%H:%M:%S} {word}已记录{'（离线时签署，现已上传）' if taken.late else ''}。"
    return {"ok": True, "number": taken.number, "kind": taken.kind, "text": text}


def _lesson(said: dict[str, Any]) -> str:
    try:
        return str(int(json.loads(str(said.get("payload", ""))).get("lesson", 0)))[:20]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ""


def _enrolment(request: HttpRequest, pk: int) -> Enrolment:
    found = Enrolment.objects.select_related("study_class").filter(pk=pk, trainee=request.trainee, left_on=None).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return found


@trainee
def study(request: HttpRequest, pk: int, unit: str) -> HttpResponse:
    """One unit of online study, with what counts of it so far."""
    one = _enrolment(request, pk)
    if unit not in filming.units(one.study_class):
        raise Http404
    return render(request, "training/phone_study.html", {"one": one, "unit": unit, "live": filming.live(one, unit)})


@csrf_exempt
@require_POST
@trainee
def study_events(request: HttpRequest, pk: int, unit: str) -> HttpResponse:
    """{sequence, events}: what happened in the page, and the answer: what of it counts. The session's cookie is same-site only."""
    one = _enrolment(request, pk)
    try:
        said = _said(request)
        device: Device = request.device  # type: ignore[attr-defined]
        listed = said.get("events")
        filming.take(one, unit, device, int(said.get("sequence", 0)), listed if isinstance(listed, list) else [], at=clock.now())
    except (Refused, TypeError, ValueError) as problem:
        return _told(problem) if isinstance(problem, Refused) else JsonResponse({"ok": False, "text": "序号不对，请刷新页面。"}, status=409)
    now = filming.live(one, unit)
    return JsonResponse({"ok": True, "counted": now.counted, "lost": now.lost, "parts": now.parts, "reasons": now.reasons})


@trainee
def contest(request: HttpRequest, pk: int) -> HttpResponse:
    """Contest an exclusion in one's own words."""
    mine = Exclusion.objects.filter(enrolment__trainee=request.trainee, pk=pk).select_related("enrolment__study_class").first()  # type: ignore[attr-defined]
    if mine is None:
        raise Http404
    clause, text = decisions.REASONS.get(mine.code, ("N1.3.10", mine.code))
    if request.method == "POST":
        contests.file(mine, statement=request.POST.get("statement", ""), by=SYSTEM, at=clock.now())
        messages.success(request, "异议已提交，会有人复核，结果在本页查看。")
        return redirect("training:phone")
    return render(request, "training/phone_contest.html", {"one": mine, "text": text, "clause": clause})


@trainee
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    """The decision on a contest; opening it is its service."""
    mine = Contest.objects.filter(enrolment__trainee=request.trainee, pk=pk)  # type: ignore[attr-defined]
    found = mine.select_related("enrolment__study_class", "enrolment__trainee").first()
    if found is None:
        raise Http404
    device: Device = request.device  # type: ignore[attr-defined]
    contests.serve(found, device=device.number, by=SYSTEM, at=clock.now())
    found.refresh_from_db()
    made = decisions.of(found)
    return render(request, "training/phone_decision.html", {"one": found, "made": made, "final": may_be_final(made, clock.today())})


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: without network the last page still opens."""
    answer = render(request, "training/sw.js", {}, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer
