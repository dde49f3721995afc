"""Compares what was published with what must have been published."""

import json
import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from .earlier import Earlier, check_changes
from .reading import Instance, overall, read
from .record import binding, rewrite
from .round import hashed

RESULT = ("transcript.json", "allocation.csv", "rows.jsonl")


def verify(
    files: Mapping[str, bytes],
    outputs: Mapping[str, bytes],
    draw_id: str | None = None,
    previous: Mapping[str, bytes] | None = None,
) -> list[str]:
    """What differs between a published result and the re-run; empty if nothing. Raises Unreadable for a bad instance.

    `draw_id` is the announced name of the draw; without it the name is taken from the transcript. `previous` are the
    files of the result before an incremental draw.
    """
    earlier = None if previous is None else Earlier(previous)
    instance = read(files, "" if earlier is None else earlier.digest)
    wanted = RESULT if earlier is None else (*RESULT, "moves.csv")
    if earlier is not None:
        check_changes(instance, earlier)
    missing = [f"缺少 {name}" for name in wanted if name not in outputs]
    if missing:
        return missing
    try:
        transcript = json.loads(outputs["transcript.json"])
    except (ValueError, RecursionError) as problem:
        return [f"transcript.json 不是合法的 JSON：{problem}"]
    if not isinstance(transcript, dict):
        return ["transcript.json 不是 JSON 对象"]
    local = f"local-{instance.input_digest[:16]}" if earlier is None else earlier.next_name()
    if earlier is not None and transcript.get("seed") == earlier.seed:
        return ["transcript.json 的 seed 就是上一次抽签的种子：增量抽签须有自己的种子"]
    problems = _claims(instance, transcript, outputs["rows.jsonl"], draw_id or (None if earlier is None else local), local)
    if problems:
        return problems
    expected = rewrite(instance, transcript["seed"], transcript["draw_id"], earlier)
    found = [_in_transcript(outputs["transcript.json"], expected["transcript.json"], transcript)]
    found += [_in_lines(name, outputs[name], expected[name]) for name in wanted if name != "transcript.json"]
    return [problem for problem in found if problem]


def _claims(instance: Instance, transcript: dict[str, Any], rows: bytes, draw_id: str | None, local: str) -> list[str]:
    """What the transcript says of its own input, seed and name; without these there is nothing to re-run."""
    seed, name = transcript.get("seed"), transcript.get("draw_id")
    if not isinstance(seed, str) or re.fullmatch("[0-9a-f]{64}", seed) is None:
        return ["transcript.json 的 seed 不是 64 个小写十六进制字符"]
    if not isinstance(name, str):
        return ["transcript.json 的 draw_id 不是文字"]
    changed = _changed_input(instance, transcript)
    if changed:
        return changed
    if draw_id is not None and name != draw_id:
        return [f"transcript.json 的 draw_id：应为 {draw_id}，实为 {name}"]
    if transcript.get("binding") == binding(name, instance.input_digest, seed):
        return [] if name == local or not name.startswith("local-") else [f"transcript.json 的 draw_id：应为 {local}"]
    if not _fits(seed, rows):
        return ["transcript.json 的 seed 与 rows.jsonl 的摇号号码不符：种子被改动，或结果不出自这个种子"]
    if draw_id is None and name != local:
        return [f"transcript.json 的 draw_id（{name}）与 binding 不符：其中之一被改动"]
    return [f"transcript.json 的 binding：应为 {binding(name, instance.input_digest, seed)}"]


def _changed_input(instance: Instance, transcript: dict[str, Any]) -> list[str]:
    """Which input files are not those that were drawn, if the transcript agrees with itself about them."""
    try:
        drawn = {entry["name"]: entry["digest"] for entry in transcript["files"]}
        whole = overall(drawn) == transcript["input_digest"]
    except (KeyError, TypeError):
        return []
    names = sorted(name for name in drawn.keys() | instance.digests if drawn.get(name) != instance.digests.get(name))
    return [f"{name} 与抽签时的输入不同（摘要不符 transcript.json）" for name in names] if whole else []


def _fits(seed: str, rows: bytes) -> bool:
    """Whether the first lottery number among the rows comes from this seed."""
    for line in rows.split(b"\n"):
        try:
            row = json.loads(line)
            if "lottery" in row:
                return bool(hashed("xexam/1", seed, row["part"], row["cand"])[:8].hex() == row["lottery"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
    return True


def _in_lines(name: str, given: bytes, expected: bytes) -> str:
    """The first line that differs."""
    if given == expected:
        return ""
    lines = enumerate(zip_longest(given.split(b"\n"), expected.split(b"\n")), 1)
    number, (is_, must) = next(line for line in lines if line[1][0] != line[1][1])
    return f"{name} 第{number}行：应为 {_shown(must)}，实为 {_shown(is_)}"


def _shown(line: bytes | None) -> str:
    if not line:
        return "（没有）" if line is None else "（空行）"
    text = line.decode(errors="backslashreplace")
    return text if text.isprintable() else ascii(text)


def _in_transcript(given: bytes, expected: bytes, parsed: dict[str, Any]) -> str:
    """The first field that differs."""
    if given == expected:
        return ""
    where = _field(parsed, json.loads(expected), "")
    if where:
        return f"transcript.json 的 {where}"
    place = next((at for at, (is_, must) in enumerate(zip(given, expected, strict=False)) if is_ != must), len(expected))
    return f"transcript.json 第 {place + 1} 个字节起不是规范写法（RFC 8785）"


def _field(is_: Any, must: Any, path: str) -> str:
    """Path and values of the first difference between two JSON values; empty if they mean the same."""
    if type(is_) is not type(must) or not isinstance(must, dict | list):
        return "" if is_ == must and type(is_) is type(must) else f"{path}：应为 {_brief(must)}，实为 {_brief(is_)}"
    if isinstance(must, list):
        if len(is_) != len(must):
            return f"{path}：应有 {len(must)} 项，实有 {len(is_)} 项"
        found = (_field(one, other, f"{path}[{place}]") for place, (one, other) in enumerate(zip(is_, must, strict=True)))
        return next(filter(None, found), "")
    for key in sorted(is_.keys() | must.keys()):
        inner = f"{path}.{key}" if path else key
        if key not in is_ or key not in must:
            return f"{inner}：{'缺少' if key in must else '多出'}这一项"
        problem = _field(is_[key], must[key], inner)
        if problem:
            return problem
    return ""


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"
