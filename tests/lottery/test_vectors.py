"""Frozen results: 3 instances × 3 seeds. A difference here is a new algorithm, and needs a new version name."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from kaopei.lottery import pool
from kaopei.lottery.draw import draw
from tests.lottery.instances import SEEDS, province

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['province']}-{vector['seed'][:6]}")
def test_the_bytes_are_those_that_were_frozen(vector: dict[str, str | int]) -> None:
    files = province(int(vector["province"]), int(vector["candidates"]))
    parsed = pool.parse(files)
    outcome = draw(parsed, str(vector["seed"]))
    found = {name: sha256(data).hexdigest() for name, data in outcome.files().items()}
    assert parsed.input_digest == vector["input_digest"]
    assert outcome.transcript["merkle_root"] == vector["merkle_root"]
    assert {name: vector[name] for name in found} == found


def test_three_instances_by_three_seeds() -> None:
    assert len({vector["province"] for vector in VECTORS}) == 3
    assert {vector["seed"] for vector in VECTORS} == set(SEEDS[:3])
    assert len(VECTORS) == 9
