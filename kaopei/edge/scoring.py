"""Scoring at the site, after the close: the second secret by a token of its own, provisional outcomes, and who may see them.

二（五） N2.5.8/9, 二（六） N2.6.2. The content key of the answer keys exists inside one call only. What is counted here is provisional:
the vault counts again from its own copy, and the center releases only what both agree on. The policy `score_display` of the
sealed paper decides what is shown here; it changes nothing of what is counted or handed back.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import apsw
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console, invigilation, opening, slips
from kaopei.edge.console import LEADERS, Person, Problem
from kaopei.edge.opening import Challenge
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Attempt, Sitting
from kaopei.paper import codec
from kaopei.paper.score import score
from kaopei.parcel import ids, key_release, shares, slip
from kaopei.parcel.exam_parcel import Parcel, Secrets
from kaopei.parcel.rejected import Rejected

STAGE = 2
AT_CLOSE = "at_close"


# ---- counting
def count(parcel: Parcel, secrets: Secrets, answers: Mapping[str, Mapping[int, str]]) -> dict[str, Any]:
    """Outcomes in the shape of the vault's (`outcomes_body`), from attempt → ordinal → letters. Slow: call it in a thread."""
    results, digests = [], []
    policies: dict[str, dict[str, Any]] = {}
    keys: dict[str, dict[str, Any]] = {}
    for attempt in sorted(answers):
        form = codec.read_form(parcel.blob("form", attempt, secrets))
        name = form["policy"]
        if name not in policies:
            policies[name] = codec.read_policy(parcel.blob("policy", name, secrets))
            keys[name] = codec.read_key(parcel.blob("key", policies[name]["key"], secrets))
        try:
            found = score(form, keys[name]["keys"], answers[attempt], multiple=policies[name]["multiple"])
        except KeyError as missing:
            raise codec.BadBlob(f"答案密钥里没有试题 {missing} 的答案。") from None
        results.append({
            "attempt": attempt, "subject": found.subject, "score": found.score, "max_score": found.full_marks,
            "answered": found.answered, "detail": {"points": list(found.points)},
        })  # fmt: skip
        digests.append({"attempt": attempt, "digest": hashlib.sha256(codec.canonical(form)).hexdigest()})
    return {"form_digests": digests, "results": results}


def outcomes(edge: Edge, sitting: Sitting) -> tuple[bytes, dict[str, Any]] | None:
    """(accepted token, outcomes) if the site has scored."""
    rows = edge.store.read("SELECT token, outcomes FROM scoring WHERE sitting_id = ?", (sitting.sitting_id,))
    return (bytes(rows[0][0]), json.loads(rows[0][1])) if rows else None


def shown(edge: Edge, sitting: Sitting) -> list[tuple[Attempt, dict[str, Any]]] | None:
    """Seat by seat what staff may see; None if the policy or the state forbids it."""
    found = outcomes(edge, sitting)
    if found is None or sitting.manifest["policy"]["score_display"] != AT_CLOSE:
        return None
    by_attempt = {row["attempt"]: row for row in found[1]["results"]}
    return [(one, by_attempt[one.attempt]) for one in sitting.by_seat() if one.attempt in by_attempt]


def result(edge: Edge, sitting: Sitting, attempt: Attempt) -> dict[str, Any]:
    """GET /api/result: what the end page of a terminal may say about the score."""
    if attempt.state != "handed_in":
        return {"state": "open"}
    if sitting.manifest["policy"]["score_display"] != AT_CLOSE:
        return {"state": "hidden"}
    found = outcomes(edge, sitting)
    if found is None:
        return {"state": "absent" if sitting.state == "returned" else "pending"}
    if attempt.attempt in invigilation.voided(edge):
        return {"state": "hidden"}
    row = next((one for one in found[1]["results"] if one["attempt"] == attempt.attempt), None)
    if row is None:
        return {"state": "absent"}
    marks = {"score": row["score"], "full_marks": row["max_score"], "answered": row["answered"]}
    return {"state": "shown", "provisional": True, **marks}


# ---- the second secret
def current(edge: Edge, sitting: Sitting) -> Challenge | None:
    """The challenge in force."""
    found: Challenge | None = edge.challenges.get((str(sitting.package_id), STAGE))
    return found if found and edge.clock.elapsed() - found.at <= key_release.TERM else None


def _may_score(edge: Edge, sitting: Sitting) -> None:
    if sitting.state != "closed":
        done = sitting.state == "returned"
        raise Problem("本场已经生成回传包，不再评分。" if done else "还没有收场，不能申请答案密钥。", "评分在收场以后、生成回传包以前。", "N2.5.8")
    row = slips.row_of(edge, sitting, slip.CLOSE)
    if row is None or not row.signed:
        raise Problem("收场小条还没有两人签署。", "请先签署并报送收场小条；市密钥服务凭小条放行答案密钥。", "N2.5.8")
    if outcomes(edge, sitting) is not None:
        raise Problem("本场已经评过分。", "请生成回传包。", "N2.5.8")
    if edge.now() < sitting.wait_until:
        raise Problem("刚才的令牌不对，系统暂停几秒。", "请核对后再试；不会锁死。", "N2.5.9", 429)


