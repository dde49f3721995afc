"""抽签单: what a candidate takes to the portal to work his own draw out again."""

import json
from collections.abc import Iterator

from kaopei.center.allocation.models import Draw
from kaopei.center.allocation.queries.draws import file, files
from kaopei.center.allocation.queries.late import previous_result
from kaopei.lottery import explain, pool


def slips(one: Draw) -> dict[str, bytes]:
    """Everybody's slip by pseudonym, as a file; it names no person."""
    return dict(_made(one))


def slip(one: Draw, pseudonym: str) -> bytes:
    """One candidate's. KeyError: he is not in this draw."""
    parsed, rows = _input(one)
    return _written(explain.slip(parsed, one.seed, one.number, rows, pseudonym))


def _made(one: Draw) -> Iterator[tuple[str, bytes]]:
    parsed, rows = _input(one)
    for pseudonym, told in explain.slips(parsed, one.seed, one.number, rows):
        yield pseudonym, _written(told)


def _input(one: Draw) -> tuple[pool.Pool, list[bytes]]:
    parsed = pool.parse(files(one, "instance"), previous_result(one))
    return parsed, (file(one, "result/rows.jsonl") or b"").splitlines()


def _written(told: dict[str, object]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
