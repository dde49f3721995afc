"""Jobs: what is to be done, how far it is, what came out."""

from django.db import models
from django.db.models import Q

from kaopei.office.scope import CityRow


class Job(CityRow):
    """后台任务: one piece of long work."""

    class Status(models.TextChoices):
        WAITING = "waiting", "排队中"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"
        CANCELLED = "cancelled", "已取消"

    TRANSITIONS = (
        ("waiting", "running", "系统", "轮到该任务"),
        ("running", "done", "系统", "全部做完"),
        ("running", "failed", "系统", "出错，写明原因"),
        ("running", "waiting", "系统", "程序重启，从头再做"),
        ("waiting", "cancelled", "发起人", "取消"),
        ("running", "cancelled", "发起人", "取消，已做部分撤销"),
    )

    ulid = models.CharField(max_length=26, unique=True)
    kind = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    args = models.JSONField(default=dict)
    by = models.CharField(max_length=32)
    city = models.CharField(max_length=6, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING)
    # How far: `total` 0 means not known yet
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)
    # {"text": …, "url": …, "counts": {…}} and whatever the page of the kind shows
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    cancel_asked = models.BooleanField(default=False)
    # Key of the advisory lock that the worker holds while it lives; tells a dead worker from a slow one without a clock
    worker = models.BigIntegerField(default=0)
    tries = models.IntegerField(default=0)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(status__in=["waiting", "running"]), name="job_to_do")]
