"""The printing press: thousands of small PDFs on all cores. The typesetter holds the interpreter's lock, so each core gets a process.

    with Press() as press:
        for name, (sheet, *pages) in press.print([("a", {...}), …]): …

A job is a sheet of tickets: to subset the fonts takes longer than to set twenty tickets, so a sheet is set once and cut into pages.
A process (`python -m kaopei.center.allocation.press`) reads jobs as JSON lines and answers with a count, then lengths and bytes:
the sheet, and each page as a PDF of its own. It knows no database and no settings: what is to be printed comes in the job.
"""

import json
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self

import segno

from kaopei.center.allocation import pages
from kaopei.office.environment import PROJECT, package_folder

TEMPLATE = Path(__file__).parent / "templates" / "allocation" / "ticket.typ"
FONTS = "manimgx_fonts_cjk"
LENGTH = struct.Struct(">Q")
Job = tuple[str, dict[str, Any]]
Made = tuple[str, list[bytes]]
# Tickets of one sheet: more of them share a subset of fonts, which then lies in each page
SHEET = 32


class Broken(RuntimeError):
    """A process of the press ended; its own words are in the text."""


def qr_svg(text: str) -> str:
    """A QR code as SVG. The mask is fixed: choosing the prettiest of eight takes longer than the whole ticket."""
    code = segno.make(text, error="m", micro=False, mask=3)
    return code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)


class Press:
    """Processes that print one template, as many as there are cores (at most four)."""

    def __init__(self, count: int | None = None) -> None:
        self.count = count or min(4, os.cpu_count() or 1)
        self.running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "kaopei.center.allocation.press"]
        for _ in range(self.count):
            self.running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT))
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.kill()
            process.communicate()

    def print(self, jobs: Sequence[Job]) -> Iterator[Made]:
        """For each job its name, the sheet and the pages, as they come out; not in the order of the jobs."""
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        done: queue.SimpleQueue[Made | Exception] = queue.SimpleQueue()
        for job in jobs:
            waiting.put(job)
        for process in self.running:
            threading.Thread(target=_feed, args=[process, waiting, done], daemon=True).start()
        for _ in jobs:
            made = done.get()
            if isinstance(made, Exception):
                raise made
            yield made


def _feed(process: subprocess.Popen[bytes], waiting: Any, done: Any) -> None:
    """One thread a process: a job in, a PDF out, until nothing waits."""
    assert process.stdin is not None and process.stdout is not None
    try:
        while True:
            name, data = waiting.get_nowait()
            process.stdin.write(json.dumps(data, ensure_ascii=False).encode() + b"\n")
            process.stdin.flush()
            made = [_taken(process.stdout) for _ in range(1 + len(data["tickets"]))]
            if not all(made):
                raise Broken(f"印制 {name} 时排版进程中断，请重新生成；再次出错请联系系统管理员。")
            done.put((name, made))
    except queue.Empty:
        return
    except (OSError, Broken) as fault:
        done.put(fault)


def _taken(pipe: IO[bytes]) -> bytes:
    """One answer, or nothing where the process has ended."""
    head = pipe.read(LENGTH.size)
    return pipe.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""


def main() -> None:
    """Read jobs, print, answer; ends with its input."""
    import typst

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[package_folder(FONTS)])
    compiler = typst.Compiler(root=PROJECT / "kaopei", font_paths=fonts)
    for line in sys.stdin.buffer:
        data = json.loads(line)
        for row in data["tickets"]:
            row["qr"] = qr_svg(row["code"])
        inputs = {"data": json.dumps(data, ensure_ascii=False)}
        made = compiler.compile(input=TEMPLATE, sys_inputs=inputs, format="pdf", timestamp=data["printed"])
        sheet = pages.read(made)
        if len(sheet.pages) != len(data["tickets"]):
            raise Broken(f"{len(data['tickets'])} 张准考证排成了 {len(sheet.pages)} 页：请检查内容是否过长。")
        for one in (made, *pages.split(sheet)):
            sys.stdout.buffer.write(LENGTH.pack(len(one)) + one)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
