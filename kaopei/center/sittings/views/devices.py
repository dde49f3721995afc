"""The accepted machines of each site: lists in, what differs, who has accepted it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kaopei.center.sittings import actions, devices, forms, queries
from kaopei.center.sittings.devices import Device
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.office import clock, scope
from kaopei.office.accounts.permission import permission
from kaopei.office.approvals import queries as approvals
from kaopei.office.refused import Refused
from kaopei.office.sheets import XLSX, write_xlsx
from kaopei.parcel import canonical

LARGEST = 8 * 2**20


@permission("sittings.view")
def listing(request: HttpRequest) -> HttpResponse:
    """Form field: files (sheets and inventories, any number). Either every site of them is asked for, or none."""
    at = clock.now()
    form = forms.DevicesForm() if request.user.may("sittings.enrol") and request.user.city != scope.PROVINCE else None
    if request.method == "POST":
        if form is None:
            raise no("N3.2.5b", "设备清单由考试点所在市的考务员提请验收。", "role")
        files = request.FILES.getlist("files")
        if not files or any((one.size or 0) > LARGEST for one in files):
            raise no("N3.2.5b", "请选择设备清单文件（每个不超过 8 MiB）。", "size")
        asked, same = _ask(request, [(one.name or "", one.read()) for one in files], at)
        text = f"已提请验收 {len(asked)} 个考试点的设备清单，请两名审批人签署。" if asked else "没有需要验收的变化。"
        messages.success(request, text + (f"与已验收清单相同的：{'、'.join(same)}。" if same else ""))
        return redirect("sittings:devices")
    rows = [(row, devices.counted(devices.devices_of(queries.said(row)), at.date())) for row in queries.baselines()]
    waiting = [one for one in approvals.open_ones(actions.BASELINE) if one.expires_at > at]
    return render(request, "sittings/devices.html", {"rows": rows, "form": form, "waiting": waiting})


@transaction.atomic
def _ask(request: HttpRequest, files: Sequence[tuple[str, bytes]], at: datetime) -> tuple[list[str], list[str]]:
    """Sites asked for, and sites whose list is the accepted one."""
    city = scope.city_of(request.user.city)
    with as_refusal("N3.2.5b"):
        by_site, inventory = devices.read(files, at.date())
        keyed = _keyed(city, by_site, inventory, at)
    asked, same = [], []
    for site, rows in sorted(keyed.items()):
        try:
            actions.ask_baseline(site, rows=rows, by=request.user, at=at)
            asked.append(site)
        except Refused as problem:
            if problem.verdict.code != "same":
                raise
            same.append(site)
    return asked, same


def _keyed(city: str, by_site: dict[str, list[Device]], inventory: list[dict[str, Any]], at: datetime) -> dict[str, list[Device]]:
    """Keys go to the machines of the sheets, or of the lists accepted before; one that belongs to none is a fault."""
    sites = dict(by_site)
    if inventory and not by_site:
        sites = {row.site: devices.devices_of(queries.said(row)) for row in queries.baselines() if row.city == city}
    given: set[str] = set()
    found = {}
    for site, rows in sites.items():
        filled = devices.remembered(rows, queries.accepted(site, city))
        found[site], here = devices.keyed(filled, inventory, at.date())
        given |= here
        if inventory and not by_site and not here:
            del found[site]
    strange = sorted({row["serial"] for row in inventory if row["function"] != "server"} - given)
    if strange:
        text = f"devices.json 里的 {'、'.join(strange[: devices.TELL])} 不在设备清单的在用设备里。请先上传含这些设备的设备基线表，或与它同时上传。"
        raise no("N3.2.5b", text, "unknown")
    return found


@permission("sittings.view")
def show(request: HttpRequest, site: str) -> HttpResponse:
    """One site: the accepted list, and what waits for signatures with every difference."""
    at = clock.now()
    row, asked = queries.baseline(site), approvals.standing(actions.BASELINE, site)
    waits = asked if asked and asked.status == "open" else None
    if row is None and waits is None:
        raise Http404(site)
    old = queries.accepted(site)
    new = devices.devices_of(canonical.decode_object(bytes(waits.content))) if waits else []
    shown = new if waits else old
    context = {
        "site": site,
        "row": row,
        "asked": waits,
        "changes": devices.changes(old, new, at.date()) if waits and old else [],
        "counts": devices.counted(shown, at.date()),
        "rows": [(one, devices.TITLES[one.function], one.serves(at.date().isoformat())) for one in shown],
        "bare": [one for one in shown if one.function in devices.AT_SEATS and one.serves(at.date().isoformat()) and not one.tls_spki],
    }
    return render(request, "sittings/devices_of.html", context)


@permission("sittings.view")
def sheet(request: HttpRequest, site: str) -> HttpResponse:
    """The accepted list as a sheet that can be filled in and uploaded again."""
    row = queries.baseline(site)
    if row is None:
        raise Http404(site)
    names = {function: kind for kind, function in reversed(devices.KINDS.items())}
    rows = [
        (site, one.room, names[one.function], one.serial, one.mac, one.ip, one.seat, one.accepted_on, one.retired_on, one.order, one.tls_spki)
        for one in devices.devices_of(queries.said(row))
    ]
    data = write_xlsx(f"考试点 {site} 设备清单第 {row.rev} 版", (*devices.COLUMNS, devices.FINGERPRINT), rows)
    answer = HttpResponse(data, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="devices-{site}-{row.rev}.xlsx"'
    return answer
