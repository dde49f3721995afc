"""Long work of certificates: signing and printing; and the status list, before it falls due."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from kaopei.center.certificates import actions, queries
from kaopei.office import scope, trusted
from kaopei.office.accounts.roles import SYSTEM, Actor
from kaopei.office.refused import Refused
from kaopei.office.tasks.registry import every, task

logger = logging.getLogger(__name__)
EARLY = timedelta(days=1)


@task("certificates.sign", "签发证书")
def sign(progress: Any, *, by: Actor, at: datetime, sitting: str) -> dict[str, Any]:
    """All decided certificates of a sitting; then the first status list, so that an offline answer can name one."""
    made = actions.sign(sitting, progress=progress, by=by, at=at)
    if queries.newest_list() is None:
        actions.publish_status(by=SYSTEM, at=at)
    return {"text": f"签发 {len(made)} 张证书。", "url": f"/certificates/sittings/{sitting}/"}


@task("certificates.match", "跨市比对")
def match(progress: Any, *, by: Actor, at: datetime, number: str) -> dict[str, Any]:
    """Compare all cities; asked for by the province, so it runs in the province's scope."""
    made = actions.match(number, progress=progress, by=by, at=at)
    return {"text": f"比对完成，线索 {sum(made.counts.values())} 条，已分送各市。", "url": "/certificates/matching/"}


@every(600)
def keep_status_fresh(at: datetime) -> None:
    """The next status list a day before the last one runs out; without a status key the log says so, and work goes on."""
    if trusted.current(settings.DATA) is None:
        return
    with scope.entered(scope.PROVINCE):
        newest = queries.newest_list()
        if newest is None or at < newest.next_update - EARLY:
            return
        try:
            actions.publish_status(by=SYSTEM, at=at)
        except Refused as refused:
            logger.warning("证书状态名单没有更新：%s", refused)
