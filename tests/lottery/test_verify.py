"""The verifier is other code and must find the same bytes; any change of a result is found and located."""

import ast
import json
import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from kaopei.lottery import bundle, pool, seed, verify
from kaopei.lottery.draw import draw
from tests.lottery.instances import SEEDS, Dice, Town, province

Files = dict[str, bytes]


def drawn(number: int, draw_id: str | None = None) -> tuple[Files, Files]:
    files = province(number)
    return files, draw(pool.parse(files), SEEDS[number % 100], draw_id).files()


@pytest.mark.parametrize("number", range(100, 260))
def test_the_verifier_finds_the_same_bytes(number: int) -> None:
    files, outputs = drawn(number)
    assert verify.verify(files, outputs) == []


@pytest.mark.parametrize("kind", ["public", "attached"])
def test_more_draws_than_a_digest_holds_are_found_again(kind: str) -> None:
    """Seven sites with one seat each: the last in the lottery draw up to seven times, from the fifth on by further hashes."""
    town = Town()
    for number in range(7):
        town.site(f"P{number}", kind).session(f"X{number}", f"P{number}", seats=1)
    for number in range(12):
        town.cand(f"K{number:02}")
    longest = 0
    for which in SEEDS[:10]:
        outputs = draw(pool.parse(town.files()), which).files()
        assert verify.verify(town.files(), outputs) == []
        longest = max(longest, *(len(json.loads(row)["drawn"]) for row in outputs["rows.jsonl"].splitlines()))
    assert longest == 7


def test_a_changed_name_seed_or_binding_is_told_apart() -> None:
    files, outputs = drawn(101, "440600-2026-12-T1")
    transcript = json.loads(outputs["transcript.json"])

    def said(**more: str) -> list[str]:
        return verify.verify(files, outputs | {"transcript.json": json.dumps(transcript | more).encode()})

    assert said() != [], "other bytes, though the same content"
    assert said(binding="0" * 64)[0].startswith("transcript.json 的 draw_id（440600-2026-12-T1）与 binding 不符")
    assert said(draw_id="440600-2026-12-T2")[0].startswith("transcript.json 的 draw_id（440600-2026-12-T2）与 binding 不符")
    assert said(seed="0" * 64)[0].startswith("transcript.json 的 seed 与 rows.jsonl 的摇号号码不符")
    bound = outputs | {"transcript.json": json.dumps(transcript | {"binding": "0" * 64}).encode()}
    named = verify.verify(files, bound, draw_id=transcript["draw_id"])
    assert named[0].startswith("transcript.json 的 binding：应为")
    local = drawn(102)[1]
    changed = json.loads(local["transcript.json"]) | {"binding": "0" * 64}
    found = verify.verify(drawn(102)[0], local | {"transcript.json": json.dumps(changed).encode()})
    assert found[0].startswith("transcript.json 的 binding：应为")
    for text, why in ((b"[]", "不是 JSON 对象"), (b"[" * 100_000, "不是合法的 JSON")):
        assert why in verify.verify(files, outputs | {"transcript.json": text})[0]


def test_ids_that_a_table_must_quote_come_back_quoted() -> None:
    town = Town().site("P1").session('"X,1"', "P1", seats=9).cand('"K,1"').cand('"K""2"').cand("K3")
    outputs = draw(pool.parse(town.files()), SEEDS[3]).files()
    assert outputs["allocation.csv"].decode().splitlines()[1:] == ['"K""2",T,"X,1"', '"K,1",T,"X,1"', 'K3,T,"X,1"']
    assert verify.verify(town.files(), outputs) == []


@pytest.mark.no_cover
@pytest.mark.slow
def test_the_provinces_use_everything() -> None:
    seen: Counter[str] = Counter()
    for number in range(100, 260):
        files, outputs = drawn(number)
        rules = pool.parse(files).rules
        seen.update([rules.sole_point, f"after {rules.practical_after_theory}", f"same {rules.same_controller_own}"])
        seen["crossings"] += "crossings.csv" in files
        for row in map(json.loads, outputs["rows.jsonl"].splitlines()):
            seen.update([row["how"], row.get("exempt", ""), *(result for _, result in row.get("drawn", []))])
            seen["away"] += "cross" in row and row["session"] is not None
            seen["five draws"] += len(row.get("drawn", [])) > 4
        for component in json.loads(outputs["transcript.json"])["components"]:
            seen["public moved"] += component["public"]["moved"]
            if component["stage"] == "cross":
                seen["moved away"] += component["every"]["moved"] + component["public"]["moved"]
    wanted = [
        "registered", "active_in_horizon", "after 0", "after 1", "same 0", "same 1", "crossings", "draw",
        "repair", "own_school", "no_site", "no_seat", "no_theory_seat", "sole_site", "full", "seat", "moved",
        "away", "five draws", "public moved", "moved away",
    ]  # fmt: skip
    assert [name for name in wanted if not seen[name]] == []


