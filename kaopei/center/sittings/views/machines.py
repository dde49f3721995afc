"""Exam servers: requests, acceptance by two, countersignature, records."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from kaopei.center.sittings import actions, forms, queries
from kaopei.center.sittings.models import Machine
from kaopei.center.sittings.refusing import no
from kaopei.office import clock
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.permission import permission
from kaopei.parcel import canonical

ENROLLERS = ("clerk", "approver", "province")
LARGEST = 2**20
FUNCTIONS = {"primary": "主用", "standby": "备用", "spare": "机动"}


@permission("sittings.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All machines in sight, and what this person can do about each."""
    rows = [_line(request, one) for one in queries.machines()]
    found = _acceptors(request)
    proposed = {field: found[place][0] for place, field in enumerate(("acceptor1", "acceptor2")) if place < len(found)}
    form = forms.RequestForm(people=found, initial=proposed) if request.user.may("sittings.enrol") else None
    return render(request, "sittings/machines.html", {"rows": rows, "form": form, "pin": forms.PinForm()})


def _line(request: HttpRequest, row: Machine) -> dict[str, object]:
    names = people.names_of(row.acceptors)
    said = canonical.decode_object(bytes(row.payload))
    user = request.user
    return {
        "row": row,
        "acceptors": [(names[one], one in row.signed) for one in row.acceptors],
        "function": FUNCTIONS.get(row.function, row.function),
        "software": said["software"]["version"],
        "keystore": said["keystore"],
        "may_accept": row.status == Machine.Status.ASKED and user.username in row.acceptors and user.username not in row.signed,
        "may_countersign": row.status == Machine.Status.ACCEPTED and user.may("sittings.countersign") and user.username not in row.acceptors,
    }


def _acceptors(request: HttpRequest) -> list[tuple[str, str]]:
    """Who may see a machine and sign for it: people of the city with a signing key."""
    city = None if request.user.city == "*" else request.user.city
    found = {one.username: one for role in ENROLLERS for one in people.holders(role, city) if one.kid}
    return [(one.username, f"{one.name}（{one.username}）") for one in found.values()]


@permission("sittings.enrol")
@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Form fields: file, acceptor1, acceptor2."""
    form = forms.RequestForm(request.POST, request.FILES, people=_acceptors(request))
    if not form.is_valid():
        raise no("N2.4.4", "请选择登记申请文件和两名验收人。" + "；".join(str(one[0]) for one in form.errors.values()), "form")
    said = form.cleaned_data
    data = said["file"].read(LARGEST + 1)
    if len(data) > LARGEST:
        raise no("N2.4.4", "文件过大，不是登记申请。请选择在考试点生成的登记申请文件。", "size")
    made = actions.ask_enrolment(data, acceptors=(said["acceptor1"], said["acceptor2"]), by=request.user, at=clock.now())
    messages.success(request, f"已收到考试服务器 {made.serial} 的登记申请，请两名验收人到现场核对后签名。")
    return redirect("sittings:machines")


@permission("sittings.enrol")
@require_POST
def accept(request: HttpRequest, digest: str) -> HttpResponse:
    """Form field: pin."""
    row = actions.accept_machine(_machine(digest), pin=request.POST.get("pin", ""), by=request.user, at=clock.now())
    messages.success(request, f"已为考试服务器 {row.serial} 签名：{row.get_status_display()}。")
    return redirect("sittings:machines")


@permission("sittings.countersign")
@require_POST
def countersign(request: HttpRequest, digest: str) -> HttpResponse:
    """No field."""
    row = actions.countersign_machine(_machine(digest), by=request.user, at=clock.now())
    messages.success(request, f"已会签，考试服务器 {row.serial} 登记生效。登记书请交考试点装入服务器。")
    return redirect("sittings:machines")


@permission("sittings.view")
def record(request: HttpRequest, digest: str) -> HttpResponse:
    """The countersigned record as a file."""
    row = _machine(digest)
    if row.status != Machine.Status.ENROLLED:
        raise Http404(digest)
    answer = HttpResponse(bytes(row.record), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="enrolment-{row.serial}.json"'
    return answer


def _machine(digest: str) -> Machine:
    found = queries.machine(digest)
    if found is None:
        raise Http404(digest)
    return found
