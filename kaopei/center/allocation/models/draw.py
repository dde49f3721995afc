"""抽签: announce → commit → freeze → reveal → draw → verify, and what each step leaves behind."""

from django.db import models
from django.db.models import Q

from kaopei.center.allocation.models.sitting import Part
from kaopei.office.append_only import CityRecord
from kaopei.office.personal import EncryptedTextField
from kaopei.office.scope import CityRow


class Draw(CityRow):
    """One draw: it has one number, one frozen input and one seed, and stays in the record whatever came of it."""

    class Status(models.TextChoices):
        ANNOUNCED = "announced", "已公告，待承诺"
        COMMITTED = "committed", "承诺已齐，待冻结"
        FROZEN = "frozen", "已冻结，待公开密值"
        REVEALED = "revealed", "密值已齐，待抽签"
        DRAWN = "drawn", "已抽签，待复核"
        VERIFIED = "verified", "省级已复核"
        DISPUTED = "disputed", "复核不符"
        CLOSED = "closed", "冻结前终止"

    # from → to, who, ground; docs/states.md and the trigger of the first migration say the same
    TRANSITIONS = (
        ("announced", "committed", "承诺方", "最后一方作出承诺，二（三）N2.3.2"),
        ("announced", "closed", "抽签公告人", "写明理由，冻结以前"),
        ("committed", "closed", "抽签公告人", "写明理由，冻结以前"),
        ("committed", "frozen", "抽签冻结人、审批人", "双人签署输入摘要，二（三）N2.3.2"),
        ("frozen", "revealed", "承诺方或托管人", "最后一个密值公开并与承诺相符"),
        ("revealed", "drawn", "系统", "约定时刻的公共值已取得，自动抽签，二（三）N2.3.3"),
        ("drawn", "verified", "抽签复核人", "独立程序重算一致，省级会签"),
        ("drawn", "disputed", "抽签复核人", "独立程序重算不一致"),
    )

    number = models.CharField(max_length=40, unique=True)
    batch = models.CharField(max_length=14)
    part = models.CharField(max_length=1, choices=Part)
    serial = models.PositiveSmallIntegerField()
    # 增量抽签: number of the verified draw that this one changes; empty for an ordinary draw
    follows = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ANNOUNCED)
    # 二（三）N2.3.9: the rule table in force, as it goes into meta.json, and the document that sets it
    rules = models.JSONField(default=dict)
    rule_document = models.CharField(max_length=200)
    rule_published_on = models.DateField()
    own_school_allowed = models.BooleanField(default=True)
    public_source = models.CharField(max_length=40)
    public_at = models.DateTimeField()
    objections_until = models.DateTimeField()
    announced_by = models.CharField(max_length=32)
    announced_at = models.DateTimeField()
    closed_reason = models.CharField(max_length=500, blank=True)
    input_digest = models.CharField(max_length=64, blank=True)
    frozen_by = models.CharField(max_length=32, blank=True)
    frozen_at = models.DateTimeField(null=True)
    # The signed statement of what was frozen (parcel kind `freeze`)
    freeze_record = models.TextField(blank=True)
    public_value = models.CharField(max_length=500, blank=True)
    seed = models.CharField(max_length=64, blank=True)
    drawn_at = models.DateTimeField(null=True)
    transcript_digest = models.CharField(max_length=64, blank=True)
    counts = models.JSONField(default=dict)
    verified_by = models.CharField(max_length=32, blank=True)
    verified_at = models.DateTimeField(null=True)
    # What the stand-alone verifier printed, and the province's signature under it
    verification = models.TextField(blank=True)
    countersignature = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "part", "serial"], name="draw_serial_once"),
            models.CheckConstraint(
                condition=Q(input_digest="", frozen_at=None) | (~Q(input_digest="") & Q(frozen_at__isnull=False)),
                name="draw_frozen_has_digest",
            ),
            models.CheckConstraint(
                condition=Q(seed="", drawn_at=None) | (~Q(seed="") & ~Q(input_digest="") & Q(drawn_at__isnull=False)),
                name="draw_seed_needs_freeze",
            ),
        ]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def base(self) -> str:
        """Number of the draw that froze the sittings: the first of a chain of incremental draws."""
        return self.number.partition(".")[0]


class Party(CityRow):
    """承诺方: one of at least three of different interest. The secret is sealed until the freeze, then public."""

    class Interest(models.TextChoices):
        CITY = "city", "市考试机构"
        PROVINCE = "province", "省考试机构"
        INSTITUTION = "institution", "抽定的培训机构"
        NOTARY = "notary", "公证机构"

    class Deposit(models.TextChoices):
        SEALED = "sealed", "演练：密值由系统密封代管"
        SHARES = "shares", "三份分持件交三名托管人"

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="parties")
    # Its name inside the seed: parties are hashed in the order of these
    key = models.SlugField(max_length=32)
    interest = models.CharField(max_length=12, choices=Interest)
    title = models.CharField(max_length=120)
    username = models.CharField(max_length=32)
    commitment = models.CharField(max_length=64, blank=True)
    committed_at = models.DateTimeField(null=True)
    commit_record = models.TextField(blank=True)
    deposit = models.CharField(max_length=8, choices=Deposit, blank=True)
    # The deposit: the sealed secret, or the digests of the three shares
    sealed = EncryptedTextField(purpose="allocation.secret", blank=True)
    share_digests = models.JSONField(default=list)
    secret = models.CharField(max_length=128, blank=True)
    revealed_at = models.DateTimeField(null=True)
    from_escrow = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draw", "key"], name="party_key_once"),
            models.UniqueConstraint(fields=["draw", "username"], name="party_person_once"),
            models.CheckConstraint(condition=Q(secret="") | ~Q(commitment=""), name="party_reveals_what_it_committed"),
        ]
        ordering = ["draw", "key"]


class Opening(CityRecord):
    """托管开启: one keeper's part in opening a secret that its party did not reveal; two of three are needed."""

    party = models.ForeignKey(Party, models.PROTECT, related_name="openings")
    keeper = models.CharField(max_length=32)
    # The keeper's share where shares were deposited; useless alone
    share = EncryptedTextField(purpose="allocation.share", blank=True)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "keeper"], name="keeper_opens_once")]


class DrawFile(CityRecord):
    """A file of the frozen input (`instance/…`) or of the result (`result/…`), byte for byte."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="files")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draw", "name"], name="draw_file_once")]
        ordering = ["draw", "name"]