async def challenge(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/keys/challenge: the digits that the token for the answer keys must name."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    await console.checked_form(request)
    _may_score(edge, sitting)
    if current(edge, sitting) is None:
        package = str(sitting.package_id)
        body = {"package_id": package, "stage": STAGE}
        await edge.act("paper.challenged", by=person.mark, obj=f"sitting:{sitting.sitting_id}", body=body)
        edge.challenges[package, STAGE] = Challenge(shares.challenge(ids.twelve_digits()), edge.clock.elapsed())
    return console.done(request, "请把考点口令报给中心的密钥值班员，申请答案密钥。", console.path_of(sitting, "hand-back"))


async def take_token(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/keys/token: file `token` or `token_text`, `second`, `second_pin`; after a reboot `cache_pin`."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request)
    form = await console.checked_form(request)
    _may_score(edge, sitting)
    asked = current(edge, sitting)
    if asked is None:
        raise Problem("考点口令已过期，或服务器重新启动过。", "请重新出示考点口令，向密钥值班员申请新的令牌。", "N2.5.8")
    second = await console.second_person(request, form, sitting.sitting_id, person)
    data = await opening.token_bytes(form)
    try:
        kid, key = edge.keys.decrypt_kid, edge.keys.decrypt_key
        payload, share = key_release.take(data, edge.trust, sitting.opener, kid, key, stage=STAGE, challenge=asked.text)
        if payload["issued_at"] < sitting.manifest["window"]["stage2_not_before"]:
            raise Rejected("early", "令牌签发得太早：同日含相同科目的场次还没有全部结束")
    except Rejected as problem:
        await opening.wrong(edge, sitting, "paper.token_wrong", problem, person, stage=STAGE)
    first = await _first_key(edge, sitting, console.text(form, "cache_pin"), {person.role, second.role})
    counted = await asyncio.to_thread(_counted, edge, sitting, first, share)
    await _keep(edge, sitting, data, payload, counted, person, second)
    return console.done(request, f"已评 {len(counted['results'])} 份答卷（初评）。请生成回传包。", console.path_of(sitting, "hand-back"))


async def _first_key(edge: Edge, sitting: Sitting, pin: str, roles: set[str]) -> bytes:
    """The content key of the paper: from the keeper, or after a reboot from the sealed cache by the recovery PIN."""
    held = await asyncio.to_thread(edge.keeper.give, opening.key_name(sitting))
    if held is not None:
        return held
    if not roles & set(LEADERS):
        raise Problem("服务器重启过，取回试卷密钥须有考点负责人或副负责人在场。", "请由负责人操作，或作为第二人，并输入恢复 PIN。", "N2.5.8", 403)
    found = await asyncio.to_thread(edge.keys.open_cache, sitting.sitting_id, pin)
    if found is None:
        raise Problem("服务器重启过，恢复 PIN 没有输入或不对。", "请输入启封时定下的恢复 PIN；取不回来的，写明原因不评分。", "N2.5.8", 403)
    await asyncio.to_thread(edge.keeper.hold, opening.key_name(sitting), found)
    return found


def _counted(edge: Edge, sitting: Sitting, first: bytes, share: shares.Share) -> dict[str, Any]:
    """Everything that needs the second content key; it ends with this call."""
    parcel: Parcel = sitting.opener
    answers = {one.attempt: one.answers for one in sitting.attempts.values() if one.state == "handed_in"}
    try:
        secrets = parcel.unlock_keys(Secrets(first), share, edge.keys.decrypt_kid, edge.keys.decrypt_key)
        return count(parcel, secrets, answers)
    except (Rejected, codec.BadBlob) as problem:
        raise Problem(f"答案密钥打不开或内容有误，没有评分：{problem}", "请报告市考试机构；可写明原因不评分，直接生成回传包。", "N2.5.8") from None


async def _keep(
    edge: Edge, sitting: Sitting, token: bytes, payload: dict[str, Any], counted: dict[str, Any], by: Person, second: Person
) -> None:
    content, wall = codec.canonical(counted), edge.wall()
    digest = hashlib.sha256(content).hexdigest()

    def job(connection: apsw.Connection) -> None:
        connection.execute(
            "INSERT INTO scoring (sitting_id, token, outcomes, digest, wall) VALUES (?, ?, ?, ?, ?)",
            (sitting.sitting_id, token, content.decode(), digest, wall),
        )

    body = {
        "package_id": sitting.package_id, "log_seq": payload["log_seq"], "token_digest": hashlib.sha256(token).hexdigest(),
        "attempts": len(counted["results"]), "digest": digest, "clock_offset": wall - payload["issued_at"], "second": second.mark,
    }  # fmt: skip
    # A token is good once: the primary key refuses a second scoring, and the challenge dies with the first.
    await edge.act("paper.scored", by=by.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    edge.challenges.pop((str(sitting.package_id), STAGE), None)
    await edge.checkpoint()
