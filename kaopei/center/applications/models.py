"""Intakes as they came, and the applications that live on from them."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from kaopei.office.append_only import AppendOnly
from kaopei.office.personal import EncryptedTextField


class Decision(models.TextChoices):
    """What the rules, or a person after them, say of a row."""

    ACCEPT = "accept", "受理"
    HOLD = "hold", "待定"
    REFUSE = "refuse", "不予受理"


class Batch(models.Model):
    """批次: the examinations of one city in one month; its number reads 440600-2026-12."""

    city = models.CharField(max_length=6)
    number = models.CharField(max_length=14, unique=True)
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="batch_first_before_last")]
        ordering = ["-first_day", "city"]

    def __str__(self) -> str:
        return self.number


class Intake(models.Model):
    """受理: one delivery of a month's spreadsheets, judged once, then confirmed or set aside."""

    class Status(models.TextChoices):
        JUDGED = "judged", "待确认"
        CONFIRMED = "confirmed", "已确认"
        SET_ASIDE = "set_aside", "已作废"

    # from → to, who, ground (docs/states.md is made from this). No way back.
    TRANSITIONS = (
        ("judged", "confirmed", "考务员", "逐行结论确认，一次全部生效"),
        ("judged", "set_aside", "考务员", "作废，或同一批次又收到较晚的一份"),
    )

    # What judging found, kept with the object that was just received; never stored.
    judgement: Any = None

    city = models.CharField(max_length=6)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="intakes")
    round = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.JUDGED)
    # Of the meaning of the pack, not of its bytes: sheet names, blank rows and column order do not count.
    digest = models.CharField(max_length=64)
    rules = models.CharField(max_length=80)
    # A decision names the rule set by its digest and the program by its version; both as they were when the intake was judged.
    rules_digest = models.CharField(max_length=64, blank=True)
    software = models.CharField(max_length=60, blank=True)
    plan = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    # What carrying it out did: applications made, replaced, left alone; filled on confirmation.
    changed = models.JSONField(default=dict)
    # Names of the institutions by code, as the pack has them.
    names = models.JSONField(default=dict)
    # Letters of the columns of 学员报名, so that a verdict can name a cell as the spreadsheet does.
    letters = models.JSONField(default=dict)
    received_by = models.CharField(max_length=60)
    received_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=60, blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "round"], name="intake_round_once"),
            models.CheckConstraint(
                condition=Q(status="confirmed", confirmed_at__isnull=False) | (~Q(status="confirmed") & Q(confirmed_at__isnull=True)),
                name="intake_confirmed_has_time",
            ),
        ]
        ordering = ["-pk"]

    @property
    def number(self) -> str:
        return f"{self.batch.number}-{self.round}"


class Workbook(models.Model):
    """One file of an intake as it came, encrypted: a correction may bring only one of them."""

    city = models.CharField(max_length=6)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="workbooks")
    name = models.CharField(max_length=60)
    filename = models.TextField()
    digest = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["intake", "name"], name="workbook_once_per_intake")]


class Row(models.Model):
    """One row of 学员报名 as it was delivered, with its verdict; never changed afterwards."""

    class Change(models.TextChoices):
        NEW = "new", "新增"
        SAME = "same", "无变化"
        CHANGED = "changed", "有变化"
        FROZEN = "frozen", "有变化，已冻结，不替换"

    city = models.CharField(max_length=6)
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="rows")
    position = models.PositiveIntegerField()
    # With the batch, the identity of the application: 序号 as the city wrote it (323b is one), marked where blank or repeated.
    serial = models.TextField()
    written_serial = models.TextField(blank=True)
    sheet_row = models.PositiveIntegerField()
    # All cells by column name, as written.
    cells = EncryptedTextField("applications.cells")
    # Keyed digest of the cells: tells a changed row without opening either.
    mark = models.CharField(max_length=64)
    decision = models.CharField(max_length=6, choices=Decision)
    code = models.CharField(max_length=40, blank=True)
    codes = ArrayField(models.CharField(max_length=40), default=list)
    # [{code, clause, text, columns}] in the order of the rules; notes decide nothing.
    reasons = models.JSONField(default=list)
    notes = models.JSONField(default=list)
    institution_code = models.TextField(blank=True)
    change = models.CharField(max_length=8, choices=Change, default=Change.NEW)
    changed_columns = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["intake", "position"], name="row_once_per_intake")]
        indexes = [models.Index(fields=["intake", "decision", "code"]), models.Index(fields=["intake", "serial"])]
        ordering = ["intake", "position"]


