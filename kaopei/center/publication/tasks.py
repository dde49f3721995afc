"""Small work again and again: a new status list is public without waiting for anybody, and what has lapsed disappears."""

import logging
from datetime import datetime

from kaopei.center.publication import actions, queries
from kaopei.center.publication.difference import difference
from kaopei.center.publication.drafts import GROUPS
from kaopei.office import scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.refused import Refused
from kaopei.office.tasks.registry import every

logger = logging.getLogger(__name__)
# The lists that follow by themselves, in cities that have published what they are about.
LISTS = {"status": queries.Kind.CERTIFICATE, "proof_list": queries.Kind.PROOF}


@every(120)
def keep_status_public(at: datetime) -> None:
    """A certificate or a proof that no longer holds is seen at once, in every city that has published any."""
    with scope.entered(scope.PROVINCE):
        for group, kind in LISTS.items():
            for city in queries.cities(kind):
                try:
                    if difference(group, city, at).changes:
                        actions.publish(group, city=city, by=SYSTEM, at=at)
                except Refused as refused:
                    logger.warning("%s没有公布：%s", GROUPS[group].zh, refused)


@every(3600)
def end_what_is_over(at: datetime) -> None:
    """Statements with an end do not wait for the next round to be closed in the record."""
    with scope.entered(scope.PROVINCE):
        for city in queries.cities_with_lapsed(at):
            actions.lapse(city=city, by=SYSTEM, at=at)
