"""One door for files that come in: what each is, whether it fits, and where it goes. Papers before their shares, shares before returns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kaopei.center.sittings import actions, artefacts, queries
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.office.refused import Refused
from kaopei.parcel import canonical, container, emergency, jws, manifest, slip
from kaopei.parcel.rejected import Rejected

TITLES = {
    "exam_parcel": "试卷密封包",
    "key_share": "密钥分持件",
    "slip": "台账小条",
    "return_parcel": "回传包",
    "emergency": "考试机应急文件",
    "unknown": "认不出的文件",
}
TAKE: dict[str, Callable[..., Any]] = {
    "exam_parcel": actions.take_paper,
    "key_share": actions.take_share,
    "slip": actions.take_slip,
    "return_parcel": actions.take_return,
}
# What belongs to other desks, and to which
ELSEWHERE = {
    "outcomes": "这是评分结果，请在“成绩”页上传。",
    "enrolment": "这是考试服务器登记书，中心已有；不必上传。",
    "seal_order": "这是密封任务书，请交给题库室。",
    "seating": "这是座次包，请交给考试点。",
    "key_release": "这是密钥令牌，请交给考试点。",
    "receipt": "这是回执，请交给考试点。",
}


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of one file. `state`: taken, same (known already), quarantined, refused (not kept)."""

    name: str
    state: str
    title: str
    text: str
    sitting: str = ""
    code: str = ""


def receive(files: Sequence[tuple[str, bytes]], *, by: Actor, at: datetime) -> list[Landed]:
    """Every file by itself: one that does not fit keeps no other out."""
    found = [(name, data, _kind(data)) for name, data in files]
    order = list(TAKE)
    landed = {}
    for place, (name, data, kind) in sorted(enumerate(found), key=lambda pair: order.index(pair[1][2]) if pair[1][2] in TAKE else 9):
        landed[place] = _land(name, data, kind, by=by, at=at)
    return [landed[place] for place in range(len(found))]


def scanned(texts: Sequence[str], *, by: Actor, at: datetime) -> Landed:
    """A slip from the texts of its codes; the machine's record is the one that the center has."""
    try:
        kid = slip.signed_by(texts)
        record = queries.record_of(kid)
        if record is None:
            return Landed("小条", "refused", TITLES["slip"], "小条不是本中心登记的考试服务器签署的。", code="machine")
        data = slip.gather(texts, record)
    except Rejected as problem:
        return Landed("小条", "refused", TITLES["slip"], str(problem), code=problem.code)
    return receive([("小条", data)], by=by, at=at)[0]


def _kind(data: bytes) -> str:
    """What the file says it is; empty if it is nothing of ours."""
    try:
        if container.is_container(data):
            name, first = container.read(data)[0]
            return manifest.kind_of(first) if name == "manifest.jws" else "unknown"
        if slip.is_slip(data):
            return "slip"
        if emergency.claims(data) is not None:
            return emergency.KIND
        return manifest.kind_of(data)
    except Rejected:
        # A container that does not hold may be a parcel that was cut off or changed: evidence.
        return "unknown" if container.is_container(data) else ""


def _land(name: str, data: bytes, kind: str, *, by: Actor, at: datetime) -> Landed:
    if not data:
        return Landed(name, "refused", TITLES["unknown"], "文件是空的，请重新复制。", code="empty")
    if kind == emergency.KIND:
        return _evidence(name, data, by=by, at=at)
    if kind not in TAKE and kind != "unknown":
        text = ELSEWHERE.get(kind, "不是试卷密封包、密钥分持件、台账小条或回传包。请核对选择的文件。")
        return Landed(name, "refused", TITLES["unknown"], text, code=kind or "kind")
    title = TITLES[kind]
    try:
        if kind == "unknown":
            container.read(data)
            raise Rejected("container", "密封包里没有清单，不是本系统的密封包")
        before = _known(data)
        kept = TAKE[kind](data, by=by, at=at)
    except Refused as problem:
        return Landed(name, "refused", title, str(problem), code=problem.verdict.code)
    except Rejected as problem:
        sitting = _claimed(data)
        actions.quarantine(data, kind=kind, code=problem.code, reason=str(problem), sitting=sitting, by=by, at=at)
        return Landed(name, "quarantined", title, str(problem), sitting, problem.code)
    sitting = kept.conduct.sitting
    if before:
        return Landed(name, "same", title, "与已收的完全相同，没有改动。", sitting)
    return Landed(name, "taken", title, "核对无误，已收入。", sitting)


def _evidence(name: str, data: bytes, *, by: Actor, at: datetime) -> Landed:
    """What a terminal could not send: kept for two persons to look into, never an import. The answers themselves stay sealed."""
    try:
        events = emergency.open(data, keys.trust().algorithms, *keys.opener("city_import", at))
        found = f"内有未确认的作答 {len(events)} 条"
    except Rejected as problem:
        found = str(problem)
    text = f"{found}；应急文件只作证据，由两人核查，不收入成绩。"
    actions.quarantine(data, kind=emergency.KIND, code="evidence", reason=text, sitting="", by=by, at=at)
    return Landed(name, "quarantined", TITLES[emergency.KIND], text, code="evidence")


def _known(data: bytes) -> bool:
    """Whether exactly these bytes were taken in before."""
    return queries.is_kept(artefacts.digest_of(data))


def _claimed(data: bytes) -> str:
    """The sitting that a file speaks of, for its place in the list only; never believed."""
    try:
        if slip.is_slip(data):
            signed = jws.from_compact(str(canonical.decode_object(data)["slip"]))
        else:
            signed = dict(container.read(data)).get("manifest.jws", b"") if container.is_container(data) else data
        return str(manifest.unverified(signed).get("sitting_id", ""))[:160]
    except (Rejected, AttributeError):
        return ""
