"""The key service: a share leaves it for one machine, one boot, one package, one stage, on the word of two duty officers.

The policy is code, not habit: not before the hour of the law by the center's own clock, seating issued with its staff, the site's
challenge, no custodian of the paper among the officers, one release a package unless a reason says why again.
"""

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from kaopei.center.sittings import artefacts, queries
from kaopei.center.sittings.asking import CLAUSE, REASON, put_before, ready
from kaopei.center.sittings.models import Artefact, Conduct, KeyRelease, KeyShare
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.law.rules.c2_5_staff import may_open_paper
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused
from kaopei.parcel import approval, key_release, key_share
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.shares import Share

# One release at a time takes the next number of the log
LOCK = 0x6B70_6B65_7973
CAMERAS = "摄像头未全部确认正常"


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


@records("sittings.key_released", act="sittings.release_key")
def release(asked: Any, *, by: Actor, at: datetime) -> Artefact:
    """二（五） N2.5.8: the second officer's signature lets the share go, if the hour has come and nothing has changed."""
    wanted = KeyRelease.objects.select_for_update().get(approval=asked.ulid)
    row = Conduct.objects.select_for_update().get(pk=wanted.conduct_id)
    parcel, edge = ready(row, wanted.stage, wanted.machine, at)
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
