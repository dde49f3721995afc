"""Seating and key release of one sitting."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kaopei.center.sittings import actions, forms, queries, serving, stafflist, windows
from kaopei.center.sittings.models import Artefact, Conduct
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.center.sittings.views.sittings import of_number
from kaopei.office import clock, pdf
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.permission import permission
from kaopei.office.approvals import queries as approvals
from kaopei.office.personal import mask_name
from kaopei.parcel import canonical, medium

LARGEST = 2 * 2**20


@permission("sittings.view")
def seating(request: HttpRequest, sitting: str) -> HttpResponse:
    """The staff of a sitting: form fields staff (file) or staff_text; what waits for signature, masked."""
    row, at = of_number(sitting), clock.now()
    form = forms.SeatingForm(request.POST or None, request.FILES or None, initial={"staff_text": f"{','.join(stafflist.COLUMNS)}\n"})
    if request.method == "POST":
        if not request.user.may("sittings.order", row.city):
            raise no("N2.4.3", "座次包由考务员提请。", "role")
        if row.status == "released":
            return _change(request, row, form)
        staff = _staff(form)
        actions.ask_seating(row, staff=staff, by=request.user, at=at)
        messages.success(request, f"已提请座次包（考务人员 {len(staff)} 人），请两名审批人签署。")
        return redirect("sittings:seating", sitting=sitting)
    asked = approvals.standing(actions.SEATING, sitting)
    context = {
        "row": row,
        "form": form if request.user.may("sittings.order", row.city) and row.status in ("sealed", "seated") else None,
        "asked": asked,
        "change_form": row.status == "released" and request.user.may("sittings.order", row.city),
        "shown": _shown(row, asked) if asked and asked.status == "open" else None,
        "issued": queries.newest(row, Artefact.Kind.SEATING),
        "posts": "、".join(stafflist.NAMES.values()),
    }
    return render(request, "sittings/seating.html", context)


def _change(request: HttpRequest, row: Conduct, form: forms.SeatingForm) -> HttpResponse:
    """变更单: form fields kind (staff or devices), staff_text, reason."""
    staff = _staff(form) if request.POST.get("kind") == "staff" else []
    actions.ask_change(row, staff=staff, reason=request.POST.get("reason", ""), by=request.user, at=clock.now())
    messages.success(request, "变更单已提请，请两名审批人签署；签齐后把新一版座次包送到考试点，由两人收入。")
    return redirect("sittings:seating", sitting=row.sitting)


def _staff(form: forms.SeatingForm) -> list[stafflist.Staffer]:
    """The people of the file, else of the text."""
    if not form.is_valid():
        raise no("N2.4.3", "；".join(str(one[0]) for one in form.errors.values()), "form")
    upload, text = form.cleaned_data["staff"], form.cleaned_data["staff_text"]
    if upload is not None and upload.size > LARGEST:
        raise no("N2.4.3", f"{upload.name} 过大，不是一场的人员表。", "size")
    with as_refusal("N2.4.3"):
        return stafflist.read(upload.read(), upload.name) if upload else stafflist.read(text.encode())


def _shown(row: Conduct, asked: Any) -> dict[str, Any]:
    """What waits for signature, for the people who sign: names masked, no PIN."""
    body = canonical.decode_object(bytes(asked.content), "座次包")
    rooms: dict[str, int] = {}
    for line in body["roster"]:
        rooms[line["room"]] = rooms.get(line["room"], 0) + 1
    strangers = serving.unlisted(row.city, [one["name"] for one in body["staff"]])
    return {
        "rev": body["rev"],
        "change": body.get("change"),
        "staff": [(one["name"], stafflist.NAMES[one["role"]], bool(one["kid"]), one["name"] not in strangers) for one in body["staff"]],
        "rooms": sorted(rooms.items()),
        "people": [(one["room"], one["seat"], mask_name(one["name"]), one["subject"]) for one in body["roster"]],
        "exam": body["exam"],
    }


@permission("sittings.ask_key")
def release(request: HttpRequest, sitting: str) -> HttpResponse:
    """Ask for a key: form fields challenge, stage, machine, cameras, waiver, reason; and the log of this sitting."""
    row, at = of_number(sitting), clock.now()
    machines = _machines(row, at)
    later = row.status in (Conduct.Status.RETURNED, Conduct.Status.RECEIPTED)
    form = forms.ReleaseForm(request.POST or None, machines=machines, initial={"stage": 2 if later else 1})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        actions.ask_release(
            row,
            challenge=said["challenge"],
            stage=said["stage"],
            machine=said["machine"],
            cameras_ok=said["cameras"],
            waiver=said["waiver"],
            reason=said["reason"],
            unslipped=said["unslipped"],
            by=request.user,
            at=at,
        )
        messages.success(request, "已提请放行，请两名密钥值班员在“双人审批”签署。最后一人签署即放行。")
        return redirect("sittings:release", sitting=sitting)
    rows = list(queries.releases(row))
    names = people.names_of(one.asked_by for one in rows)
    asked = {one.approval: _request(one.approval) for one in rows if one.status == "asked"}
    start = windows.local(row.starts_at)
    context = {
        "row": row,
        "form": form,
        "rows": [(one, names[one.asked_by], asked.get(one.approval)) for one in rows],
        "from_hour": start - windows.lead(start.date()),
        "early": at < start - windows.lead(start.date()),
        "shares": [one.number for one in queries.shares(row) if one.holder == "key_service"],
        "machines": machines,
    }
    return render(request, "sittings/release.html", context, status=200 if request.method == "GET" else 409)


def _request(ulid: str) -> Any:
    return approvals.get(ulid)


def _machines(row: Conduct, at: Any) -> list[str]:
    return [edge.payload["edge_serial"] for edge in queries.edges(row.site, at)]


@permission("sittings.ask_key")
def token(request: HttpRequest, sitting: str, number: int) -> HttpResponse:
    """A released token as a row of QR codes, to be shown to the site's scanner."""
    row = of_number(sitting)
    found = _token(row, number)
    data = bytes(found.data)
    frames = medium.frames(data)
    context = {
        "row": row,
        "release": queries.released(number),
        "file": found,
        "frames": [(place, len(frames), pdf.qr_svg(text, error="l")) for place, text in enumerate(frames, 1)],
    }
    return render(request, "sittings/token.html", context)


@permission("sittings.ask_key")
def token_file(request: HttpRequest, sitting: str, number: int) -> HttpResponse:
    """The token as a file."""
    found = _token(of_number(sitting), number)
    answer = HttpResponse(bytes(found.data), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{sitting}-{number}.token.json"'
    return answer


def _token(row: Conduct, number: int) -> Artefact:
    found = queries.newest(row, Artefact.Kind.TOKEN, rev=number)
    if found is None:
        raise Http404(str(number))
    return found