@pytest.mark.no_cover
@pytest.mark.slow
@pytest.mark.parametrize("name", ["allocation.csv", "rows.jsonl", "transcript.json"])
def test_any_changed_byte_is_found_and_located(name: str) -> None:
    files, outputs = drawn(101)
    data, dice = outputs[name], Dice(name)
    places = range(len(data)) if name == "transcript.json" else [dice.below(len(data)) for _ in range(150)]
    places = sorted({0, 1, len(data) - 1, *places})
    for place in places[:: max(1, len(places) // 250)]:
        flipped = data[:place] + bytes([data[place] ^ 1 << dice.below(8)]) + data[place + 1 :]
        problems = verify.verify(files, outputs | {name: flipped})
        assert problems, place
        assert problems[0].startswith(name)


@pytest.mark.no_cover
@pytest.mark.slow
def test_every_byte_of_seed_name_and_binding_counts() -> None:
    files, outputs = drawn(101, "440600-2026-12-1")
    text = outputs["transcript.json"]
    fields = {key: json.loads(text)[key] for key in ("seed", "draw_id", "binding", "input_digest")}
    for key, value in fields.items():
        begin = text.index(f'"{key}":"{value}"'.encode()) + len(key) + 4
        for place in range(begin, begin + len(value)):
            other = b"1" if text[place : place + 1] == b"0" else b"0"
            changed = text[:place] + other + text[place + 1 :]
            problems = verify.verify(files, outputs | {"transcript.json": changed})
            assert problems
            assert problems[0].startswith("transcript.json 的 ")
            if key == "seed":
                assert "seed" in problems[0]


def test_a_removed_row_and_swapped_rows_are_named_by_line() -> None:
    files, outputs = drawn(101)
    for name in ("allocation.csv", "rows.jsonl"):
        lines = outputs[name].splitlines(keepends=True)
        removed = b"".join(lines[:4] + lines[5:])
        swapped = b"".join([*lines[:4], lines[5], lines[4], *lines[6:]])
        for data in (removed, swapped):
            assert verify.verify(files, outputs | {name: data})[0].startswith(f"{name} 第5行：应为")
        cut_off = outputs[name].removesuffix(b"\n")
        assert f"第{len(lines) + 1}行：应为 （空行），实为 （没有）" in verify.verify(files, outputs | {name: cut_off})[0]
        longer = outputs[name] + b"\n"
        assert "应为 （没有）" in verify.verify(files, outputs | {name: longer})[0]


def test_a_changed_input_file_is_named() -> None:
    files, outputs = drawn(101)
    changed = files["candidates.csv"].replace(b"K003,", b"K0x3,", 1)
    problems = verify.verify(files | {"candidates.csv": changed}, outputs)
    assert problems == ["candidates.csv 与抽签时的输入不同（摘要不符 transcript.json）"]


def test_row_order_of_the_input_does_not_matter() -> None:
    files, outputs = drawn(101)
    head, *lines = files["candidates.csv"].splitlines(keepends=True)
    assert verify.verify(files | {"candidates.csv": b"".join([head, *lines[::-1]])}, outputs) == []


def test_another_seed_bit_is_found() -> None:
    files, outputs = drawn(101)
    other = SEEDS[1][:-1] + ("0" if SEEDS[1][-1] != "0" else "1")
    claimed = json.loads(outputs["transcript.json"]) | {"seed": other}
    claimed["binding"] = seed.binding(claimed["draw_id"], claimed["input_digest"], other)
    text = json.dumps(claimed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    problems = verify.verify(files, outputs | {"transcript.json": text})
    assert [problem.split()[0] for problem in problems] == ["transcript.json", "allocation.csv", "rows.jsonl"]


def test_the_announced_name_must_be_the_one_in_the_transcript() -> None:
    files, outputs = drawn(101, "440600-2026-12-1")
    assert verify.verify(files, outputs) == []
    assert verify.verify(files, outputs, "440600-2026-12-1") == []
    assert verify.verify(files, outputs, "440600-2026-12-2") == ["transcript.json 的 draw_id：应为 440600-2026-12-2，实为 440600-2026-12-1"]


def test_a_local_name_must_carry_the_input_digest() -> None:
    files, outputs = drawn(101, "local-0123456789abcdef")
    assert verify.verify(files, outputs)[0].startswith("transcript.json 的 draw_id：应为 local-")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "transcript.json 不是合法的 JSON"),
        (b"\xff", "transcript.json 不是合法的 JSON"),
        (b"[" * 100_000, "transcript.json 不是合法的 JSON"),
        (b"[]", "transcript.json 不是 JSON 对象"),
        (b"{}", "transcript.json 的 seed"),
        (b'{"seed":5}', "transcript.json 的 seed"),
        (b'{"seed":"' + b"0" * 64 + b'"}', "transcript.json 的 draw_id 不是文字"),
    ],
)
def test_a_transcript_that_says_nothing_usable(text: bytes, problem: str) -> None:
    files, outputs = drawn(101)
    assert verify.verify(files, outputs | {"transcript.json": text})[0].startswith(problem)


