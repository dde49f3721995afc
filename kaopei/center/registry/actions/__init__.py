"""What changes the register, by noun."""

from kaopei.center.registry.actions.lists import Lists, take_lists
from kaopei.center.registry.actions.people import amend_staff, ask_exam_body, designate, end_exam_body
from kaopei.center.registry.actions.reports import return_report, submit, verify, withdraw
from kaopei.center.registry.actions.sheets import apply_sheet, read_sheet, set_sheet_aside
from kaopei.center.registry.actions.sites import accept_site, amend_site, ask_site, set_cap, set_rooms
from kaopei.center.registry.actions.standing import bar_institution, resume, suspend_site, withdraw_site

__all__ = [
    "Lists", "accept_site", "amend_site", "amend_staff", "apply_sheet", "ask_exam_body", "ask_site", "bar_institution", "designate",
    "end_exam_body", "read_sheet", "resume", "return_report", "set_cap", "set_rooms", "set_sheet_aside", "submit", "suspend_site", "take_lists",
    "verify", "withdraw", "withdraw_site",
]  # fmt: skip
