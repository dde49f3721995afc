"""Records of presence and study. They only grow: a correction is a new row, and batches of rows are sealed in the ledger."""

from django.db import models
from django.db.models import F, Q

from kaopei.center.training.models.classes import Lesson, TrainingClass
from kaopei.center.training.models.people import Enrolment
from kaopei.office.append_only import CityRecord


class SignInRecord(CityRecord):
    """签到记录. `whole` came from a file with both times; `in`, `out`, `confirm` came live; `counter` takes the place of another
    (without times: strikes it out); `lift` says that a reason for excluding another does not hold."""

    class Kind(models.TextChoices):
        WHOLE = "whole", "签到签退"
        IN = "in", "签到"
        OUT = "out", "签退"
        CONFIRM = "confirm", "教师确认"
        COUNTER = "counter", "更正"
        LIFT = "lift", "恢复"

    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind)
    study_class = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="sign_ins")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="sign_ins", db_index=False)
    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, null=True, related_name="sign_ins", db_index=False)
    unit = models.CharField(max_length=40)
    day = models.DateField()
    begin = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    # Bits: 1 face, 2 rotating code, 4 card, 8 the teacher's confirmation. One kind counts once.
    evidence = models.PositiveSmallIntegerField(default=0)
    device = models.CharField(max_length=64, blank=True)
    room = models.TextField(blank=True)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    recorded = models.DateTimeField(null=True)
    # 补录单号: an upload after the limit that a second person has approved.
    supplement = models.CharField(max_length=40, blank=True)
    replaces = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=3, blank=True)
    reason = models.TextField(blank=True)
    # What the phone signed, and its signature, as it came.
    proof = models.TextField(blank=True)
    made_by = models.CharField(max_length=32, blank=True)
    second = models.CharField(max_length=32, blank=True)
    # ULID of the seal of the file it came in; empty for what is recorded live, which the timer seals by row number.
    batch = models.CharField(max_length=26, blank=True)
    leaf = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "number"], name="sign_in_number_once"),
            models.CheckConstraint(condition=~Q(kind__in=["counter", "lift"]) | (~Q(replaces="") & ~Q(reason="")), name="counter_entry_has_reason"),
            models.CheckConstraint(condition=~Q(kind__in=["counter", "lift"]) | ~Q(made_by=F("second")), name="counter_entry_by_two"),
        ]
        indexes = [
            models.Index(fields=["enrolment", "day"], name="sign_in_by_enrolment"),
            models.Index(fields=["batch", "id"], name="sign_in_by_batch"),
        ]
        ordering = ["pk"]


class StudyRecord(CityRecord):
    """线上学习: events of one learner, unit and device as they came in one delivery; a line each: seconds, kind, position, result.

    Seconds are since 1970 on the wall clock of China, tabs between the fields (`study.facts`).
    """

    study_class = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="study", db_index=False)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="study", db_index=False)
    unit = models.CharField(max_length=40)
    device = models.CharField(max_length=64, blank=True)
    # Running number of the delivery on its device: the same delivery again is known.
    sequence = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveIntegerField()
    events = models.TextField()
    batch = models.CharField(max_length=26, blank=True)
    leaf = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "unit", "device", "sequence", "batch"], name="study_delivery_once"),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at"), count__gt=0), name="study_first_before_last"),
        ]
        indexes = [models.Index(fields=["batch", "id"], name="study_by_batch"), models.Index(fields=["device", "first_at"], name="study_by_device")]
        ordering = ["pk"]


class Seal(CityRecord):
    """封签: the Merkle root of a batch of records, which an event of the ledger carries too."""

    class Table(models.TextChoices):
        SIGN_IN = "sign_in", "签到记录"
        STUDY = "study", "线上学习"

    city = models.CharField(max_length=6, blank=True)
    ulid = models.CharField(max_length=26)
    table = models.CharField(max_length=7, choices=Table)
    source = models.CharField(max_length=6, choices=[("import", "文件"), ("live", "实时")])
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveBigIntegerField()
    root = models.CharField(max_length=64)
    # Of the files that it came from, so that the same pack again is known.
    digest = models.CharField(max_length=64, blank=True)
    event = models.CharField(max_length=26)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ulid", "table"], name="seal_once"),
            models.CheckConstraint(condition=Q(last_id__gte=F("first_id"), count__gt=0), name="seal_first_before_last"),
        ]
        ordering = ["pk"]
