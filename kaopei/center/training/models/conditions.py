"""What is known of an institution for a clause of the standard: reported by itself, or found by those who supervise it."""

from django.db import models

from kaopei.office.append_only import CityRecord


class ConditionEntry(CityRecord):
    """条件核查: a figure or a finding for one clause, with what it rests on. The newest counts; one of the regulator before one's own."""

    institution_code = models.CharField(max_length=18)
    # Id of the edition (law sources) and the clause in it.
    source = models.CharField(max_length=12)
    clause = models.CharField(max_length=12)
    figure = models.PositiveIntegerField(null=True)
    met = models.BooleanField(null=True)
    note = models.TextField()
    is_regulator = models.BooleanField()
    day = models.DateField()
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["city", "institution_code", "source"], name="condition_by_institution")]
        ordering = ["-pk"]
