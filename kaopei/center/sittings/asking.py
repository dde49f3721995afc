"""What stands before a release of either share: the state of the sitting, the machine, the gate slip, the request to two officers.

二（四） N2.4.4 to N2.4.6, 二（五） N2.5.8. The actions lock the row, record the event and let the share go.
"""

from datetime import datetime

from kaopei.center.sittings import queries
from kaopei.center.sittings.models import Artefact, Conduct, KeyRelease
from kaopei.center.sittings.overtaken import refuse_overtaken
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals.queries import Request
from kaopei.parcel import container, shares, slip
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.shares import Share

RELEASE = "key.release"
CLAUSE = "N2.5.8"
REASON = 5
UNSLIPPED = "启封前小条未报送"


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
    parcel, edge = ready(row, stage, machine, at)
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


def ready(row: Conduct, stage: int, machine: str, at: datetime) -> tuple[Parcel, Edge]:
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
