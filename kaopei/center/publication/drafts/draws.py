"""二（三） Drafts of draws: what each step left behind, and the files with which anybody runs a draw again.

Who sees what, when: the rows of all candidates would show an institution the sites of its trainees at once, so until the last
sitting of the month has ended only digests, the root, counts, cuts and the files that name no candidate (sites, sittings, districts:
with them a candidate checks the weights of his own draw) are public. Ticket and seat numbers are never published.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from kaopei.center.allocation import queries as allocation
from kaopei.center.allocation.sources import SOURCES
from kaopei.center.publication.drafts.draft import Draft
from kaopei.center.publication.models import Publication
from kaopei.office.clock import CHINA

# Of the input what is no candidate's: the market that everybody drew from.
MARKET = tuple(f"instance/{name}" for name in ("districts.csv", "meta.json", "points.csv", "sessions.csv", "subjects.csv", "suspensions.csv"))
AT_ONCE = ("protocol.json", "result/transcript.json", *MARKET)
WHEN_OVER = ("result/rows.jsonl", "result/allocation.csv", "result/moves.csv")
STEPS = {
    "announced": "已公告",
    "committed": "承诺已齐",
    "frozen": "输入已冻结",
    "revealed": "密值已公开",
    "drawn": "已抽签，待省级复核",
    "verified": "省级已复核",
    "disputed": "复核不符",
    "closed": "冻结前终止",
}


def drafts(city: str, at: datetime) -> Iterator[Draft]:
    """Every draw of the city, whatever came of it."""
    for draw in allocation.draws(city):
        files = _files(draw, over_at(draw), at)
        yield Draft(Publication.Kind.DRAW, draw.number, _content(draw, files), "N2.3.3", files=files)


def over_at(draw: Any) -> datetime | None:
    """When the last sitting with candidates of this draw's month ends; None while nobody is seated."""
    ends = [
        datetime.combine(sitting.day, sitting.end, CHINA)
        for sitting in allocation.with_candidates(city=draw.city, verified=False)
        if sitting.batch == draw.batch
    ]
    return max(ends, default=None)


def _files(draw: Any, over: datetime | None, at: datetime) -> dict[str, bytes]:
    if draw.status != "verified":
        return {}
    there = [row.name for row in allocation.file_list(draw)]
    wanted = [name for name in there if name in AT_ONCE]
    if over is not None and at > over:
        wanted += [name for name in there if name in WHEN_OVER or name.startswith("instance/")]
    found = {name: allocation.file(draw, name) for name in sorted(wanted)}
    return {name: data for name, data in found.items() if data is not None}


def _content(draw: Any, files: dict[str, bytes]) -> dict[str, Any]:
    over = over_at(draw)
    transcript = allocation.transcript(draw)
    return {
        "city": draw.city,
        "number": draw.number,
        "batch": draw.batch,
        "part": draw.part,
        "status": draw.status,
        "status_name": STEPS.get(draw.status, draw.status),
        "rule_document": draw.rule_document,
        "rule_published_on": draw.rule_published_on.isoformat(),
        "rules": draw.rules,
        "announced_at": _moment(draw.announced_at),
        "objections_until": _moment(draw.objections_until),
        "public_source": draw.public_source,
        "public_source_name": SOURCES[draw.public_source].title if draw.public_source in SOURCES else "",
        "public_at": _moment(draw.public_at),
        "public_value": draw.public_value,
        "parties": [_party(party) for party in draw.parties.all()],
        "closed_reason": draw.closed_reason,
        "input_digest": draw.input_digest,
        "frozen_at": _moment(draw.frozen_at),
        "seed": draw.seed,
        "drawn_at": _moment(draw.drawn_at),
        "transcript_digest": draw.transcript_digest,
        "merkle_root": transcript.get("merkle_root", ""),
        "rows_digest": transcript.get("rows_digest", ""),
        "counts": dict(draw.counts),
        **_late(draw, transcript),
        "verified_at": _moment(draw.verified_at),
        "rows_public_after": _moment(over),
        "files": [{"name": name, "digest": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()],
    }


def _late(draw: Any, transcript: dict[str, Any]) -> dict[str, Any]:
    """What an incremental draw changes and why; who moved is named by pseudonym in moves.csv once the month is over."""
    if not draw.follows:
        return {}
    told = [{"kind": one.kind, "about": one.object, "reason": one.reason} for one in draw.changes.all() if one.kind.startswith("sitting_")]
    return {"follows": draw.follows, "changes": transcript.get("changes", {}), "moves": transcript.get("moves", 0), "told": told}


def _party(party: Any) -> dict[str, Any]:
    return {
        "key": party.key,
        "interest": party.interest,
        "title": party.title,
        "commitment": party.commitment,
        "committed_at": _moment(party.committed_at),
        # Empty until it was revealed: before that the secret lies sealed.
        "secret": party.secret,
        "revealed_at": _moment(party.revealed_at),
        "from_escrow": party.from_escrow,
    }


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(CHINA).isoformat(timespec="seconds") if value else None
