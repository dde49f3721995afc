"""Sittings, draws and who sits where."""

from kaopei.center.allocation.models.draw import Draw, DrawFile, Opening, Party
from kaopei.center.allocation.models.duty import DutyPlace, DutyReplacement, DutyRoster
from kaopei.center.allocation.models.late import LateChange, Vacated
from kaopei.center.allocation.models.placement import Placement, TicketBundle
from kaopei.center.allocation.models.sitting import Sitting
from kaopei.center.allocation.models.waiver import SiteException, ThinDecision

__all__ = [
    "Draw",
    "DrawFile",
    "DutyPlace",
    "DutyReplacement",
    "DutyRoster",
    "LateChange",
    "Opening",
    "Party",
    "Placement",
    "Sitting",
    "SiteException",
    "ThinDecision",
    "TicketBundle",
    "Vacated",
]
