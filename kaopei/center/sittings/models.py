"""What the center keeps of each sitting: its machines, its roster, every parcel, and where it stands."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from kaopei.office.append_only import AppendOnly
from kaopei.office.personal import EncryptedTextField


class Machine(models.Model):
    """考试服务器: an exam site's machine on its way to an enrolment record with three signatures."""

    class Status(models.TextChoices):
        ASKED = "asked", "待验收"
        ACCEPTED = "accepted", "待省级会签"
        ENROLLED = "enrolled", "已登记"

    TRANSITIONS = (
        ("asked", "accepted", "两名验收人", "二（四）N2.4.4", "两人先后签名"),
        ("accepted", "enrolled", "省考试机构", "二（四）N2.4.4", "会签"),
    )

    city = models.CharField(max_length=6)
    site = models.CharField(max_length=20)
    serial = models.CharField(max_length=160)
    function = models.CharField(max_length=8)
    # The record as it will be signed, in canonical bytes; then with the signatures there are so far
    payload = models.BinaryField()
    record = models.BinaryField(default=b"")
    request_digest = models.CharField(max_length=64, unique=True)
    # 二（四）: two different people see the machine and sign for it (user names)
    acceptors = ArrayField(models.CharField(max_length=32), size=2)
    signed = ArrayField(models.CharField(max_length=32), default=list)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.ASKED)
    asked_at = models.DateTimeField()
    enrolled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=models.Q(not_after__gt=models.F("not_before")), name="machine_term_runs_on")]

    def __str__(self) -> str:
        return self.serial


class Conduct(models.Model):
    """一场考试的办理: how far the parcels of a sitting have come."""

    class Status(models.TextChoices):
        PLANNED = "planned", "待下任务书"
        ORDERED = "ordered", "待收密封包"
        SEALED = "sealed", "待下座次包"
        SEATED = "seated", "待放行密钥"
        RELEASED = "released", "待收回传包"
        RETURNED = "returned", "待发回执"
        RECEIPTED = "receipted", "已回执"

    TRANSITIONS = (
        ("planned", "ordered", "考务员", "二（五）N2.5.8", "两名审批人签署"),
        ("ordered", "sealed", "考务员", "二（五）N2.5.8", "密封包核对无误"),
        ("sealed", "seated", "考务员", "二（四）N2.4.3", "两名审批人签署"),
        ("seated", "released", "密钥值班员", "二（五）N2.5.8", "两名值班员签署，开考前 15 分钟内"),
        ("released", "returned", "考务员", "二（四）N2.4.13", "回传包核对无误"),
        ("returned", "receipted", "考务员", "二（四）N2.4.13", "市、省见证"),
        ("sealed", "ordered", "考务员", "二（五）N2.5.8", "重新密封"),
        ("seated", "ordered", "考务员", "二（五）N2.5.8", "重新密封"),
    )

    city = models.CharField(max_length=6)
    sitting = models.CharField(max_length=40)
    site = models.CharField(max_length=20)
    day = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)

    class Meta:
        ordering = ["starts_at", "sitting"]
        constraints = [models.UniqueConstraint(fields=["city", "sitting"], name="conduct_once_a_sitting")]

    def __str__(self) -> str:
        return self.sitting


class RosterEntry(AppendOnly):
    """A candidate under the roster hash: salts are drawn once and never again, so that order, seating and certificate agree."""

    city = models.CharField(max_length=6)
    conduct = models.ForeignKey(Conduct, models.PROTECT, related_name="roster")
    attempt = models.CharField(max_length=64)
    subject = models.CharField(max_length=60)
    leaf = models.CharField(max_length=64)
    # The whole row as the site gets it (JSON)
    row = EncryptedTextField("roster")
    # Stays at the center: without it the commitment to the ID number says nothing
    id_salt = EncryptedTextField("roster_salt")

    class Meta:
        ordering = ["attempt"]
        constraints = [models.UniqueConstraint(fields=["conduct", "attempt"], name="roster_once_an_attempt")]


class Artefact(AppendOnly):
    """A parcel that came in whole or went out, byte by byte."""

    class Kind(models.TextChoices):
        ORDER = "seal_order", "密封任务书"
        PAPER = "exam_parcel", "试卷密封包"
        SHARE = "key_share", "密钥分持件"
        SEATING = "seating", "座次包"
        TOKEN = "key_release", "密钥令牌"
        RETURN = "return_parcel", "回传包"
        RECEIPT = "receipt", "回执"

    city = models.CharField(max_length=6)
    conduct = models.ForeignKey(Conduct, models.PROTECT, related_name="artefacts")
    kind = models.CharField(max_length=14, choices=Kind)
    # What the parcel calls itself: order, package, share number, bundle
    ref = models.CharField(max_length=160)
    rev = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=64)
    data = models.BinaryField()
    made_by = models.CharField(max_length=32)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["conduct", "kind", "digest"], name="artefact_once")]


class Quarantine(AppendOnly):
    """隔离: a parcel that does not fit, kept as evidence and never used."""

    city = models.CharField(max_length=6)
    sitting = models.CharField(max_length=160, blank=True)
    kind = models.CharField(max_length=14)
    digest = models.CharField(max_length=64)
    code = models.CharField(max_length=40)
    reason = models.TextField()
    data = models.BinaryField()
    at = models.DateTimeField()
    by = models.CharField(max_length=32)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["city", "kind", "digest"], name="quarantined_once")]
