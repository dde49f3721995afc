"""What happens when the last signature is there: one action an approval, in the transaction of the signature."""

from datetime import datetime
from typing import Any

from kaopei.center.sittings import actions
from kaopei.office.accounts.roles import Actor


def carry_out(request: Any, *, by: Actor, at: datetime) -> None:
    """Issue what two persons have signed: an order, a seating, a device list, or a key token."""
    if request.action == actions.ORDER:
        actions.issue_order(request, by=by, at=at)
    elif request.action == actions.SEATING:
        actions.issue_seating(request, by=by, at=at)
    elif request.action == actions.BASELINE:
        actions.accept_baseline(request, by=by, at=at)
    elif request.action == actions.RELEASE:
        actions.release(request, by=by, at=at)
