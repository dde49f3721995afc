"""Tasks of the practical exam: drawn by the package's secret alone, carried as blobs that the site can read."""

import json
from collections import Counter

import pytest

from kaopei.paper import codec, practical
from kaopei.paper.codec import BadBlob
from tests.paper.practice import sheet

SECRET = bytes(range(32))


def test_one_task_a_part_in_the_order_of_the_parts() -> None:
    found = practical.drawn(sheet(), "K1", SECRET)
    assert [task.part for task in found] == ["科目一", "科目二"]
    assert sum(task.full_marks for task in found) == sheet().full_marks == 100


def test_the_same_secret_draws_the_same_and_another_secret_may_not() -> None:
    draws = [practical.drawn(sheet(), f"K{n}", SECRET) for n in range(50)]
    assert draws == [practical.drawn(sheet(), f"K{n}", SECRET) for n in range(50)]
    assert draws != [practical.drawn(sheet(), f"K{n}", bytes(32)) for n in range(50)]


def test_every_task_is_drawn_about_as_often() -> None:
    counts = Counter(task.number for n in range(2000) for task in practical.drawn(sheet(), f"K{n}", SECRET))
    # 1000 expected, standard deviation 22
    assert len(counts) == 4 and all(900 < count < 1100 for count in counts.values())


def test_ids_of_blobs_tell_no_number_and_the_form_names_them() -> None:
    blobs = {(kind, name): data for kind, name, data in practical.shared_blobs(sheet(), SECRET)}
    form = codec.read_drawn(codec.canonical(practical.form(sheet(), "K1", SECRET)))
    tasks = [codec.read_task(blobs["task", name]) for name in form["tasks"]]
    assert sum(task["full_marks"] for task in tasks) == codec.read_rules(blobs["policy", form["policy"]])["full_marks"]
    assert all("QZ-" not in name and b"QZ-" not in data for (_, name), data in blobs.items())
    assert len(practical.digest(sheet())) == 64 and practical.digest(sheet()) != practical.digest(sheet(veto_fails=False))


def spoiled(data: bytes, **more: object) -> bytes:
    return json.dumps(json.loads(data) | more).encode()


@pytest.mark.parametrize(
    ("more", "what"),
    [({"steps": []}, "任务分值"), ({"full_marks": 61}, "任务分值"), ({"steps": [{"text": "a"}]}, "字段"), ({"minutes": "10"}, "字段类型")],
)
def test_a_task_that_was_not_written_so_is_refused(more: dict[str, object], what: str) -> None:
    task = next(data for kind, _, data in practical.shared_blobs(sheet(), SECRET) if kind == "task")
    with pytest.raises(BadBlob, match=what):
        codec.read_task(spoiled(task, **more))


def test_a_form_or_rules_of_another_shape_are_refused() -> None:
    form = codec.canonical(practical.form(sheet(), "K1", SECRET))
    for more in ({"tasks": []}, {"tasks": ["x"]}, {"tasks": [1]}, {"policy": "x"}, {"tasks": ["a" * 32, "a" * 32]}):
        with pytest.raises(BadBlob):
            codec.read_drawn(spoiled(form, **more))
    rules = next(data for kind, _, data in practical.shared_blobs(sheet(), SECRET) if kind == "policy")
    with pytest.raises(BadBlob, match="科目满分"):
        codec.read_rules(spoiled(rules, full_marks=99))


def test_sheets_that_come_back_are_read_strictly() -> None:
    good = {"attempts": [{"attempt": "K1", "sheets": [{"examiner": "e", "version": 1, "marks": [["deduct", 1, 1, 0]]}]}]}
    assert codec.read_sheets(codec.canonical(good))["K1"][0]["marks"] == [["deduct", 1, 1, 0]]
    one = good["attempts"][0]["sheets"][0]
    bad: list[object] = [
        [], {"attempts": 1}, {"attempts": [1]}, {"attempts": [{"attempt": "K1"}]}, {"attempts": [{"attempt": "K1", "sheets": [one, one]}]},
        {"attempts": [*good["attempts"], *good["attempts"]]}, {"attempts": [{"attempt": "K1", "sheets": [one | {"marks": [["deduct", 1, 1]]}]}]},
        {"attempts": [{"attempt": "K1", "sheets": [one | {"marks": ["x"]}]}]}, {"attempts": [{"attempt": "K1", "sheets": [{"examiner": "e"}]}]},
    ]  # fmt: skip
    for value in bad:
        with pytest.raises(BadBlob):
            codec.read_sheets(codec.canonical(value))
