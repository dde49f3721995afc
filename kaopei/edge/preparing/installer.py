"""Runs inside the bundle, before anything is installed: says what is missing, refuses other rooms, installs without a network.

Standard library only, and able to say its say on an older Python. `python3 kaopei-edge.pyz check` · `… install FOLDER`.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

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


def main(argv):
    """check | install FOLDER; 0 done, 1 something is missing, 2 refused."""
    bundle = os.path.abspath(sys.argv[0])
    try:
        if argv[:1] == ["check"] and len(argv) == 1:
            return check(bundle)
        if argv[:1] == ["install"] and len(argv) == 2:
            return install(bundle, os.path.abspath(argv[1]))
    except Refused as problem:
        print(problem, file=sys.stderr)
        return 2
    print("用法：python3 {0} check        检查本机缺什么\n      python3 {0} install 文件夹   装到一个空文件夹".format(os.path.basename(bundle)))
    return 0 if argv[:1] in ([], ["-h"], ["--help"]) else 2


def manifest(bundle):
    """The list of contents, after every file was compared with it."""
    with zipfile.ZipFile(bundle) as packed:
        said = json.loads(packed.read("manifest.json"))
        names = {one for one in packed.namelist() if not one.endswith("/")} - {"manifest.json", "__main__.py"}
        if names != set(said["files"]):
            odd = sorted(names ^ set(said["files"]))[0]
            raise Refused("安装包的内容与清单不符（%s）：文件不全或被改动，请重新复制。" % odd)
        for name in sorted(names):
            if hashlib.sha256(packed.read(name)).hexdigest() != said["files"][name]:
                raise Refused("安装包里的 %s 被改动或复制时损坏，不能安装。请重新复制原件。" % name)
    for name in names:
        parts = name.split("/")
        if parts[0] == "program" and len(parts) > 3 and parts[2] not in ROOMS:
            raise Refused("安装包里有不属于考试点的部分（%s），不能装在考试服务器上。" % parts[2])
        if parts[0] not in ("program", "wheels", "requirements.txt") or ".." in parts:
            raise Refused("安装包里有不认识的文件 %s。" % name)
    return said


def findings(said):
    """(good, what, what to do) for each thing that an exam server needs."""
    version = "%d.%d" % sys.version_info[:2]
    yield LOWEST <= sys.version_info[:2] < BELOW, "Python %s" % version, "需要 3.12、3.13 或 3.14（Debian 13、统信 V25 自带；其他系统装 python3.12）"
    fits = not said["python"] or said["python"] == version
    yield fits, "安装包为 Python %s 制作" % (said["python"] or "任一"), "请用 python%s 运行，或取为本机版本制作的安装包" % said["python"]
    fits = not said["machine"] or said["machine"] == os.uname().machine
    yield fits, "安装包为 %s 制作，本机 %s" % (said["machine"] or "任一平台", os.uname().machine), "请取为本机平台制作的安装包"
    yield _has_venv(), "venv 和 pip（随 Python）", "Debian、统信、麒麟：apt install python3-venv"
    yield shutil.which("nginx") is not None, "nginx", "apt install nginx（正式考试必须；演练可以先不装）"
    free = shutil.disk_usage(os.getcwd()).free // 2**20
    yield free >= FREE_MIB, "磁盘剩余 %d MiB" % free, "至少留出 %d MiB" % FREE_MIB
    yield not _swap(), "没有交换分区", "swapoff -a，并从 /etc/fstab 去掉：内存里的试卷密钥不得落盘"


def _has_venv():
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def _swap():
    try:
        with open("/proc/swaps", encoding="ascii") as table:
            return len(table.readlines()) > 1
    except OSError:
        return False


def check(bundle):
    """Print what is there and what is missing."""
    said = manifest(bundle)
    print("考试点安装包 %s，程序摘要 %s（请与登记书核对）" % (said["version"], said["software"]))
    missing = 0
    for good, what, todo in findings(said):
        print(("  ✓ " if good else "  ✗ ") + what + ("" if good else "：" + todo))
        missing += not good
    print("可以安装。" if not missing else "还缺 %d 项。" % missing)
    return 1 if missing else 0


def install(bundle, folder):
    """Into an empty folder, from the bundle alone."""
    said = manifest(bundle)
    needed = [(what, todo) for number, (good, what, todo) in enumerate(findings(said)) if not good and number < 4]
    if needed:
        raise Refused("不能安装：%s。%s。" % needed[0])
    if os.path.exists(folder) and os.listdir(folder):
        raise Refused("%s：文件夹不是空的。请换一个空文件夹。" % folder)
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, zipfile.ZipFile(bundle) as packed:
        for name in said["files"]:
            packed.extract(name, temporary if name.startswith("wheels/") or name == "requirements.txt" else folder)
        _environment(folder, temporary)
    launcher = os.path.join(folder, "kaopei")
    with open(launcher, "w", encoding="utf-8") as script:
        script.write(LAUNCHER.format(folder=folder))
    os.chmod(launcher, 0o755)
    trial = subprocess.run([launcher, "edge", "--help"], capture_output=True, text=True)
    if trial.returncode:
        raise Refused("装好了却不能运行：%s" % trial.stderr.strip()[-300:])
    print("已装到 %s。下一步：%s edge init 数据文件夹 --site 考试点代码 --trust trust.json" % (folder, launcher))
    return 0


def _environment(folder, wheels):
    place = os.path.join(folder, "venv")
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    pip = [os.path.join(place, "bin", "python"), "-m", "pip", "--isolated", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    pip += ["--no-deps", "--only-binary", ":all:", "--find-links", os.path.join(wheels, "wheels"), "--require-hashes"]
    done = subprocess.run([*pip, "-r", os.path.join(wheels, "requirements.txt")], capture_output=True, text=True)
    if done.returncode:
        raise Refused("安装依赖失败：%s" % done.stderr.strip()[-500:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
