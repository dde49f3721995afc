"""The seating: who sits where, with which staff. Two persons approve it, then it is sealed to the site's machines."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from kaopei.center.allocation import queries as allocation
from kaopei.center.registry import queries as registry
from kaopei.center.registry.queries import SiteOn
from kaopei.center.sittings import artefacts, devices, orders, queries, serving, stafflist, windows
from kaopei.center.sittings.models import Artefact, Conduct
from kaopei.center.sittings.overtaken import refuse_overtaken
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.center.sittings.stafflist import Staffer
from kaopei.law import places
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals import queries as signatures
from kaopei.office.approvals.queries import Request
from kaopei.office.audit.record import event, records
from kaopei.parcel import canonical, roster, seating
from kaopei.parcel.canonical import Payload

SEATING = "seating.issue"
CLAUSE = "N2.4.3"
PARTS = {"T": "理论", "P": "实操"}
LEAST_REASON = 10
OPEN = (Conduct.Status.SEALED, Conduct.Status.SEATED)


@records("sittings.seating_asked", act="sittings.order")
def ask_seating(conduct: Conduct, *, staff: Sequence[Staffer], by: Actor, at: datetime) -> Request:
    """二（四） N2.4.3: ask two persons to approve the seating. A newer one replaces it until the key is released."""
    row = Conduct.objects.select_for_update().get(pk=conduct.pk)
    if row.status not in OPEN:
        raise no(CLAUSE, f"场次 {row.sitting} {row.get_status_display()}：座次包在收到密封包之后、放行密钥之前下达。", "state")
    refuse_overtaken(row)
    facts = allocation.facts(row.sitting)
    site = registry.site(row.city, row.site, row.day)
    if site is None or (facts is None and row.form_set != "trial"):
        raise no(CLAUSE, f"考试点名册里没有 {row.site}，不能下座次包。请先更新考试点名册。", "site")
    lines = queries.roster(row)
    rooms = [asdict(room) for room in allocation.rooms(site, facts.seats)] if facts else [{"name": lines[0]["room"], "first": 1, "last": len(lines)}]
    used = [room for room in rooms if any(line["room"] == room["name"] for line in lines)]
    _complete(row, len(used), lines, staff)
    unlisted = _fit(row, site, staff)
    body = _body(row, site, used, lines, _staff(staff, row))
    with as_refusal(CLAUSE):
        digest = seating.body_hash(body, keys.trust().suite)
    asked = approvals.request(
        action=SEATING,
        object=row.sitting,
        rev=body["rev"],
        content=canonical.encode(body),
        title=f"下达座次包 {row.sitting} 第 {body['rev']} 版（{len(lines)} 人）",
        approve_act="sittings.approve",
        needed=2,
        url=f"/sittings/{row.sitting}/seating/",
        is_personal=True,
        by=by,
        at=at,
    )
    event(obj=f"sitting:{row.sitting}", city=row.city, rev=body["rev"], digest=digest, staff=len(staff), unlisted=unlisted)
    return asked


@records("sittings.change_asked", act="sittings.order")
def ask_change(conduct: Conduct, *, staff: Sequence[Staffer] = (), reason: str, by: Actor, at: datetime) -> Request:
    """二（四） N2.4.3: 变更单 after the key was released: one more person on duty, or (nobody named) the newest accepted device list."""
    row = Conduct.objects.select_for_update().get(pk=conduct.pk)
    before = queries.newest(row, Artefact.Kind.SEATING)
    if row.status != Conduct.Status.RELEASED or before is None:
        raise no(CLAUSE, f"场次 {row.sitting} {row.get_status_display()}：变更单在放行密钥以后、收回以前使用；放行以前请下新一版座次包。", "state")
    if len(staff) > 1 or len(reason.strip()) < LEAST_REASON:
        raise no(CLAUSE, f"一张变更单只加派一人，并写明理由（不少于 {LEAST_REASON} 个字）。", "change")
    base = canonical.decode_object(signatures.content(SEATING, row.sitting, before.rev) or b"{}", "座次包")
    body = base | {"rev": before.rev + 1, "prev_hash": before.digest, "trust_chain": [one.decode("utf-8") for one in keys.trust().chain]}
    body["change"] = {"kind": "staff" if staff else "devices", "reason": reason.strip()}
    if staff:
        _more(row, body, staff)
    else:
        body["baseline"] = queries.travelling(row.site, row.city, row.day)
    with as_refusal(CLAUSE):
        kind = seating.change(base | {"_hash": before.digest}, body)
        digest = seating.body_hash(body, keys.trust().suite)
    named = {"rev": body["rev"], "content": canonical.encode(body), "url": f"/sittings/{row.sitting}/seating/"}
    title = f"变更单 {row.sitting} 第 {body['rev']} 版（{seating.CHANGED[kind]}）"
    asked = approvals.request(
        action=SEATING, object=row.sitting, title=title, approve_act="sittings.approve", needed=2, is_personal=True, by=by, at=at, **named
    )
    event(obj=f"sitting:{row.sitting}", city=row.city, rev=body["rev"], digest=digest, kind=kind)
    return asked


def _more(row: Conduct, body: Payload, staff: Sequence[Staffer]) -> None:
    """One more person on the list, who may serve here; an examiner must be able to sign."""
    site = registry.site(row.city, row.site, row.day)
    if site is None:
        raise no(CLAUSE, f"考试点名册里没有 {row.site}。", "site")
    _fit(row, site, staff)
    listed = keys.trust()
    if not listed.rehearsal and stafflist.without_key(staff, listed, row.city, row.site):
        raise no(CLAUSE, f"考评员 {staff[0].name} 在信任名单里没有考评员职责的签名密钥，评分无法签名。请先登记密钥，或换人。", "signer")
    (one,) = staff
    mine = [key.kid for key in listed.with_role("person", city=row.city, site=row.site) if key.holder == one.signs_as]
    line = {"kid": mine[0] if mine else None, "name": one.name, "role": one.role, "pin_verifier": stafflist.verifier(one.pin)}
    body["staff"] = [*body["staff"], line]


def _complete(row: Conduct, rooms: int, lines: Sequence[Payload], staff: Sequence[Staffer]) -> None:
    """Enough people, and in earnest each with a PIN of his own, on accepted machines; examiners with keys and tablets."""
    practical = orders.part_of(row) == "P"
    if missing := stafflist.complete(staff, rooms, windows.practical()["examiners"] if practical else 0):
        raise no(CLAUSE, f"考务人员不齐：{missing}。请补齐后再提请。", "staff")
    listed = keys.trust()
    if listed.rehearsal:
        return
    if not stafflist.pins_differ(staff):
        raise no(CLAUSE, "人员表里有人的登录口令相同。口令须各不相同，只交给本人。", "pin")
    if not practical:
        _equipped(row, lines)
        return
    if keyless := stafflist.without_key(staff, listed, row.city, row.site):
        text = f"考评员 {'、'.join(keyless)} 在信任名单里没有考评员职责的签名密钥，评分无法签名。"
        raise no(CLAUSE, f"{text}请先登记密钥，或换人。", "signer")
    travelling = queries.travelling(row.site, row.city, row.day)["devices"]
    if not any(one["function"] == "tablet" for one in travelling):
        raise no("N2.4.16", f"考试点 {row.site} 没有验收的、带证书的考评平板，考评员无法评分。请先上传并验收该考试点的设备清单。", "devices")


def _equipped(row: Conduct, lines: Sequence[Payload]) -> None:
    """二（四） N2.4.16: every seat that is used has an accepted machine with a certificate; else nobody could answer there."""
    bare = devices.uncovered(queries.accepted(row.site, row.city), [(line["room"], line["seat"]) for line in lines], row.day)
    if bare:
        told = "、".join(bare[: devices.TELL]) + ("等" if len(bare) > devices.TELL else "")
        text = f"考试点 {row.site} 有 {len(bare)} 个机位没有验收的、带证书的考试机：{told}。请先上传并验收该考试点的设备清单。"
        raise no("N2.4.16", text, "devices")


def _fit(row: Conduct, site: SiteOn, staff: Sequence[Staffer]) -> int:
    """二（五）, 二（四） N2.4.7: who stands in the staff file must be allowed to serve here; how many do not stand in it."""
    verdict, name, strangers = serving.judge(row, site, [one.name for one in staff])
    if not verdict.allowed:
        raise no(verdict.clause, f"{name}不能派到本场：{verdict.text}。请换人，或先更新考务信息库。", "staff")
    return len(strangers)


def _staff(staff: Sequence[Staffer], row: Conduct) -> list[Payload]:
    with as_refusal(CLAUSE):
        kids = stafflist.keys_of(staff, keys.trust(), row.city, row.site)
    return [{"kid": kids[one.name], "name": one.name, "role": one.role, "pin_verifier": stafflist.verifier(one.pin)} for one in staff]


def _body(row: Conduct, site: SiteOn, rooms: list[dict[str, Any]], lines: list[Payload], staff: list[Payload]) -> Payload:
    before = queries.newest(row, Artefact.Kind.SEATING)
    paper = queries.newest(row, Artefact.Kind.PAPER)
    city, part = places.cities()[row.city].name, orders.part_of(row)
    return {
        "sitting_id": row.sitting,
        "rev": before.rev + 1 if before else 1,
        "prev_hash": before.digest if before else None,
        "package_id": paper.ref if paper else None,
        "city": row.city,
        "site_code": row.site,
        "room": "",
        "rooms": rooms,
        "exam": {
            "title": "试封演练（不计成绩）" if row.form_set == "trial" else f"安全生产资格考试（{PARTS[part]}）",
            "date": row.day.isoformat(),
            "start": f"{windows.local(row.starts_at):%H:%M}",
            "end": f"{windows.local(row.ends_at):%H:%M}",
            "city": city,
            "site_name": site.name,
            "part": part,
        },
        "roster": lines,
        "staff": staff,
        "baseline": queries.travelling(row.site, row.city, row.day),
        "numbers": windows.dated_numbers(row.day),
        "trust_chain": [one.decode("utf-8") for one in keys.trust().chain],
    }


@records("sittings.seating_issued", act="sittings.approve")
def issue_seating(asked: Any, *, by: Actor, at: datetime) -> Artefact:
    """二（四） N2.4.3: the second signature seals the seating to the machines of the site."""
    listed = keys.trust()
    body = canonical.decode_object(bytes(asked.content), "座次包")
    row = Conduct.objects.select_for_update().get(sitting=body["sitting_id"])
    changes = "change" in body
    if row.status not in ((Conduct.Status.RELEASED,) if changes else OPEN):
        raise no(CLAUSE, f"场次 {row.sitting} {row.get_status_display()}，座次包已不能下达。", "state")
    if not changes:
        refuse_overtaken(row)
    before = queries.newest(row, Artefact.Kind.SEATING)
    if body["prev_hash"] != (before.digest if before else None):
        raise no(CLAUSE, "提请之后已下达了另一版座次包，请考务员重新提请。", "changed")
    parcel = queries.paper(row)
    if parcel is None or parcel.manifest["roster_hash"] != roster.root(body["roster"], listed.suite):
        raise no(CLAUSE, "座次包的考生名单与密封包封装时的名单不一致，请考务员核对后重新提请。", "roster")
    if body["package_id"] != parcel.manifest["package_id"]:
        raise no(CLAUSE, "提请之后收到了新的密封包，请考务员重新提请座次包。", "package")
    signed = artefacts.signatures(asked)
    edges = [edge for edge in queries.edges(row.site, at) if edge.decrypt.kid in parcel.manifest["edge_keys"]]
    if not edges:
        raise no("N2.4.4", "密封包所封的考试服务器登记书已不在有效期内，请重新下任务书密封。", "machine")
    with as_refusal(CLAUSE):
        data = seating.seal(body, signed, keys.signer("center", at), edges, listed, at=int(at.timestamp()))
        seating.check(data, listed, at=int(at.timestamp()))
    facts = {"package": body["package_id"], "staff": len(body["staff"]), "body": asked.digest}
    kept = artefacts.keep(row, Artefact.Kind.SEATING, row.sitting, data, by=by, at=at, rev=body["rev"], **facts)
    if not changes:
        row.status = Conduct.Status.SEATED
        row.save(update_fields=["status"])
    event(obj=f"sitting:{row.sitting}", city=row.city, rev=body["rev"], digest=kept.digest)
    return kept
