"""Unannounced visits: what an inspector saw in a class room, beside what the system knew at that moment."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kaopei.center.training.models.classes import Lesson
from kaopei.center.training.models.reviews import Lead
from kaopei.office.append_only import CityRecord
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField


class Visit(CityRecord):
    """随机抽查: heads counted in the room, and who had signed in then. A difference opens a lead; the visited see nothing of it before."""

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="visits")
    number = models.CharField(max_length=40)
    # The class was being held as reported; or nobody was there, or another class or teacher was.
    as_reported = models.BooleanField()
    heads = models.PositiveIntegerField()
    expected = models.PositiveIntegerField()
    # Enrolments that had signed in and not out at that moment, and those of them who were looked for and not found.
    signed_in = ArrayField(models.BigIntegerField(), default=list)
    not_found = ArrayField(models.BigIntegerField(), default=list)
    note = EncryptedTextField("training.review", blank=True)
    photo = EncryptedBinaryField("training.visit", null=True)
    photo_digest = models.CharField(max_length=64, blank=True)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="visits")
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "number"], name="visit_number_once"),
            models.CheckConstraint(condition=Q(photo__isnull=True, photo_digest="") | Q(photo__isnull=False), name="visit_photo_whole"),
        ]
        ordering = ["-pk"]

    @property
    def difference(self) -> int:
        """Signed in less heads counted: above nothing, somebody was signed in and not there."""
        return len(self.signed_in) - self.heads
