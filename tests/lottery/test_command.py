"""./run lottery …: folders in, folders out, one line and an exit status."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kaopei.__main__ import main
from kaopei.lottery import pool
from kaopei.lottery.draw import draw
from tests.lottery.instances import SEEDS, Town, province

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return laid(tmp_path / "in", province(7))


def laid(place: Path, files: dict[str, bytes]) -> Path:
    place.mkdir()
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def result(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir()}


def test_draw_writes_three_files_and_nothing_else(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = folder.parent / "deep" / "out"
    assert main(["lottery", "draw", str(folder), "--seed", SEEDS[7], "--out", str(out)]) == 0
    assert result(out) == draw(pool.parse(province(7)), SEEDS[7]).files()
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    captured = capsys.readouterr()
    assert captured.out.startswith("抽签完成（local-")
    assert captured.err == ""


def test_drawing_again_replaces_the_result_and_keeps_what_else_is_there(folder: Path) -> None:
    out = folder.parent / "out"
    for which in (1, 2):
        assert main(["lottery", "draw", str(folder), "--seed", SEEDS[which], "--out", str(out)]) == 0
    assert result(out) == draw(pool.parse(province(7)), SEEDS[2]).files()
    (out / "note.txt").write_text("mine")
    assert main(["lottery", "draw", str(folder), "--seed", SEEDS[3], "--out", str(out)]) == 0
    assert result(out) == draw(pool.parse(province(7)), SEEDS[3]).files() | {"note.txt": b"mine"}
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_verify_agrees_or_names_the_first_difference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = laid(folder.parent / "out", draw(pool.parse(province(7)), SEEDS[7]).files())
    assert main(["lottery", "verify", str(folder), str(out)]) == 0
    assert capsys.readouterr().out == "一致：独立重做的结果与公布的逐字节相同\n"
    assert main(["lottery", "verify", str(folder), str(out), "--draw-id", "another"]) == 1
    data = (out / "allocation.csv").read_bytes()
    (out / "allocation.csv").write_bytes(data[:40] + b"?" + data[41:])
    capsys.readouterr()
    assert main(["lottery", "verify", str(folder), str(out)]) == 1
    assert capsys.readouterr().out.startswith("不一致：allocation.csv 第")


def test_chance_prints_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lottery", "chance", str(folder), "--cand", "K001"]) == 0
    assert json.loads(capsys.readouterr().out)["cand"] == "K001"


def test_bundle_goes_to_a_file_or_to_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new" / "verify_draw.py"
    assert main(["lottery", "bundle", "--out", str(file)]) == 0
    assert main(["lottery", "bundle"]) == 0
    assert capsys.readouterr().out == file.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["draw", "in", "--seed", "abc", "--out", "out"], "种子不对"),
        (["draw", "nowhere", "--seed", SEEDS[0], "--out", "out"], "nowhere 不是文件夹"),
        (["draw", "in", "--seed", SEEDS[0], "--out", "in/cities.csv"], "已存在且不是文件夹"),
        (["draw", "in", "--seed", SEEDS[0], "--out", "in/cities.csv/out"], "无法写入"),
        (["draw", "in", "--seed", SEEDS[0]], "参数不对"),
        (["draw", "in", "--seed", SEEDS[0], "--out", "out", "--previous", "old"], "old 不是文件夹"),
        (["verify", "in", "in"], "没有抽签结果"),
        (["verify", "in", "nowhere"], "nowhere 不是文件夹"),
        (["chance", "in", "--cand", "nobody"], "没有考生"),
        (["chance", "odd", "--cand", "K1"], "cities.csv 无法读取"),
        (["bundle", "--out", "in/cities.csv/x"], "无法写入"),
        (["nothing"], "参数不对"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    (folder.parent / "odd" / "cities.csv").mkdir(parents=True)
    before = result(folder)
    assert main(["lottery", *words]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert result(folder) == before
    assert not (folder.parent / "out").exists()


def test_changes_without_a_previous_result_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "changes.csv").write_text("kind,id,reason_code\n")
    assert main(["lottery", "draw", str(folder), "--seed", SEEDS[0], "--out", str(folder.parent / "out")]) == 2
    assert "changes.csv" in capsys.readouterr().err


def test_help_is_in_both_languages(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for language, text in (("zh", "按公布的种子抽签"), ("en", "draw an instance")):
        words = ["lottery", "draw", "--help", "--lang", language]
        monkeypatch.setattr(sys, "argv", ["kaopei", *words])
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 0
        assert text in capsys.readouterr().out


def test_a_killed_draw_leaves_nothing_half_done(tmp_path: Path) -> None:
    town = Town().site("P1").session("X1", "P1", seats=10**6)
    for number in range(10_000):
        town.cand(f"K{number:06}")
    laid(tmp_path / "in", town.files())
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "kaopei",
        "lottery",
        "draw",
        str(tmp_path / "in"),
        "--seed",
        SEEDS[0],
        "--out",
        str(out),
    ]
    whole = 0
    for wait in (0.1, 0.2, 0.3, 0.4, 0.5):
        process = subprocess.Popen(command, cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}, stdout=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if out.exists():
            assert set(result(out)) == {"allocation.csv", "rows.jsonl", "transcript.json"}
            assert main(["lottery", "verify", str(tmp_path / "in"), str(out)]) == 0
            whole += 1
    assert whole < 5


def test_progress_is_told_on_a_terminal_only(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["lottery", "draw", str(folder), "--seed", SEEDS[7], "--out", str(folder.parent / "out")]) == 0
    assert "\rT " in capsys.readouterr().err


@pytest.mark.slow
def test_late_changes_from_draw_to_verification(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """draw → changes.csv → draw --previous → verify --previous; the one-file verifier agrees."""
    first, second, script = folder.parent / "out0", folder.parent / "out1", folder.parent / "verify_draw.py"
    assert main(["lottery", "draw", str(folder), "--seed", SEEDS[0], "--out", str(first)]) == 0
    session = (first / "allocation.csv").read_text().splitlines()[1].split(",")[2]
    (folder / "changes.csv").write_text(f"kind,id,reason_code\nsitting_unsealed,{session},no-seal\n")
    again = ["lottery", "draw", str(folder), "--seed", SEEDS[1], "--previous", str(first)]
    assert main([*again, "--out", str(first)]) == 2
    assert main([*again, "--out", str(second)]) == 0
    assert "moves.csv" in capsys.readouterr().out
    check = ["lottery", "verify", str(folder), str(second)]
    assert main([*check, "--previous", str(first)]) == 0
    assert main(check) == 2
    assert main(["lottery", "bundle", "--out", str(script)]) == 0
    alone = [sys.executable, "-I", str(script), str(folder), str(second), "--previous", str(first)]
    assert subprocess.run(alone, capture_output=True, check=False).returncode == 0
    moves = second / "moves.csv"
    moves.write_bytes(moves.read_bytes().replace(b"no-seal", b"no-soul"))
    done = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert (done.returncode, "moves.csv 第2行" in done.stdout) == (1, True)
    for wrong in (alone[:-1], [*alone[:-1], str(folder.parent / "nowhere")]):
        assert subprocess.run(wrong, capture_output=True, check=False).returncode == 2
