"""Banks, items, blueprints, imports. What an item says is encrypted; what assembly needs to count is not."""

from django.db import models

from kaopei.office.append_only import AppendOnly
from kaopei.office.personal import EncryptedTextField
from kaopei.paper.item import KIND_NAMES


class ItemBank(models.Model):
    """The items of one subject. The version rises with every import that changes something."""

    subject = models.CharField(max_length=120, unique=True)
    # Punctuation and blanks aside, two spellings of a subject are one bank.
    plain = models.CharField(max_length=120, unique=True)
    version = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.subject


class Item(models.Model):
    """One item. A retired item keeps its number for ever and stands in no paper."""

    bank = models.ForeignKey(ItemBank, models.PROTECT, related_name="items")
    number = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=list(KIND_NAMES.items()))
    point = models.CharField(max_length=40)
    # Thousandths; the author's estimate, not a pass rate.
    difficulty = models.IntegerField()
    retired = models.BooleanField(default=False)
    enemy = models.CharField(max_length=80, blank=True)
    # Stem, options, key and all other texts as JSON.
    content = EncryptedTextField("items")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bank", "number"], name="one_item_a_number"),
            models.CheckConstraint(condition=models.Q(difficulty__range=(100, 900)), name="difficulty_in_range"),
        ]


class Blueprint(AppendOnly):
    """A subject's blueprint as it came; the newest one counts for sealing."""

    bank = models.ForeignKey(ItemBank, models.PROTECT, related_name="blueprints")
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    at = models.DateTimeField()
    by = models.CharField(max_length=32)


class BankImport(AppendOnly):
    """One file taken in, with the verdict of every row (number, row, decision, code) and never a question."""

    bank = models.ForeignKey(ItemBank, models.PROTECT, related_name="imports")
    file = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    verdicts = models.JSONField()
    at = models.DateTimeField()
    by = models.CharField(max_length=32)
