"""What training does by the clock."""

import logging
from datetime import datetime, timedelta

from django.conf import settings

from kaopei.center.training import recount, sealing
from kaopei.center.training.actions import proofs
from kaopei.center.training.queries import files
from kaopei.office import scope, trusted
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from kaopei.office.tasks.registry import every

logger = logging.getLogger(__name__)
EARLY = timedelta(days=1)


@every(60)
def seal_and_count(at: datetime) -> None:
    """Seal sign-ins and study events of the last minute, then count the hours of the classes they belong to."""
    for city, classes in sealing.seal_live(SYSTEM, at).items():
        with scope.entered(city):
            recount.recount(city, by=SYSTEM, at=at, classes=classes)


@every(600)
def keep_proof_list_fresh(at: datetime) -> None:
    """The next list of revoked proofs a day before the last one runs out; without a status key the log says so, and work goes on."""
    if trusted.current(settings.DATA) is None:
        return
    with scope.entered(scope.PROVINCE):
        newest = files.newest_list()
        if newest is None or at < newest.next_update - EARLY:
            return
        try:
            proofs.publish_status(by=SYSTEM, at=at)
        except Refused as refused:
            logger.warning("培训证明失效名单没有更新：%s", refused)
