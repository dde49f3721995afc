"""Writes of sittings and draws."""

from kaopei.center.allocation.actions.announcing import RULES, Announcement, announce, close
from kaopei.center.allocation.actions.attempts import note_refusal
from kaopei.center.allocation.actions.committing import commit, open_escrow, reveal
from kaopei.center.allocation.actions.drawing import (
    countersign,
    draw_seats,
    note_verification,
    publish_protocol,
    request_protocol,
    request_public_value,
    take_public_value,
)
from kaopei.center.allocation.actions.duty import announce_duties, commit_duties, draw_duties, freeze_duties, replace_duty
from kaopei.center.allocation.actions.freezing import freeze, request_freeze
from kaopei.center.allocation.actions.late import tell_change
from kaopei.center.allocation.actions.plan import take_plan
from kaopei.center.allocation.actions.tickets import keep_tickets, note_fetched
from kaopei.center.allocation.actions.waiving import approve_exception, ask_exception, decide_thin

__all__ = [
    "Announcement",
    "RULES",
    "announce",
    "announce_duties",
    "approve_exception",
    "ask_exception",
    "close",
    "commit",
    "commit_duties",
    "countersign",
    "decide_thin",
    "draw_duties",
    "draw_seats",
    "freeze",
    "freeze_duties",
    "keep_tickets",
    "note_fetched",
    "note_verification",
    "open_escrow",
    "publish_protocol",
    "request_freeze",
    "request_protocol",
    "request_public_value",
    "replace_duty",
    "reveal",
    "take_plan",
    "take_public_value",
    "note_refusal",
    "tell_change",
]
