"""What people decided about a draw before its freeze: sites let in by exception, thin markets accepted."""

from django.db import models
from django.db.models import F, Q

from kaopei.office.append_only import CityRecord
from kaopei.office.scope import CityRow


class SiteException(CityRow):
    """二（三）AMB1: a reasoned exception for a site, asked by one person, approved by another, counted and
    shown upwards.
    """

    class Ground(models.TextChoices):
        HOST_NOT_REGISTERED = "host_not_registered", "依托机构已不在登记之列"

    class Status(models.TextChoices):
        ASKED = "asked", "待审批"
        APPROVED = "approved", "已批准"

    TRANSITIONS = (("asked", "approved", "审批人", "双人签署，冻结以前"),)

    draw = models.ForeignKey("allocation.Draw", models.PROTECT, related_name="exceptions")
    site = models.CharField(max_length=20)
    ground = models.CharField(max_length=24, choices=Ground)
    reason = models.CharField(max_length=500)
    # The proof: digest of the file as it came, and the file itself, encrypted
    attachment_digest = models.CharField(max_length=64)
    attachment_name = models.CharField(max_length=200)
    attachment = models.BinaryField()
    from_day = models.DateField()
    to_day = models.DateField()
    status = models.CharField(max_length=8, choices=Status, default=Status.ASKED)
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    approved_by = models.CharField(max_length=32, blank=True)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draw", "site", "ground"], name="site_exception_once"),
            models.CheckConstraint(condition=Q(to_day__gte=F("from_day")), name="site_exception_from_before_to"),
            models.CheckConstraint(condition=~Q(approved_by=F("asked_by")), name="site_exception_two_persons"),
        ]
        ordering = ["site"]


class ThinDecision(CityRecord):
    """薄市场: candidates of one institution and subject with fewer options than the rule asks; what was decided
    about them.
    """

    class Choice(models.TextChoices):
        ACCEPT = "accept", "接受，记录理由"
        OPEN = "open", "增开场次"
        LATER = "later", "并入下一批"

    draw = models.ForeignKey("allocation.Draw", models.PROTECT, related_name="thin_decisions")
    institution = models.CharField(max_length=18)
    subject = models.CharField(max_length=60)
    options = models.PositiveSmallIntegerField()
    candidates = models.PositiveIntegerField()
    choice = models.CharField(max_length=8, choices=Choice)
    reason = models.CharField(max_length=500)
    decided_by = models.CharField(max_length=32)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
