"""What training does by the clock."""

from datetime import datetime

from kaopei.center.training import recount, sealing
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.tasks.registry import every


@every(60)
def seal_and_count(at: datetime) -> None:
    """Seal sign-ins and study events of the last minute, then count the hours of the classes they belong to."""
    for city, classes in sealing.seal_live(SYSTEM, at).items():
        with scope.entered(city):
            recount.recount(city, by=SYSTEM, at=at, classes=classes)
