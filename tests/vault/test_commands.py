"""The commands as processes: files in, files out, one line and status 2 for bad input, nothing half applied."""

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from kaopei.office.environment import PROJECT
from tests import installation
from tests.conftest import open_folder
from tests.parcel import cast
from tests.vault.sealing import kids, lay_private_keys, order
from tests.vault.workbooks import PLAN, SUBJECT, bank, blueprint, folder, rows


def run(*words: object, given: str = "") -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KAOPEI_", "DJANGO_", "VAULT_", "DATABASE_"))}
    line = [sys.executable, "-m", "kaopei", "vault", *map(str, words)]
    return subprocess.run(line, cwd=PROJECT, env=clean, capture_output=True, text=True, check=False, input=given)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = rows(times=3)
    lines[0]["状态"], lines[1]["答案"], lines[2]["答案"] = None, "", "√"
    return folder(tmp_path_factory.mktemp("bank"), {"题库.xlsx": bank(lines), "坏.xlsx": b"PK"}, blueprint((SUBJECT, PLAN)))


@pytest.fixture(scope="module")
def data(files: Path) -> Iterator[Path]:
    """A data directory with one bank in it."""
    with open_folder() as folder:
        installation.lay(folder, "vault")
        done = run("bank", "import", files / "题库.xlsx", "--verdicts", folder / "v.csv", "--data", folder)
        assert done.returncode == 0, done.stderr
        yield folder


def test_write_verdicts_that_others_can_compare(files: Path, data: Path) -> None:
    raw = (data / "v.csv").read_bytes()
    assert raw.startswith("题号,row,decision,code\nQZ-0001,3,normalise,status_blank\nQZ-0002,4,refuse,answer_missing\n".encode())
    assert b"\r" not in raw
    again = run("bank", "import", files / "题库.xlsx", "--data", data)
    assert again.stdout.encode() == raw
    assert Counter(row["decision"] for row in csv.DictReader(io.StringIO(again.stdout))) == {
        "accept": 57, "normalise": 2, "refuse": 1,
    }  # fmt: skip


def test_apply_nothing_when_one_of_several_files_is_bad(files: Path, tmp_path: Path, place: Path) -> None:
    installation.lay(place, "vault")
    done = run("bank", "import", files / "题库.xlsx", files / "坏.xlsx", "--data", place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "坏.xlsx" in done.stderr
    empty = run("assemble", "--subject", SUBJECT, "--blueprint", files / "蓝图.xlsx", "--forms", 1, "--seed", "00",
                "--json", tmp_path / "f.json", "--data", place)  # fmt: skip
    assert empty.returncode == 2
    assert "没有科目“起重机作业”的试题" in empty.stderr


def test_assemble_disjoint_papers_the_same_each_time(files: Path, data: Path, tmp_path: Path) -> None:
    def made(seed: str) -> bytes:
        out = tmp_path / "forms.json"
        done = run("assemble", "--subject", SUBJECT, "--blueprint", files / "蓝图.xlsx", "--forms", 2, "--seed", seed,
                   "--json", out, "--data", data)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return out.read_bytes()

    first = made("00Ff")
    forms = json.loads(first)["forms"]
    assert [form["id"] for form in forms] == ["01", "02"]
    assert [len(form["items"]) for form in forms] == [20, 20]
    assert not set(forms[0]["items"]) & set(forms[1]["items"])
    assert made("00ff") == first
    assert made("01ff") != first


def test_say_what_a_blueprint_asks_too_much(data: Path, tmp_path: Path) -> None:
    greedy = dict(PLAN)
    point, kind = sorted(greedy)[0]
    greedy[point, kind] = 99
    folder(tmp_path, {}, blueprint((SUBJECT, greedy)))
    done = run("assemble", "--subject", SUBJECT, "--blueprint", tmp_path / "蓝图.xlsx", "--forms", 2, "--seed", "00",
               "--json", tmp_path / "f.json", "--data", data)  # fmt: skip
    assert done.returncode == 2
    assert f"知识点 {point}" in done.stderr and "需要 99 题" in done.stderr and "缺" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "f.json").exists()


@pytest.mark.parametrize(
    ("word", "value", "said"),
    [("--seed", "xyz", "不是十六进制"), ("--forms", "0", "套数应为"), ("--forms", "很多", "参数不对")],
)
def test_refuse_bad_arguments_in_one_line(files: Path, data: Path, word: str, value: str, said: str) -> None:
    words = {
        "--subject": SUBJECT,
        "--blueprint": files / "蓝图.xlsx",
        "--forms": "1",
        "--seed": "00",
        "--json": data / "x.json",
    }
    done = run("assemble", *(part for pair in {**words, word: value}.items() for part in pair), "--data", data)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_keep_questions_out_of_the_vaults_files(data: Path) -> None:
    """Everything but what PostgreSQL owns, and its files too when they can be read."""
    files = [path for path in data.rglob("*") if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK)]
    assert not [path for path in files if "金丝雀".encode() in path.read_bytes()]
    assert (data / "vault" / "fieldkeys").is_dir()


def test_seal_and_trace_as_processes(files: Path, data: Path, tmp_path: Path) -> None:
    province = cast.found()
    (tmp_path / "trust.json").write_bytes(province.data)
    (tmp_path / "order.jws").write_bytes(order(province))
    (tmp_path / "other.jws").write_bytes(order(province, 2, subjects=("氯化工艺",)))
    signed = [word for kid in kids(province) for word in ("--custodian", kid)]
    line = ["seal", "--order", tmp_path / "order.jws", tmp_path / "other.jws", *signed, "--seed", "00"]
    early = run(*line, "--out", tmp_path / "out", "--data", data)
    assert early.returncode == 2 and "vault trust-in" in early.stderr
    assert run("trust-in", tmp_path / "trust.json", "--root", province.root, "--data", data).returncode == 0
    lay_private_keys(province, data / "vault")
    done = run(*line, "--out", tmp_path / "out", "--data", data)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "氯化工艺" in done.stderr
    report = json.loads(done.stdout)
    [sealed] = report["sealed"]
    assert [row["subjects"] for row in report["refused"]] == [["氯化工艺"]]
    assert (tmp_path / "out" / sealed["parcel"]).is_file()
    traced = run("trace", "--package", sealed["package_id"], "--seen", "无:1:AB", "--data", data)
    assert traced.returncode == 2 and "没有试题 无" in traced.stderr
    assert run("trace", "--package", "x", "--seen", "无:1:AB", "--data", data).returncode == 2


def test_make_a_person_without_a_password_on_the_command_line(data: Path) -> None:
    words = ("person", "--username", "zw", "--name", "赵文", "--role", "custodian", "--data", data)
    assert run(*words, given="一把很长的口令-2026\n").returncode == 0
    again = run(*words, given="一把很长的口令-2026\n")
    assert again.returncode == 2 and "已有人使用" in again.stderr


def test_explain_itself_in_two_languages() -> None:
    assert "逐行受理题库文件" in run("bank", "import", "--help").stdout
    assert "take item banks in" in run("bank", "import", "--help", "--lang", "en").stdout
