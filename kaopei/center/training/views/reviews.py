"""Pages of those who look: leads, contests, corrections, what rests on hours, seals."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from kaopei.center.training import decisions, sealing
from kaopei.center.training.actions import contests as contest_actions
from kaopei.center.training.actions import corrections as correction_actions
from kaopei.center.training.actions import leads as lead_actions
from kaopei.center.training.forms import ConsequenceForm, ContestForm, ReasonForm
from kaopei.center.training.models import Contest, Correction, Enrolment, Lead, Seal, SignInRecord
from kaopei.center.training.queries import hours
from kaopei.center.training.recount import recount
from kaopei.center.training.views.classes import mine
from kaopei.law.rules.c3_0_decisions import may_be_final
from kaopei.office import clock, scope
from kaopei.office.accounts.permission import permission
from kaopei.office.personal import mask_id, mask_name

PAGE = 50
KINDS = {
    "after_close": "关闭后补写",
    "batch_identical": "成批相同时间",
    "elsewhere_certified": "他处同时培训",
    "evidence_insufficient": "凭据不足两类",
    "hours_overclaimed": "申报多于计得",
    "identity_missing": "学习中缺身份核验",
    "impossible_travel": "不可能的行程",
    "one_device_many": "一机多人",
    "online_idle": "无心跳仍在走时",
    "online_speed": "倍速播放",
    "outside_class_time": "课外时间签到",
    "over_8h_day": "一日超过上限",
    "overlap_two_places": "同一人同时在两处",
    "room_over_capacity": "超过教室容量",
    "teacher_two_classes": "教师同时在两处",
    "teacher_unreported": "教师没有书面报告",
    "two_devices": "两台设备同时播放",
    "visit_difference": "抽查人数不符",
}
PEOPLE = frozenset(KINDS) - {"batch_identical", "one_device_many", "room_over_capacity", "teacher_two_classes", "teacher_unreported"}


@permission("training.view")
def leads(request: HttpRequest) -> HttpResponse:
    """All leads in sight by kind, with how many of each were not so."""
    kind, status = request.GET.get("kind", ""), request.GET.get("status", "open")
    kind, status = kind if kind in KINDS else "", status if status in Lead.Status.values else ""
    page = Paginator(hours.leads(kind, status, mine(request)), PAGE).get_page(request.GET.get("page"))
    rates = [(name, KINDS[name], row) for name, row in hours.rates().items()] if not mine(request) else []
    context = {"page": page, "rows": [(one, KINDS.get(one.kind, one.kind)) for one in page], "rates": rates, "kind": kind, "status": status}
    return render(request, "training/leads.html", {**context, "statuses": Lead.Status.choices, "kinds": KINDS})


@permission("training.view")
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead with the rows behind it; a person proposes, a second one decides."""
    one = hours.leads(institution=mine(request)).filter(pk=pk).first()
    if one is None:
        raise Http404
    may = {
        "propose": one.status == "open" and request.user.may("training.review"),
        "uphold": one.status == "proposed" and request.user.may("training.uphold") and one.proposed_by != request.user.username,
    }
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        steps = {
            "propose": lead_actions.propose, "dismiss": lead_actions.dismiss, "uphold": lead_actions.uphold, "reject": lead_actions.reject,
        }  # fmt: skip
        step = steps.get(request.POST.get("what", ""))
        if step is None:
            raise Http404
        step(one, reason=form.cleaned_data["reason"], by=request.user, at=clock.now())
        messages.success(request, "已记录。")
        return redirect("training:lead", pk=pk)
    records = SignInRecord.objects.filter(number__in=one.rows).select_related("enrolment__trainee", "study_class").order_by("begin")[:200]
    rows = [(row, mask_name(row.enrolment.trainee.name)) for row in records]
    people = Enrolment.objects.filter(pk__in=one.enrolments).select_related("trainee", "study_class", "total")[:200]
    context = {
        "one": one, "word": KINDS.get(one.kind, one.kind), "rows": rows, "may": may, "form": form, "rate": hours.rates().get(one.kind),
        "people": [(row, mask_name(row.trainee.name), mask_id(row.trainee.id_number)) for row in people],
        "resting": one.consequences.select_related("enrolment__trainee"),
    }  # fmt: skip
    return render(request, "training/lead.html", context, status=422 if form.errors else 200)


