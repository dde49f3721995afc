"""The key service: a share leaves it for one machine, one boot, one package, one stage, on the word of two duty officers.

The policy is code, not habit: not before the hour of the law by the center's own clock, seating issued with its staff, the site's
challenge, no custodian of the paper among the officers, one release a package unless a reason says why again.
"""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from kaopei.center.sittings import artefacts, queries
from kaopei.center.sittings.models import Artefact, Conduct, KeyRelease, KeyShare
from kaopei.center.sittings.overtaken import refuse_overtaken
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.law.rules.c2_5_staff import may_open_paper
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals.queries import Request
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused
from kaopei.parcel import approval, container, key_release, key_share, shares, slip
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.shares import Share

RELEASE = "key.release"
CLAUSE = "N2.5.8"
# One release at a time takes the next number of the log
LOCK = 0x6B70_6B65_7973
REASON = 5
CAMERAS, UNSLIPPED = "摄像头未全部确认正常", "启封前小条未报送"


@records("sittings.key_release_asked", act="sittings.ask_key")
def ask_release(
    conduct: Conduct, *, challenge: str, stage: int, machine: str, cameras_ok: bool, waiver: str, reason: str, by: Actor, at: datetime,
    unslipped: str = "",
) -> KeyRelease:
    """二（五） N2.5.8: put the site's challenge before two duty officers. A newer one (the server has restarted) replaces it.

    `unslipped`: why the gate slip cannot be brought (no line but the telephone); it goes with the token.
    """
    row = Conduct.objects.select_for_update().get(pk=conduct.pk)
    made = put_before(row, challenge, stage, machine, _waivers(cameras_ok or stage == 2, waiver), reason, unslipped, by, at)
    paper = queries.by_ref(Artefact.Kind.PAPER, made.package)
    manifest = paper.facts["manifest"] if paper else ""
    event(obj=f"sitting:{row.sitting}", city=row.city, package=made.package, manifest=manifest, stage=stage)
    return made


def _waivers(cameras_ok: bool, waiver: str) -> list[str]:
    """二（四） N2.4.9: cameras confirmed, or what is wrong with them. At stage 2 nobody writes any more."""
    if not cameras_ok and len(waiver.strip()) < REASON:
        raise no("N2.4.9", "请确认摄像头已全部打开并正常；有不正常的，写明情况和理由（至少五个字），随令牌送到考试点。", "cameras")
    return [] if cameras_ok else [f"{CAMERAS}：{waiver.strip()[:400]}"]


def put_before(
    row: Conduct, challenge: str, stage: int, machine: str, waivers: list[str], reason: str, unslipped: str, by: Actor, at: datetime,
    reserve: Share | None = None,
) -> KeyRelease:  # fmt: skip
    """The request, whichever share it is about; the caller has locked the row and records the event."""
    _stands(row, stage)
    with as_refusal(CLAUSE):
        challenge = shares.check_challenge(challenge.strip())
    if stage == 1:
        machine = machine or _at_gate(row, challenge, unslipped)
    parcel, edge = _ready(row, stage, machine, at)
    if stage == 1 and unslipped.strip():
        waivers = [*waivers, f"{UNSLIPPED}：{unslipped.strip()[:400]}"]
    elif stage == 1:
        _at_gate(row, challenge, "", edge.payload["edge_serial"])
    package = parcel.manifest["package_id"]
    before = KeyRelease.objects.filter(package=package, stage=stage, status=KeyRelease.Status.RELEASED)
    if before.filter(challenge=challenge).exists():
        raise no(CLAUSE, "这个考点口令已经放行过，令牌只能用一次。请考试点重新取得口令。", "twice")
    if before.exists() and len(reason.strip()) < REASON:
        raise no(CLAUSE, "这个密封包的密钥已经放行过一次。确需再次放行的，请写明理由（至少五个字）。", "again")
    KeyRelease.objects.filter(package=package, stage=stage, status=KeyRelease.Status.ASKED).update(status=KeyRelease.Status.REPLACED)
    asked = _ask(row, parcel, stage, challenge, by, at)
    return KeyRelease.objects.create(
        city=row.city,
        conduct=row,
        approval=asked.ulid,
        package=package,
        stage=stage,
        machine=edge.payload["edge_serial"],
        challenge=challenge,
        waivers=waivers,
        path="AC" if reserve else "AB",
        reserve=bytes([reserve.x]) + reserve.y if reserve else b"",
        reason=reason.strip()[:500] if before.exists() else "",
        asked_by=by.username,
        asked_at=at,
    )


