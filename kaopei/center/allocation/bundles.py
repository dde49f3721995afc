"""The tickets of one institution as a ZIP: made, laid down encrypted, opened again."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from kaopei.center.allocation import pages, papers
from kaopei.center.allocation.press import SHEET, Press
from kaopei.office import personal, trusted

PURPOSE = "allocation.tickets"
Rows = list[dict[str, Any]]
Bundle = tuple[str, bytes, int]  # institution, ZIP, tickets


def make(
    press: Press, frame: papers.Frame, bodies: Mapping[str, Rows], slips: Mapping[str, bytes], seen: Callable[[int], None]
) -> Iterator[Bundle]:
    """For each institution a ZIP: one PDF with all its tickets, and for each candidate a PDF and his draw slip (`slips` by pseudonym).

    `seen` is told how many tickets are set.
    """
    jobs = {(code, first): rows[first : first + SHEET] for code, rows in bodies.items() for first in range(0, len(rows), SHEET)}
    named = {f"{code} {first + 1}": (code, first) for code, first in jobs}
    waiting: dict[str, dict[int, list[bytes]]] = {code: {} for code in bodies}
    done = 0
    for name, made in press.print([(name, _job(frame, jobs[key])) for name, key in named.items()]):
        code, first = named[name]
        waiting[code][first] = made
        done += len(made) - 1
        seen(done)
        if sum(len(one) - 1 for one in waiting[code].values()) == len(bodies[code]):
            sheets = waiting.pop(code)
            yield code, _zipped(code, bodies[code], [sheets[place] for place in sorted(sheets)], slips), len(bodies[code])


def _zipped(code: str, rows: Rows, sheets: list[list[bytes]], slips: Mapping[str, bytes]) -> bytes:
    files = {f"institution-{code}.pdf": pages.join([pages.read(made[0]) for made in sheets])}
    for row, page in zip(rows, (page for made in sheets for page in made[1:]), strict=True):
        number = row["ticket"].replace(" ", "")
        files[f"candidate-{number}.pdf"] = page
        if row["pseudonym"] in slips:
            files[f"draw-slip-{number}.json"] = slips[row["pseudonym"]]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), files[name])
    return out.getvalue()


def _job(frame: papers.Frame, rows: Rows) -> dict[str, Any]:
    more = {"rehearsal": trusted.rehearsal(settings.DATA), "printed": int(frame.printed.timestamp())}
    return {**papers.sheet(frame, rows), **more}


def keep(file: str, content: bytes) -> None:
    """Lay a bundle down, encrypted."""
    folder = settings.HOME / "tickets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / file).write_bytes(personal.encrypt_bytes(content, PURPOSE))


def opened(file: str) -> bytes:
    """A stored bundle, decrypted."""
    return personal.decrypt_bytes(Path(settings.HOME / "tickets" / file).read_bytes(), PURPOSE)