@permission("training.view")
def contests(request: HttpRequest) -> HttpResponse:
    """What trainees contest."""
    status = request.GET.get("status", "open")
    found = hours.contests(status if status in Contest.Status.values else "")
    if mine(request):
        found = found.filter(enrolment__study_class__institution_code=mine(request))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = [(one, mask_name(one.enrolment.trainee.name), decisions.REASONS[one.code]) for one in page]
    return render(request, "training/contests.html", {"page": page, "rows": rows, "status": status, "statuses": Contest.Status.choices})


@permission("training.review")
def contest(request: HttpRequest, pk: int) -> HttpResponse:
    """One contest: the learner's words, the record, the numbered decision."""
    one = get_object_or_404(hours.contests(""), pk=pk)
    form = ContestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = contest_actions.decide(one, form.cleaned_data["decision"], reason=form.cleaned_data["reason"], by=request.user, at=clock.now())
        recount(made.city, by=request.user, at=clock.now(), classes=[one.enrolment.study_class_id])
        messages.success(request, f"已决定：{made.get_status_display()}，决定书号 {made.decision_number}；学员手机上可以看到。学时已重新计算。")
        return redirect("training:contest", pk=pk)
    made = decisions.of(one)
    context = {
        "one": one, "name": mask_name(one.enrolment.trainee.name), "reason": decisions.REASONS[one.code], "form": form, "made": made,
        "record": SignInRecord.objects.filter(city=one.city, number=one.key).first(), "final": may_be_final(made, clock.today()),
        "liftable": one.code in contest_actions.LIFTABLE,
    }  # fmt: skip
    return render(request, "training/contest.html", context, status=422 if form.errors else 200)


@permission("training.view")
def corrections(request: HttpRequest) -> HttpResponse:
    """Corrections that wait for the second person, and those that were answered."""
    if request.method == "POST":
        if not request.user.may("training.second"):
            raise Http404
        one = get_object_or_404(Correction, pk=request.POST.get("correction", "0"))
        if request.POST.get("what") == "approve":
            made = correction_actions.approve(one, by=request.user, at=clock.now())
            recount(one.city, by=request.user, at=clock.now(), classes=[one.enrolment.study_class_id])
            messages.success(request, f"已另记更正 {made.number}，原记录保留；学时已重新计算。")
        else:
            correction_actions.refuse(one, answer=request.POST.get("answer", ""), by=request.user, at=clock.now())
            messages.success(request, "已答复不同意。")
        return redirect("training:corrections")
    status = request.GET.get("status", "asked")
    page = Paginator(hours.corrections(status if status in Correction.Status.values else "", mine(request)), PAGE).get_page(request.GET.get("page"))
    records = {one.number: one for one in SignInRecord.objects.filter(number__in=[row.replaces for row in page])}
    rows = [(one, mask_name(one.enrolment.trainee.name), records.get(one.replaces)) for one in page]
    context = {"page": page, "rows": rows, "status": status, "statuses": Correction.Status.choices, "may": request.user.may("training.second")}
    return render(request, "training/corrections.html", context)


@permission("training.view")
def consequences(request: HttpRequest) -> HttpResponse:
    """Open applications and issued certificates that rest on hours which an upheld lead has taken away."""
    if mine(request):
        raise Http404
    page = Paginator(hours.consequences(open_only="all" not in request.GET), PAGE).get_page(request.GET.get("page"))
    form = ConsequenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        one = get_object_or_404(hours.consequences(), pk=request.POST.get("consequence", "0"))
        lead_actions.decide_consequence(
            one, form.cleaned_data["decision"], reason=form.cleaned_data["reason"], by=request.user, at=clock.now()
        )  # fmt: skip
        messages.success(request, "已决定。请到该报名或证书的页面办理。")
        return redirect("training:consequences")
    rows = [(one, mask_name(one.enrolment.trainee.name)) for one in page]
    context = {"page": page, "rows": rows, "form": form, "may": request.user.may("training.uphold")}
    return render(request, "training/consequences.html", context, status=422 if form.errors else 200)


@permission("training.check")
def seals(request: HttpRequest) -> HttpResponse:
    """Seals of records, and a check of those on this page against the ledger."""
    page = Paginator(Seal.objects.order_by("-pk"), PAGE).get_page(request.GET.get("page"))
    result = None
    if request.method == "POST":
        with scope.entered(scope.PROVINCE):
            result = sealing.check([one.ulid for one in page])
    return render(request, "training/seals.html", {"page": page, "result": result, "unsealed": sealing.unsealed()})
