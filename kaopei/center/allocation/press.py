"""The printing press: thousands of small PDFs on all cores. The typesetter holds the interpreter's lock, so each core gets a process.

    with Press() as press:
        for name, pdf in press.print([("a.pdf", {...}), …]): …

A process (`python -m kaopei.center.allocation.press TEMPLATE`) reads jobs as JSON lines and answers with a length and the bytes.
It knows no database and no settings: what is to be printed comes in the job.
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
from typing import Any, Self

import segno

from kaopei.office.environment import PROJECT, package_folder

TEMPLATE = Path(__file__).parent / "templates" / "allocation" / "ticket.typ"
FONTS = "manimgx_fonts_cjk"
LENGTH = struct.Struct(">Q")
Job = tuple[str, dict[str, Any]]


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

    def print(self, jobs: Sequence[Job]) -> Iterator[tuple[str, bytes]]:
        """Names and PDFs as they come out; not in the order of the jobs."""
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        done: queue.SimpleQueue[tuple[str, bytes] | Exception] = queue.SimpleQueue()
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
            head = process.stdout.read(LENGTH.size)
            body = process.stdout.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""
            if not body:
                raise Broken(f"印制 {name} 时排版进程中断，请重新生成；再次出错请联系系统管理员。")
            done.put((name, body))
    except queue.Empty:
        return
    except (OSError, Broken) as fault:
        done.put(fault)


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
        # A file for one reader keeps its tags (screen readers); the file for an institution's printer needs none.
        tags = len(data["tickets"]) == 1
        made = compiler.compile(input=TEMPLATE, sys_inputs=inputs, format="pdf", timestamp=data["printed"], pdf_tags=tags)
        sys.stdout.buffer.write(LENGTH.pack(len(made)) + made)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
