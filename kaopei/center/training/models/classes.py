"""What a class is: the syllabus it follows, who teaches it, when and where."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kaopei.office.append_only import CityRecord
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow

KINDS = [("initial", "初训"), ("review", "复审培训")]


class SyllabusHours(CityRow):
    """培训大纲学时 of one operation in one city, in force from … to (both included)."""

    operation = models.TextField()
    # Half hours occur in syllabuses.
    initial_hours = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    review_hours = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    from_day = models.DateField()
    to_day = models.DateField(null=True)
    source = models.TextField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="hours_from_before_to"),
            models.UniqueConstraint(fields=["city", "operation"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_open_syllabus"),
        ]
        ordering = ["city", "operation"]


class SyllabusUnit(CityRow):
    """教学单元 of a syllabus with its hours. It may refuse somebody only after a second person has confirmed it."""

    class Mode(models.TextChoices):
        CLASSROOM = "classroom", "面授"
        PRACTICAL = "practical", "实操"
        ONLINE = "online", "线上"

    operation = models.TextField()
    kind = models.CharField(max_length=8, choices=KINDS)
    code = models.CharField(max_length=16)
    title = models.TextField()
    hours = models.DecimalField(max_digits=8, decimal_places=2)
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.CLASSROOM)
    # 一（三）: never a number without the document it stands in.
    citation = models.TextField()
    from_day = models.DateField()
    to_day = models.DateField(null=True)
    entered_by = models.CharField(max_length=32)
    confirmed_by = models.CharField(max_length=32, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city", "operation", "kind", "code"], condition=Q(to_day__isnull=True, ended_at__isnull=True), name="one_open_unit"
            ),
            models.CheckConstraint(condition=~Q(confirmed_by=F("entered_by")), name="unit_confirmed_by_another"),
            models.CheckConstraint(condition=Q(confirmed_by="") | Q(confirmed_at__isnull=False), name="unit_confirmed_whole"),
        ]
        ordering = ["operation", "kind", "code"]


class TeacherReport(CityRow):
    """教师书面报告: an institution told the city about a teacher; without a day of report he may not be scheduled.

    A version of what the register says of him, from the day of the report to the day a newer one or his leaving ended it.
    """

    institution_code = models.CharField(max_length=18)
    person = models.CharField(max_length=64)
    name = EncryptedTextField("training.teacher")
    id_number = EncryptedTextField("training.teacher")
    subject = models.TextField(blank=True)
    qualification = models.TextField(blank=True)
    reported_on = models.DateField(null=True)
    until = models.DateField(null=True)
    from_day = models.DateField(null=True)
    to_day = models.DateField(null=True)
    recorded_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Why it ended; empty where a newer report took its place.
    end_reason = models.TextField(blank=True)
    # The log-in with which he shows the code and confirms who is there; empty while he has none.
    username = models.CharField(max_length=32, blank=True)
    source = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    @property
    def last(self) -> dt.date | None:
        """The last day on which he may be scheduled by this report."""
        return min(filter(None, (self.until, self.to_day)), default=None)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(to_day__isnull=True) | Q(to_day__gte=F("from_day")), name="teacher_from_before_to"),
        ]
        indexes = [models.Index(fields=["city", "institution_code"]), models.Index(fields=["person"])]
        ordering = ["institution_code", "pk"]


class TrainingClass(CityRow):
    """培训班: reported before it starts; what its hours are counted from hangs on it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "草拟"
        REPORTED = "reported", "已报告"
        CLOSED = "closed", "已结班"
        SEALED = "sealed", "档案已封存"

    TRANSITIONS = (
        ("draft", "reported", "培训机构", "一（三）N1.3.6", "开班以前书面报告教学安排"),
        ("reported", "closed", "培训机构", "一（三）N1.3.10", "最后一次课结束"),
        ("closed", "sealed", "培训机构", "一（三）N1.3.4", "培训档案齐全，一次封存"),
    )

    number = models.CharField(max_length=40)
    institution_code = models.CharField(max_length=18)
    operation = models.TextField()
    kind = models.CharField(max_length=8, choices=KINDS)
    mode = models.TextField(blank=True)
    first_day = models.DateField()
    last_day = models.DateField()
    room = models.TextField(blank=True)
    capacity = models.PositiveIntegerField(null=True)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    # [{unit, title, hours, teacher}]: the teaching plan as reported.
    plan = models.JSONField(default=list)
    # Devices of the class rooms: whoever signs in at one is not "one device, many people".
    terminals = ArrayField(models.TextField(), default=list)
    planned_hours = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    # From it the code on the teacher's screen is made; never leaves the center.
    secret = EncryptedBinaryField("training.secret", null=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    reported_at = models.DateTimeField(null=True)
    report_number = models.CharField(max_length=40, blank=True)
    made_by = models.CharField(max_length=32)
    source = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "number"], name="class_once_per_city"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="class_first_before_last"),
        ]
        indexes = [models.Index(fields=["city", "institution_code"])]
        ordering = ["-first_day", "number"]

    def __str__(self) -> str:
        return self.number


class Lesson(CityRow):
    """课次 of the timetable. Moved and cancelled before it starts only; `makes_up` counts it to the original's unit."""

    class Status(models.TextChoices):
        PLANNED = "planned", "已安排"
        CANCELLED = "cancelled", "已取消"

    study_class = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="lessons")
    place = models.PositiveIntegerField()
    day = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    unit = models.CharField(max_length=40)
    # Keyed index of the teacher's identity number, as in TeacherReport.
    teacher = models.CharField(max_length=64, blank=True)
    room = models.TextField(blank=True)
    capacity = models.PositiveIntegerField(null=True)
    # 合班号: lessons of several classes that are one.
    merged = models.TextField(blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.PLANNED)
    makes_up = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="made_up_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study_class", "place"], name="lesson_place_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="lesson_starts_before_ends"),
        ]
        indexes = [models.Index(fields=["city", "day"]), models.Index(fields=["teacher", "day"])]
        ordering = ["starts_at", "place"]


class LessonChange(CityRecord):
    """A lesson was moved, cancelled or repeated, and why; trainees read it as a notice."""

    class Kind(models.TextChoices):
        MOVED = "moved", "改期"
        CANCELLED = "cancelled", "取消"
        REPEATED = "repeated", "补课"

    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=9, choices=Kind)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField()
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
