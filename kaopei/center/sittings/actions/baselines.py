"""The device list of a site: asked with its changes named, accepted by two persons, and only then part of a seating."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kaopei.center.registry import queries as registry
from kaopei.center.sittings import artefacts, devices, queries
from kaopei.center.sittings.devices import Device
from kaopei.center.sittings.models import Baseline
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.office import scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals.queries import Request
from kaopei.office.audit.record import event, records
from kaopei.parcel import canonical

BASELINE = "baseline.accept"
CLAUSE = "N3.2.5b"


@records("sittings.baseline_asked", act="sittings.enrol")
def ask_baseline(site: str, *, rows: Sequence[Device], by: Actor, at: datetime) -> Request:
    """三（二）: ask two persons to accept a site's machines; a change of an accepted one must name its order."""
    city, day = scope.city_of(by.city), at.date()
    if registry.site(city, site, day) is None:
        raise no("N2.4.16", f"考试点名册里没有 {site}。请核对设备清单的考试点编号，或先更新考试点名册。", "site")
    with as_refusal("N2.4.16"):
        devices.check(rows)
    before = queries.baseline(site, city)
    old = devices.devices_of(queries.said(before)) if before else []
    if before and devices.plain(old) == devices.plain(rows):
        raise no(CLAUSE, f"考试点 {site} 的设备清单与已验收的第 {before.rev} 版相同，不必再验收。", "same")
    changed = devices.changes(old, rows, day) if before else []
    if silent := [one for one in changed if not one.order]:
        told = "；".join(f"{one.serial} {one.what}（{one.before or '无'} → {one.after or '无'}）" for one in silent[: devices.TELL])
        text = f"考试点 {site} 有 {len(silent)} 处与已验收的清单不同而没有变更批准单：{told}。请补填变更批准单，或恢复原状。"
        raise no(CLAUSE, text, "unordered")
    rev = before.rev + 1 if before else 1
    body = {"city": city, "site_code": site, "rev": rev, "prev_hash": before.digest if before else None, "devices": devices.plain(rows)}
    counts = "、".join(f"{title} {count}" for title, count, _ in devices.counted(rows, day))
    asked = approvals.request(
        action=BASELINE,
        object=site,
        rev=rev,
        content=canonical.encode(body),
        title=f"验收考试点 {site} 设备清单第 {rev} 版（{counts or '无在用设备'}；变更 {len(changed)} 处）",
        approve_act="sittings.approve",
        needed=2,
        url=f"/sittings/devices/{site}/",
        by=by,
        at=at,
    )
    event(obj=f"site:{site}", city=city, rev=rev, digest=asked.digest, devices=len(rows), changes=len(changed))
    return asked


@records("sittings.baseline_accepted", act="sittings.approve")
def accept_baseline(asked: Any, *, by: Actor, at: datetime) -> Baseline:
    """三（二）: with the second signature the list is the accepted one; the next seating carries it."""
    body = canonical.decode_object(bytes(asked.content), "设备清单")
    before = queries.baseline(body["site_code"], body["city"])
    if body["prev_hash"] != (before.digest if before else None):
        raise no(CLAUSE, "提请之后已验收了另一版设备清单，请重新提请。", "changed")
    made = Baseline.objects.create(
        city=body["city"],
        site=body["site_code"],
        rev=body["rev"],
        digest=asked.digest,
        content=bytes(asked.content),
        approvals=artefacts.signatures(asked),
        asked_by=asked.requester,
        accepted_at=at,
    )
    event(obj=f"site:{made.site}", city=made.city, rev=made.rev, digest=made.digest, devices=len(body["devices"]))
    return made
