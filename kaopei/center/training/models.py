"""Hours that the syllabus asks for. No legal number is invented: the city enters them with their source."""

from django.db import models
from django.db.models import F, Q


class SyllabusHours(models.Model):
    """培训大纲学时 of one operation in one city, in force from … to (both included)."""

    city = models.CharField(max_length=6)
    operation = models.TextField()
    # Half hours occur in syllabuses.
    initial_hours = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    review_hours = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    from_day = models.DateField()
    to_day = models.DateField(null=True)
    source = models.TextField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="hours_from_before_to"),
            models.UniqueConstraint(fields=["city", "operation"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_open_syllabus"),
        ]
        ordering = ["city", "operation"]