class Application(models.Model):
    """报名申请: what an accepted, held or refused row is until a corrected one replaces it."""

    class Kind(models.TextChoices):
        INITIAL = "initial", "初次取证"
        REVIEW = "review", "复审"
        RENEWAL = "renewal", "延期换证"

    city = models.CharField(max_length=6)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="applications")
    serial = models.TextField()
    row = models.ForeignKey(Row, on_delete=models.PROTECT, related_name="applications")
    # Drawn at random when the application is first accepted; never a hash of an identity number. The draw knows nobody else.
    pseudonym = models.CharField(max_length=16, unique=True, null=True)
    decision = models.CharField(max_length=6, choices=Decision)
    # The facts that later steps need; empty where the row did not say.
    person = models.CharField(max_length=64, blank=True)
    name = EncryptedTextField("applications.name", blank=True)
    id_number = EncryptedTextField("applications.id_number", blank=True)
    phone = EncryptedTextField("applications.phone", blank=True)
    institution_code = models.TextField(blank=True)
    operation = models.TextField(blank=True)
    kind = models.CharField(max_length=8, choices=Kind, blank=True)
    district = models.TextField(blank=True)
    training_end = models.DateField(null=True)
    is_student = models.BooleanField(default=False)
    school = models.TextField(blank=True)
    # 二（三）: once a draw has frozen it, no correction changes it.
    frozen_in = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "serial"], name="application_once_per_batch"),
            models.CheckConstraint(condition=~Q(decision="accept") | Q(pseudonym__isnull=False), name="accepted_has_pseudonym"),
            models.CheckConstraint(condition=Q(frozen_in="") | Q(decision="accept"), name="only_accepted_is_frozen"),
        ]
        indexes = [
            models.Index(fields=["batch", "decision"]),
            models.Index(fields=["person"]),
            models.Index(fields=["batch", "institution_code"]),
        ]
        ordering = ["batch", "pk"]


class PracticalEntry(models.Model):
    """实操名单: one chance to sit the practical exam, under a pseudonym of its own; nobody can join it to his theory."""

    class Ground(models.TextChoices):
        FIRST = "first", "理论合格"
        RESIT = "resit", "实操补考"
        AGAIN = "again", "重新列入"

    class Status(models.TextChoices):
        WAITING = "waiting", "待抽签"
        FROZEN = "frozen", "已进入抽签"
        CLOSED = "closed", "暂不排考"

    # from → to, who, ground (docs/states.md is made from this). Another chance is a row of its own.
    TRANSITIONS = (
        ("waiting", "frozen", "冻结人、审批人", "实操抽签冻结，二（三）N2.3.2"),
        ("waiting", "closed", "考务员；成绩更正时由系统", "写明理由"),
    )

    city = models.CharField(max_length=6)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="practicals")
    pseudonym = models.CharField(max_length=16, unique=True)
    ground = models.CharField(max_length=6, choices=Ground)
    # 二（六）: day of the passed theory and the last day on which it counts
    theory_on = models.DateField()
    counts_until = models.DateField()
    # The sitting whose released result led here, and the pseudonym under which he sat it
    source = models.CharField(max_length=40)
    attempt = models.CharField(max_length=16)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    frozen_in = models.CharField(max_length=40, blank=True)
    reason = EncryptedTextField("applications.ruling", blank=True)
    entered_by = models.CharField(max_length=60)
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application"], condition=Q(status="waiting"), name="practical_waits_once"),
            models.CheckConstraint(
                condition=Q(status="frozen") & ~Q(frozen_in="") | ~Q(status="frozen") & Q(frozen_in=""), name="practical_frozen_has_draw"
            ),
            models.CheckConstraint(condition=Q(counts_until__gte=F("theory_on")), name="practical_theory_counts"),
        ]
        indexes = [models.Index(fields=["city", "status"])]
        ordering = ["pk"]


class Ruling(AppendOnly):
    """A person's decision of a held row, with the reason; a corrected row opens the question again and keeps this."""

    city = models.CharField(max_length=6)
    number = models.CharField(max_length=24, unique=True)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="rulings")
    row = models.ForeignKey(Row, on_delete=models.PROTECT, related_name="rulings")
    decision = models.CharField(max_length=6, choices=[("accept", "受理"), ("refuse", "不予受理")])
    reason = EncryptedTextField("applications.ruling")
    decided_by = models.CharField(max_length=60)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(decision__in=["accept", "refuse"]), name="ruling_accepts_or_refuses")]
        ordering = ["pk"]


class DecisionStep(AppendOnly):
    """What happened to a decision that weighs on somebody: it was served, the person spoke, another person looked. Each once."""

    class Kind(models.TextChoices):
        SERVICE = "service", "送达"
        STATEMENT = "statement", "陈述申辩"
        REVIEW = "review", "复核"

    city = models.CharField(max_length=6)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="steps")
    # Number of the decision: of the row (440600-2026-12-1-17) or of the ruling that refused it.
    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=9, choices=Kind)
    on = models.DateField()
    # Service: the way; statement and review: the words.
    text = EncryptedTextField("applications.ruling")
    # Service only: number or digest of the receipt.
    proof = models.CharField(max_length=80, blank=True)
    # Review only.
    upheld = models.BooleanField(null=True)
    recorded_by = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "kind"], name="decision_step_once"),
            models.CheckConstraint(condition=~Q(kind="service") | ~Q(proof=""), name="service_is_proved"),
            models.CheckConstraint(
                condition=Q(kind="review", upheld__isnull=False) | (~Q(kind="review") & Q(upheld__isnull=True)), name="only_review_upholds"
            ),
        ]
        ordering = ["pk"]


class Unmasking(AppendOnly):
    """Somebody looked at the whole of what pages mask, and said why."""

    city = models.CharField(max_length=6)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="unmaskings")
    reason = EncryptedTextField("applications.ruling")
    seen_by = models.CharField(max_length=60)
    seen_at = models.DateTimeField()
