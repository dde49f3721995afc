"""What a return parcel says of the close: its slip, what stands in the ledger after it, its tokens, its provisional outcomes.

二（四） N2.4.13, 二（五） N2.5.8: after the size of the closing slip nobody answers, moves or gains time; the answer keys came by one
token of their own; what the site counted is what its ledger says that it counted.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from kaopei.parcel import base64url, canonical, jws, schema, slip
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.return_parcel import Returned
from kaopei.parcel.slip import Slip
from kaopei.parcel.trust import Trust

# Kinds of entries about a sitting or its attempts that may not stand after the slip
OVER = ("answers.", "attempt.", "admission.", "sitting.", "practical.")
# Where the ledger names a token that was used; one by telephone was filed afterwards
USED = ("paper.opened", "paper.filed", "paper.scored")
SAME = ("roster", "present", "absent", "refused", "expected", "opened", "closed", "events")
Entries = Sequence[dict[str, Any]]


def check(returned: Returned, contents: Mapping[str, bytes], entries: Entries, root_at: Callable[[int], str], people: Collection[str],
          present: Collection[str], listed: Trust, *, examined: bool = False) -> Slip:  # fmt: skip
    """The closing slip, if the parcel keeps to it; Rejected names the first thing that does not.

    `examined`: a practical exam, whose result needs no answer key.
    """
    said = returned.payload
    found = _slip(returned, contents, listed)
    if said["ledger"]["size"] < found.payload["size"] or root_at(found.payload["size"]) != found.payload["root"]:
        raise Rejected("slip", f"回传包的台账与收场小条（{found.payload['size']} 条）接不上：内容被改动、截断，或出现分叉。请立即报告")
    _nothing_after(entries, said["sitting_id"], found.payload["size"], set(people))
    if any(found.payload["counts"].get(name) != said["counts"].get(name) for name in SAME):
        raise Rejected("slip", "收场小条的人数与回传包的不同，请考试点说明")
    stages = _tokens(said["tokens"], entries)
    if examined:
        _tallied(said["edge_outcomes"]["state"], stages, contents, entries, set(present))
    else:
        _outcomes(said["edge_outcomes"]["state"], stages, contents, entries, set(present))
    return found


def _slip(returned: Returned, contents: Mapping[str, bytes], listed: Trust) -> Slip:
    said = returned.payload
    if "slip" not in contents or not said["close_slip"]:
        raise Rejected("slip", "回传包里没有收场小条，请考试点签署后重新生成")
    found = slip.read(contents["slip"], listed)
    if jws.from_compact(found.text).decode() != said["close_slip"]:
        raise Rejected("slip", "回传包清单写的收场小条与附上的不是同一张")
    mine = (slip.CLOSE, said["sitting_id"], said["package_id"], returned.edge.sign.kid, said["ledger"]["origin"])
    named = found.payload
    if (named["kind"], named["sitting_id"], named["package_id"], found.edge.sign.kid, named["origin"]) != mine:
        raise Rejected("slip", "收场小条属于另一个场次、密封包或考试服务器")
    return found


def _nothing_after(entries: Entries, sitting: str, size: int, people: set[str]) -> None:
    about = {f"sitting:{sitting}"} | {f"attempt:{one}" for one in people}
    closed = [one["seq"] for one in entries if one.get("obj") == f"sitting:{sitting}" and one.get("type") == "sitting.closed"]
    if not closed or closed[0] >= size:
        raise Rejected("slip", "收场小条是在收场以前生成的，请考试点说明")
    for one in entries[size:]:
        if one.get("obj") in about and str(one.get("type", "")).startswith(OVER):
            raise Rejected("after", f"台账第 {one['seq']} 条（{one['type']}）写在收场小条之后：收场以后的作答、补时、换机一律不收")


def _tokens(tokens: Sequence[Payload], entries: Entries) -> set[int]:
    """Per stage one accepted token, and it is the one that the ledger names."""
    stages = Counter(canonical.decode_object(base64url.decode(one["payload"], "令牌")).get("stage") for one in tokens)
    if stages[1] != 1 or stages[2] > 1 or set(stages) - {1, 2}:
        raise Rejected("token", f"每个阶段应有一个启用的令牌，回传包里第一阶段 {stages[1]} 个、第二阶段 {stages[2]} 个")
    used = {one.get("body", {}).get("token_digest") for one in entries if one.get("type") in USED}
    if any(hashlib.sha256(canonical.encode(one)).hexdigest() not in used for one in tokens):
        raise Rejected("token", "回传包里的令牌不是台账记载所用的那一个")
    return {int(stage) for stage in stages}


def _outcomes(state: str, stages: set[int], contents: Mapping[str, bytes], entries: Entries, present: set[str]) -> None:
    if state == "absent":
        if "outcomes" in contents or 2 in stages:
            raise Rejected("outcomes", "回传包写明考试点没有评分，却附有初评或答案密钥的令牌")
        return
    if "outcomes" not in contents or 2 not in stages:
        raise Rejected("outcomes", "回传包写明考试点已评分，却没有附初评，或没有答案密钥的令牌")
    _one_each(contents["outcomes"], entries, present, "paper.scored")


def _tallied(state: str, stages: set[int], contents: Mapping[str, bytes], entries: Entries, present: set[str]) -> None:
    """In a practical exam the examiners' result stands with the close, by no second token."""
    if 2 in stages:
        raise Rejected("token", "实操考试没有答案密钥，回传包里却有第二阶段的令牌")
    if state == "absent" or "outcomes" not in contents:
        raise Rejected("outcomes", "实操考试的回传包里没有考评成绩，请考试点重新生成")
    _one_each(contents["outcomes"], entries, present, "practical.tallied")


def _one_each(data: bytes, entries: Entries, present: set[str], code: str) -> None:
    """One result for everybody who was present, and the ledger names exactly these results."""
    body = read(data)
    if Counter(row["attempt"] for row in body["results"]) != Counter(present):
        raise Rejected("outcomes", f"到考 {len(present)} 人，初评 {len(body['results'])} 份，两者应一一对应")
    digest = hashlib.sha256(data).hexdigest()
    if digest not in {one.get("body", {}).get("digest") for one in entries if one.get("type") == code}:
        raise Rejected("outcomes", "初评与考试服务器台账记载的不是同一份，初评可能被改动")


def read(data: bytes) -> Payload:
    """Provisional outcomes in the vault's shape. Raises Rejected."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise Rejected("outcomes", "初评读不出来，请考试点重新生成回传包") from None
    schema.check("outcomes_body", body)
    return dict(body)
