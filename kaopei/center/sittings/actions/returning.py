"""What a site hands back: weighed, kept, witnessed, receipted. The same bytes again change nothing; others are set aside."""

from datetime import datetime

from kaopei.center.sittings import artefacts, bundle, queries, succession
from kaopei.center.sittings.bundle import Known, Weighed
from kaopei.center.sittings.models import Artefact, Attempt, Conduct, Machine
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.ledger import checkpoint
from kaopei.ledger.checkpoint import Checkpoint
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.parcel import base64url, canonical, enrolment, receipt, return_parcel
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.return_parcel import Returned

CLAUSE = "N2.4.13"
CAME_BACK = (Conduct.Status.RELEASED, Conduct.Status.RETURNED, Conduct.Status.RECEIPTED)


@records("sittings.returned", act="sittings.import")
def take_return(data: bytes, *, by: Actor, at: datetime) -> Artefact:
    """二（四） N2.4.13: take a return parcel in, whole. Raises Rejected for what must be set aside."""
    listed = keys.trust()
    returned = Returned(data, listed)
    said = returned.payload
    paper = queries.by_ref(Artefact.Kind.PAPER, said["package_id"])
    if paper is None:
        raise Rejected("package", f"中心没有密封包 {said['package_id']}，这个回传包不能收入")
    row = Conduct.objects.select_for_update().get(pk=paper.conduct_id)
    known = queries.artefact(row.sitting, returned.hash)
    if known is not None:
        nothing_changed()
        return known
    _belongs(row, paper, said, returned)
    _follows(row, said)
    contents = returned.contents(*keys.opener("city_import", at))
    people = {one["attempt"] for one in queries.roster(row)}
    weighed = bundle.weigh(returned, contents, people, _witnessed(said["ledger"]["origin"], at), listed, _believe, _examiners(row))
    for one in weighed.successions:
        succession.witnessed(one, queries.witnessed(one.origin).roots, weighed.root_at)
    _as_the_slips_said(row, weighed, said)
    kept = _keep(row, data, returned, weighed, by, at)
    row.status = Conduct.Status.RETURNED
    row.save(update_fields=["status"])
    event(
        obj=f"sitting:{row.sitting}",
        city=row.city,
        bundle=said["bundle_id"],
        rev=said["rev"],
        digest=kept.digest,
        counts=dict(weighed.counts),
        **{name: said["ledger"][name] for name in ("origin", "size", "root")},
    )
    return kept


def _belongs(row: Conduct, paper: Artefact, said: Payload, returned: Returned) -> None:
    """The sitting, site, machine and tokens are those that the center knows."""
    if row.status not in CAME_BACK:
        raise Rejected("state", f"场次 {row.sitting} {row.get_status_display()}，试卷密钥还没有放行，不应有回传包")
    for name, mine in (("sitting_id", row.sitting), ("site_code", row.site), ("manifest_hash", paper.facts["manifest"])):
        if said[name] != mine:
            raise Rejected(name, f"回传包的 {name} 与密封包 {paper.ref} 不符")
    record = returned.edge.record
    enrolled = Machine.objects.filter(serial=returned.edge.payload["edge_serial"], status=Machine.Status.ENROLLED)
    if all(bytes(one.record) != record for one in enrolled):
        raise Rejected("machine", f"考试服务器 {returned.edge.payload['edge_serial']} 的登记书不是中心登记的那一份")
    parcel = queries.package(row.sitting)
    if parcel is None or returned.edge.decrypt.kid not in parcel.manifest["edge_keys"]:
        raise Rejected("machine", "回传包不是密封包所封的考试服务器签署的")
    released = set(row.artefacts.filter(kind=Artefact.Kind.TOKEN, ref=paper.ref).values_list("digest", flat=True))
    strange = [one for one in said["tokens"] if artefacts.digest_of(canonical.encode(one)) not in released]
    if strange:
        raise Rejected("token", "回传包里的密钥令牌不在密钥服务的放行记录里。请立即报告")


def _examiners(row: Conduct) -> int:
    """How many must have signed each candidate, as the sealed order says; 0 for theory."""
    parcel = queries.package(row.sitting)
    rule = parcel.manifest["policy"].get("practical") if parcel else None
    return int(rule["examiners"]) if rule else 0


def _follows(row: Conduct, said: Payload) -> None:
    """The first rev, or the next one of the same bundle."""
    before = queries.returned(row.sitting)
    if before is None:
        if said["rev"] != 1 and said["prev_hash"] is None:
            raise Rejected("rev", f"回传包是第 {said['rev']} 版，却没有写明接在哪一版之后")
        return
    if said["bundle_id"] != before.ref:
        raise Rejected("bundle", f"场次 {row.sitting} 已收到回传包 {before.ref}，又来了另一个 {said['bundle_id']}，请考试点说明")
    if said["rev"] < before.rev:
        raise Rejected("rev", f"回传包 {before.ref} 已收到更新的第 {before.rev} 版，第 {said['rev']} 版不再收入，留作证据")
    if said["rev"] == before.rev:
        raise Rejected("rev", f"回传包 {before.ref} 第 {said['rev']} 版已收过内容不同的一份，不能覆盖。请考试点说明")
    if said["prev_hash"] != before.digest:
        raise Rejected("rev", f"回传包第 {said['rev']} 版接不上已收的第 {before.rev} 版（缺版或分叉），请考试点补交")


