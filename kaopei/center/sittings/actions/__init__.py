"""Writes of the conduct of sittings."""

from kaopei.center.sittings.actions.baselines import BASELINE, accept_baseline, ask_baseline
from kaopei.center.sittings.actions.machines import accept_machine, ask_enrolment, countersign_machine
from kaopei.center.sittings.actions.ordering import ORDER, ask_order, issue_order
from kaopei.center.sittings.actions.papers import HOLDERS, hand_share, quarantine, take_paper, take_share
from kaopei.center.sittings.actions.releasing import ask_release, release
from kaopei.center.sittings.actions.reserve import ask_reserve, dictate, report_reserve
from kaopei.center.sittings.actions.returning import sign_receipt, take_return
from kaopei.center.sittings.actions.seating import SEATING, ask_change, ask_seating, issue_seating
from kaopei.center.sittings.actions.slips import take_slip
from kaopei.center.sittings.actions.trials import ask_trial
from kaopei.center.sittings.asking import RELEASE

__all__ = [
    "BASELINE",
    "HOLDERS",
    "ORDER",
    "RELEASE",
    "SEATING",
    "accept_baseline",
    "accept_machine",
    "ask_baseline",
    "ask_change",
    "ask_enrolment",
    "ask_order",
    "ask_release",
    "ask_reserve",
    "ask_seating",
    "ask_trial",
    "countersign_machine",
    "dictate",
    "hand_share",
    "issue_order",
    "issue_seating",
    "quarantine",
    "release",
    "report_reserve",
    "sign_receipt",
    "take_paper",
    "take_return",
    "take_share",
    "take_slip",
]