def test_a_transcript_that_does_not_fit_itself() -> None:
    files, outputs = drawn(101)
    told = json.loads(outputs["transcript.json"])

    def problem(**changes: object) -> str:
        text = json.dumps(told | changes, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        return verify.verify(files, outputs | {"transcript.json": text})[0]

    assert problem(files=5) == f"transcript.json 的 files：应为 {json.dumps(told['files'], sort_keys=True)[:77]}…，实为 5"
    assert problem(files=told["files"][1:]) == "transcript.json 的 files：应有 9 项，实有 8 项".replace("9", str(len(told["files"]))).replace(
        "8", str(len(told["files"]) - 1)
    )
    assert problem(counts=told["counts"] | {"rows": 7}).startswith("transcript.json 的 counts.rows：应为 ")
    assert problem(counts=told["counts"] | {"more": 7}) == "transcript.json 的 counts.more：多出这一项"
    assert problem(counts={}) == "transcript.json 的 counts.candidates：缺少这一项"
    assert problem(rows_digest="0").startswith("transcript.json 的 rows_digest：应为 ")
    spaced = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    assert "不是规范写法" in verify.verify(files, outputs | {"transcript.json": spaced})[0]
    assert "不是规范写法" in verify.verify(files, outputs | {"transcript.json": outputs["transcript.json"] + b"\n"})[0]


def test_a_broken_row_is_shown_as_it_is() -> None:
    files, outputs = drawn(101)
    lines = outputs["rows.jsonl"].split(b"\n")
    lines[0] = b"\x07\xff"
    told = json.loads(outputs["transcript.json"]) | {"binding": "0"}
    problems = verify.verify(files, outputs | {"rows.jsonl": b"\n".join(lines)})
    assert problems[0].startswith("rows.jsonl 第1行：应为 {")
    assert problems[0].endswith(r"实为 '\x07\\xff'")
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    both = outputs | {"rows.jsonl": b"\n".join(lines), "transcript.json": text}
    assert verify.verify(files, both)[0].startswith("transcript.json 的 binding：应为 ")
    assert verify.verify(files, outputs | {"rows.jsonl": b"5\n", "transcript.json": text})[0].startswith("transcript.json")


def test_rows_without_a_lottery_number_are_passed_over() -> None:
    town = Town().site("P1").session("X1", "P1", part="P").cand("K1", "TP").cand("K2", "P")
    outputs = draw(pool.parse(town.files()), SEEDS[0]).files()
    rows = outputs["rows.jsonl"].splitlines(keepends=True)
    assert b"no_theory_seat" in rows[1]
    only = outputs | {"rows.jsonl": b"".join(rows[1:])}
    told = json.loads(outputs["transcript.json"]) | {"binding": "0"}
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    problems = verify.verify(town.files(), only | {"transcript.json": text})
    assert problems[0].startswith("transcript.json 的 binding")


def test_missing_files_are_named() -> None:
    files, outputs = drawn(101)
    assert verify.verify(files, {"rows.jsonl": outputs["rows.jsonl"]}) == [
        "缺少 transcript.json",
        "缺少 allocation.csv",
    ]


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("cities.csv", None, "cities.csv 缺失"),
        ("cities.csv", b"\xff", "第1行不是 UTF-8"),
        ("cities.csv", b"", "表头不对"),
        ("cities.csv", b'city_id,name,own_school_allowed,accepts_cross\n"C', "不是合法的 CSV"),
        ("cities.csv", b"city_id,name,own_school_allowed,accepts_cross\nC,C,1\n", "第2行列数不对"),
        ("cities.csv", b"city_id,name,own_school_allowed,accepts_cross\nC,C,1,0\nC,C,1,0\n", "有重复的 city_id"),
        ("cities.csv", b"city_id,name,own_school_allowed,accepts_cross\nC,C,1,x\n", "不是整数"),
        ("meta.json", b"{", "meta.json 不是所需的 JSON"),
        ("meta.json", b"[]", "meta.json"),
        ("meta.json", b'{"format":"xalloc/2"}', "不合 xalloc/1"),
        ("meta.json", b'{"format":"xalloc/1","rules":{"more":1}}', "不合 xalloc/1"),
        ("meta.json", b'{"format":"xalloc/1","rules":{"bands":"5"}}', "bands"),
    ],
)
def test_an_input_that_cannot_be_read(name: str, data: bytes | None, problem: str) -> None:
    files, outputs = drawn(101)
    files = {each: content for each, content in files.items() if each != name} | ({name: data} if data is not None else {})
    with pytest.raises(verify.Unreadable, match=problem) as raised:
        verify.verify(files, outputs)
    assert raised.value.exit_status == 2


