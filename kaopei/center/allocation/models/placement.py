"""分配结果: who sits where, and the tickets that say so."""

from django.db import models
from django.db.models import Q

from kaopei.center.allocation.models.draw import Draw
from kaopei.center.allocation.models.sitting import Part, Sitting
from kaopei.office.append_only import CityRecord


class Placement(CityRecord):
    """A candidate's seat as drawn. Later changes are draws of their own; this row stays."""

    class Exemption(models.TextChoices):
        SOLE_SITE = "N2.3.5", "该科目本市只有唯一考试点"
        OWN_SCHOOL = "N2.3.6", "在校学生在本校考试点考试"

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="placements")
    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="placements")
    pseudonym = models.CharField(max_length=16)
    part = models.CharField(max_length=1, choices=Part)
    institution = models.CharField(max_length=18)
    subject = models.CharField(max_length=60)
    room = models.CharField(max_length=40)
    seat = models.CharField(max_length=8)
    ticket = models.CharField(max_length=24, unique=True)
    # 二（三）: the duty that lets him sit at a site of his own institution; empty for everybody else
    exemption = models.CharField(max_length=8, choices=Exemption, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["draw", "pseudonym", "part"], name="placed_once_per_draw"),
            models.UniqueConstraint(fields=["draw", "sitting", "seat"], name="seat_taken_once_per_draw"),
            models.CheckConstraint(condition=~Q(room="") & ~Q(seat=""), name="placed_on_a_seat"),
        ]
        indexes = [models.Index(fields=["draw", "institution"]), models.Index(fields=["sitting", "room", "seat"])]
        ordering = ["sitting", "seat"]


class TicketBundle(CityRecord):
    """准考证: the tickets of one institution's candidates in one ZIP; the encrypted file lies in the data directory."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="ticket_bundles")
    institution = models.CharField(max_length=18)
    digest = models.CharField(max_length=64)
    tickets = models.PositiveIntegerField()
    file = models.CharField(max_length=120)
    made_by = models.CharField(max_length=32)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
