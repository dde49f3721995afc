"""Pages about one person: a certificate's check, a candidate's own result. Nothing that was typed is kept or shown again."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from kaopei.center.publication import queries
from kaopei.law import identity
from kaopei.office import clock, trusted
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust
from kaopei.portal import checking, proofs
from kaopei.portal.checking import Answer
from kaopei.portal.limits import LARGEST_UPLOAD, PATIENCE

TOO_LARGE = f"文件太大（超过 {LARGEST_UPLOAD // 1024 // 1024} MB），不会是证书。请选择证书的 PDF 或 JSON 文件。"
PIECE = 64 * 1024
NEXT = {
    "practical": ("接下来参加实操考试", "The practical exam comes next"),
    "certificate": ("证书由市考试机构签发", "The certificate is being issued"),
    "resit": ("可以补考", "A resit is possible"),
    "retrain": ("须重新培训后再报名", "New training comes first"),
}
OUTCOMES = {"passed": ("合格", "good"), "failed": ("不合格", "bad"), "absent": ("缺考", "wait"), "refused": ("未准予入场", "wait")}


def trust() -> tuple[Trust | None, str]:
    """The list in force, or why nothing can be checked now."""
    try:
        listed = trusted.current(settings.DATA)
    except Rejected as refusal:
        return None, f"门户的信任名单不能相信（{refusal}），暂时不能核验。请联系网站管理单位。"
    return listed, "" if listed else "门户还没有放入信任名单，暂时不能核验。请联系网站管理单位。"


def oversized(request: HttpRequest) -> bool:
    """Whether the body is longer than any certificate; what was sent is thrown away unread, piece by piece.

    A browser shows our answer only when somebody has taken what it sends, so patience has a limit of its own.
    """
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return True
    if length <= LARGEST_UPLOAD:
        return False
    left = min(length, PATIENCE)
    while left > 0 and (piece := request.read(min(left, PIECE))):
        left -= len(piece)
    return True


def answer_to(request: HttpRequest, listed: Trust) -> Answer:
    """The answer to the page's forms: `file`, else `text`."""
    given = request.FILES.get("file")
    data = given.read() if given is not None else request.POST.get("text", "").encode("utf-8", "replace")
    return checking.check(data, listed, clock.now())


@require_http_methods(["GET", "HEAD", "POST"])
def certificates(request: HttpRequest) -> HttpResponse:
    """Check a certificate: by number (GET), by PDF, JSON or QR text (POST)."""
    listed, problem = trust()
    answer, status = None, 200
    number = request.GET.get("number", "").replace("\0", "").strip()[:60]
    if listed is None:
        status = 503
    elif request.method == "POST":
        if oversized(request):
            answer, status = Answer("bad", TOO_LARGE, trust_version=listed.version, rehearsal=listed.rehearsal), 413
        else:
            answer = answer_to(request, listed)
    elif number:
        answer = checking.look_up(number, listed, clock.now())
    elif "number" in request.GET:
        problem = "请填写证书编号，例如 佛山-2026-000001。"
    english = getattr(request, "lang", "zh") == "en"
    shown = [(LABELS[name][english], value or UNKNOWN.get(name, ("—", "—"))[english]) for name, value in answer.fields.items()] if answer else []
    context = {"answer": answer, "shown": shown, "problem": problem, "number": number, "listed": listed}
    return render(request, "portal/certificates.html", context, status=status)


# As on the paper: an earlier certificate that is not known is said to be so.
UNKNOWN = {"previous": ("本系统未查到", "not known to this system")}
LABELS = {
    "number": ("证书编号", "Number"),
    "holder": ("持证人", "Holder"),
    "subject": ("操作项目", "Operation"),
    "category": ("作业类别", "Category"),
    "kind": ("申请类型", "Kind"),
    "issued_on": ("发证日期", "Issued on"),
    "valid_from": ("有效期自", "Valid from"),
    "valid_to": ("有效期至", "Valid to"),
    "review_by": ("应复审日期", "Review by"),
    "previous": ("原证书编号", "Previous certificate"),
    "cert_id": ("证书标识", "Certificate id"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def results(request: HttpRequest) -> HttpResponse:
    """One's own result: `ticket` and `id_number`, both whole; only in the body, so that no log keeps them."""
    problem, found = "", None
    if request.method == "POST":
        ticket = identity.tidy(request.POST.get("ticket", ""))
        id_number = identity.tidy(request.POST.get("id_number", "")).upper()
        problem = _unreadable(ticket, id_number)
        if not problem:
            known = queries.result(ticket, id_number, clock.now())
            found = [(one, *OUTCOMES.get(one.content["outcome"], (one.content["outcome"], "plain"))) for one in known]
            if not found:
                problem = "没有查到成绩。可能还没有公布，也可能准考证号或身份证号填错了：请对照准考证和身份证再查一次。"
    english = getattr(request, "lang", "zh") == "en"
    rows = [(*row, NEXT.get(row[0].content.get("next", ""), ("", ""))[english]) for row in found or []]
    return render(request, "portal/results.html", {"problem": problem, "found": rows})


def _unreadable(ticket: str, id_number: str) -> str:
    if not ticket or not id_number:
        return "请填写准考证号和身份证号，两项都要。"
    if not re.fullmatch(r"[0-9]{10,24}", ticket):
        return "准考证号应全是数字，请照准考证抄写（空格可以不写）。"
    if not re.fullmatch(r"[0-9A-Z]{6,20}", id_number) or (len(id_number) == 18 and identity.read_id_number(id_number).fault):
        return "身份证号不完整或有错字，请照身份证抄写。"
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
def training_proofs(request: HttpRequest) -> HttpResponse:
    """Check a proof of training: by number (GET), by QR text, signed JSON, or PDF with its number (POST)."""
    listed, problem = trust()
    answer, status = None, 200
    asked = request.GET if request.method != "POST" else {}
    number = str(asked.get("number", "")).replace("\0", "").strip()[:60]
    if listed is None:
        status = 503
    elif request.method == "POST":
        if oversized(request):
            answer, status = Answer("bad", TOO_LARGE, trust_version=listed.version, rehearsal=listed.rehearsal), 413
        else:
            given = request.FILES.get("file")
            data = given.read() if given is not None else request.POST.get("text", "").encode("utf-8", "replace")
            answer = proofs.check(data, listed, clock.now(), request.POST.get("number", "").replace("\0", "")[:60])
    elif number:
        answer = proofs.look_up(number, listed, clock.now())
    elif "number" in asked:
        problem = "请填写培训证明编号，例如 440600-2026-证-000001。"
    english = getattr(request, "lang", "zh") == "en"
    shown = [(PROOF_LABELS[name][english], value) for name, value in answer.fields.items()] if answer else []
    context = {"answer": answer, "shown": shown, "problem": problem, "number": number, "listed": listed}
    return render(request, "portal/proofs.html", context, status=status)


PROOF_LABELS = {
    **LABELS,
    "number": ("证明编号", "Number"),
    "institution": ("培训机构", "Institution"),
    "study_class": ("培训班", "Class"),
    "operation": ("操作项目", "Operation"),
    "kind": ("培训类别", "Kind"),
    "hours": ("计得学时", "Hours"),
    "issued_on": ("出具日期", "Issued on"),
}
