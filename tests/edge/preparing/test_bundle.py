"""One file, only the exam site's rooms; it says what is missing and refuses what does not belong."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kaopei.edge.preparing import bundle, installer

HOME = Path(__file__).resolve().parents[3]


@pytest.fixture
def made(tmp_path):
    """A bundle with one made-up wheel: everything but the wheels is real."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "nothing-1-py3-none-any.whl").write_bytes(b"PK")
    out = tmp_path / "kaopei-edge.pyz"
    said = bundle.make(out, wheels=wheels)
    assert "1 个依赖包" in said
    return out


def run(out: Path, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(out), *words], capture_output=True, text=True, check=False, env=env, cwd=out.parent)


def rewritten(out: Path, name: str, data: bytes, *, listed: bool) -> Path:
    """The bundle with one file more (or another content), with or without its line in the list."""
    import hashlib

    fresh = out.with_name("changed.pyz")
    with zipfile.ZipFile(out) as source, zipfile.ZipFile(fresh, "w") as target:
        said = json.loads(source.read("manifest.json"))
        if listed:
            said["files"][name] = hashlib.sha256(data).hexdigest()
        for one in source.namelist():
            if one not in ("manifest.json", name):
                target.writestr(one, source.read(one))
        target.writestr("manifest.json", json.dumps(said))
        target.writestr(name, data)
    return fresh


def test_only_the_rooms_of_an_exam_site_are_inside(made):
    with zipfile.ZipFile(made) as packed:
        rooms = {name.split("/")[2] for name in packed.namelist() if name.startswith("program/") and name.count("/") > 2}
        commands = {name.rpartition("/")[2] for name in packed.namelist() if "/commandline/" in name}
    assert rooms == set(installer.ROOMS)
    assert {"edge.py", "edge_site.py"} <= commands
    assert not {"center.py", "vault.py", "lottery.py", "ledger.py"} & commands


def test_the_same_sources_give_the_same_bytes(made, tmp_path):
    again = tmp_path / "again.pyz"
    bundle.make(again, wheels=tmp_path / "wheels")
    assert again.read_bytes() == made.read_bytes()


def test_check_says_what_is_missing(made, tmp_path):
    bare = tmp_path / "bin"
    bare.mkdir()
    answer = run(made, "check", env={**os.environ, "PATH": str(bare)})
    assert answer.returncode == 1
    assert "✗ nginx：apt install nginx" in answer.stdout
    assert f"✓ Python {sys.version_info[0]}.{sys.version_info[1]}" in answer.stdout


@pytest.mark.parametrize("room", ["center", "vault", "office", "portal"])
def test_other_rooms_are_refused(made, tmp_path, room):
    other = rewritten(made, f"program/kaopei/{room}/settings.py", b"", listed=True)
    for words in (["check"], ["install", str(tmp_path / "there")]):
        answer = run(other, *words)
        assert (answer.returncode, room in answer.stderr) == (2, True)
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(("name", "listed"), [("program/kaopei/edge/app.py", False), ("program/kaopei/edge/new.py", False), ("other", True)])
def test_altered_bundles_are_refused(made, name, listed):
    answer = run(rewritten(made, name, b"altered", listed=listed), "check")
    assert answer.returncode == 2
    assert "安装包" in answer.stderr


def test_a_program_that_needs_another_room_is_not_bundled(tmp_path):
    home = tmp_path / "home"
    shutil.copytree(HOME / "kaopei", home / "kaopei", ignore=shutil.ignore_patterns("center", "vault", "office", "portal", "__pycache__"))
    (home / "kaopei" / "edge" / "odd.py").write_text("import kaopei.center.registry\n")
    with pytest.raises(bundle.BadBundle, match="不能出现在考试服务器上"):
        bundle.program(home)


@pytest.mark.long
def test_it_installs_without_an_index_and_the_server_starts(tmp_path):
    out, there = tmp_path / "kaopei-edge.pyz", tmp_path / "there"
    bundle.make(out)
    quiet = {name: value for name, value in os.environ.items() if not name.lower().endswith("proxy")} | {"PIP_INDEX_URL": "http://127.0.0.1:9/"}
    installed = run(out, "install", str(there), env=quiet)
    assert installed.returncode == 0, installed.stderr
    kaopei = str(there / "kaopei")
    refused = subprocess.run([kaopei, "center"], capture_output=True, text=True, check=False)
    assert (refused.returncode, "考试点的部分" in refused.stderr) == (2, True)
    words = [kaopei, "edge", "drill", "--seats", "2", "--minutes", "0.1", "--folder", str(tmp_path)]
    drilled = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "保存作答" in drilled.stdout, drilled.stderr
    again = run(out, "install", str(there))
    assert (again.returncode, "不是空的" in again.stderr) == (2, True)