def test_weights_that_are_too_large_are_refused_by_both() -> None:
    town = Town(bands=":9999999").site("P1").session("X1", "P1").cand("K1")
    with pytest.raises(pool.BadInstance, match="权重之和"):
        draw(pool.parse(town.files()), SEEDS[0])
    small = draw(pool.parse((Town().site("P1").session("X1", "P1").cand("K1")).files()), SEEDS[0]).files()
    digests = pool.parse(town.files()).file_digests()
    told = json.loads(small["transcript.json"])
    told |= {"files": [{"name": name, "digest": digest} for name, digest in digests.items()]}
    told["input_digest"] = pool.digest_of(digests)
    told["draw_id"] = f"local-{told['input_digest'][:16]}"
    told["binding"] = seed.binding(told["draw_id"], told["input_digest"], told["seed"])
    with pytest.raises(verify.Unreadable, match="权重之和"):
        verify.verify(town.files(), small | {"transcript.json": json.dumps(told).encode()})


def test_the_verifier_shares_no_code_with_the_draw() -> None:
    allowed = set(sys.stdlib_module_names) - {"os", "socket", "random", "time", "sqlite3", "pathlib"}
    for file in resources.files("kaopei.lottery.verify").iterdir():
        if file.name.endswith(".py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    assert {alias.name.split(".")[0] for alias in node.names} <= allowed
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    assert str(node.module).split(".")[0] in allowed
                assert not isinstance(node, ast.ImportFrom) or node.level < 2


def test_the_one_file_verifier_stands_alone(tmp_path: Path) -> None:
    files, outputs = drawn(101)
    script = tmp_path / "verify_draw.py"
    script.write_text(bundle.one_file(), "utf-8")
    for folder, content in (("in", files), ("out", outputs)):
        (tmp_path / folder).mkdir()
        for name, data in content.items():
            (tmp_path / folder / name).write_bytes(data)

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-I", "-X", "utf8", str(script), *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    same = run("in", "out")
    assert (same.returncode, same.stdout) == (0, "一致：独立重做的结果与公布的逐字节相同\n")
    assert run("in", "out", "another").returncode == 1
    (tmp_path / "out" / "allocation.csv").write_bytes(outputs["allocation.csv"][:-5])
    changed = run("in", "out")
    assert changed.returncode == 1
    assert changed.stdout.startswith("不一致：allocation.csv 第")
    (tmp_path / "in" / "cities.csv").unlink()
    broken = run("in", "out")
    assert (broken.returncode, broken.stderr.count("\n")) == (2, 1)
    assert run("in").returncode == 2


def test_the_one_file_verifier_has_no_name_twice() -> None:
    text = bundle.one_file()
    assert "from ." not in text
    assert "kaopei" not in text
    defined = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.ClassDef)] + [
        target.id for node in ast.parse(text).body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)
    ]
    assert [name for name, times in Counter(defined).items() if times > 1] == []
