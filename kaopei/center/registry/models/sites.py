"""Exam sites: where, what for, under which agreement; how many a city wants at most."""

from django.db import models
from django.db.models import F, Q

from kaopei.center.registry.models.versions import Version
from kaopei.office.scope import CityRow


class Site(CityRow):
    """考试点; 440602 and the like. Public bases come first in the draw. The row says what holds now, its records what held when."""

    class Kind(models.TextChoices):
        PUBLIC = "public", "公共考试基地"
        ATTACHED = "attached", "依托培训机构"
        CAMPUS = "campus", "校内考试点"
        OTHER = "other", "其他"

    number = models.TextField()
    name = models.TextField()
    kind = models.CharField(max_length=10, choices=Kind)
    # 二（二）: the body on whose premises the site stands; its trainees may not sit here.
    host_code = models.TextField(blank=True)
    district = models.TextField(blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    theory_seats = models.PositiveIntegerField()
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "number"], name="site_once_per_city")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class SiteRecord(Version):
    """考试点登记事实: what the register said of a site, with its acceptance and agreement, in force from … to."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="records")
    name = models.TextField()
    kind = models.CharField(max_length=10, choices=Site.Kind)
    host_code = models.TextField(blank=True)
    district = models.TextField(blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    theory_seats = models.PositiveIntegerField()
    accepted_on = models.DateField(null=True)
    agreement = models.TextField(blank=True)
    agreement_from = models.DateField(null=True)
    agreement_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="site_record_from_before_to"),
            models.UniqueConstraint(fields=["site"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_open_site_record"),
        ]
        ordering = ["site", "from_day"]


class Room(CityRow):
    """考场: until a site reports its rooms, its seats are divided into rooms of at most 50 (an assumption, shown as one)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms")
    position = models.PositiveSmallIntegerField()
    name = models.TextField()
    seats = models.PositiveIntegerField()
    is_assumed = models.BooleanField(default=True)
    closed_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "position"], condition=Q(closed_on__isnull=True), name="room_once_per_site")]
        ordering = ["site", "position"]


class Qualification(Version):
    """What a site is accepted for: operation and part (T theory, P practical), from … to (both included)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="qualifications")
    operation = models.TextField()
    part = models.CharField(max_length=1, choices=[("T", "理论"), ("P", "实操")])

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="qualification_from_before_to"),
            models.UniqueConstraint(
                fields=["site", "operation", "part"],
                condition=Q(to_day__isnull=True, ended_at__isnull=True),
                name="one_open_qualification",
            ),
        ]
        ordering = ["site", "operation", "part"]


class SiteCap(Version):
    """考试点数量上限: 二（二） N2.2.6 what the city has decided for itself; the notice gives no figure, so there is none until it does."""

    most = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="site_cap_from_before_to"),
            models.UniqueConstraint(fields=["city"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_open_site_cap"),
        ]
