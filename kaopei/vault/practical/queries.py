"""What score sheets there are, and which are in force."""

from collections.abc import Iterable
from typing import Any

from kaopei.office.approvals import queries as approvals
from kaopei.office.approvals.queries import Request
from kaopei.paper.blueprint import plain
from kaopei.paper.codec import canonical
from kaopei.paper.practical import ScoreSheet as PaperSheet
from kaopei.vault.practical import models
from kaopei.vault.practical.records import from_text

ACTION = "practical.approve"


def imports() -> list[models.SheetImport]:
    """The newest first."""
    return list(models.SheetImport.objects.select_related("approval").order_by("-id")[:50])


def import_by_id(import_id: int) -> models.SheetImport | None:
    return models.SheetImport.objects.filter(id=import_id).first()


def last_import() -> models.SheetImport | None:
    return models.SheetImport.objects.order_by("-id").first()


def matter(taken: models.SheetImport) -> str:
    """How approvals and events name an import."""
    return f"score-sheets:{taken.pk}"


def statement(taken: models.SheetImport) -> bytes:
    """What the second person signs: the file and the digest of every sheet in it."""
    sheets = {row.subject: row.digest for row in taken.sheets.order_by("id")}
    return canonical({"文件": taken.file, "文件摘要": taken.digest, "评分标准": sheets})


def asked(taken: models.SheetImport) -> Request | None:
    """The request to put it in force."""
    return approvals.standing(ACTION, matter(taken))


def row_in_force(subject: str) -> models.ScoreSheet | None:
    """The newest approved sheet of a subject, whatever its punctuation."""
    rows = models.ScoreSheet.objects.filter(plain=plain(subject), taken__approval__isnull=False)
    return rows.order_by("-taken__approval__id", "-id").first()


def in_force(subject: str) -> PaperSheet | None:
    """The sheet that is sealed for a subject."""
    row = row_in_force(subject)
    return None if row is None else from_text(row.content)


def version(subject: str) -> str:
    """The number of the sheet in force, as it stands in a parcel's manifest."""
    row = row_in_force(subject)
    return "0" if row is None else str(row.pk)


def waiting(subjects: Iterable[str]) -> list[str]:
    """Of these subjects, whose sheet came but waits for its second person."""
    known = {one for (one,) in models.ScoreSheet.objects.filter(taken__approval=None).values_list("plain")}
    return [subject for subject in subjects if plain(subject) in known]


def changed(sheets: Iterable[tuple[PaperSheet, str]]) -> list[tuple[PaperSheet, str]]:
    """Of (sheet, digest), those that differ from what came last for their subject."""
    found = []
    for sheet, digest in sheets:
        last = models.ScoreSheet.objects.filter(plain=plain(sheet.subject)).order_by("-id").first()
        if last is None or last.digest != digest:
            found.append((sheet, digest))
    return found


def sheets(taken: models.SheetImport) -> list[PaperSheet]:
    """The sheets of an import, with their steps."""
    return [from_text(row.content) for row in taken.sheets.order_by("id")]


def listed() -> list[dict[str, Any]]:
    """One line a subject in force."""
    found = []
    for subject in sorted(set(models.ScoreSheet.objects.values_list("subject", flat=True))):
        row = row_in_force(subject)
        if row is not None:
            sheet = from_text(row.content)
            vetoes = sum(step.veto for task in sheet.tasks for step in task.steps)
            found.append({"row": row, "sheet": sheet, "tasks": len(sheet.tasks), "vetoes": vetoes})
    return found
