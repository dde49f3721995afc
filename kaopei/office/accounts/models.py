"""People who log in, and the roles they hold."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from kaopei.office.accounts import roles
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField


class UserManager(BaseUserManager["User"]):
    """People are made by `actions.create_person` only."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    """One person. The name is for screens; events carry the username, which is a staff number and no personal name."""

    username = models.CharField(max_length=32, unique=True, validators=[RegexValidator(r"^[a-z0-9._-]{2,32}$")])
    name = models.CharField(max_length=64)
    # Public half of the person's signing key in the trust list; empty for people who never sign.
    kid = models.CharField(max_length=64, blank=True)
    # Six digits of the city whose rows he works on, "*" for the province, empty for nobody's.
    city = models.CharField(max_length=6, blank=True)
    # Registered number of the institution or site that he belongs to.
    institution = models.CharField(max_length=64, blank=True)
    site = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(city="") | Q(city="*") | Q(city__regex=r"^[0-9]{6}$"), name="user_city_is_code"),
        ]

    def __str__(self) -> str:
        return self.name

    def held(self) -> frozenset[str]:
        """Codes of the roles that are in force."""
        if not hasattr(self, "_held"):
            rows = self.assignments.filter(ended_at=None).values_list("role", flat=True)
            self._held: frozenset[str] = frozenset(rows) if self.pk else frozenset()
        return self._held

    def has(self, role: str) -> bool:
        """Whether the person holds the role now."""
        return role in self.held()

    def may(self, act: str, city: str | None = None) -> bool:
        """Who may: role × city × separation; `roles.judge` gives the reasons."""
        return roles.judge(self, act, city).allowed

    def refresh_from_db(self, *args: Any, **options: Any) -> None:
        self.__dict__.pop("_held", None)
        super().refresh_from_db(*args, **options)


class RoleAssignment(models.Model):
    """A role given to a person, and when it ended; never two that the separation of duties forbids together."""

    user = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=32)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=32)
    ended_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], condition=Q(ended_at=None), name="role_once_in_force"),
        ]


class FailedLogin(models.Model):
    """Wrong passwords by name, to slow guessing down; never by address alone: a whole room shares one.

    `browser` tells a browser that this person has used before from all others: a stranger's guesses lock only strangers out.
    """

    # Keyed index (hex) of what was typed: by mistake people type identity numbers and passwords here.
    typed = models.CharField(max_length=64)
    browser = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField(db_index=True)


class Passkey(models.Model):
    """通行密钥: the public half of a credential that an authenticator keeps (WebAuthn); ended, never deleted."""

    user = models.ForeignKey(User, models.PROTECT, related_name="passkeys")
    credential = models.BinaryField(unique=True, max_length=1024)
    # COSE_Key as the authenticator gave it
    public_key = models.BinaryField(max_length=2048)
    # The domain and the address under which it was made; it answers nowhere else
    domain = models.CharField(max_length=253)
    origin = models.CharField(max_length=300)
    name = models.CharField(max_length=40)
    # Counts up where the authenticator counts; standing still or falling tells of a copy.
    uses = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)


class OneTimeCode(models.Model):
    """动态口令: the secret that a person's phone shares with us (RFC 6238); kept once a right code has shown that it arrived."""

    user = models.ForeignKey(User, models.PROTECT, related_name="one_time_codes")
    secret = EncryptedBinaryField("totp")
    made_at = models.DateTimeField()
    # The last half-minute whose code was taken: no code counts twice.
    last_step = models.BigIntegerField(default=0)
    ended_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], condition=Q(ended_at=None), name="one_time_code_once_in_force")]


class RecoveryCode(models.Model):
    """恢复码: each lets in once, in place of a second factor; only a keyed digest is kept."""

    user = models.ForeignKey(User, models.PROTECT, related_name="recovery_codes")
    digest = models.BinaryField(max_length=32)
    made_at = models.DateTimeField()
    used_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)
    ended_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)


class Recovery(models.Model):
    """账号恢复: two administrators let a person who has lost everything begin again; once, within a day."""

    user = models.ForeignKey(User, models.PROTECT, related_name="recoveries")
    # Of the one-time word that the first administrator hands over in person
    digest = models.BinaryField(max_length=32)
    asked_by = models.CharField(max_length=32)
    asked_at = models.DateTimeField()
    granted_by = models.CharField(max_length=32, blank=True)
    granted_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)


class LogIn(models.Model):
    """登录: a person's open and past log-ins, so that he sees and ends those that are not his."""

    user = models.ForeignKey(User, models.PROTECT, related_name="log_ins")
    session_key = models.CharField(max_length=40, db_index=True)
    how = models.CharField(max_length=16)
    machine = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


# How every act of an emergency account is known, in every event and for good
PREFIX = "sealed-"


class SealedAccount(models.Model):
    """应急账号: for the hour in which nobody who may can log in. Two holders each have half of its key; opened once, for two hours."""

    user = models.OneToOneField(User, models.PROTECT, related_name="sealed")
    first = models.CharField(max_length=32)
    second = models.CharField(max_length=32)
    # Of the halves; empty until their holders have taken them, and again after they were used
    first_digest = models.BinaryField(max_length=32, default=b"")
    second_digest = models.BinaryField(max_length=32, default=b"")
    sealed_by = models.CharField(max_length=32)
    sealed_at = models.DateTimeField()
    opened_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)
    until: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)
    ended_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)
    reason = EncryptedTextField("accounts.sealed", blank=True)
    report = EncryptedTextField("accounts.sealed", blank=True)
    reported_by = models.CharField(max_length=32, blank=True)
    reported_at: "models.DateTimeField[datetime | None, datetime | None]" = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(first=F("second")), name="sealed_account_has_two_holders"),
            models.CheckConstraint(condition=Q(opened_at=None, until=None) | Q(opened_at__isnull=False, until__isnull=False), name="opened_until"),
        ]