def _believe(origin: str, note: bytes) -> Checkpoint:
    """A checkpoint of whichever machine of the site this log belongs to, by its record here."""
    listed = keys.trust()
    serial = origin.split("/")[1] if origin.count("/") == 2 else ""
    fault = checkpoint.BadCheckpoint(f"台账 {origin} 不属于已登记的考试服务器")
    for one in Machine.objects.filter(serial=serial, status=Machine.Status.ENROLLED).order_by("-pk"):
        public = base64url.decode(enrolment.read(bytes(one.record), listed).sign.pub, "公钥")
        try:
            return checkpoint.verify(note, {origin: public}, listed.algorithms.verify)
        except checkpoint.BadCheckpoint as problem:
            fault = problem
    raise fault


def _as_the_slips_said(row: Conduct, weighed: Weighed, said: Payload) -> None:
    """The closing slip is the one that the city saw on the day, and every slip of this ledger is a beginning of it."""
    seen = queries.close_slip(row, said["package_id"])
    if seen is not None and seen.facts["qr"] != weighed.slip.digest:
        raise Rejected("slip", "回传包里的收场小条与当天报送的不是同一张。请立即报告")
    for size, root in queries.witnessed(said["ledger"]["origin"]).roots.items():
        if size <= said["ledger"]["size"] and weighed.root_at(size) != root:
            raise Rejected("witness", f"台账前 {size} 条与当天小条上的根不同：内容被改动，或出现分叉。请立即报告")


def _witnessed(origin: str, at: datetime) -> Known | None:
    """The newest checkpoint of this ledger that the city has accepted."""
    rows = Artefact.objects.filter(kind=Artefact.Kind.RETURN, facts__origin=origin).defer("data")
    newest = max(rows, key=lambda row: row.facts["size"], default=None)
    if newest is None:
        return None

    def root_at(size: int) -> str:
        contents = Returned(bytes(newest.data), keys.trust()).contents(*keys.opener("city_import", at))
        return bundle.root_at(contents["ledger"], size)

    return Known(newest.facts["size"], newest.facts["root"], root_at)


def _keep(row: Conduct, data: bytes, returned: Returned, weighed: Weighed, by: Actor, at: datetime) -> Artefact:
    said = returned.payload
    facts = {
        "package": said["package_id"],
        "manifest": said["manifest_hash"],
        "machine": returned.edge.payload["edge_serial"],
        "counts": dict(weighed.counts),
        "irregularities": list(weighed.irregularities),
        "slip": weighed.slip.digest,
        "scored": said["edge_outcomes"]["state"],
        "unscored": said["edge_outcomes"]["reason"],
        "successions": [{"title": one.title, "origin": one.origin, "size": one.size, "sound": one.sound, "reason": one.reason}
                        for one in weighed.successions],
        "timing": weighed.timing.facts(),
        "signed_by": [key.holder for key in returned.opened.read.signers],
        **{name: said["ledger"][name] for name in ("origin", "size", "root")},
    }
    kept = artefacts.keep(row, Artefact.Kind.RETURN, said["bundle_id"], data, by=by, at=at, rev=said["rev"], **facts)
    Attempt.objects.bulk_create(
        Attempt(
            city=row.city,
            came=kept,
            attempt=one.attempt,
            attendance=one.attendance,
            is_late=one.is_late,
            ended_by=one.ended_by[:12],
            answered=one.answered,
            receipt=one.receipt,
        )
        for one in weighed.attempts
    )
    return kept


@records("sittings.receipted", act="sittings.import")
def sign_receipt(conduct: Conduct, *, by: Actor, at: datetime) -> Artefact:
    """二（四） N2.4.13: the center's word, with the city's witness and the province's mirror, that the parcel is here whole."""
    row = Conduct.objects.select_for_update().get(pk=conduct.pk)
    came = queries.returned(row.sitting)
    if row.status != Conduct.Status.RETURNED or came is None:
        raise no(CLAUSE, f"场次 {row.sitting} {row.get_status_display()}，没有待发回执的回传包。", "state")
    listed = keys.trust()
    signers = [keys.signer(role, at) for role in ("center", "city_witness", "province_mirror")]
    with as_refusal(CLAUSE):
        said = return_parcel.check(bytes(came.data), listed)
        data = receipt.sign(listed, said, came.digest, signers, at=int(at.timestamp()))
        receipt.read(data, listed, at=int(at.timestamp()))
    ledger = {name: came.facts[name] for name in ("origin", "size", "root")}
    kept = artefacts.keep(row, Artefact.Kind.RECEIPT, came.ref, data, by=by, at=at, rev=came.rev, bundle=came.digest, **ledger)
    row.status = Conduct.Status.RECEIPTED
    row.save(update_fields=["status"])
    event(obj=f"sitting:{row.sitting}", city=row.city, bundle=came.ref, rev=came.rev, digest=kept.digest)
    return kept
