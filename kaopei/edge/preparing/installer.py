"""Runs inside the bundle, before anything is installed: says what is missing, refuses other rooms, installs without a network.

Standard library only, and able to say its say on an older Python. `python3 kaopei-edge.pyz check` · `… install FOLDER`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple  # noqa: UP035

ROOMS = ("edge", "terminal", "parcel", "ledger", "paper", "law", "commandline")
LOWEST, BELOW = (3, 12), (3, 15)
FREE_MIB = 3072
LAUNCHER = """#!/bin/sh
# 考试点程序：只有 edge、parcel 两个命令。
case "${{1:-}}" in
  edge | parcel) ;;
  *) echo "本机只装了考试点的部分：$0 edge|parcel …" >&2; exit 2 ;;
esac
PYTHONPATH="{folder}/program" PYTHONNOUSERSITE=1 exec "{folder}/venv/bin/python" -m kaopei "$@"
"""


class Refused(Exception):
    """The bundle or the machine does not fit; the text is for people."""


def main(argv: List[str]) -> int:  # noqa: UP006
    """check | install FOLDER; 0 done, 1 something is missing, 2 refused."""
    bundle = Path(sys.argv[0]).resolve()
    try:
        if argv[:1] == ["check"] and len(argv) == 1:
            return check(bundle)
        if argv[:1] == ["install"] and len(argv) == 2:
            return install(bundle, Path(argv[1]).resolve())
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 2
    print(f"用法：python3 {bundle.name} check        检查本机缺什么\n      python3 {bundle.name} install 文件夹   装到一个空文件夹")
    return 0 if argv[:1] in ([], ["-h"], ["--help"]) else 2


def manifest(bundle: Path) -> Dict[str, Any]:  # noqa: UP006
    """The list of contents, after every file was compared with it."""
    with zipfile.ZipFile(bundle) as packed:
        said = dict(json.loads(packed.read("manifest.json")))
        names = {one for one in packed.namelist() if not one.endswith("/")} - {"manifest.json", "__main__.py"}
        if names != set(said["files"]):
            raise Refused(f"安装包的内容与清单不符（{sorted(names ^ set(said['files']))[0]}）：文件不全或被改动，请重新复制。")
        for name in sorted(names):
            if hashlib.sha256(packed.read(name)).hexdigest() != said["files"][name]:
                raise Refused(f"安装包里的 {name} 被改动或复制时损坏，不能安装。请重新复制原件。")
    for name in names:
        parts = name.split("/")
        if parts[0] == "program" and len(parts) > 3 and parts[2] not in ROOMS:
            raise Refused(f"安装包里有不属于考试点的部分（{parts[2]}），不能装在考试服务器上。")
        if parts[0] not in ("program", "wheels", "requirements.txt") or ".." in parts:
            raise Refused(f"安装包里有不认识的文件 {name}。")
    return said


def findings(said: Dict[str, Any]) -> Iterator[Tuple[bool, str, str]]:  # noqa: UP006
    """(good, what, what to do) for each thing that an exam server needs; the first four must be there to install."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    machine = os.uname().machine
    yield LOWEST <= sys.version_info[:2] < BELOW, f"Python {version}", "需要 3.12、3.13 或 3.14（如 Debian 13 自带的 3.13；其他系统另装）"
    fits = not said["python"] or said["python"] == version
    yield fits, f"安装包为 Python {said['python'] or '任一版本'} 制作", f"请用 python{said['python']} 运行，或取为本机版本制作的安装包"
    fits = not said["machine"] or said["machine"] == machine
    yield fits, f"安装包为 {said['machine'] or '任一平台'} 制作，本机 {machine}", "请取为本机平台制作的安装包"
    whole = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    yield whole, "venv 和 pip（随 Python）", "Debian、统信、麒麟：apt install python3-venv"
    yield shutil.which("nginx") is not None, "nginx", "apt install nginx（正式考试必须；演练可以先不装）"
    free = shutil.disk_usage(Path.cwd()).free // 2**20
    yield free >= FREE_MIB, f"磁盘剩余 {free} MiB", f"至少留出 {FREE_MIB} MiB"
    yield not _swap(), "没有交换分区", "swapoff -a，并从 /etc/fstab 去掉：内存里的试卷密钥不得落盘"


def _swap() -> bool:
    try:
        return len(Path("/proc/swaps").read_text("ascii").splitlines()) > 1
    except OSError:
        return False


def check(bundle: Path) -> int:
    """Print what is there and what is missing."""
    said = manifest(bundle)
    print(f"考试点安装包 {said['version']}，程序摘要 {said['software']}（请与登记书核对）")
    missing = 0
    for good, what, todo in findings(said):
        print(("  ✓ " if good else "  ✗ ") + what + ("" if good else "：" + todo))
        missing += not good
    print(f"还缺 {missing} 项。" if missing else "可以安装。")
    return 1 if missing else 0


def install(bundle: Path, folder: Path) -> int:
    """Into an empty folder, from the bundle alone."""
    said = manifest(bundle)
    for good, what, todo in list(findings(said))[:4]:
        if not good:
            raise Refused(f"不能安装：{what}。{todo}。")
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder}：文件夹不是空的。请换一个空文件夹。")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(bundle) as packed:
        for name in said["files"]:
            packed.extract(name, folder if name.startswith("program/") else temporary)
        _environment(folder, Path(temporary))
    launcher = folder / "kaopei"
    launcher.write_text(LAUNCHER.format(folder=folder), encoding="utf-8")
    launcher.chmod(0o755)
    trial = subprocess.run([str(launcher), "edge", "--help"], capture_output=True, text=True, check=False)
    if trial.returncode:
        raise Refused(f"装好了却不能运行：{trial.stderr.strip()[-300:]}")
    print(f"已装到 {folder}。下一步：{launcher} edge init 数据文件夹 --site 考试点代码 --trust trust.json")
    return 0


def _environment(folder: Path, parts: Path) -> None:
    """The pinned wheels of the bundle and nothing else, each by its hash, no index asked."""
    place = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    words = [str(place / "bin" / "python"), "-m", "pip", "--isolated", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    words += ["--no-deps", "--only-binary", ":all:", "--find-links", str(parts / "wheels"), "--require-hashes"]
    done = subprocess.run([*words, "-r", str(parts / "requirements.txt")], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"安装依赖失败：{done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
