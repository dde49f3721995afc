"""./run and ./test on machines that are not ready: old default Python, inactive pyenv, none at all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ["sh", "cat", "cksum", "dirname", "mkdir", "rm", "mv", "ls", "env", "touch", "chmod", "uname"]
ELSEWHERE = [p for folder in ("/usr/bin", "/usr/local/bin", "/opt/pyenv/versions") for p in Path(folder).glob("**/python3.1[234]")]


@pytest.fixture
def machine(tmp_path):
    """A folder with the project, and a PATH on which `python3` is too old."""
    project = tmp_path / "project"
    project.mkdir()
    for file in ("boot.sh", "run", "test"):
        shutil.copy(ROOT / file, project / file)
    shutil.copytree(ROOT / "requirements", project / "requirements")
    shutil.copytree(ROOT / "kaopei", project / "kaopei", ignore=shutil.ignore_patterns("__pycache__"))
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool))
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")  # answers as an interpreter does that lacks what is asked of it
    old.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "UV_", "SSL_"))}
    return project, home, kept | {"PATH": str(tools), "HOME": str(home), "LC_ALL": "C.UTF-8"}


def run(project: Path, env: dict, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([project / "run", *words], env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.skipif(bool(ELSEWHERE), reason="this machine has a new Python in a system folder")
def test_without_any_new_python_it_says_so_and_exits_3(machine):
    project, _home, env = machine
    for command in ("run", "test"):
        done = subprocess.run([project / command], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 3
        assert "Python 3.12" in done.stderr
        assert not (project / ".venv").exists()


@pytest.mark.enable_socket
def test_a_python_in_an_inactive_pyenv_is_found_and_the_second_start_installs_nothing(machine):
    project, home, env = machine
    interpreter = home / ".pyenv/versions/3.13.9/bin/python3"
    interpreter.parent.mkdir(parents=True)
    interpreter.symlink_to(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    first = run(project, env, "--help")
    assert first.returncode == 0, first.stderr
    assert "rehearse" in first.stdout
    stamp = (project / ".venv/.stamp").stat().st_mtime_ns
    second = run(project, env, "--help")
    assert (second.returncode, second.stderr) == (0, "")
    assert (project / ".venv/.stamp").stat().st_mtime_ns == stamp


def test_requirements_are_pinned_by_hash_and_name_no_address():
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        text = file.read_text(encoding="utf-8")
        assert "://" not in text
        pins = [line for line in text.splitlines() if "==" in line]
        assert pins and all(line.rstrip().endswith("\\") for line in pins), file.name
        assert text.count("--hash=sha256:") >= len(pins)
