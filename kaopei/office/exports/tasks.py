"""What the worker does for exports by itself."""

from datetime import datetime

from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.exports import actions, queries
from kaopei.office.tasks.registry import every


@every(3600)
def forget(at: datetime) -> None:
    """Bytes that can no longer be taken go."""
    with scope.entered(scope.PROVINCE):
        for row in queries.spent(at):
            actions.forget(row, by=SYSTEM, at=at)
