"""Trainees, the classes they are in, and the phones they sign with."""

from django.db import models
from django.db.models import F, Q

from kaopei.center.training.models.classes import TrainingClass
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.scope import CityRow


class Trainee(CityRow):
    """学员: one person of a city, whatever the number of classes. Records of study know only his number."""

    person = models.CharField(max_length=64)
    name = EncryptedTextField("training.trainee")
    id_number = EncryptedTextField("training.trainee")
    phone = EncryptedTextField("training.trainee", blank=True)
    # Made at the identity check; the same picture of two people is none.
    photo = EncryptedBinaryField("training.photo", null=True)
    photo_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "person"], name="trainee_once_per_city"),
            models.UniqueConstraint(fields=["city", "photo_digest"], condition=~Q(photo_digest=""), name="photo_of_one_trainee"),
        ]
        ordering = ["pk"]


class Enrolment(CityRow):
    """学员入班. A trainee who changes class keeps his hours: the new enrolment continues the old one."""

    study_class = models.ForeignKey(TrainingClass, on_delete=models.PROTECT, related_name="enrolments")
    trainee = models.ForeignKey(Trainee, on_delete=models.PROTECT, related_name="enrolments")
    position = models.PositiveIntegerField()
    # 报名序号 of this month's application; empty where there is none.
    serial = models.TextField(blank=True)
    claimed = models.PositiveIntegerField(null=True)
    # Keyed index of the number of the card he carries.
    card = models.CharField(max_length=64, blank=True)
    # Somebody who signed in without being on the roster is kept, and shown as such.
    is_listed = models.BooleanField(default=True)
    joined_on = models.DateField()
    left_on = models.DateField(null=True)
    continues = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="continued_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study_class", "trainee"], condition=Q(left_on__isnull=True), name="enrolled_once_in_a_class"),
            models.UniqueConstraint(fields=["study_class", "position"], name="enrolment_position_once"),
        ]
        ordering = ["study_class", "position"]


class ElsewhereTraining(CityRow):
    """他处培训证明: a certificate of training somewhere else; a class room there and one here on the same day is one too many."""

    person = models.CharField(max_length=64)
    number = models.CharField(max_length=80)
    is_classroom = models.BooleanField()
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "person", "number", "first_day"], name="elsewhere_once"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="elsewhere_first_before_last"),
        ]
        ordering = ["person", "first_day"]


class EnrolCode(CityRow):
    """一次性绑定码: shown to the trainee at the identity check; only its digest is kept."""

    trainee = models.ForeignKey(Trainee, on_delete=models.PROTECT, related_name="codes")
    digest = models.CharField(max_length=64, unique=True)
    issued_by = models.CharField(max_length=32)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]


class Device(CityRow):
    """学员手机: the public half of a key that was made on the phone and cannot leave it."""

    trainee = models.ForeignKey(Trainee, on_delete=models.PROTECT, related_name="devices")
    number = models.CharField(max_length=26, unique=True)
    # Uncompressed P-256 point, base64url.
    public_key = models.CharField(max_length=120, unique=True)
    # What the phone's browser remembers of itself: a second person on the same phone is seen.
    fingerprint = models.CharField(max_length=64)
    enrolled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=32, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trainee"], condition=Q(ended_at__isnull=True), name="one_phone_a_trainee"),
            models.UniqueConstraint(fields=["fingerprint"], condition=Q(ended_at__isnull=True), name="one_trainee_a_phone"),
        ]
        ordering = ["-pk"]
