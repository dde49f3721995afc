"""Small work again and again: a new status list is public without waiting for anybody, and what has lapsed disappears."""

import logging
from datetime import datetime

from kaopei.center.publication import actions, queries
from kaopei.center.publication.difference import difference
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from kaopei.office.tasks.registry import every

logger = logging.getLogger(__name__)


@every(120)
def keep_status_public(at: datetime) -> None:
    """A certificate that no longer holds is seen at once, in every city that has published certificates."""
    with scope.entered(scope.PROVINCE):
        for city in queries.cities(queries.Kind.CERTIFICATE):
            try:
                if difference("status", city, at).changes:
                    actions.publish("status", city=city, by=SYSTEM, at=at)
            except Refused as refused:
                logger.warning("证书状态名单没有公布：%s", refused)


@every(3600)
def end_what_is_over(at: datetime) -> None:
    """Statements with an end do not wait for the next round to be closed in the record."""
    with scope.entered(scope.PROVINCE):
        for city in queries.cities_with_lapsed(at):
            actions.lapse(city=city, by=SYSTEM, at=at)
