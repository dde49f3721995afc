"""公布: one published thing is one row, and what replaced it is another. The only tables that the portal may read."""

from django.db import models
from django.db.models import F, Q

from kaopei.office.append_only import CityRecord
from kaopei.office.scope import CityRow


class Publication(CityRow):
    """What the public may read of one object, word for word, since … until …; a change is a new version."""

    class Kind(models.TextChoices):
        INSTITUTION = "institution", "培训机构"
        SITE = "site", "考试点"
        SITTING = "sitting", "考试场次"
        DRAW = "draw", "抽签"
        RESULT = "result", "成绩"
        CERTIFICATE = "certificate", "证书"
        STATUS_LIST = "status_list", "证书状态名单"
        PROOF = "proof", "培训证明"
        PROOF_LIST = "proof_list", "培训证明失效名单"

    class Status(models.TextChoices):
        PUBLIC = "public", "公布中"
        SUPERSEDED = "superseded", "已由新的一版代替"
        LAPSED = "lapsed", "公布期限已满"
        WITHDRAWN = "withdrawn", "已撤回"

    # from → to, who, ground; docs/states.md and the trigger of the first migration say the same
    TRANSITIONS = (
        ("public", "superseded", "考务员", "公布新的一版，一（二）N1.2.5"),
        ("public", "lapsed", "系统", "公布期限届满"),
        ("public", "withdrawn", "考务员", "写明理由"),
        ("superseded", "withdrawn", "考务员", "写明理由"),
    )
    # Earlier versions of these stay readable: what the register or the plan said on a day is itself public. What was said of a
    # person is not kept in sight once it has been corrected or its time is over.
    WITH_HISTORY = (Kind.INSTITUTION, Kind.SITE, Kind.SITTING, Kind.DRAW)

    kind = models.CharField(max_length=12, choices=Kind)
    # The business number: credit code, site, sitting, draw, certificate; of a result the keyed index of ticket and identity number
    object = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    # The duty that has it published
    ground = models.CharField(max_length=12)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.PUBLIC)
    withdrawn_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "kind", "object", "version"], name="published_version_once"),
            models.UniqueConstraint(fields=["city", "kind", "object"], condition=Q(status="public"), name="one_version_public"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="published_since_before_until"),
            models.CheckConstraint(
                condition=(Q(status="withdrawn") & ~Q(withdrawn_because="")) | (~Q(status="withdrawn") & Q(withdrawn_because="")),
                name="withdrawn_with_a_reason",
            ),
            models.CheckConstraint(condition=~Q(ground=""), name="published_on_a_ground"),
        ]
        indexes = [models.Index(fields=["kind", "city", "status"]), models.Index(fields=["kind", "object"])]
        ordering = ["city", "kind", "object", "-version"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.object} 第 {self.version} 版"


class PublishedFile(CityRecord):
    """A file of a published draw, byte for byte, so that anybody can run it again; readable while the draw is public."""

    draw = models.CharField(max_length=80)
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    since = models.DateTimeField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "draw", "name"], name="published_file_once")]
        ordering = ["draw", "name"]


class PublicationRound(CityRecord):
    """一（二） N1.2.5: that a group was published on this day, as a whole, even when nothing had changed."""

    group = models.CharField(max_length=12)
    at = models.DateTimeField()
    # Of all public objects of the group with their digests, by kind and number
    digest = models.CharField(max_length=64)
    objects_public = models.PositiveIntegerField()

    class Meta:
        ordering = ["city", "group", "-at"]
