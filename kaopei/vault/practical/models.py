"""Score sheets as they came, and which of them a second person has put in force. Nothing here is changed afterwards."""

from django.db import models

from kaopei.office.append_only import AppendOnly
from kaopei.office.personal import EncryptedTextField


class SheetImport(AppendOnly):
    """One file taken in, with the verdict of every row [sheet, row, subject, number, decision, code] and never a step."""

    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    verdicts = models.JSONField()
    at = models.DateTimeField()
    by = models.CharField(max_length=32)


class ScoreSheet(AppendOnly):
    """评分标准 of one subject as one file brought it; the newest that was approved counts for sealing."""

    subject = models.CharField(max_length=120)
    # As of a bank: punctuation and blanks aside
    plain = models.CharField(max_length=120, db_index=True)
    taken = models.ForeignKey(SheetImport, models.PROTECT, related_name="sheets")
    digest = models.CharField(max_length=64)
    # Rules, tasks and steps as JSON: what is drawn is as secret as a paper
    content = EncryptedTextField("papers")


class SheetApproval(AppendOnly):
    """A reviewer who did not bring the file signed exactly these sheets: from here they are in force."""

    taken = models.OneToOneField(SheetImport, models.PROTECT, related_name="approval")
    by = models.CharField(max_length=32)
    at = models.DateTimeField()
