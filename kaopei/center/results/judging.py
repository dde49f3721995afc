"""Whether a scoring fits what the site handed back, and what the law makes of each attempt. Files are believed, rows are not.

The vault's signatures, the return parcel that was taken in, the sealed paper with its roster: each is read and verified again
at every call, so that what was released can be proved when a certificate is issued from it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kaopei.center.results.models import Grade
from kaopei.center.sittings import queries as sittings
from kaopei.law.rules.c2_6_results import Marks, passed
from kaopei.law.verdict import Reason
from kaopei.office import keys
from kaopei.parcel import container, manifest, outcomes, roster, schema
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.return_parcel import Returned

CLAUSE = "N2.6.2"
# What the site says of each attempt, in our words; anything else has not been closed there.
STATES = {"handed_in": "present", "absent": "absent", "refused": "refused"}


class Unusable(ValueError):
    """A file that is no scoring at all: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One attempt of the roster: what the vault counted, what the law says."""

    attempt: str
    ticket: str
    subject: str
    grade: str
    score: int | None
    max_score: int | None
    answered: int
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A scoring that fits. `returned` is the payload of its return parcel, `roster` the rows under the sealed roster hash."""

    payload: Payload
    digest: str
    city: str
    day: date
    returned: Payload
    roster_hash: str
    roster: tuple[Payload, ...]
    rows: tuple[Judged, ...]
    # The vault's counts, and the site's if it counted (None: it did not)
    body: Payload
    edge: Payload | None
    # T theory, P practical, as the sealed order says
    part: str = "T"

    @property
    def counts(self) -> dict[str, int]:
        """Number of attempts by grade."""
        found = Counter(row.grade for row in self.rows)
        return {name: found.get(name, 0) for name in Grade.values}


def claims(data: bytes) -> Payload:
    """What a file says of itself, for finding its place only. Raises Unusable."""
    if not data:
        raise Unusable("文件是空的，请重新从题库室取得评分结果文件。")
    try:
        head = dict(container.read(data)).get("manifest.jws", b"")
        kind = manifest.kind_of(head)
        said = manifest.unverified(head)
    except Rejected as problem:
        raise Unusable(f"这不是完整的评分结果文件：{problem}。请重新从题库室取得，整份拷贝。") from None
    if kind != "outcomes":
        raise Unusable("这是别的封签文件，不是评分结果。请上传题库室 ./run vault score 写出的文件。")
    return said


def check(data: bytes, *, at: datetime) -> Checked:
    """Signatures, then bundle, package, sitting, roster and attendance. Raises Rejected with the reason for the quarantine."""
    listed = keys.trust()
    payload, body = outcomes.open(data, listed, *keys.opener("city_import", at))
    conduct = sittings.conduct(payload["sitting_id"])
    if conduct is None:
        raise Rejected("sitting", f"没有场次 {payload['sitting_id']}，或不是本市的场次；请核对评分结果是否送错")
    back = _returned(payload, at)
    parcel = sittings.package(conduct.sitting)
    if parcel is None or parcel.manifest["package_id"] != payload["package_id"]:
        raise Rejected("package", f"评分所用的密封包 {payload['package_id']} 不是本场次在用的密封包")
    people = sittings.roster(conduct)
    if roster.root(people) != parcel.manifest["roster_hash"]:
        raise Rejected("roster", "中心的名册与密封包里的名册摘要不符，名册已被改动；请立即报告省考试机构")
    states = _states(back, {row["attempt"] for row in people}, at)
    part = "P" if "practical" in parcel.manifest["policy"] else "T"
    scored = _scored(body, people, states)
    if part == "P":
        _examined(body)
    rows = tuple(_judge(row, states[row["attempt"]], scored.get(row["attempt"]), conduct.day) for row in people)
    digest = listed.algorithms.hash(data).hex()
    hashed = str(parcel.manifest["roster_hash"])
    ordered = tuple(sorted(rows, key=lambda row: row.attempt))
    frame = (payload, digest, conduct.city, conduct.day, back.payload, hashed, tuple(people), ordered)
    return Checked(*frame, body, _site_counts(back, at), part)


def _site_counts(back: Returned, at: datetime) -> Payload | None:
    """The provisional outcomes of the return parcel; None if the site says that it has not counted."""
    if back.payload["edge_outcomes"]["state"] == "absent":
        return None
    raw = back.contents(*keys.opener("city_import", at)).get("outcomes", b"")
    try:
        found = json.loads(raw)
    except ValueError:
        raise Rejected("edge", "回传包写明考试点已评分，但初评读不出；请考试点重新生成回传包") from None
    schema.check("outcomes_body", found)
    return dict(found)


def _returned(payload: Payload, at: datetime) -> Returned:
    found = sittings.returned(payload["sitting_id"])
    if found is None:
        raise Rejected("returned", f"场次 {payload['sitting_id']} 还没有收入回传包；请先在“场次办理”收入，再上传评分结果")
    back = Returned(bytes(found.data), keys.trust())
    if payload["bundle_hash"] != back.hash or payload["bundle_id"] != back.payload["bundle_id"]:
        raise Rejected("bundle", "评分依据的回传包与中心收入的不是同一份（编号或摘要不同）；请题库室用中心收入的那一份重新评分")
    if payload["package_id"] != back.payload["package_id"]:
        raise Rejected("package", "评分结果与回传包写的密封包编号不同")
    return back


def _attempts(back: Returned, at: datetime) -> dict[str, Payload]:
    raw = back.contents(*keys.opener("city_import", at)).get("attempts", b"")
    try:
        rows = json.loads(raw)["attempts"]
        return {str(row["attempt"]): dict(row) for row in rows}
    except (ValueError, KeyError, TypeError):
        raise Rejected("attempts", "回传包里的应考记录读不出；请考试点重新生成回传包") from None


