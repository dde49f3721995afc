"""Registered bodies and what was true of them from which day to which day."""

from kaopei.center.registry.models.bodies import BodyStanding, Institution, Registration, Standing
from kaopei.center.registry.models.people import ExamBody, ExamStaff, StaffRecord, StaffRelation, Tie
from kaopei.center.registry.models.reports import Attachment, Sheet, WrittenReport
from kaopei.center.registry.models.sites import Qualification, Room, Site, SiteCap, SiteRecord

__all__ = [
    "Attachment", "BodyStanding", "ExamBody", "ExamStaff", "Institution", "Qualification", "Registration", "Room", "Sheet", "Site", "SiteCap",
    "SiteRecord", "StaffRecord", "StaffRelation", "Standing", "Tie", "WrittenReport",
]  # fmt: skip
