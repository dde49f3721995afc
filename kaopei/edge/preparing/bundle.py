"""One file that installs an exam server on a machine without a network: the wheels, and only the rooms that belong there."""

import ast
import hashlib
import json
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from kaopei.edge.preparing import installer
from kaopei.edge.settings import software

# Commands that an exam server has; with them come the modules of the command line that they import.
WORDS = ("edge", "parcel")
FIXED = (1980, 1, 1, 0, 0, 0)


class BadBundle(ValueError):
    """The bundle cannot be made; the text says why."""

    exit_status = 2


def make(out: Path, *, wheels: Path | None = None, machines: list[str] | None = None, python: str = "") -> str:
    """Write the bundle and say what is in it. `wheels` holds what `requirements/edge.txt` pins; else it is downloaded."""
    home = Path(__file__).resolve().parents[3]
    pinned = home / "requirements" / "edge.txt"
    if not pinned.is_file():
        raise BadBundle(f"{pinned}：没有依赖清单，只能在完整的项目里做安装包。")
    with tempfile.TemporaryDirectory() as temporary:
        if wheels is None:
            wheels = Path(temporary)
            _download(pinned, wheels, machines or [], python)
        found = sorted(wheels.glob("*.whl"))
        if not found:
            raise BadBundle(f"{wheels}：没有依赖包（.whl）。")
        files = {f"wheels/{path.name}": path.read_bytes() for path in found}
        files["requirements.txt"] = pinned.read_bytes()
        files |= {f"program/{name}": data for name, data in program(home).items()}
        _write(out, files, _machine(machines or []), python or f"{sys.version_info[0]}.{sys.version_info[1]}")
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    size = out.stat().st_size / 2**20
    return f"已做好 {out}（{size:.1f} MiB，{len(found)} 个依赖包，SHA-256 {digest}）。在考试服务器上：python3 {out.name} check"


def _machine(machines: list[str]) -> str:
    """Which kernel name the wheels fit; empty for several."""
    names = {one.rpartition("_")[2] if not one.endswith("x86_64") else "x86_64" for one in machines} or {platform.machine()}
    return names.pop() if len(names) == 1 else ""


def _download(pinned: Path, into: Path, machines: list[str], python: str) -> None:
    """By pip of a fresh environment, so that the project's own need not have one."""
    with tempfile.TemporaryDirectory() as temporary:
        subprocess.run([sys.executable, "-m", "venv", temporary], check=True)
        words = [f"{temporary}/bin/python", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--no-deps"]
        words += ["--require-hashes", "-r", str(pinned), "-d", str(into)]
        for one in machines:
            words += ["--platform", one]
        words += ["--python-version", python] if python else []
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadBundle(f"下载依赖包失败，请检查网络，或用 --wheels 指明已有的文件夹：{done.stderr.strip()[-300:]}")


def program(home: Path) -> dict[str, bytes]:
    """The files of the allowed rooms; BadBundle if one of them needs a room that may not be on an exam server."""
    source = home / "kaopei"
    rooms = [path for room in installer.ROOMS if room != "commandline" for path in sorted((source / room).rglob("*"))]
    chosen = [source / "__init__.py", source / "__main__.py", *rooms, *_commands(source)]
    files = {str(path.relative_to(home)): path.read_bytes() for path in chosen if path.is_file() and "__pycache__" not in path.parts}
    allowed = {*installer.ROOMS, "__main__"}
    for name, data in files.items():
        if name.endswith(".py"):
            for other in _imports(data.decode("utf-8")):
                if other.split(".")[1] not in allowed:
                    raise BadBundle(f"{name} 用到 {other}，它不能出现在考试服务器上。")
    return files


def _commands(source: Path) -> list[Path]:
    """The allowed commands with the modules of the command line that they import."""
    todo, found = [*WORDS, "__init__"], set()
    while todo:
        name = todo.pop()
        path = source / "commandline" / f"{name}.py"
        if path in found or not path.is_file():
            continue
        found.add(path)
        todo += [parts[2] for one in _imports(path.read_text("utf-8")) if (parts := one.split("."))[1] == "commandline" and len(parts) > 2]
    return sorted(found)


def _imports(text: str) -> Iterable[str]:
    """Dotted names below kaopei that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith("kaopei."))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "kaopei":
            yield from (f"{node.module}.{one.name}" for one in node.names)


def _write(out: Path, files: dict[str, bytes], machine: str, python: str) -> None:
    """A zip that Python runs; the same contents give the same bytes."""
    own = software()
    said = {
        "version": own["version"], "software": own["hash"], "machine": machine, "python": python,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }  # fmt: skip
    parts = {"__main__.py": Path(installer.__file__).read_bytes(), "manifest.json": json.dumps(said, ensure_ascii=False, indent=1).encode()}
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(out.name + ".new")
    with fresh.open("wb") as target:
        target.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in {**parts, **dict(sorted(files.items()))}.items():
                entry = zipfile.ZipInfo(name, FIXED)
                entry.external_attr = 0o644 << 16
                entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
                packed.writestr(entry, data)
    fresh.replace(out)
