"""What remains of a class: its papers, its sealed file, and a proof of hours for each trainee."""

from django.db import models
from django.db.models import F, Q

from kaopei.center.training.models.classes import TrainingClass
from kaopei.center.training.models.people import Enrolment
from kaopei.office.append_only import AppendOnly, CityRecord
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow


class FilePart(CityRecord):
    """档案材料: a paper that no record of the system replaces: tests, evaluation, plans as printed."""

    class Part(models.TextChoices):
        TESTS = "tests", "测验"
        EVALUATION = "evaluation", "评估"
        PLAN = "plan", "教学计划"
        LESSONS = "lessons", "授课记录"
        OTHER = "other", "其他"

    study_class = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="parts")
    part = models.CharField(max_length=10, choices=Part)
    name = models.TextField()
    content = EncryptedBinaryField("training.file")
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study_class", "part", "digest"], name="file_part_once")]
        ordering = ["pk"]


class TrainingFile(CityRecord):
    """培训档案: all of a class in one signed ZIP that opens and is verified without this system. A later version names the one before."""

    study_class = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="files")
    version = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=40)
    content = EncryptedBinaryField("training.file")
    size = models.PositiveIntegerField()
    # Of the ZIP, and of the manifest signed in it.
    digest = models.CharField(max_length=64)
    manifest = models.CharField(max_length=64)
    # Digest of the hours that it holds: hours that were counted again afterwards show.
    hours = models.CharField(max_length=64)
    # Parts of 一（三） N1.3.4 that are there, in a hundred; those missing, and why it was sealed without them.
    score = models.PositiveSmallIntegerField()
    missing = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study_class", "version"], name="training_file_version_once"),
            models.UniqueConstraint(fields=["city", "number"], name="training_file_number_once"),
            models.CheckConstraint(condition=Q(score__lte=100), name="training_file_score"),
            models.CheckConstraint(condition=Q(missing=[]) | ~Q(reason=""), name="training_file_gap_has_reason"),
        ]
        ordering = ["study_class", "-version"]


class TrainingProof(CityRow):
    """培训证明: the hours of a trainee in a class, signed; a false one is revoked by two people and stands on the list of revoked ones."""

    class Status(models.TextChoices):
        VALID = "valid", "有效"
        QUESTIONED = "questioned", "拟撤销，待第二人"
        REVOKED = "revoked", "已撤销"

    TRANSITIONS = (
        ("valid", "questioned", "考务员", "一（三）N1.3.13", "查实后提请撤销，写明理由"),
        ("questioned", "revoked", "审批人", "一（三）N1.3.13", "第二人撤销，列入失效名单"),
        ("questioned", "valid", "审批人", "一（三）N1.3.13", "第二人不同意，写明理由"),
    )

    number = models.CharField(max_length=40)
    proof_id = models.CharField(max_length=26, unique=True)
    enrolment = models.OneToOneField(Enrolment, on_delete=models.PROTECT, related_name="proof")
    hours = models.PositiveIntegerField()
    # The signed facts carry the name: at rest they are encrypted.
    signed = EncryptedBinaryField("training.proof")
    pdf = EncryptedBinaryField("training.proof")
    digest = models.CharField(max_length=64)
    pdf_digest = models.CharField(max_length=64)
    issued_by = models.CharField(max_length=32)
    issued_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.VALID)
    is_false = models.BooleanField(default=False)
    reason = EncryptedTextField("training.review", blank=True)
    proposed_by = models.CharField(max_length=32, blank=True)
    decided_by = models.CharField(max_length=32, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "number"], name="training_proof_number_once"),
            models.CheckConstraint(condition=~Q(status="revoked") | ~Q(proposed_by=F("decided_by")), name="proof_revoked_by_another"),
            models.CheckConstraint(condition=~Q(status="revoked") | Q(decided_at__isnull=False), name="proof_revoked_whole"),
        ]
        ordering = ["number"]


class ProofStatusList(AppendOnly):
    """培训证明失效名单: public, signed, numbered; each names the one before."""

    number = models.PositiveIntegerField(unique=True)
    entries = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    data = models.BinaryField()
    issued_at = models.DateTimeField()
    next_update = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(next_update__gt=F("issued_at")), name="proof_list_runs_on")]
        ordering = ["-number"]
