"""What the center keeps of each sitting: its machines, its roster, every parcel, and where it stands."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from kaopei.office.append_only import CityRecord
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow


class Machine(CityRow):
    """考试服务器: an exam site's machine on its way to an enrolment record with three signatures."""

    class Status(models.TextChoices):
        ASKED = "asked", "待验收"
        ACCEPTED = "accepted", "待省级会签"
        ENROLLED = "enrolled", "已登记"

    TRANSITIONS = (
        ("asked", "accepted", "两名验收人", "二（四）N2.4.4", "两人先后签名"),
        ("accepted", "enrolled", "省考试机构", "二（四）N2.4.4", "会签"),
    )

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


class Baseline(CityRecord):
    """设备清单: the machines of a site as two persons accepted them; a new list stands beside the old ones, whole.

    三（二） N3.2.5b: what a machine's address, card or seat may be is what stands here.
    """

    site = models.CharField(max_length=20)
    rev = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    # Canonical bytes that both signed: every term of every machine
    content = models.BinaryField()
    approvals = models.JSONField()
    asked_by = models.CharField(max_length=32)
    accepted_at = models.DateTimeField()

    class Meta:
        ordering = ["city", "site", "rev"]
        constraints = [models.UniqueConstraint(fields=["city", "site", "rev"], name="baseline_once_a_rev")]


class Conduct(CityRow):
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
        ("receipted", "returned", "考务员", "二（四）N2.4.13", "补充的回传包核对无误"),
        ("sealed", "ordered", "考务员", "二（五）N2.5.8", "重新密封"),
        ("seated", "ordered", "考务员", "二（五）N2.5.8", "重新密封"),
    )

    sitting = models.CharField(max_length=40)
    site = models.CharField(max_length=20)
    day = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # A, B, or trial: dummy items, opened once before the real paper (二（四） N2.4.4 to N2.4.6)
    form_set = models.CharField(max_length=5, default="A")
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)

    class Meta:
        ordering = ["starts_at", "sitting"]
        constraints = [models.UniqueConstraint(fields=["city", "sitting"], name="conduct_once_a_sitting")]

    def __str__(self) -> str:
        return self.sitting


class RosterEntry(CityRecord):
    """A candidate under the roster hash: salts are drawn once and never again, so that order, seating and certificate agree.

    Where a draw has changed who sits here, a new edition stands beside the old one, whole; whoever keeps his seat keeps his row.
    """

    conduct = models.ForeignKey(Conduct, models.PROTECT, related_name="roster")
    attempt = models.CharField(max_length=64)
    subject = models.CharField(max_length=60)
    leaf = models.CharField(max_length=64)
    edition = models.PositiveSmallIntegerField(default=1)
    # The newest incremental draw that had changed this sitting when the edition was made; empty before the first
    draw = models.CharField(max_length=40, blank=True, default="")
    # The whole row as the site gets it (JSON)
    row = EncryptedTextField("roster")
    # Stays at the center: without it the commitment to the ID number says nothing
    id_salt = EncryptedTextField("roster_salt")

    class Meta:
        ordering = ["attempt"]
        constraints = [models.UniqueConstraint(fields=["conduct", "edition", "attempt"], name="roster_once_an_edition")]


class Artefact(CityRecord):
    """A parcel that came in whole or went out, byte by byte."""

    class Kind(models.TextChoices):
        ORDER = "seal_order", "密封任务书"
        PAPER = "exam_parcel", "试卷密封包"
        SEATING = "seating", "座次包"
        TOKEN = "key_release", "密钥令牌"
        RETURN = "return_parcel", "回传包"
        RECEIPT = "receipt", "回执"
        SLIP = "slip", "台账小条"

    conduct = models.ForeignKey(Conduct, models.PROTECT, related_name="artefacts")
    kind = models.CharField(max_length=14, choices=Kind)
    # What the parcel calls itself: order, package, share number, bundle
    ref = models.CharField(max_length=160)
    rev = models.PositiveIntegerField(default=1)
    digest = models.CharField(max_length=64)
    data = models.BinaryField()
    # What pages and later checks need of it without reading it again: ids, counts, sizes; never a name
    facts = models.JSONField(default=dict)
    made_by = models.CharField(max_length=32)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["conduct", "kind", "digest"], name="artefact_once")]


