"""Requests for a second signature, and the signatures."""

from django.db import models
from django.db.models import F, Q

from kaopei.office.append_only import AppendOnly
from kaopei.office.personal import EncryptedBinaryField
from kaopei.office.scope import CityRow


class Request(CityRow):
    """双人审批: somebody asks that another person approve exactly these bytes."""

    class Status(models.TextChoices):
        OPEN = "open", "待签署"
        GRANTED = "granted", "已同意"
        DECLINED = "declined", "未同意"
        WITHDRAWN = "withdrawn", "已撤回"

    # from → to, who, ground; the page docs/states.md is made from this
    TRANSITIONS = (
        ("open", "granted", "审批人", "最后一个签署"),
        ("open", "declined", "审批人", "写明理由"),
        ("open", "withdrawn", "申请人", "尚无人签署"),
    )

    ulid = models.CharField(max_length=26, unique=True)
    # What is to be done (`app.verb`), to what, in which version
    action = models.CharField(max_length=64)
    object = models.CharField(max_length=160)
    rev = models.IntegerField(default=1)
    title = models.CharField(max_length=200)
    # The act that a person must be allowed to do in order to sign
    approve_act = models.CharField(max_length=64)
    # Exactly what is approved; the digest is what the signature covers
    content = EncryptedBinaryField("approvals")
    # It names people: the pages of approvals do not show it, the page of the matter shows it masked
    is_personal = models.BooleanField(default=False)
    digest = models.CharField(max_length=64)
    # Where the matter itself can be looked at
    url = models.CharField(max_length=300, blank=True)
    requester = models.CharField(max_length=32)
    city = models.CharField(max_length=6, blank=True)
    needed = models.IntegerField(default=1)
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["action", "object", "digest"], name="request_by_matter")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="open", closed_at=None) | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="request_open_has_no_end",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="request_ends_after_start"),
            models.UniqueConstraint(fields=["action", "object", "rev"], condition=Q(status="open"), name="one_open_request"),
        ]


class Signature(AppendOnly):
    """One person's answer; `record` is the signed approval that travels in parcels."""

    request = models.ForeignKey(Request, models.PROTECT, related_name="signatures")
    approver = models.CharField(max_length=32)
    agrees = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    record = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "approver"], name="one_answer_a_person")]
