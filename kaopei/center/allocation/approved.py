"""What happens when a second person has signed: one action an approval, in the transaction of the signature."""

import json
from datetime import datetime
from typing import Any

from kaopei.center.allocation import actions
from kaopei.center.allocation.models import Draw
from kaopei.office.accounts.roles import SYSTEM, Actor
from kaopei.office.tasks.registry import start

FREEZE, EXCEPTION, VALUE = "allocation.freeze", "allocation.exception", "allocation.public_value"


def carry_out(request: Any, *, by: Actor, at: datetime) -> None:
    """`request.object` is `draw:<number>` or, for an exception, `draw:<number>:<site>`."""
    _, number, *rest = request.object.split(":")
    draw = Draw.objects.get(number=number)
    shown = bytes(request.content)
    if request.action == FREEZE:
        actions.freeze(draw, shown=shown, asked_by=request.requester, by=by, at=at)
    elif request.action == EXCEPTION:
        actions.approve_exception(draw.exceptions.get(site=rest[0]), by=by, at=at)
    elif request.action == VALUE:
        actions.take_public_value(draw, value=json.loads(shown)["公共值"], by=by, at=at)
        start("allocation.draw", by=SYSTEM, at=at, title=f"抽签 {number}", number=number)
