"""排班: who serves when by lot, with commitments before the input is frozen, and a record that anybody can run again."""

from django.db import models
from django.db.models import F, Q

from kaopei.office.append_only import CityRecord
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow


class DutyRoster(CityRow):
    """排班抽签: staff for the sittings of some days, or school sites and who visits them (双随机)."""

    class Kind(models.TextChoices):
        STAFF = "staff", "考务派员"
        PATROL = "patrol", "校内考试点双随机巡查"

    class Status(models.TextChoices):
        ANNOUNCED = "announced", "已公告，第一份承诺"
        COMMITTED = "committed", "第二份承诺"
        FROZEN = "frozen", "已冻结"
        DRAWN = "drawn", "已抽签"

    TRANSITIONS = (
        ("announced", "committed", "审批人", "二（五）N2.5.1", "公告人以外的人作第二份承诺"),
        ("committed", "frozen", "考务员", "二（二）N2.2.5", "回避和资格结论定稿，公布摘要"),
        ("frozen", "drawn", "审批人", "二（五）N2.5.1", "两份密值揭示，种子由此算出"),
    )

    number = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    first_day = models.DateField()
    last_day = models.DateField()
    # 双随机: how many sites are visited; empty for staff
    choose = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ANNOUNCED)
    # Commitments of two persons; their secrets stay encrypted until the draw.
    first_commitment = models.CharField(max_length=64)
    first_secret = EncryptedTextField("allocation.duty")
    first_by = models.CharField(max_length=32)
    second_commitment = models.CharField(max_length=64, blank=True)
    second_secret = EncryptedTextField("allocation.duty", blank=True, null=True)
    second_by = models.CharField(max_length=32, blank=True)
    # Canonical bytes of people, posts and who may serve where, by pseudonym
    input = EncryptedBinaryField("allocation.duty", null=True)
    input_digest = models.CharField(max_length=64, blank=True)
    seed = models.CharField(max_length=64, blank=True)
    notes = models.JSONField(default=list)
    announced_at = models.DateTimeField()
    frozen_at = models.DateTimeField(null=True)
    drawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="duty_first_before_last"),
            models.CheckConstraint(condition=~Q(first_by=F("second_by")), name="duty_two_persons"),
            models.CheckConstraint(condition=Q(status="drawn", seed__gt="") | (~Q(status="drawn") & Q(seed="")), name="duty_seed_when_drawn"),
        ]
        ordering = ["-announced_at", "-pk"]


class DutyPlace(CityRow):
    """One person wanted in a post; empty where nobody who may serve was left."""

    roster = models.ForeignKey(DutyRoster, models.PROTECT, related_name="places")
    position = models.PositiveIntegerField()
    sitting = models.CharField(max_length=40)
    site = models.CharField(max_length=20)
    day = models.DateField()
    start = models.TimeField()
    end = models.TimeField()
    role = models.CharField(max_length=20)
    # Keyed index of the person in the staff file
    person = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["roster", "position"], name="duty_place_once")]
        ordering = ["position"]


class DutyReplacement(CityRecord):
    """替换: somebody could not come; the next by the same seed took his place."""

    place = models.ForeignKey(DutyPlace, models.PROTECT, related_name="replacements")
    out = models.CharField(max_length=64)
    into = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300)
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
