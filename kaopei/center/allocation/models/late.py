"""晚到的变更: what an incremental draw is about, and which seats it took back."""

from django.db import models

from kaopei.center.allocation.models.draw import Draw
from kaopei.center.allocation.models.placement import Placement
from kaopei.office.append_only import CityRecord


class LateChange(CityRecord):
    """变更: one change after a draw, told before the freeze of the incremental draw that takes it up."""

    class Kind(models.TextChoices):
        SITE = "site_suspended", "考试点暂停"
        CANDIDATE = "candidate_withdrawn", "考生退出"
        UNSEALED = "sitting_unsealed", "场次不能封卷"
        WITHDRAWN = "sitting_withdrawn", "场次撤销"
        LATE = "late_approval", "补批的考生"
        ERROR = "error", "发现差错"

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=20, choices=Kind)
    # Number of the site or sitting, or the candidate's pseudonym
    object = models.CharField(max_length=40)
    reason = models.CharField(max_length=500)
    told_by = models.CharField(max_length=32)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["draw", "kind", "object"], name="late_change_once")]
        ordering = ["pk"]


class Vacated(CityRecord):
    """让出的座位: a placement that no longer counts, since the province countersigned an incremental draw."""

    placement = models.OneToOneField(Placement, models.PROTECT, related_name="vacated")
    draw = models.ForeignKey(Draw, models.PROTECT, related_name="vacated")
    # The row of moves.csv that says why: a LateChange, or theory_moved
    kind = models.CharField(max_length=20)
    object = models.CharField(max_length=40)

    class Meta:
        ordering = ["pk"]