def _at_gate(row: Conduct, challenge: str, unslipped: str, machine: str = "") -> str:
    """二（四） N2.4.4 to N2.4.6: the gate slip of this challenge says that the site is ready; the machine that made it."""
    if len(unslipped.strip()) >= REASON:
        return machine
    if unslipped.strip():
        raise no("N2.4.4", "小条送不出来的，请写明原因（至少五个字），随令牌送到考试点，并在考后补交。", "unslipped")
    parcel = queries.paper(row)
    known = [one for one in queries.slips(row, slip.GATE) if parcel is not None and one.ref == parcel.manifest["package_id"]]
    found = next((one for one in known if one.facts["challenge"] == challenge), None)
    if found is None:
        text = "还没有收到与这个口令同时出示的启封前小条。请考试点报送小条（扫码或文件），先在“收小条”页收入，再申请放行。"
        raise no("N2.4.4", text, "gate")
    serial = str(found.facts["origin"]).split("/")[1]
    if machine and machine != serial:
        raise no("N2.4.4", f"启封前小条是考试服务器 {serial} 出示的，申请的却是 {machine}。请核对。", "gate")
    if not found.facts["flags"].get("ready"):
        raise no("N2.4.5", "启封前小条写明考试点的准备还有未就绪的项目，不能放行。请考试点补齐后重新出示口令。", "unready")
    return serial


def _ask(row: Conduct, parcel: Parcel, stage: int, challenge: str, by: Actor, at: datetime) -> Request:
    """The two sign the very manifest that the two custodians signed."""
    paper = queries.newest(row, Artefact.Kind.PAPER)
    assert paper is not None
    signed = dict(container.read(bytes(paper.data)))["manifest.jws"]
    what = "试卷密钥" if stage == 1 else "答案密钥"
    return approvals.request(
        action=RELEASE,
        object=parcel.manifest["package_id"],
        rev=stage,
        content=signed,
        title=f"放行{what} {row.sitting}（考点口令 {challenge}）",
        approve_act="sittings.release_key",
        needed=2,
        url=f"/sittings/{row.sitting}/release/",
        by=by,
        at=at,
    )


def _stands(row: Conduct, stage: int) -> None:
    if stage not in (1, 2):
        raise no(CLAUSE, "阶段只能是 1（试卷）或 2（答案）。", "stage")
    if stage == 1 and row.status not in (Conduct.Status.SEATED, Conduct.Status.RELEASED):
        raise no(CLAUSE, f"场次 {row.sitting} {row.get_status_display()}：座次包下达以后才能放行试卷密钥。", "state")


def _ready(row: Conduct, stage: int, machine: str, at: datetime) -> tuple[Parcel, Edge]:
    """The paper and the machine, if everything is there that must be before a share may be asked for."""
    _stands(row, stage)
    if stage == 1:
        refuse_overtaken(row)
    parcel = queries.paper(row)
    if parcel is None or queries.newest(row, Artefact.Kind.SEATING, facts__package=parcel.manifest["package_id"]) is None:
        raise no("N2.4.3", f"场次 {row.sitting} 现用密封包的座次包还没有下达，不能放行。", "seating")
    if stage == 2:
        _second_stage(row, parcel, at)
    edges = [edge for edge in queries.edges(row.site, at) if edge.decrypt.kid in parcel.manifest["edge_keys"]]
    chosen = [edge for edge in edges if edge.payload["edge_serial"] == machine] if machine else edges
    if len(chosen) != 1:
        serials = "、".join(edge.payload["edge_serial"] for edge in edges) or "无"
        raise no("N2.4.4", f"请选择出示口令的考试服务器（本场密封包所封且登记有效的：{serials}）。", "machine")
    return parcel, chosen[0]


