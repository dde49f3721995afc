"""The tickets of one institution as a ZIP: made, laid down encrypted, opened again."""

import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from pathlib import Path
from typing import Any

from django.conf import settings

from kaopei.center.allocation import papers
from kaopei.office import personal

PURPOSE = "allocation.tickets"
AT_ONCE = 20  # tickets a piece of work


def make(frame: papers.Frame, code: str, rows: list[dict[str, Any]], seen: Any) -> bytes:
    """The ZIP of one institution. PDFs are made in threads: the typesetter works outside the interpreter's lock."""
    made: dict[str, bytes] = {}
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as workers:
        whole = workers.submit(papers.tickets, frame, rows)
        for some in workers.map(lambda group: [_single(frame, row) for row in group], batched(rows, AT_ONCE)):
            made.update(some)
            seen(len(made))
        made[f"institution-{code}.pdf"] = whole.result()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(made):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), made[name])
    return out.getvalue()


def _single(frame: papers.Frame, row: dict[str, Any]) -> tuple[str, bytes]:
    return f"candidate-{row['ticket'].replace(' ', '')}.pdf", papers.tickets(frame, [row])


def keep(file: str, content: bytes) -> None:
    """Lay a bundle down, encrypted."""
    folder = settings.HOME / "tickets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / file).write_bytes(personal.encrypt_bytes(content, PURPOSE))


def opened(file: str) -> bytes:
    """A stored bundle, decrypted."""
    return personal.decrypt_bytes(Path(settings.HOME / "tickets" / file).read_bytes(), PURPOSE)
