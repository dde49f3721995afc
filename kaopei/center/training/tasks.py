"""What training does by the clock."""

from datetime import datetime

from kaopei.center.training import sealing
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.tasks.registry import every


@every(60)
def seal_live_records(at: datetime) -> None:
    """Seal sign-ins and study events of the last minute."""
    sealing.seal_live(SYSTEM, at)
