"""One sitting as a time line, T−1 day to hand-back: what is done, when, by whom, what is late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kaopei.center.sittings import queries, windows
from kaopei.center.sittings.models import Artefact, Conduct, KeyShare
from kaopei.law import numbers
from kaopei.office.accounts import queries as people
from kaopei.office.approvals.queries import Request

DONE, NOW, LATE, AHEAD = "done", "now", "late", "todo"
# Settings: when the city, then the province, is alarmed by a parcel that has not come back
BACK, RECEIPT = timedelta(hours=24), timedelta(hours=48)
BEHIND = {"planned": 0, "ordered": 1, "sealed": 2, "seated": 3, "released": 4, "returned": 5, "receipted": 6}
TITLES = ("下任务书", "收密封包", "下座次包", "放行密钥", "收回传包", "发回执")
NEXT = {
    "planned": "考务员下任务书，两名审批人签署",
    "ordered": "题库室密封后，考务员上传密封包和密钥分持件",
    "sealed": "考务员填考务人员、提请座次包，两名审批人签署",
    "seated": "考试点出示口令后申请放行，两名密钥值班员签署",
    "released": "考试点收场后收它的小条、放行答案密钥；交回后上传回传包",
    "returned": "考务员签发回执，交回考试点",
    "receipted": "本场已办结，成绩在“成绩”页办理",
}
# Instead of these where an incremental draw has changed who sits here
AGAIN = "名单已由增量抽签变动，原任务书和密封包作废：考务员重新下任务书"
EMPTIED = "考生已由增量抽签全部变动，本场不再开考，已封的包作废，不再放行"


@dataclass(frozen=True, slots=True)
class Step:
    """One line. `file` is a parcel to fetch; `waiting` a request that people have not signed yet."""

    title: str
    state: str
    due: str
    done_at: datetime | None = None
    by: str = ""
    note: str = ""
    file: Artefact | None = None
    waiting: Request | None = None


def steps(row: Conduct, at: datetime) -> list[Step]:
    """The six steps of a sitting."""
    due = dues(row)
    behind = BEHIND[row.status]
    found: Mapping[str, Artefact | None] = {kind: queries.newest(row, kind) for kind in Artefact.Kind.values}
    kinds = ("seal_order", "exam_parcel", "seating", "key_release", "return_parcel", "receipt")
    waiting = queries.waiting(row)
    lines = []
    for place, (title, kind) in enumerate(zip(TITLES, kinds, strict=True)):
        file = found[kind] if place < behind else None
        is_late = place >= behind and at > due[place]
        state = DONE if place < behind else LATE if is_late else NOW if place == behind else AHEAD
        lines.append(
            Step(
                title,
                state,
                _due_text(row, place, due[place]),
                done_at=file.made_at if file else None,
                by=file.made_by if file else "",
                note=_note(kind, file),
                file=file,
                waiting=waiting.get(kind),
            )
        )
    return lines


def late(row: Conduct, at: datetime) -> str:
    """The step that should have been done by now, or an empty text."""
    place = BEHIND[row.status]
    if row.form_set == "trial" and place >= BEHIND["released"]:
        return ""
    return TITLES[place] if place < len(TITLES) and at > dues(row)[place] else ""


def dues(row: Conduct) -> list[datetime]:
    """二（四） N2.4.4: papers and seating are there before the day of the exam; then the hours of the sitting itself."""
    start = windows.local(row.starts_at)
    days = numbers.of("ep.prepare_lead", start.date()).value
    before = start.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    return [before, before, before, start, row.ends_at + BACK, row.ends_at + RECEIPT]


def _due_text(row: Conduct, place: int, due: datetime) -> str:
    when = windows.local(due)
    if place < 3:
        return f"{when - timedelta(minutes=1):%m-%d %H:%M} 以前"
    if place == 3:
        return f"{windows.local(row.starts_at) - windows.lead(when.date()):%H:%M} 起，{when:%H:%M} 以前"
    return f"{when:%m-%d %H:%M} 以前"


def _note(kind: str, file: Artefact | None) -> str:
    """In a word; people by the names of this office, as far as it knows them."""
    if file is None:
        return ""
    facts = file.facts
    signers = facts.get("sealed_by", []) + facts.get("signed_by", [])
    known = people.names_of(signers)
    signed = "、".join(known[one] for one in signers)
    if kind == Artefact.Kind.PAPER:
        return f"试卷 {facts['forms']} 份，封装人 {signed}"
    if kind == Artefact.Kind.SEATING:
        return f"第 {file.rev} 版，考务人员 {facts['staff']} 人"
    if kind == Artefact.Kind.TOKEN:
        return f"放行记录第 {file.rev} 号"
    if kind == Artefact.Kind.RETURN:
        return f"第 {file.rev} 版，签名 {signed}"
    return file.ref


def shares_note(shares: list[KeyShare]) -> str:
    """Whether all four shares of the paper are here."""
    have = {(one.stage, one.x) for one in shares}
    names = {(1, 1): "考点负责人的", (1, 2): "密钥服务的", (1, 3): "省级备用的", (2, 0): "答案密钥的"}
    missing = [name for place, name in names.items() if place not in have]
    return f"还缺{'、'.join(missing)}分持件" if missing else ""
