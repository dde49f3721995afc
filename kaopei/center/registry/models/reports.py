"""Written reports with their files, and spreadsheets that wait to be applied."""

from django.db import models
from django.db.models import Q

from kaopei.office.append_only import CityRecord
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow


class WrittenReport(CityRow):
    """书面报告 of an institution or platform to the city, 一（二）: what it says stays encrypted as it was handed in."""

    class Kind(models.TextChoices):
        FIRST = "first", "首次"
        SCOPE = "scope", "增加、变更业务范围"
        CHANGE = "change", "信息变更"
        DEREGISTRATION = "deregistration", "注销"

    class Status(models.TextChoices):
        SUBMITTED = "submitted", "待核实"
        REGISTERED = "registered", "已登记"
        RETURNED = "returned", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    TRANSITIONS = (
        ("submitted", "registered", "考务员", "一（二）N1.2.4", "提交人以外的人核实，写明核对了什么、理由"),
        ("submitted", "returned", "考务员", "一（二）N1.2.4", "写明退回理由"),
        ("submitted", "withdrawn", "报告人", "一（二）N1.2.1", "核实以前"),
    )

    # Receipt number: 城市-年-流水
    number = models.CharField(max_length=24, unique=True)
    ulid = models.CharField(max_length=26, unique=True)
    kind = models.CharField(max_length=14, choices=Kind)
    code = models.CharField(max_length=18)
    # {name, kind, district, address, phone, website, scope, plan}, only what the report is about
    said = EncryptedTextField("registry.report")
    digest = models.CharField(max_length=64)
    # 一（二） N1.2.7: when that happened which is reported, and how many working days too late it was said
    changed_on = models.DateField()
    days_late = models.PositiveIntegerField(default=0)
    submitted_by = models.CharField(max_length=32)
    submitted_at = models.DateTimeField()
    # Empty where the calendar of that year has not been entered
    due_on = models.DateField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.SUBMITTED)
    revision = models.PositiveIntegerField(default=0)
    checked = models.JSONField(default=list)
    reasons = models.TextField(blank=True)
    decided_by = models.CharField(max_length=32, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "code"], condition=Q(status="submitted"), name="one_open_report"),
            models.CheckConstraint(
                condition=(Q(status="submitted", decided_at=None) | (~Q(status="submitted") & Q(decided_at__isnull=False))),
                name="report_open_is_undecided",
            ),
        ]
        indexes = [models.Index(fields=["city", "status", "due_on"])]
        ordering = ["-submitted_at", "-pk"]


class Attachment(CityRecord):
    """附件 of a report, or of an exception: encrypted at rest, never changed."""

    # report:<number> or site:<number>
    obj = models.CharField(max_length=80)
    name = models.TextField()
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = EncryptedBinaryField("registry.attachment")
    added_by = models.CharField(max_length=32)
    added_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["city", "obj"])]
        ordering = ["pk"]


class Sheet(CityRow):
    """登记表格: a spreadsheet with its verdict on every row, before anything is applied; applied as a whole or not at all."""

    class Status(models.TextChoices):
        READ = "read", "待确认"
        APPLIED = "applied", "已写入"
        SET_ASIDE = "set_aside", "已作废"

    TRANSITIONS = (
        ("read", "applied", "考务员", "一（二）N1.2.4", "核对逐行结论以后，一次写入"),
        ("read", "set_aside", "考务员", "一（二）N1.2.4", "不需要，或登记已有变动"),
    )

    number = models.CharField(max_length=24, unique=True)
    list = models.CharField(max_length=20)
    filename = models.TextField()
    digest = models.CharField(max_length=64)
    content = EncryptedBinaryField("registry.sheet")
    status = models.CharField(max_length=10, choices=Status, default=Status.READ)
    rows = models.PositiveIntegerField()
    changed = models.PositiveIntegerField(default=0)
    read_by = models.CharField(max_length=32)
    read_at = models.DateTimeField()
    applied_by = models.CharField(max_length=32, blank=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-read_at", "-pk"]
