"""What is done with people: making them, their roles, what they log in with, and letting them in again."""

from kaopei.office.accounts.actions.factors import (
    add_passkey,
    end_code,
    end_log_ins,
    end_passkey,
    make_codes,
    note_login,
    prove_code,
    prove_passkey,
    set_code,
)
from kaopei.office.accounts.actions.people import assign, bind_key, close, create_person, note_failure, unassign
from kaopei.office.accounts.actions.recovering import ask_recovery, recover, use_recovery
from kaopei.office.accounts.actions.sealed import end, report, seal, take_half, unseal

__all__ = [
    "add_passkey",
    "ask_recovery",
    "assign",
    "bind_key",
    "close",
    "create_person",
    "end",
    "end_code",
    "end_log_ins",
    "end_passkey",
    "make_codes",
    "note_failure",
    "note_login",
    "prove_code",
    "prove_passkey",
    "recover",
    "report",
    "seal",
    "set_code",
    "take_half",
    "unassign",
    "unseal",
    "use_recovery",
]
