"""Events, their place in the tree, and the signed checkpoints. Nothing here is ever changed or deleted."""

from django.db import models

from kaopei.office.append_only import AppendOnly, CityRecord


class Event(CityRecord):
    """One thing that happened. Only ids and digests: never a name, a number of a person, or a phone."""

    ulid = models.CharField(max_length=26, unique=True)
    # `source.verb` of ledger/events.toml
    code = models.CharField(max_length=64, db_index=True)
    # What it happened to: `kind:number`
    obj = models.CharField(max_length=160, db_index=True)
    city = models.CharField(max_length=6, blank=True)
    # Staff number of whoever did it, and the role under which he did
    actor = models.CharField(max_length=32, db_index=True)
    role = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField()
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["city", "-id"], name="event_by_city")]


class Leaf(AppendOnly):
    """An event's place in a tree: which tree (one a program and year), the leaf's number from 0, the hash of its canonical form."""

    origin = models.CharField(max_length=80)
    seq = models.BigIntegerField()
    event = models.OneToOneField(Event, models.PROTECT, related_name="leaf")
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "seq"], name="one_leaf_a_place")]


class Checkpoint(AppendOnly):
    """A signed statement: the tree of this origin has this size and this root."""

    origin = models.CharField(max_length=80)
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    note = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "size"], name="one_checkpoint_a_size")]


class Counter(models.Model):
    """Running numbers (城市-年-流水); see office.ids."""

    kind = models.CharField(max_length=32)
    city = models.CharField(max_length=6)
    year = models.IntegerField()
    last = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "city", "year"], name="one_counter_a_kind")]