class Attempt(CityRecord):
    """一次应考, as a return parcel reports it: who came, who did not, and the code of his receipt; never an answer."""

    class Attendance(models.TextChoices):
        PRESENT = "present", "到考"
        ABSENT = "absent", "缺考"
        REFUSED = "refused", "不予入场"

    came = models.ForeignKey(Artefact, models.PROTECT, related_name="attempts")
    attempt = models.CharField(max_length=64)
    attendance = models.CharField(max_length=8, choices=Attendance)
    is_late = models.BooleanField(default=False)
    ended_by = models.CharField(max_length=12, blank=True)
    answered = models.PositiveIntegerField(default=0)
    receipt = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["attempt"]
        constraints = [models.UniqueConstraint(fields=["came", "attempt"], name="attempt_once_a_return")]


class KeyShare(CityRow):
    """密钥分持: the key service keeps its own; the others pass through once, and nothing of them stays."""

    conduct = models.ForeignKey(Conduct, models.PROTECT, related_name="shares")
    package = models.CharField(max_length=40)
    number = models.CharField(max_length=160, unique=True)
    stage = models.PositiveSmallIntegerField()
    x = models.PositiveSmallIntegerField()
    # site_head, key_service or province; printed or jwe
    holder = models.CharField(max_length=16)
    form = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    # The file; emptied when it is handed to its holder
    content = EncryptedBinaryField("key_share")
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=32)
    handed_to = models.CharField(max_length=60, blank=True)
    handed_by = models.CharField(max_length=32, blank=True)
    handed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["stage", "x"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(handed_at=None, handed_to="") | (models.Q(handed_at__isnull=False) & ~models.Q(handed_to="")),
                name="share_handed_to_somebody",
            )
        ]


class KeyRelease(CityRow):
    """密钥令牌: one letting go of a share, asked with the site's challenge, signed by two duty officers, numbered in one log."""

    class Status(models.TextChoices):
        ASKED = "asked", "待两名值班员签署"
        REPLACED = "replaced", "已由新的申请替代"
        RELEASED = "released", "已放行"

    TRANSITIONS = (
        ("asked", "released", "两名密钥值班员", "二（五）N2.5.8", "开考前 15 分钟内，口令、座次包、考务人员核对无误"),
        ("asked", "replaced", "考务员或密钥值班员", "", "服务器重启、口令改变"),
    )

    conduct = models.ForeignKey(Conduct, models.PROTECT, related_name="releases")
    approval = models.CharField(max_length=26, unique=True)
    package = models.CharField(max_length=40)
    stage = models.PositiveSmallIntegerField()
    machine = models.CharField(max_length=160)
    challenge = models.CharField(max_length=24)
    waivers = models.JSONField(default=list)
    # Why a second time; empty for the first
    reason = models.CharField(max_length=500, blank=True)
    # AB: the key service's own share. AC: the province's reserve, and only in need
    path = models.CharField(max_length=2, default="AB")
    # The reserve share between the request and the last signature; emptied with it
    reserve = EncryptedBinaryField("reserve_share", default=b"")
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    # Its place in the log of the key service
    number = models.PositiveIntegerField(null=True, unique=True)
    released_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ASKED)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="released", number__isnull=False, released_at__isnull=False)
                | (~models.Q(status="released") & models.Q(number=None, released_at=None)),
                name="release_has_its_number",
            )
        ]


class ReserveReport(CityRecord):
    """应急放行报告: what happened when the province's reserve was used, told within a day."""

    release = models.OneToOneField(KeyRelease, models.PROTECT, related_name="report")
    text = models.TextField()
    by = models.CharField(max_length=32)
    at = models.DateTimeField()


class Quarantine(CityRecord):
    """隔离: a parcel that does not fit, kept as evidence and never used."""

    sitting = models.CharField(max_length=160, blank=True)
    kind = models.CharField(max_length=14)
    digest = models.CharField(max_length=64)
    code = models.CharField(max_length=40)
    reason = models.TextField()
    data = EncryptedBinaryField("quarantine")
    at = models.DateTimeField()
    by = models.CharField(max_length=32)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["city", "kind", "digest"], name="quarantined_once")]
