"""Training institutions and online platforms, and the standing of every registered body."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kaopei.center.registry.models.versions import Version
from kaopei.office.personal import EncryptedTextField
from kaopei.office.scope import CityRow


class Standing(models.TextChoices):
    """资格状态: what enforcement changes and the draw asks for."""

    GOOD = "good", "正常"
    SUSPENDED = "suspended", "暂停"
    DISQUALIFIED = "disqualified", "取消资格"
    DEREGISTERED = "deregistered", "已注销"


class Institution(CityRow):
    """安全培训机构 or 网络培训平台, known by its credit code; the row says what holds now, its registrations what held when."""

    class Kind(models.TextChoices):
        INSTITUTION = "institution", "培训机构"
        PLATFORM = "platform", "网络培训平台"

    code = models.CharField(max_length=18)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.INSTITUTION)
    name = models.TextField()
    district = models.TextField(blank=True)
    address = models.TextField(blank=True)
    phone = EncryptedTextField("registry.phone", blank=True)
    website = models.TextField(blank=True)
    # Counts changes: who changes what somebody else has changed meanwhile is told.
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "code"], name="institution_once_per_city")]
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


class Registration(Version):
    """核实登记: the facts of a written report, in force from … to (both included)."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="registrations")
    name = models.TextField()
    district = models.TextField(blank=True)
    address = models.TextField(blank=True)
    phone = EncryptedTextField("registry.phone", blank=True)
    website = models.TextField(blank=True)
    # 一（一）: an institution trains for the operations it reported and that were verified, no others.
    scope = ArrayField(models.TextField(), default=list)
    registered_on = models.DateField(null=True)
    is_registered = models.BooleanField()
    status_text = models.TextField()
    # 一（二）: receipt number of the written report it rests on; empty where it came with a city's list.
    report = models.CharField(max_length=24, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="registration_from_before_to"),
            models.UniqueConstraint(fields=["institution"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_open_registration"),
        ]
        ordering = ["institution", "from_day"]


class BodyStanding(Version):
    """A time in which a site or an institution is not in good standing; days outside such times are good."""

    site = models.ForeignKey("registry.Site", on_delete=models.PROTECT, null=True, related_name="standings")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, null=True, related_name="standings")
    standing = models.CharField(max_length=12, choices=Standing)
    # 三（二）: a measure names its ground; one taken from a city's list says so.
    ground = models.CharField(max_length=20)
    reason = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="standing_from_before_to"),
            models.CheckConstraint(condition=~Q(standing=Standing.GOOD), name="good_standing_needs_no_row"),
            models.CheckConstraint(condition=Q(site__isnull=True) ^ Q(institution__isnull=True), name="standing_of_one_body"),
        ]
        ordering = ["site", "institution", "from_day"]
