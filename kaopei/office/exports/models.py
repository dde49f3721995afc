"""Files with rows of people that somebody takes away."""

from django.db import models
from django.db.models import Q

from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow


class Export(CityRow):
    """个人信息导出: one file for one person, with the reason. What became of a large one is its approval's business."""

    ulid = models.CharField(max_length=26, unique=True)
    # What it is (`app.what`) and of what (`kind:number`)
    kind = models.CharField(max_length=64)
    object = models.CharField(max_length=160)
    title = models.CharField(max_length=200)
    # Rows about people
    rows = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    # Kept only while a large file waits to be taken
    content = EncryptedBinaryField("exports", null=True)
    reason = EncryptedTextField("exports")
    requester = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["requester", "-id"], name="export_by_requester")]
        constraints = [models.CheckConstraint(condition=Q(rows__gt=0), name="export_has_rows")]
