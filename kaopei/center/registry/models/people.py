"""Exam bodies, their staff, and who is tied to whom."""

from django.db import models
from django.db.models import F, Q

from kaopei.center.registry.models.versions import Version
from kaopei.office.personal import EncryptedTextField
from kaopei.office.scope import CityRow


class Tie(CityRow):
    """机构关联: control, shares, premises, people shared by two bodies, from … to (both included), with the evidence (`source`)."""

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


class ExamBody(Version):
    """考试机构 of a city, 二（一）: one at a time, by a document of designation."""

    class Nature(models.TextChoices):
        DEPARTMENT = "internal_department", "部门内设机构"
        ATTACHED = "attached_unit", "直属单位"
        OTHER = "other", "其他"

    name = models.TextField()
    nature = models.CharField(max_length=20, choices=Nature)
    document = models.TextField()
    premises = models.TextField(blank=True)
    budget = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="exam_body_from_before_to"),
            # 二（一） N2.1.1: one active exam body a city, whatever two clerks do at once.
            models.UniqueConstraint(fields=["city"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_exam_body_per_city"),
        ]
        ordering = ["city", "from_day"]


class ExamStaff(CityRow):
    """考务人员 of the staff file, 二（五）: post, training, yearly appraisal, pledge, non-disclosure agreement, as they stand now."""

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
    # Last day of the pledge and of the agreement; empty: without end.
    pledge_until = models.DateField(null=True)
    agreement_until = models.DateField(null=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "person"], name="staff_once_per_city")]
        ordering = ["post", "pk"]


class StaffRecord(Version):
    """考务人员登记事实: what the staff file said of a person, in force from … to. The person is named by his row only."""

    staff = models.ForeignKey(ExamStaff, on_delete=models.PROTECT, related_name="records")
    post = models.TextField()
    full_time = models.BooleanField()
    institution_code = models.TextField(blank=True)
    trained_on = models.DateField(null=True)
    appraisal = models.TextField(blank=True)
    has_pledge = models.BooleanField()
    has_agreement = models.BooleanField()
    pledge_until = models.DateField(null=True)
    agreement_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="staff_record_from_before_to"),
            models.UniqueConstraint(fields=["staff"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_open_staff_record"),
        ]
        ordering = ["staff", "from_day"]


class StaffRelation(CityRow):
    """考务人员关系: a person's post, holding, relative or lease at a body, from … to (both included; empty: open)."""

    person = models.CharField(max_length=64)
    kind = models.TextField()
    body = models.TextField()
    share = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    from_day = models.DateField(null=True)
    to_day = models.DateField(null=True)
    # 二（五） N2.5.2: whether he said so himself; recusal does not depend on it.
    declared = models.BooleanField()
    source = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["city", "person"])]
        ordering = ["person", "body"]
