"""Registered bodies and what was true of them from which day to which day."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kaopei.office.personal import EncryptedTextField


class Standing(models.TextChoices):
    """资格状态: what enforcement changes and the draw asks for."""

    GOOD = "good", "正常"
    SUSPENDED = "suspended", "暂停"
    DISQUALIFIED = "disqualified", "取消资格"
    DEREGISTERED = "deregistered", "已注销"


class Institution(models.Model):
    """安全培训机构, known by its credit code; what it may do stands in its registrations."""

    city = models.CharField(max_length=6)
    code = models.CharField(max_length=18)
    name = models.TextField()
    district = models.TextField(blank=True)
    address = models.TextField(blank=True)
    phone = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "code"], name="institution_once_per_city")]
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


class Registration(models.Model):
    """核实登记: the facts of a written report, in force from … to (both included)."""

    city = models.CharField(max_length=6)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="registrations")
    # 一（一）: an institution trains for the operations it reported and that were verified, no others.
    scope = ArrayField(models.TextField(), default=list)
    registered_on = models.DateField(null=True)
    is_registered = models.BooleanField()
    status_text = models.TextField()
    from_day = models.DateField()
    to_day = models.DateField(null=True)
    source = models.TextField()
    # A fact that gave way on the very day it began stays, with the moment it was put out of force.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="registration_from_before_to"),
            models.UniqueConstraint(fields=["institution"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_open_registration"),
        ]
        ordering = ["institution", "from_day"]


class Site(models.Model):
    """考试点; 440602 and the like. Public bases come first in the draw."""

    class Kind(models.TextChoices):
        PUBLIC = "public", "公共考试基地"
        ATTACHED = "attached", "依托培训机构"
        CAMPUS = "campus", "校内考试点"
        OTHER = "other", "其他"

    city = models.CharField(max_length=6)
    number = models.TextField()
    name = models.TextField()
    kind = models.CharField(max_length=10, choices=Kind)
    # 二（二）: the body on whose premises the site stands; its trainees may not sit here.
    host_code = models.TextField(blank=True)
    district = models.TextField(blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    theory_seats = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "number"], name="site_once_per_city")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class Room(models.Model):
    """考场: until a site reports its rooms, its seats are divided into rooms of at most 50 (an assumption, shown as one)."""

    city = models.CharField(max_length=6)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms")
    position = models.PositiveSmallIntegerField()
    name = models.TextField()
    seats = models.PositiveIntegerField()
    is_assumed = models.BooleanField(default=True)
    closed_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "position"], condition=Q(closed_on__isnull=True), name="room_once_per_site")]
        ordering = ["site", "position"]


class Qualification(models.Model):
    """What a site is accepted for: operation and part (T theory, P practical), from … to (both included)."""

    city = models.CharField(max_length=6)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="qualifications")
    operation = models.TextField()
    part = models.CharField(max_length=1, choices=[("T", "理论"), ("P", "实操")])
    from_day = models.DateField()
    to_day = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)

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


class SiteStanding(models.Model):
    """A time in which a site is not in good standing; days outside such times are good."""

    city = models.CharField(max_length=6)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="standings")
    standing = models.CharField(max_length=12, choices=Standing)
    from_day = models.DateField()
    to_day = models.DateField(null=True)
    # 三（二）: a measure names its ground; one taken from a city's list says so.
    ground = models.CharField(max_length=20)
    reason = models.TextField()
    source = models.TextField()
    # A row that a later list or a lifted measure put out of force stays, with the moment it ended.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="standing_from_before_to"),
            models.CheckConstraint(condition=~Q(standing=Standing.GOOD), name="good_standing_needs_no_row"),
        ]
        ordering = ["site", "from_day"]


class Tie(models.Model):
    """机构关联: control, shares, premises, people shared by two bodies, from … to (both included)."""

    city = models.CharField(max_length=6)
    one_code = models.TextField()
    one_name = models.TextField(blank=True)
    kind = models.TextField()
    other_code = models.TextField()
    other_name = models.TextField(blank=True)
    # Percent; empty where the kind has none or nobody knows: then it counts in full.
    share = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    from_day = models.DateField(null=True)
    to_day = models.DateField(null=True)
    source = models.TextField(blank=True)
    # A tie that the next list no longer names stays, with the moment it was struck out.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(to_day__isnull=True) | Q(from_day__isnull=True) | Q(to_day__gte=F("from_day")), name="tie_from_before_to"
            )
        ]
        ordering = ["one_code", "other_code"]


class ExamStaff(models.Model):
    """考务人员 of the staff file, 二（五）: post, training, yearly appraisal, pledge, non-disclosure agreement."""

    city = models.CharField(max_length=6)
    # Keyed index of the identity number: finds the person again without reading the number.
    person = models.CharField(max_length=64)
    name = EncryptedTextField("staff.name")
    id_number = EncryptedTextField("staff.id_number")
    post = models.TextField()
    full_time = models.BooleanField()
    institution_code = models.TextField(blank=True)
    trained_on = models.DateField(null=True)
    appraisal = models.TextField(blank=True)
    has_pledge = models.BooleanField()
    has_agreement = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "person"], name="staff_once_per_city")]
        ordering = ["post", "pk"]
