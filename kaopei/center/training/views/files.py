"""Pages of a class's file and of proofs: what is there and what is missing, papers handed in, sealing, download; a proof and its revocation."""

from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.training import recount, sealing, training_file
from kaopei.center.training.actions import files as actions
from kaopei.center.training.actions import proofs as proof_actions
from kaopei.center.training.bounds import no
from kaopei.center.training.forms import PartForm, RevokeForm, SealForm
from kaopei.center.training.models import TrainingClass, TrainingFile, TrainingProof
from kaopei.center.training.queries import files, hours
from kaopei.center.training.views.classes import class_of, mine
from kaopei.center.training.views.phone import trainee
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.exports.door import Offer, hand_out
from kaopei.office.personal import mask_name

PAGE = 50


@permission("training.view")
def file(request: HttpRequest, number: str) -> HttpResponse:
    """The file of a class: its parts, proofs, sealed versions."""
    one = class_of(request, number)
    whole, versions = training_file.completeness(one), list(files.versions(one))
    may = request.user.may("training.file") and request.user.institution == one.institution_code
    due = list(training_file.deserving(one)) if one.status in ("closed", "sealed") else []
    context = {
        "one": one, "whole": whole, "parts": files.parts(one), "versions": versions, "may": may, "due": len(due), "form": PartForm(),
        "seal": SealForm(),
        "proofs": [(row, mask_name(row.enrolment.trainee.name)) for row in files.proofs().filter(enrolment__study_class=one).order_by("number")],
        "changed": bool(versions) and versions[0].hours != training_file.hours_digest(one), "needed": hours.needed(one),
        "may_take": request.user.may("training.take_file"), "to_seal": _to_seal(one, versions, whole),
    }  # fmt: skip
    return render(request, "training/file.html", context)


def _to_seal(one: TrainingClass, versions: list[TrainingFile], whole: training_file.Completeness) -> bool:
    """Closed and not sealed, or something has changed since the last version."""
    if not versions:
        return one.status == "closed"
    last = versions[0]
    newer = files.parts(one).filter(at__gt=last.at).exists()
    return newer or last.hours != training_file.hours_digest(one) or last.missing != whole.missing


@require_POST
@permission("training.file")
def add_part(request: HttpRequest, number: str) -> HttpResponse:
    """Hand in a paper."""
    one, form = class_of(request, number), PartForm(request.POST, request.FILES)
    if not form.is_valid():
        raise no(actions.CLAUSE, "请选择材料种类和文件。", "form")
    given = form.cleaned_data["file"]
    actions.add_part(one, form.cleaned_data["part"], name=given.name, content=given.read(), by=request.user, at=clock.now())
    messages.success(request, f"“{given.name}”已收入档案。")
    return redirect("training:file", number=number)


@require_POST
@permission("training.file")
def issue_proofs(request: HttpRequest, number: str) -> HttpResponse:
    """Proofs for everybody whose hours are enough."""
    made = actions.issue_proofs(class_of(request, number), by=request.user, at=clock.now())
    if files.newest_list() is None:
        proof_actions.publish_status(by=SYSTEM, at=clock.now())
    messages.success(request, f"已出具 {len(made)} 份培训证明，学员手机上可以下载。")
    return redirect("training:file", number=number)


@require_POST
@permission("training.file")
def seal(request: HttpRequest, number: str) -> HttpResponse:
    """Seal the file, with all records under their seals and the hours counted from all of them."""
    one = class_of(request, number)
    sealing.seal_live(SYSTEM, clock.now())
    recount.recount(one.city, by=SYSTEM, at=clock.now(), classes=[one.pk])
    made = actions.seal(one, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    messages.success(request, f"档案 {made.number} 已封存，完整程度 {made.score}%。")
    return redirect("training:file", number=number)


@permission("training.take_file")
def take(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """The ZIP; it holds names and identity numbers."""
    one = class_of(request, number)
    found = files.file(one, version)
    if found is None:
        raise Http404
    title, people = f"培训档案 {found.number}", one.enrolments.count()
    offer = Offer("training.file", f"class:{one.number}", title, people, f"{found.number}.zip", "application/zip", lambda: bytes(found.content))
    return hand_out(request, offer)


@permission("training.view")
def proofs(request: HttpRequest) -> HttpResponse:
    """All proofs in sight."""
    wanted, status = request.GET.get("q", "").strip(), request.GET.get("status", "")
    status = status if status in TrainingProof.Status.values else ""
    page = Paginator(files.proofs(institution=mine(request), wanted=wanted, status=status), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": [(one, mask_name(one.enrolment.trainee.name)) for one in page], "q": wanted, "status": status}
    return render(request, "training/proofs.html", {**context, "statuses": TrainingProof.Status.choices, "listed": files.newest_list()})


def _proof(request: HttpRequest, number: str) -> TrainingProof:
    found = files.proofs(institution=mine(request)).filter(number=number).first()
    if found is None:
        raise Http404
    return found


@permission("training.view")
def proof(request: HttpRequest, number: str) -> HttpResponse:
    """One proof; a person proposes to revoke it, a second one decides."""
    one, user = _proof(request, number), request.user
    may = {
        "question": one.status == "valid" and user.may("training.review"),
        "decide": one.status == "questioned" and user.may("training.uphold") and one.proposed_by != user.username,
    }
    form = RevokeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said, what, at = form.cleaned_data, request.POST.get("what", ""), clock.now()
        if what == "question":
            proof_actions.question(one, reason=said["reason"], is_false=said["is_false"], by=user, at=at)
        elif what == "revoke":
            proof_actions.revoke(one, reason=said["reason"], by=user, at=at)
            proof_actions.publish_status(by=SYSTEM, at=at)
        elif what == "keep":
            proof_actions.keep(one, reason=said["reason"], by=user, at=at)
        else:
            raise Http404
        messages.success(request, "已记录。")
        return redirect("training:proof", number=number)
    context = {"one": one, "name": mask_name(one.enrolment.trainee.name), "may": may, "form": form, "may_take": user.may("training.take_file")}
    return render(request, "training/proof.html", context, status=422 if form.errors else 200)


@permission("training.take_file")
def proof_paper(request: HttpRequest, number: str) -> HttpResponse:
    """The PDF of a proof; ?form=json: the signed facts."""
    one = TrainingProof.objects.get(pk=_proof(request, number).pk)
    form = "json" if request.GET.get("form") == "json" else "pdf"
    actions.note_fetched(f"proof:{one.number}", what=form, city=one.city, by=request.user, at=clock.now())
    if form == "json":
        return _download(bytes(one.signed), "application/json", f"{one.number}.json")
    return _download(bytes(one.pdf), "application/pdf", f"{one.number}.pdf")


@trainee
def own_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """The trainee's own proof, on his phone."""
    found = TrainingProof.objects.filter(enrolment__trainee=request.trainee, enrolment=pk).exclude(status="revoked").first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return _download(bytes(found.pdf), "application/pdf", f"{found.number}.pdf")


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(name)}"
    return answer

