"""What was sealed for whom, who holds which share, what was scored. Nothing here is changed afterwards."""

from django.db import models

from kaopei.office.append_only import AppendOnly
from kaopei.office.personal import EncryptedTextField


class SealedPackage(AppendOnly):
    """One exam parcel. The vault keeps the papers and the order secret, never the content keys."""

    package_id = models.CharField(max_length=36, unique=True)
    # An order is sealed once; a new parcel needs a new order that supersedes it.
    order_id = models.CharField(max_length=160, unique=True)
    sitting_id = models.CharField(max_length=160, db_index=True)
    city = models.CharField(max_length=160)
    site_code = models.CharField(max_length=160)
    form_set = models.CharField(max_length=8)
    # The day of the sitting in China: items of one sitting stay away from later ones of that day.
    day = models.DateField(db_index=True)
    supersedes = models.CharField(max_length=160, blank=True)
    manifest_hash = models.CharField(max_length=64)
    # Subject → digest of its paper
    papers = models.JSONField()
    # JSON: papers with all items, attempts, and the secret of the candidates' order
    content = EncryptedTextField("papers")
    # kids of the two persons who sealed
    custodians = models.JSONField()
    at = models.DateTimeField()
    by = models.CharField(max_length=32)


class Exposure(AppendOnly):
    """An item was put into a package, or a task of the practical exam was drawn in it."""

    package = models.ForeignKey(SealedPackage, models.PROTECT, related_name="exposures")
    # Without punctuation, as of a bank
    subject = models.CharField(max_length=120)
    number = models.CharField(max_length=80)
    # How many candidates of the package get to see it; 0 before this was counted
    candidates = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["package", "subject", "number"], name="one_exposure_a_package")]


class KeyShare(AppendOnly):
    """A share that left the vault: number and holder, never its value."""

    package = models.ForeignKey(SealedPackage, models.PROTECT, related_name="shares")
    number = models.CharField(max_length=160, unique=True)
    stage = models.IntegerField()
    x = models.IntegerField()
    holder = models.CharField(max_length=40)
    commitment = models.CharField(max_length=64)


class Handover(AppendOnly):
    """A share was handed to its holder, against a receipt."""

    share = models.OneToOneField(KeyShare, models.PROTECT, related_name="handover")
    receiver = models.CharField(max_length=80)
    receipt = models.CharField(max_length=160)
    at = models.DateTimeField()
    by = models.CharField(max_length=32)


class Scoring(AppendOnly):
    """Outcomes as they left the vault; a new reason makes a new revision, every revision stays."""

    package = models.ForeignKey(SealedPackage, models.PROTECT, related_name="scorings")
    rev = models.IntegerField()
    bundle_id = models.CharField(max_length=160)
    bundle_hash = models.CharField(max_length=64)
    outcomes_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=400, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["package", "rev"], name="one_scoring_a_revision")]
