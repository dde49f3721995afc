"""Certificates and the signed list of those that no longer hold."""

from django.db import models
from django.db.models import F, Q

from kaopei.office.append_only import AppendOnly, CityRecord
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow

PURPOSE = "certificate"


class Certificate(CityRow):
    """证书: decided by an issue event, then signed and printed with the place of that event in the ledger."""

    class Status(models.TextChoices):
        ISSUED = "issued", "已决定，待签发"
        SIGNED = "signed", "已签发"

    TRANSITIONS = (("issued", "signed", "系统", "二（六）N2.6.2", "发证事件已进入台账并签署检查点"),)

    # 城市-年-流水 by the city's setting; never anything of the ID number
    number = models.CharField(max_length=60, unique=True)
    cert_id = models.CharField(max_length=26, unique=True)
    sitting = models.CharField(max_length=40)
    attempt = models.CharField(max_length=64)
    # Keyed digest of who he is, as the applications have it
    person = models.CharField(max_length=64)
    name = EncryptedTextField(PURPOSE)
    subject = models.CharField(max_length=60)
    category = models.CharField(max_length=60)
    # review or renewal
    kind = models.CharField(max_length=8)
    status = models.CharField(max_length=8, choices=Status, default=Status.ISSUED)
    issued_on = models.DateField()
    valid_from = models.DateField()
    valid_to = models.DateField()
    review_by = models.DateField()
    # [{clause, text}]: which assumption or carried-over number the dates rest on
    notes = models.JSONField(default=list)
    # Number of the certificate before this one; empty = not known here
    previous = models.CharField(max_length=60, blank=True)
    # The three things that the issuer verified, and the event that names them
    outcomes_digest = models.CharField(max_length=64)
    roster_leaf = models.CharField(max_length=64)
    release_digest = models.CharField(max_length=64)
    event = models.CharField(max_length=26, unique=True)
    # Place of the event in the ledger
    origin = models.CharField(max_length=80, blank=True)
    seq = models.BigIntegerField(null=True)
    signed = EncryptedBinaryField(PURPOSE, null=True)
    pdf = EncryptedBinaryField(PURPOSE, null=True)
    pdf_digest = models.CharField(max_length=64, blank=True)
    issued_by = models.CharField(max_length=32)
    issued_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        indexes = [models.Index(fields=["person", "subject"]), models.Index(fields=["sitting"])]
        constraints = [
            models.UniqueConstraint(fields=["city", "sitting", "attempt"], name="certificate_once_an_attempt"),
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from"), review_by__lte=F("valid_to")), name="certificate_days_in_order"),
            models.CheckConstraint(
                condition=Q(status="issued", signed__isnull=True, pdf__isnull=True, seq__isnull=True, signed_at__isnull=True)
                | Q(status="signed", signed__isnull=False, pdf__isnull=False, seq__isnull=False, signed_at__isnull=False),
                name="certificate_signed_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Matching(CityRow):
    """跨市比对: a province's task, asked for with a reason; it compares keyed indexes, no person reads them. Its row is the province's alone."""

    class Status(models.TextChoices):
        ASKED = "asked", "正在比对"
        DONE = "done", "已完成"

    TRANSITIONS = (("asked", "done", "系统", "后台任务比对完成"),)

    number = models.CharField(max_length=24, unique=True)
    reason = EncryptedTextField("certificates.matching")
    status = models.CharField(max_length=5, choices=Status, default=Status.ASKED)
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    # {kind: how many}, and {city: how many}
    counts = models.JSONField(default=dict)
    cities = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="asked", done_at=None) | Q(status="done", done_at__isnull=False), name="matching_done_has_a_time"
            )
        ]


class Match(CityRecord):
    """比对线索: what one city sees of it: its own application or class, and in how many other cities there is something, never which or whose."""

    class Kind(models.TextChoices):
        APPLICATION = "application", "同一月份在其他地市也有报名"
        CERTIFICATE = "certificate", "初次取证，但在其他地市已有有效证书"
        PROOF = "proof", "在其他地市的培训证明已被撤销"
        TRAINING = "training", "同一时期在其他地市也有培训班"

    # Number of the task; the task itself belongs to the province
    matching = models.CharField(max_length=24)
    kind = models.CharField(max_length=11, choices=Kind)
    # The own application or class
    number = models.CharField(max_length=80)
    url = models.CharField(max_length=200)
    elsewhere = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["kind", "number"]
        constraints = [models.UniqueConstraint(fields=["city", "matching", "kind", "number"], name="match_once")]


class StatusList(AppendOnly):
    """证书状态名单: public, signed by a key other than the issuer's, numbered; each names the one before."""

    number = models.PositiveIntegerField(unique=True)
    entries = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    data = models.BinaryField()
    issued_at = models.DateTimeField()
    next_update = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.CheckConstraint(condition=Q(next_update__gt=F("issued_at")), name="status_list_runs_on")]
