"""Identity data: photograph and signature at the desk, the trainee's own confirmation, corrections with whose error it was."""

import csv
import io

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.registry import queries as registry
from kaopei.center.training import identity
from kaopei.center.training.actions import identity as actions
from kaopei.center.training.forms import DecideIdentityForm, IdentityForm
from kaopei.center.training.models import Enrolment, IdentityCorrection
from kaopei.center.training.queries import identity as queries
from kaopei.center.training.views.classes import mine
from kaopei.center.training.views.phone import trainee
from kaopei.center.training.views.teaching import enrolment_of
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.personal import mask_id, mask_name, mask_phone
from kaopei.office.sheets import harmless

PAGE = 50
MASKS = {"name": mask_name, "id_number": mask_id, "phone": mask_phone}
COLUMNS = ("城市", "培训机构", "学员", "本人已确认", "更正申请", "已更正", "不同意", "机构差错", "学员差错", "其他", "机构差错每千人")


@permission("training.view")
def corrections(request: HttpRequest) -> HttpResponse:
    """Corrections that wait, and the count by institution; ?form=csv: the count as a file."""
    rows = queries.counted(mine(request))
    names = {city: registry.names(city) for city in {one.city for one in rows}}
    named = [(one, names[one.city].get(one.institution, one.institution)) for one in rows]
    if request.GET.get("form") == "csv":
        return _csv(named)
    status = request.GET.get("status", "asked")
    status = status if status in IdentityCorrection.Status.values else ""
    page = Paginator(queries.corrections(status, mine(request)), PAGE).get_page(request.GET.get("page"))
    shown = [(one, mask_name(one.enrolment.trainee.name), MASKS[one.field](one.old), MASKS[one.field](one.new)) for one in page]
    context = {
        "page": page, "rows": shown, "counted": named, "status": status, "statuses": IdentityCorrection.Status.choices,
        "may": request.user.may("training.second"),
    }  # fmt: skip
    return render(request, "training/identity.html", context)


def _csv(rows: list[tuple[queries.Counted, str]]) -> HttpResponse:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one, name in rows:
        faults = (one.institution_fault, one.trainee_fault, one.other_fault, f"{one.per_thousand:.2f}")
        writer.writerow([one.city, harmless(name), one.people, one.confirmed, one.asked, one.approved, one.refused, *faults])
    answer = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="identity.csv"'
    return answer


@permission("training.second")
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """One correction: old and new in full beside the evidence; right or not, and whose error."""
    one = get_object_or_404(queries.corrections(""), pk=pk)
    form = DecideIdentityForm(request.POST or None, initial={"fault": one.said_fault})
    if request.method == "POST" and form.is_valid():
        said, at = form.cleaned_data, clock.now()
        if request.POST.get("what") == "approve":
            actions.approve(one, fault=said["fault"], disposal=said["text"], by=request.user, at=at)
            messages.success(request, "已更正，学员须在手机上再确认一次。")
        else:
            actions.refuse(one, answer=said["text"], by=request.user, at=at)
            messages.success(request, "已答复不同意。")
        return redirect("training:identity")
    context = {"one": one, "form": form, "own": one.asked_by == request.user.username}
    return render(request, "training/identity_one.html", context, status=422 if form.errors else 200)


@permission("training.view")
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper that proves it."""
    one = queries.attachment(pk, mine(request))
    if one is None or not one.attachment:
        raise Http404
    content = bytes(one.attachment)
    kind = "application/pdf" if content.startswith(b"%PDF") else "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    answer = HttpResponse(content, content_type=kind)
    answer["Cache-Control"] = "private, no-store"
    return answer


@permission("training.enrol")
def desk(request: HttpRequest, pk: int) -> HttpResponse:
    """At the institution's desk: photograph, signature on paper, a correction that is asked for."""
    one = enrolment_of(request, pk)
    form = IdentityForm(request.POST if request.POST.get("what") == "ask" else None, request.FILES or None)
    what, at = request.POST.get("what", ""), clock.now()
    if request.method == "POST" and what == "photo":
        given = request.FILES.get("photo")
        actions.keep_photo(one, given.read() if given else b"", by=request.user, at=at)
        messages.success(request, "照片已登记，学员须再确认一次。")
    elif request.method == "POST" and what == "paper":
        actions.confirm(one.trainee, how="paper", by=request.user, at=at)
        messages.success(request, "已登记本人纸上签字确认。")
    elif form.is_valid():
        said, given = form.cleaned_data, form.cleaned_data["attachment"]
        actions.ask(
            one, said["field"], said["new"], fault=said["fault"], evidence=said["evidence"], attachment=given.read() if given else None,
            by=request.user, at=at,
        )  # fmt: skip
        messages.success(request, "已提出更正，由市局第二人核对后生效。")
    else:
        context = {
            "one": one, "name": one.trainee.name, "number": mask_id(one.trainee.id_number), "form": form, "done": identity.is_confirmed(one.trainee),
            "asked": queries.corrections("").filter(enrolment=one),
        }  # fmt: skip
        return render(request, "training/identity_desk.html", context, status=422 if form.errors else 200)
    return redirect("training:identity_desk", pk=pk)


@require_POST
@trainee
def own_confirm(request: HttpRequest) -> HttpResponse:
    """The trainee says that what is written of him is right."""
    actions.confirm(request.trainee, how="phone", device=request.device.number, by=SYSTEM, at=clock.now())  # type: ignore[attr-defined]
    messages.success(request, "已确认，谢谢。")
    return redirect("training:phone")


@trainee
def own_correction(request: HttpRequest) -> HttpResponse:
    """The trainee says what is wrong."""
    one = Enrolment.objects.filter(trainee=request.trainee, left_on=None).select_related("study_class", "trainee").order_by("-pk").first()  # type: ignore[attr-defined]
    if one is None:
        raise Http404
    form = IdentityForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        said, given = form.cleaned_data, form.cleaned_data["attachment"]
        actions.ask(
            one, said["field"], said["new"], fault=said["fault"], evidence=said["evidence"], attachment=given.read() if given else None,
            device=request.device.number, by=SYSTEM, at=clock.now(),  # type: ignore[attr-defined]
        )  # fmt: skip
        messages.success(request, "更正申请已提交，由市局第二人核对。")
        return redirect("training:phone")
    return render(request, "training/phone_identity.html", {"form": form, "one": one}, status=422 if form.errors else 200)
