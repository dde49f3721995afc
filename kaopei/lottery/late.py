"""Late changes: the result that an incremental draw stands on, and the kinds of changes that are told."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kaopei.lottery.table import BadInstance

CHANGES = "changes.csv"
# The name under which the previous result stands in the input digest.
PREVIOUS = "previous/transcript.json"
CLOSING = ("sitting_unsealed", "sitting_withdrawn")
KINDS = ("candidate_withdrawn", "error", "late_approval", "site_suspended", "sitting_added", *CLOSING)

Seats = dict[tuple[str, str], str | None]


class Previous(NamedTuple):
    """The result that an incremental draw changes: who was drawn for which part, and where he sits (None: nowhere)."""

    draw_id: str
    seed: str
    digest: str
    seats: Seats


def next_id(draw_id: str) -> str:
    """`draw_id.n`: the name of the next incremental draw."""
    found = re.fullmatch(r"(.+)\.([1-9][0-9]{0,8})", draw_id, re.DOTALL)
    return f"{found[1]}.{int(found[2]) + 1}" if found else f"{draw_id}.1"


def read_previous(files: Mapping[str, bytes]) -> Previous:
    """A result from its transcript and rows; BadInstance if they do not belong together."""
    for name in ("transcript.json", "rows.jsonl"):
        if name not in files:
            raise BadInstance(f"上一次结果缺少 {name}：请给出完整的结果文件夹。")
    try:
        transcript = json.loads(files["transcript.json"])
        draw_id, seed, digest = (str(transcript[key]) for key in ("draw_id", "seed", "rows_digest"))
        seats: Seats = {}
        for line in files["rows.jsonl"].splitlines():
            row = json.loads(line)
            seats[str(row["cand"]), str(row["part"])] = row["session"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInstance("上一次结果不是抽签写出的文件：请重新取得上一次结果。") from None
    if hashlib.sha256(files["rows.jsonl"]).hexdigest() != digest:
        raise BadInstance("上一次结果的 rows.jsonl 与其 transcript.json 的摘要不符：请重新取得上一次结果。")
    return Previous(draw_id, seed, hashlib.sha256(files["transcript.json"]).hexdigest(), seats)


def closed(changes: Iterable[tuple[str, str, str]]) -> frozenset[str]:
    """Sittings that can no longer take place, whatever sessions.csv says."""
    return frozenset(id for kind, id, _ in changes if kind in CLOSING)