def _states(back: Returned, listed: set[str], at: datetime) -> dict[str, str]:
    found = {attempt: STATES.get(str(row.get("state")), "") for attempt, row in _attempts(back, at).items()}
    if set(found) != listed:
        odd = sorted(set(found) ^ listed)[0]
        raise Rejected("roster", f"回传包的应考记录与名册不符（{odd}）；请考试点重新生成回传包")
    if unclosed := sorted(attempt for attempt, state in found.items() if not state):
        raise Rejected("state", f"回传包里应考 {unclosed[0]} 没有结束（共 {len(unclosed)} 人）；请考试点收场后重新生成回传包")
    return found


def _scored(body: Payload, people: list[Payload], states: Mapping[str, str]) -> dict[str, Payload]:
    """The results by attempt: everybody who was present exactly once, nobody else, each with the digest of his form."""
    named = Counter(row["attempt"] for row in body["results"])
    if twice := sorted(attempt for attempt, count in named.items() if count > 1):
        raise Rejected("twice", f"应考 {twice[0]} 在评分结果里出现两次")
    subjects = {row["attempt"]: row["subject"] for row in people}
    if strangers := sorted(set(named) - set(subjects)):
        raise Rejected("stranger", f"应考 {strangers[0]} 不在本场次名册（共 {len(strangers)} 人）")
    present = {attempt for attempt, state in states.items() if state == "present"}
    if missing := sorted(present - set(named)):
        raise Rejected("missing", f"应考 {missing[0]} 到场应考但没有评分（共 {len(missing)} 人）")
    if extra := sorted(set(named) - present):
        raise Rejected("extra", f"应考 {extra[0]} 缺考或未准入场，却有评分（共 {len(extra)} 人）")
    forms = Counter(row["attempt"] for row in body["form_digests"])
    if forms != named:
        raise Rejected("forms", "评分结果没有为每名到场考生各写明一份试卷摘要")
    for row in body["results"]:
        if row["subject"] != subjects[row["attempt"]]:
            raise Rejected("subject", f"应考 {row['attempt']} 的科目是“{subjects[row['attempt']]}”，评分结果写的是“{row['subject']}”")
        if row["max_score"] <= 0 or row["score"] > row["max_score"]:
            raise Rejected("score", f"应考 {row['attempt']} 的得分 {row['score']}/{row['max_score']} 不成立")
    return {row["attempt"]: row for row in body["results"]}


def _examined(body: Payload) -> None:
    """A practical result says whether a veto was failed, and who signed: without it a veto could be read as a pass."""
    for row in body["results"]:
        detail = row.get("detail", {})
        sheets = detail.get("sheets")
        if detail.get("part") != "P" or not isinstance(detail.get("veto"), bool) or not isinstance(sheets, list) or not sheets:
            raise Rejected("veto", f"应考 {row['attempt']} 的实操成绩没有写明否决项和考评员，不能评定；请题库室重新评分")


def _judge(person: Payload, state: str, scored: Payload | None, day: date) -> Judged:
    """二（六） Passed from the pass mark on; absence and refusal at the door are recorded as such."""
    frame: dict[str, Any] = {"attempt": person["attempt"], "ticket": person["ticket_no"], "subject": person["subject"]}
    if scored is None:
        grade = Grade.ABSENT if state == "absent" else Grade.REFUSED
        text = "考试点记为缺考，没有成绩" if state == "absent" else "考试点记为未准入场，没有成绩"
        return Judged(**frame, grade=grade.value, score=None, max_score=None, answered=0, reasons=(Reason(CLAUSE, text, state),))
    veto = scored.get("detail", {}).get("veto") is True
    verdict = passed(Marks(Decimal(scored["score"]), Decimal(scored["max_score"]), veto), day)
    grade = Grade.PASSED if verdict.allowed else Grade.FAILED
    marks = {"score": scored["score"], "max_score": scored["max_score"], "answered": scored["answered"]}
    return Judged(**frame, grade=grade.value, **marks, reasons=verdict.reasons, notes=verdict.notes)


def statement(checked: Checked, confirmed: str) -> bytes:
    """The exact bytes that two persons sign: the results of a sitting in one form only, readable by people.

    `confirmed` = what confirms the scoring (`agreement.confirmed`).
    """
    payload = checked.payload
    more = {"考试内容": "实操", "考评": _examiners(checked)} if checked.part == "P" else {}
    content = more | {
        "场次": payload["sitting_id"],
        "评分版次": payload["rev"],
        "重新评分原因": payload["reason"],
        "评分结果摘要": checked.digest,
        "回传包": payload["bundle_id"],
        "回传包摘要": payload["bundle_hash"],
        "密封包": payload["package_id"],
        "名册摘要": checked.roster_hash,
        "考试点评分": confirmed,
        "人数": {Grade(name).label: count for name, count in checked.counts.items()},
        "成绩": {row.attempt: _line(row) for row in checked.rows},
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _examiners(checked: Checked) -> dict[str, str]:
    """Who marked whom how, by the ids of their keys."""
    found = {}
    for row in checked.body["results"]:
        sheets = [f"{one['examiner']}（第 {one['version']} 版）{one['score']}{'，否决' if one['veto'] else ''}" for one in row["detail"]["sheets"]]
        found[row["attempt"]] = "；".join(sheets)
    return found


def _line(row: Judged) -> str:
    marks = "" if row.score is None else f" {row.score}/{row.max_score}"
    return f"{Grade(row.grade).label}{marks} {row.subject}"


def digest_of_file(data: bytes) -> str:
    """For files that may not fit: in the deployment's suite where there is one."""
    return hashlib.sha256(data).hexdigest()
