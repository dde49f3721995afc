"""What the center keeps of results: every scoring that came, what was released, and what did not fit."""

from django.db import models
from django.db.models import F, Q

from kaopei.office.append_only import CityRecord


class Grade(models.TextChoices):
    """What came of an attempt."""

    PASSED = "passed", "合格"
    FAILED = "failed", "不合格"
    ABSENT = "absent", "缺考"
    REFUSED = "refused", "未准入场"


class Scoring(CityRecord):
    """评分结果: one signed file of the vault that fitted; a re-scoring is the next revision, and every one stays."""

    sitting = models.CharField(max_length=40)
    rev = models.PositiveIntegerField()
    # Of the file itself, as the next revision and a certificate name it
    digest = models.CharField(max_length=64)
    bundle_id = models.CharField(max_length=160)
    bundle_hash = models.CharField(max_length=64)
    package_id = models.CharField(max_length=36)
    # Why it was scored again; empty the first time
    reason = models.TextField(blank=True)
    scored_at = models.DateTimeField()
    data = models.BinaryField()
    taken_by = models.CharField(max_length=32)
    taken_at = models.DateTimeField()

    class Meta:
        ordering = ["sitting", "rev"]
        constraints = [
            models.UniqueConstraint(fields=["city", "sitting", "rev"], name="scoring_once_a_rev"),
            models.UniqueConstraint(fields=["city", "digest"], name="scoring_once_a_file"),
        ]

    def __str__(self) -> str:
        return f"{self.sitting} 第 {self.rev} 版"


class Outcome(CityRecord):
    """得分: what a scoring says of one attempt of the roster, and what the law makes of it."""

    scoring = models.ForeignKey(Scoring, models.PROTECT, related_name="outcomes")
    attempt = models.CharField(max_length=64)
    ticket = models.CharField(max_length=24)
    subject = models.CharField(max_length=60)
    grade = models.CharField(max_length=8, choices=Grade)
    # None for whoever did not sit
    score = models.PositiveIntegerField(null=True)
    max_score = models.PositiveIntegerField(null=True)
    answered = models.PositiveIntegerField(default=0)
    # [{clause, text}]: the grounds; and what these rest on, which decides nothing
    reasons = models.JSONField(default=list)
    notes = models.JSONField(default=list)

    class Meta:
        ordering = ["attempt"]
        constraints = [
            models.UniqueConstraint(fields=["scoring", "attempt"], name="outcome_once_an_attempt"),
            models.CheckConstraint(
                condition=Q(grade__in=["passed", "failed"], score__isnull=False, max_score__gt=0, score__lte=F("max_score"))
                | Q(grade__in=["absent", "refused"], score=None, max_score=None),
                name="outcome_has_a_score_if_he_sat",
            ),
        ]


class Release(CityRecord):
    """成绩发布: the exact bytes that two persons signed, and their signatures."""

    sitting = models.CharField(max_length=40)
    scoring = models.OneToOneField(Scoring, models.PROTECT, related_name="release")
    rev = models.PositiveIntegerField()
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    # The two signed approvals, as they travel
    approvals = models.JSONField()
    asked_by = models.CharField(max_length=32)
    released_by = models.CharField(max_length=32)
    released_at = models.DateTimeField()

    class Meta:
        ordering = ["sitting", "rev"]
        constraints = [models.UniqueConstraint(fields=["city", "sitting", "rev"], name="release_once_a_rev")]


class Result(CityRecord):
    """成绩: a released outcome and what it leads to."""

    class Next(models.TextChoices):
        PRACTICAL = "practical", "参加实操考试"
        CERTIFICATE = "certificate", "办理发证"
        RESIT = "resit", "可以补考"
        RETRAIN = "retrain", "重新培训后再报名"
        NONE = "none", "无成绩"

    release = models.ForeignKey(Release, models.PROTECT, related_name="results")
    sitting = models.CharField(max_length=40)
    # T theory or P practical: 二（六） each is passed by itself, theory first
    part = models.CharField(max_length=1, default="T")
    attempt = models.CharField(max_length=64)
    ticket = models.CharField(max_length=24)
    # Keyed digest of who he is, as the applications have it
    person = models.CharField(max_length=64)
    subject = models.CharField(max_length=60)
    kind = models.CharField(max_length=8)
    grade = models.CharField(max_length=8, choices=Grade)
    score = models.PositiveIntegerField(null=True)
    max_score = models.PositiveIntegerField(null=True)
    answered = models.PositiveIntegerField(default=0)
    day = models.DateField()
    # 二（六）: the last day on which a passed theory counts
    counts_until = models.DateField(null=True)
    next = models.CharField(max_length=12, choices=Next)
    reasons = models.JSONField(default=list)

    class Meta:
        ordering = ["sitting", "attempt"]
        indexes = [models.Index(fields=["person", "subject"]), models.Index(fields=["ticket"])]
        constraints = [
            models.UniqueConstraint(fields=["release", "attempt"], name="result_once_an_attempt"),
            models.CheckConstraint(
                condition=Q(grade="passed", counts_until__isnull=False) | (~Q(grade="passed") & Q(counts_until=None)),
                name="only_a_pass_counts_on",
            ),
        ]


class Quarantine(CityRecord):
    """隔离: a scoring that does not fit, kept as evidence and never used."""

    city = models.CharField(max_length=6, blank=True)
    sitting = models.CharField(max_length=160, blank=True)
    digest = models.CharField(max_length=64)
    code = models.CharField(max_length=40)
    reason = models.TextField()
    data = models.BinaryField()
    # The site's version beside a scoring that differs from it
    other = models.BinaryField(default=b"")
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
