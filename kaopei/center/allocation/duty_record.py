"""The record of a duty draw: what was frozen, the seed, and the same result whoever runs it. Pure; people are pseudonyms.

`{"v": 1, "kind", "number", "choose", "roles": {role: {"people": […], "posts": [[sitting, site, day, start, end], …], "turns": […],
"able": [[place in people, …], …]}}}`. With `choose`, the posts are sites: the seed orders them and the first so many are visited.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from kaopei.lottery import duty
from kaopei.lottery import seed as lots

FIRST, SECOND = "first", "second"


class BadRecord(ValueError):
    """The record is no record, or its result is not what its input and seed give."""

    exit_status = 1


def encode(said: Mapping[str, Any]) -> bytes:
    """Canonical bytes: sorted keys, no blanks, UTF-8."""
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(content: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


def seed_of(number: str, input_digest: str, first: str, second: str) -> str:
    """The seed out of the two secrets and what was frozen."""
    return lots.combine(number, input_digest, {FIRST: first, SECOND: second}, "")


def draw(frozen: Mapping[str, Any], seed: str) -> list[tuple[str, list[str], str]]:
    """(role, post, person or nothing) of every place, role by role in the order of the posts."""
    lots.check(seed)
    found = []
    for role, said in sorted(frozen["roles"].items()):
        posts, turns, able, people = said["posts"], said["turns"], said["able"], said["people"]
        if frozen["choose"] is not None:
            kept = visited(seed, [post[1] for post in posts], frozen["choose"])
            places = [at for at, post in enumerate(posts) if post[1] in kept]
            posts, turns, able = ([rows[at] for at in places] for rows in (posts, turns, able))
        order = sorted(range(len(posts)), key=lambda at, turns=turns: (turns[at], at))  # type: ignore[misc]
        keys = [duty.order_key(seed, role, person) for person in people]
        drawn = duty.Duties([tuple(turns[at]) for at in order], [able[at] for at in order], keys).draw()
        chosen = dict(zip(order, drawn, strict=True))
        found += [(role, post, people[chosen[at]] if chosen[at] >= 0 else "") for at, post in enumerate(posts)]
    return found


def visited(seed: str, sites: Sequence[str], choose: int) -> set[str]:
    """双随机, the first lot: which sites are visited."""
    return set(sorted(set(sites), key=lambda site: duty.order_key(seed, "site", site))[:choose])


def written(frozen: bytes, number: str, secrets: Mapping[str, str], commitments: Mapping[str, str]) -> dict[str, Any]:
    """The whole record, with its result."""
    seed = seed_of(number, digest(frozen), secrets[FIRST], secrets[SECOND])
    rows = draw(json.loads(frozen), seed)
    return {
        "v": 1, "number": number, "input": json.loads(frozen), "input_digest": digest(frozen), "commitments": dict(commitments),
        "secrets": dict(secrets), "seed": seed, "result": [[role, post, person] for role, post, person in rows],
    }  # fmt: skip


def check(content: bytes) -> str:
    """Runs a record again; a line that says what agrees, or BadRecord naming the first difference."""
    try:
        said = json.loads(content)
        frozen = encode(said["input"])
        secrets = {name: said["secrets"][name] for name in (FIRST, SECOND)}
        if digest(frozen) != said["input_digest"]:
            raise BadRecord("输入与公布的摘要不符")
        for name, secret in secrets.items():
            if lots.commitment(name, said["number"], secret) != said["commitments"][name]:
                raise BadRecord(f"密值 {name} 与事先的承诺不符")
        again = written(frozen, said["number"], secrets, said["commitments"])
    except (ValueError, KeyError, TypeError, IndexError) as fault:
        if isinstance(fault, BadRecord):
            raise
        raise BadRecord(f"不是完整的排班抽签记录（{type(fault).__name__}）。请重新下载后再试。") from None
    if again["seed"] != said.get("seed"):
        raise BadRecord("种子不是由两份密值和输入算出的")
    if again["result"] != said.get("result"):
        where = next((at for at, pair in enumerate(zip(again["result"], said.get("result", []), strict=False), 1) if pair[0] != pair[1]), 0)
        raise BadRecord(f"结果第 {where or '末'} 条与重算不同")
    unfilled = sum(not row[2] for row in again["result"])
    return f"一致：{said['number']}，{len(again['result'])} 个岗位，空缺 {unfilled}，输入摘要 {said['input_digest'][:16]}…"
