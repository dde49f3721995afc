"""场次: one exam at one site on one day, from the city's plan."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kaopei.office.scope import CityRow


class Part(models.TextChoices):
    """Theory comes before practical; each has draws of its own."""

    THEORY = "T", "理论"
    PRACTICAL = "P", "实操"


class Sitting(CityRow):
    """A planned sitting. Once a draw has frozen it, the database refuses every change."""

    number = models.CharField(max_length=40)
    # The month's examinations (applications.Batch)
    batch = models.CharField(max_length=14)
    site = models.CharField(max_length=20)
    day = models.DateField()
    start = models.TimeField()
    end = models.TimeField()
    part = models.CharField(max_length=1, choices=Part)
    subjects = ArrayField(models.CharField(max_length=60))
    seats = models.PositiveIntegerField()
    # 二（三）: number of the draw whose frozen input holds this sitting
    frozen_in = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "number"], name="sitting_once_per_city"),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="sitting_start_before_end"),
            models.CheckConstraint(condition=Q(seats__gte=1), name="sitting_has_seats"),
        ]
        indexes = [models.Index(fields=["city", "day", "start"]), models.Index(fields=["batch", "part"])]
        ordering = ["day", "start", "number"]

    def __str__(self) -> str:
        return self.number
