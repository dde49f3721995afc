"""What confirms a scoring: the exam site counted the same, or another custodian did. One count alone is never released.

二（六） N2.6.2. The site's counts are provisional and the vault's come from its own copy of the paper. Where the site did not count, or
where the vault counts anew (an appeal, a withdrawn item, a difference), a second scoring in which another custodian took part must
give the same results, and the release names the reason.
"""

import json
from collections.abc import Iterator
from typing import Any

from kaopei.center.results import judging
from kaopei.center.results.judging import Checked
from kaopei.center.results.models import Quarantine, Scoring
from kaopei.office import keys
from kaopei.parcel import outcomes
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected

DIFFERS = "edge-differs"
SAME = "与考试点初评逐人逐题一致"


def differences(edge: Payload, vault: Payload) -> list[str]:
    """Attempts on which the two bodies are not the same, score by score and item by item."""
    mine, theirs = _by_attempt(edge), _by_attempt(vault)
    return sorted(attempt for attempt in set(mine) | set(theirs) if mine.get(attempt) != theirs.get(attempt))


def _by_attempt(body: Payload) -> dict[str, tuple[Any, ...]]:
    digests = {row["attempt"]: row["digest"] for row in body["form_digests"]}
    names = ("subject", "score", "max_score", "answered", "detail")
    return {row["attempt"]: (digests.get(row["attempt"]), *(row.get(name) for name in names)) for row in body["results"]}


def refuse_difference(checked: Checked) -> None:
    """A first scoring that differs from the site's is set aside with both versions; one that says why it counts anew is not."""
    if checked.edge is None or checked.payload["reason"]:
        return
    odd = differences(checked.edge, checked.body)
    if odd:
        raise Rejected(DIFFERS, f"题库室评分与考试点初评不同（{len(odd)} 人，如 {odd[0]}），两份都已隔离；请题库室查明后写明原因重新评分")


def confirmed(data: bytes, checked: Checked, *, at: Any) -> str:
    """What confirms this scoring, in the words of the release. Raises Rejected if nothing does."""
    edge = checked.edge
    if edge is not None and not differences(edge, checked.body):
        return SAME
    why = f"没有（{checked.returned['edge_outcomes']['reason']}）" if edge is None else f"与考试点初评不同，重新评分原因：{checked.payload['reason']}"
    mine = _custodians(data)
    for rev, other in _earlier(checked):
        if not differences(_body(other, at), checked.body) and mine - _custodians(other):
            return f"{why}；第 {rev} 版由另一名保管人评出，结果相同"
    text = "考试点没有评分" if edge is None else "重新评分与考试点初评不同"
    raise Rejected("unconfirmed", f"{text}，须有另一名保管人参加的第二次评分、结果相同，才能发布；请题库室由另一名保管人再评一次")


def _earlier(checked: Checked) -> Iterator[tuple[int, bytes]]:
    """Earlier scorings of this sitting and bundle, those that were set aside for differing from the site's included."""
    sitting, rev = checked.payload["sitting_id"], checked.payload["rev"]
    for row in Scoring.objects.filter(sitting=sitting, rev__lt=rev, bundle_hash=checked.payload["bundle_hash"]).order_by("rev"):
        yield row.rev, bytes(row.data)
    for aside in Quarantine.objects.filter(sitting=sitting, code=DIFFERS).order_by("pk"):
        said = judging.claims(bytes(aside.data))
        if said["rev"] < rev and said["bundle_hash"] == checked.payload["bundle_hash"]:
            yield said["rev"], bytes(aside.data)


def _body(data: bytes, at: Any) -> Payload:
    return outcomes.open(data, keys.trust(), *keys.opener("city_import", at))[1]


def _custodians(data: bytes) -> set[str]:
    return set(outcomes.custodians(data, keys.trust()))


def is_aside(data: bytes) -> bool:
    """Whether exactly this file was set aside for differing."""
    return Quarantine.objects.filter(digest=judging.digest_of_file(data), code=DIFFERS).exists()


def newest_rev(sitting: str) -> tuple[int, str | None]:
    """(revision, digest) of the newest scoring that fitted its predecessors, also if it was set aside for differing."""
    found: list[tuple[int, str]] = list(Scoring.objects.filter(sitting=sitting).values_list("rev", "digest"))
    for aside in Quarantine.objects.filter(sitting=sitting, code=DIFFERS):
        data = bytes(aside.data)
        found.append((judging.claims(data)["rev"], keys.trust().algorithms.hash(data).hex()))
    return max(found, default=(0, None))


def edge_version(data: bytes, *, at: Any) -> bytes:
    """The site's version beside a scoring that is set aside, as canonical JSON; empty if there is none."""
    try:
        found = judging.check(data, at=at).edge
    except Rejected:
        return b""
    return b"" if found is None else json.dumps(found, ensure_ascii=False, sort_keys=True).encode()
