"""Papers and shares come from the vault; what does not fit is set aside with its reason and never used."""

from datetime import datetime
from typing import Any

from kaopei.center.sittings import artefacts, queries, sealed
from kaopei.center.sittings.models import Artefact, Conduct, KeyShare, Quarantine
from kaopei.center.sittings.refusing import no
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.parcel import key_share
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.rejected import Rejected

CLAUSE = "N2.5.8"
SHARE = "key_share"
HOLDERS = {"site_head": "考点负责人", "key_service": "密钥服务", "province": "省考试机构"}


@records("sittings.paper_taken", act="sittings.import")
def take_paper(data: bytes, *, by: Actor, at: datetime) -> Artefact:
    """二（五） N2.5.8: a sealed paper that answers the newest order of its sitting. Raises Rejected for what must be set aside."""
    listed = keys.trust()
    parcel = Parcel(data, listed)
    named = parcel.manifest
    order = queries.by_ref(Artefact.Kind.ORDER, named["order_id"])
    if order is None:
        raise Rejected("order", f"中心没有下达过任务书 {named['order_id']}，密封包不能收入")
    row = Conduct.objects.select_for_update().get(pk=order.conduct_id)
    known = queries.artefact(row.sitting, artefacts.digest_of(data))
    if known is not None:
        nothing_changed()
        return known
    newest = queries.newest(row, Artefact.Kind.ORDER)
    if newest is None or newest.pk != order.pk:
        raise Rejected("superseded", f"任务书 {named['order_id']} 已被新的任务书替代，请题库室按新的任务书密封")
    if row.status != Conduct.Status.ORDERED:
        raise Rejected("second", f"任务书 {named['order_id']} 已收到另一个密封包；同一任务书只能有一个，请题库室核对")
    if draw := queries.overtaken([row]).get(row.sitting):
        raise Rejected("overtaken", f"场次 {row.sitting} 的考生名单已由增量抽签 {draw} 变动，任务书 {named['order_id']} 作废：请重新下任务书后再密封")
    sealed.check_paper(parcel, bytes(order.data), listed)
    facts: dict[str, Any] = {"order": order.ref, "manifest": parcel.manifest_hash, "sealed_by": list(parcel.sealed_by)}
    facts["forms"] = len(parcel.ids("form"))
    kept = artefacts.keep(row, Artefact.Kind.PAPER, named["package_id"], data, by=by, at=at, **facts)
    row.status = Conduct.Status.SEALED
    row.save(update_fields=["status"])
    event(obj=f"sitting:{row.sitting}", city=row.city, package=named["package_id"], order=order.ref, digest=kept.digest)
    return kept


@records("sittings.share_taken", act="sittings.import")
def take_share(data: bytes, *, by: Actor, at: datetime) -> KeyShare:
    """二（五） N2.5.8: a share of a paper that is here, compared with its commitment at once. Raises Rejected for what must be set aside."""
    listed = keys.trust()
    payload, digest = key_share.read(data, listed), artefacts.digest_of(data)
    paper = queries.by_ref(Artefact.Kind.PAPER, payload["package_id"])
    if paper is None:
        raise Rejected("package", f"中心还没有收到密封包 {payload['package_id']}：请先上传密封包，再上传它的密钥分持件")
    # Two who upload the same share at once come one after the other
    Conduct.objects.select_for_update().get(pk=paper.conduct_id)
    known = queries.share(payload["number"])
    if known is not None:
        if known.digest != digest:
            raise Rejected("second", f"密钥分持件 {payload['number']} 已收到过内容不同的一份，请题库室核对")
        nothing_changed()
        return known
    sealed.check_share(payload, Parcel(bytes(paper.data), listed), listed, *keys.opener("key_service_decrypt", at))
    made = KeyShare.objects.create(
        city=paper.city,
        conduct=paper.conduct,
        package=payload["package_id"],
        number=payload["number"],
        stage=payload["stage"],
        x=payload["x"],
        holder=payload["holder"],
        form=payload["share"]["form"],
        digest=digest,
        content=data,
        taken_at=at,
        taken_by=by.username,
    )
    event(obj=f"sitting:{paper.conduct.sitting}", city=made.city, package=made.package, number=made.number, digest=digest)
    return made


@records("sittings.share_handed", act="sittings.hand_share")
def hand_share(share: KeyShare, *, receiver: str, by: Actor, at: datetime) -> bytes:
    """二（五） N2.5.8: give a share to its holder, once; the center keeps nothing of it. The file as it came."""
    row = KeyShare.objects.select_for_update().get(pk=share.pk)
    needed = {"site_head": "clerk", "province": "province"}.get(row.holder)
    if needed is None:
        raise no(CLAUSE, "这份密钥分持由密钥服务保管，不交给任何人；开考前凭两名值班员签署放行。", "holder")
    if needed not in by.held():
        who = "考务员交给考点负责人" if needed == "clerk" else "省考试机构自行领取"
        raise no(CLAUSE, f"这份密钥分持应由{who}，您不能经手。", "role")
    if row.handed_at is not None:
        raise no(CLAUSE, f"这份密钥分持已于 {row.handed_at:%m-%d %H:%M} 交给{row.handed_to}，只能交接一次。遗失请报告并重新密封。", "twice")
    if len(receiver.strip()) < 2:
        raise no(CLAUSE, "请写明领取人的姓名。", "receiver")
    content = bytes(row.content)
    row.content, row.handed_to, row.handed_by, row.handed_at = b"", receiver.strip()[:60], by.username, at
    row.save(update_fields=["content", "handed_to", "handed_by", "handed_at"])
    event(obj=f"sitting:{row.conduct.sitting}", city=row.city, package=row.package, number=row.number, holder=row.holder)
    return content


@records("sittings.quarantined", act="sittings.import")
def quarantine(data: bytes, *, kind: str, code: str, reason: str, sitting: str, by: Actor, at: datetime) -> Quarantine:
    """二（四） N2.4.13: keep what does not fit as evidence, once; it is never used. Of a share only the digest: it may be the secret itself."""
    digest = artefacts.digest_of(data)
    city = _city(sitting, by)
    known = Quarantine.objects.filter(city=city, kind=kind, digest=digest).first()
    if known is not None:
        nothing_changed()
        return known
    named: dict[str, Any] = {"kind": kind, "digest": digest, "code": code}
    kept = b"" if kind == SHARE else data
    made = Quarantine.objects.create(city=city, sitting=sitting[:160], reason=reason, data=kept, at=at, by=by.username, **named)
    event(obj=f"sitting:{sitting}" if sitting else f"quarantine:{digest[:16]}", city=city, **named)
    return made


def _city(sitting: str, by: Actor) -> str:
    """The city of the sitting it claims, if that is in sight; else the city of whoever brought it."""
    row = queries.conduct(sitting) if sitting else None
    return row.city if row else scope.city_of(by.city)
