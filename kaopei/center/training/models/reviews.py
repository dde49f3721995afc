"""What is derived from records, and what people decide about it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kaopei.center.training.models.classes import Lesson
from kaopei.center.training.models.people import Enrolment
from kaopei.office.personal import EncryptedTextField
from kaopei.office.scope import CityRow


class HoursTotal(CityRow):
    """计得学时 of an enrolment: derived, never typed; thrown away and counted again at will."""

    enrolment = models.OneToOneField(Enrolment, on_delete=models.PROTECT, related_name="total")
    records = models.PositiveIntegerField()
    gross = models.PositiveIntegerField()
    effective = models.PositiveIntegerField()
    hours = models.PositiveIntegerField()
    excluded = models.JSONField(default=dict)
    counted_at = models.DateTimeField()


class Exclusion(CityRow):
    """Minutes that do not count and why, one a record or unit; derived like the total."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="exclusions")
    # Number of the sign-in record, or the unit of online study.
    key = models.CharField(max_length=60)
    code = models.CharField(max_length=3)
    minutes = models.PositiveIntegerField()
    begin = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["enrolment", "begin", "key"]


class Lead(CityRow):
    """线索: what a detector found, with the rows behind it. A person looks; nothing is decided by it."""

    class Status(models.TextChoices):
        OPEN = "open", "待核实"
        PROPOSED = "proposed", "拟认定，待第二人"
        UPHELD = "upheld", "已认定"
        DISMISSED = "dismissed", "不成立"
        GONE = "gone", "重算后不再出现"

    TRANSITIONS = (
        ("open", "dismissed", "考务员", "一（三）N1.3.13", "核实后不成立，写明理由"),
        ("open", "proposed", "考务员", "一（三）N1.3.13", "核实后拟认定，写明理由"),
        ("proposed", "upheld", "审批人", "一（三）N1.3.13", "第二人认定，写更正记录，重新计算学时"),
        ("proposed", "dismissed", "审批人", "一（三）N1.3.13", "第二人不同意，写明理由"),
        ("open", "gone", "系统", "一（三）N1.3.13", "更正或补录后规则不再给出"),
    )

    # Digest of kind, subject and span: the same lead found again is the same row.
    digest = models.CharField(max_length=64)
    kind = models.CharField(max_length=24)
    # Keyed index of a person, number of a class, or of a device.
    subject = models.CharField(max_length=80)
    begin = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    clause = models.CharField(max_length=12)
    classes = ArrayField(models.TextField(), default=list)
    institutions = ArrayField(models.TextField(), default=list)
    rows = ArrayField(models.TextField(), default=list)
    enrolments = ArrayField(models.BigIntegerField(), default=list)
    note = models.TextField(blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    found_at = models.DateTimeField()
    reason = EncryptedTextField("training.review", blank=True)
    proposed_by = models.CharField(max_length=32, blank=True)
    proposed_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=32, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_number = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "digest"], name="lead_once"),
            models.CheckConstraint(condition=~Q(status="upheld") | ~Q(proposed_by=F("decided_by")), name="lead_upheld_by_another"),
        ]
        indexes = [models.Index(fields=["city", "status", "kind"])]
        ordering = ["-pk"]


class Contest(CityRow):
    """学员异议: a learner contests an exclusion; a person decides, with a number and reasons."""

    class Status(models.TextChoices):
        OPEN = "open", "待复核"
        GRANTED = "granted", "恢复学时"
        DISMISSED = "dismissed", "维持不计"

    TRANSITIONS = (
        ("open", "granted", "考务员", "一（三）N1.3.10", "核实后恢复，写恢复记录，重新计算"),
        ("open", "dismissed", "考务员", "一（三）N1.3.10", "核实后维持，写明理由"),
    )

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="contests")
    key = models.CharField(max_length=60)
    code = models.CharField(max_length=3)
    minutes = models.PositiveIntegerField()
    statement = EncryptedTextField("training.review")
    filed_at = models.DateTimeField()
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    decision_number = models.CharField(max_length=40, blank=True)
    reason = EncryptedTextField("training.review", blank=True)
    decided_by = models.CharField(max_length=32, blank=True)
    decided_at = models.DateTimeField(null=True)
    # Proof of service: when the decision was first opened, and on which phone.
    served_at = models.DateTimeField(null=True)
    served_on = models.CharField(max_length=26, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "key", "code"], condition=Q(status="open"), name="one_open_contest"),
            models.CheckConstraint(condition=Q(status="open") | (~Q(decision_number="") & Q(decided_at__isnull=False)), name="contest_decided_whole"),
        ]
        ordering = ["filed_at"]


class Correction(CityRow):
    """更正申请: asked with a reason, approved by a second person; only then is a counter-entry written."""

    class Status(models.TextChoices):
        ASKED = "asked", "待第二人"
        APPROVED = "approved", "已更正"
        REFUSED = "refused", "不同意"

    TRANSITIONS = (
        ("asked", "approved", "考务员、审批人", "一（三）N1.3.9", "第二人核对后写更正记录，原记录保留"),
        ("asked", "refused", "考务员、审批人", "一（三）N1.3.9", "第二人不同意，写明理由"),
    )

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="corrections")
    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, null=True, related_name="corrections")
    replaces = models.CharField(max_length=40)
    # Both empty: the record is struck out.
    begin = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    evidence = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField()
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status, default=Status.ASKED)
    answer = models.TextField(blank=True)
    second_by = models.CharField(max_length=32, blank=True)
    second_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(asked_by=F("second_by")), name="correction_by_two"),
            models.UniqueConstraint(fields=["city", "replaces"], condition=Q(status="asked"), name="one_open_correction"),
        ]
        ordering = ["asked_at"]


class Consequence(CityRow):
    """What rests on hours that an upheld lead has taken away: an open application, an issued certificate. Decided by a person, in time."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="consequences")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="consequences")
    kind = models.CharField(max_length=11, choices=[("application", "未完成的报名"), ("certificate", "已发的证书"), ("proof", "已发的培训证明")])
    number = models.CharField(max_length=80)
    url = models.TextField(blank=True)
    state = models.TextField(blank=True)
    hours_before = models.PositiveIntegerField()
    hours_after = models.PositiveIntegerField()
    due_on = models.DateField()
    decision = models.CharField(max_length=8, blank=True, choices=[("stands", "不受影响"), ("reopen", "退回重审"), ("withdraw", "提请撤销")])
    reason = EncryptedTextField("training.review", blank=True)
    decided_by = models.CharField(max_length=32, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "kind", "number"], name="consequence_once")]
        ordering = ["due_on", "pk"]