def _second_stage(row: Conduct, parcel: Parcel, at: datetime) -> None:
    """Answer keys only when nobody writes any more, here or in another sitting with the same items."""
    if at.timestamp() < parcel.manifest["window"]["stage2_not_before"]:
        raise no(CLAUSE, "同日含相同科目的场次还没有全部结束，不能放行答案密钥。", "stage2")
    closed = queries.close_slip(row, parcel.manifest["package_id"])
    if closed is None:
        raise no("N2.4.13", "还没有收到本场密封包的收场小条（全部考生已收卷、两人签署），不能放行答案密钥。请考试点报送小条。", "slip")
    if row.status != Conduct.Status.RELEASED:
        raise no(CLAUSE, f"场次 {row.sitting} {row.get_status_display()}，考试点不再评分，不能放行答案密钥。", "state")


@records("sittings.key_released", act="sittings.release_key")
def release(asked: Any, *, by: Actor, at: datetime) -> Artefact:
    """二（五） N2.5.8: the second officer's signature lets the share go, if the hour has come and nothing has changed."""
    wanted = KeyRelease.objects.select_for_update().get(approval=asked.ulid)
    row = Conduct.objects.select_for_update().get(pk=wanted.conduct_id)
    parcel, edge = _ready(row, wanted.stage, wanted.machine, at)
    signed = artefacts.signatures(asked)
    _judge(row, parcel, asked, signed, at)
    number = _next_number()
    listed = keys.trust()
    share, role = (_reserve(wanted), "province_release") if wanted.path == "AC" else (_own_share(parcel, wanted.stage, at), "key_service")
    with as_refusal(CLAUSE):
        data = key_release.make(
            listed,
            parcel,
            edge,
            share,
            signed,
            keys.signer(role, at),
            at=int(at.timestamp()),
            stage=wanted.stage,
            challenge=wanted.challenge,
            log_seq=number,
            path=wanted.path,
            waivers=wanted.waivers,
        )
    facts = {"package": wanted.package, "stage": wanted.stage, "machine": wanted.machine}
    kept = artefacts.keep(row, Artefact.Kind.TOKEN, wanted.package, data, by=by, at=at, rev=number, **facts)
    wanted.status, wanted.number, wanted.released_at, wanted.reserve = KeyRelease.Status.RELEASED, number, at, b""
    wanted.save(update_fields=["status", "number", "released_at", "reserve"])
    if wanted.stage == 1:
        row.status = Conduct.Status.RELEASED
        row.save(update_fields=["status"])
    event(
        obj=f"sitting:{row.sitting}",
        city=row.city,
        package=wanted.package,
        stage=wanted.stage,
        number=number,
        token=kept.digest,
        challenge=wanted.challenge,
        reason=wanted.reason,
    )
    return kept


def _judge(row: Conduct, parcel: Parcel, asked: Any, signed: list[dict[str, Any]], at: datetime) -> None:
    """The hour of the law, and two officers of whom none has sealed the paper."""
    if parcel.manifest_hash != asked.digest:
        raise no(CLAUSE, "申请之后收到了新的密封包，请重新申请放行。", "changed")
    officers = frozenset(approval.claims(one)["approver"] for one in signed)
    verdict = may_open_paper(at, row.starts_at.astimezone(at.tzinfo), officers)
    if not verdict.allowed:
        raise Refused(verdict)
    if both := sorted(officers & set(parcel.sealed_by)):
        raise no(CLAUSE, f"{'、'.join(both)}是这个密封包的封装人，不能再放行它的密钥。请换一名密钥值班员。", "separation")


def _reserve(wanted: KeyRelease) -> Share:
    """The province's share as it was entered with the request."""
    kept = bytes(wanted.reserve)
    return Share(kept[0], kept[1:])


def _own_share(parcel: Parcel, stage: int, at: datetime) -> Share:
    """The key service's own share, opened for this moment only."""
    held = KeyShare.objects.filter(package=parcel.manifest["package_id"], stage=stage, holder="key_service").first()
    if held is None:
        raise no(CLAUSE, "密钥服务还没有收到这个密封包的密钥分持件。请考务员上传题库室交来的分持件。", "share")
    listed = keys.trust()
    with as_refusal(CLAUSE):
        return key_share.take(key_share.read(bytes(held.content), listed), listed.algorithms, *keys.opener("key_service_decrypt", at))


def _next_number() -> int:
    """The next place in the log of the key service, over all cities."""
    with scope.entered(scope.PROVINCE):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        return (KeyRelease.objects.aggregate(last=Max("number"))["last"] or 0) + 1
