"""The tickets of one institution as a ZIP: made, laid down encrypted, opened again."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from kaopei.center.allocation import papers
from kaopei.center.allocation.press import Press
from kaopei.office import personal, trusted

PURPOSE = "allocation.tickets"


def make(press: Press, frame: papers.Frame, code: str, rows: list[dict[str, Any]], seen: Callable[[int], None]) -> bytes:
    """One PDF with all tickets of an institution, and one for each of them."""
    jobs = [(f"institution-{code}.pdf", _job(frame, rows))]
    jobs += [(f"candidate-{row['ticket'].replace(' ', '')}.pdf", _job(frame, [row])) for row in rows]
    made = {}
    for name, content in press.print(jobs):
        made[name] = content
        seen(len(made) - 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(made):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), made[name])
    return out.getvalue()


def _job(frame: papers.Frame, rows: list[dict[str, Any]]) -> dict[str, Any]:
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
