"""Identity data of trainees: confirmed by the trainee himself, and put right with the question whose error it was."""

from django.db import models
from django.db.models import F, Q

from kaopei.center.training.models.people import Enrolment, Trainee
from kaopei.office.append_only import CityRecord
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow

FAULTS = [("institution", "培训机构录入差错"), ("trainee", "学员本人提供有误"), ("authority", "证件或主管部门的原因"), ("system", "系统的差错")]


class IdentityConfirmation(CityRecord):
    """本人确认: the trainee has read his name, number and photograph, on his phone or on paper. What changes later is confirmed again."""

    trainee = models.ForeignKey(Trainee, on_delete=models.PROTECT, related_name="confirmations")
    # Keyed index of what he read.
    digest = models.CharField(max_length=64)
    how = models.CharField(max_length=5, choices=[("phone", "学员手机"), ("paper", "纸上签字")])
    device = models.CharField(max_length=26, blank=True)
    by = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]


class IdentityCorrection(CityRow):
    """身份信息更正: asked with evidence by the trainee or the institution; a second person decides what is right and whose error it was."""

    class Status(models.TextChoices):
        ASKED = "asked", "待第二人"
        APPROVED = "approved", "已更正"
        REFUSED = "refused", "不同意"

    class Field(models.TextChoices):
        NAME = "name", "姓名"
        ID_NUMBER = "id_number", "身份证号码"
        PHONE = "phone", "手机号码"

    TRANSITIONS = (
        ("asked", "approved", "考务员、审批人", "一（三）N1.3.14", "第二人对照证据后更正，写明谁的差错；机构差错须登记处理"),
        ("asked", "refused", "考务员、审批人", "一（三）N1.3.14", "第二人不同意，写明理由"),
    )

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="identity_corrections")
    # Whose count it goes to: the institution that had entered the datum.
    institution_code = models.CharField(max_length=18)
    field = models.CharField(max_length=9, choices=Field)
    old = EncryptedTextField("training.trainee")
    new = EncryptedTextField("training.trainee")
    evidence = EncryptedTextField("training.review")
    attachment = EncryptedBinaryField("training.identity", null=True)
    attachment_digest = models.CharField(max_length=64, blank=True)
    # As the one who asks says; the second person decides.
    said_fault = models.CharField(max_length=11, choices=FAULTS)
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    status = models.CharField(max_length=8, choices=Status, default=Status.ASKED)
    fault = models.CharField(max_length=11, choices=FAULTS, blank=True)
    disposal = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    second_by = models.CharField(max_length=32, blank=True)
    second_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "field"], condition=Q(status="asked"), name="one_open_identity_correction"),
            models.CheckConstraint(condition=~Q(asked_by=F("second_by")), name="identity_corrected_by_two"),
            models.CheckConstraint(condition=~Q(status="approved") | ~Q(fault=""), name="identity_fault_named"),
        ]
        indexes = [models.Index(fields=["city", "institution_code", "status"])]
        ordering = ["asked_at"]
