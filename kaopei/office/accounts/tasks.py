"""What the worker does for accounts by itself."""

from datetime import datetime

from kaopei.office.accounts import actions, queries
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.tasks.registry import every


@every(60)
def end_sealed(at: datetime) -> None:
    """Emergency accounts whose two hours are over stop working."""
    for row in queries.overdue(at):
        actions.end(row, by=SYSTEM, at=at)
