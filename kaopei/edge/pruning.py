"""After the receipt: two persons take answers, scores and photos of a sitting off this server. The ledger always stays whole.

二（四） N2.4.13/14. Only what city and province have countersigned at its very size may go, and only when the appeal term of the exam
body is over (`prune_after_days`; not set means never).
"""

import asyncio
from typing import Any

import apsw
from starlette.requests import Request
from starlette.responses import Response

from kaopei.edge import console, hand_back
from kaopei.edge.console import LEADERS, Problem
from kaopei.edge.server import Edge
from kaopei.edge.sitting import Sitting

DAY = 86_400
_MINE = "IN (SELECT no FROM attempt WHERE sitting_id = ?)"
# Tables and the condition that picks the rows of one sitting
PAYLOAD = (
    ("answer_event", f"attempt_no {_MINE}"), ("late_event", f"attempt_no {_MINE}"), ("seat_photo", f"attempt_no {_MINE}"),
    ("mark_event", f"attempt_no {_MINE}"), ("mark_sheet", f"attempt_no {_MINE}"),
    ("scoring", "sitting_id = ?"),
)  # fmt: skip


def pruned_at(edge: Edge, sitting: Sitting) -> int | None:
    """When the payload of a sitting was taken off this server."""
    rows = edge.store.read("SELECT pruned_at FROM sitting WHERE sitting_id = ?", (sitting.sitting_id,))
    return rows[0][0] if rows else None


async def prune(request: Request) -> Response:
    """POST /s/{sitting}/hand-back/prune: `second`, `second_pin`."""
    edge = console.edge_of(request)
    sitting, person = console.on_duty(request, *LEADERS)
    form = await console.checked_form(request)
    newest = _may(edge, sitting)
    second = await console.second_person(request, form, sitting.sitting_id, person)
    names = [row["file"] for row in hand_back.bundles(edge, sitting)]
    ((events,),) = edge.store.read(f"SELECT count(*) FROM answer_event WHERE attempt_no {_MINE}", (sitting.sitting_id,))
    wall = edge.wall()

    def job(connection: apsw.Connection) -> None:
        connection.execute("UPDATE sitting SET pruned_at = ? WHERE sitting_id = ? AND pruned_at IS NULL", (wall, sitting.sitting_id))
        for table, where in PAYLOAD:
            connection.execute(f"DELETE FROM {table} WHERE {where}", (sitting.sitting_id,))
        connection.execute("UPDATE irregularity SET note = '' WHERE sitting_id = ?", (sitting.sitting_id,))

    body = {name: newest[name] for name in ("bundle_id", "rev", "size", "hash")} | {"events": events, "second": second.mark}
    await edge.act("payload.pruned", by=person.mark, obj=f"sitting:{sitting.sitting_id}", body=body, job=job)
    for attempt in sitting.attempts.values():
        attempt.answers.clear()
        attempt.chains.clear()
    for name in names:
        await asyncio.to_thread((edge.settings.outbox / name).unlink, missing_ok=True)
    await edge.checkpoint()
    return console.done(request, "答卷、初评和照片已从本机清除；台账完整保留。", console.path_of(sitting, "hand-back"))


def _may(edge: Edge, sitting: Sitting) -> dict[str, Any]:
    """The newest revision, if all that is demanded before pruning is there."""
    revs = hand_back.bundles(edge, sitting)
    if not revs or sitting.state != "returned":
        raise Problem("本场还没有交回，不能清除数据。", "请先交回并收到回执。", "N2.4.13")
    if pruned_at(edge, sitting) is not None:
        raise Problem("本场的数据已经清除。", "台账仍在本机，请按规定期限保管。", "N2.4.14")
    if not revs[-1]["receipt"]:
        raise Problem(f"最新的第 {revs[-1]['rev']} 版回传包还没有市、省的回执，不能清除数据。", "请等回执，从“收包”页收入。", "N2.4.13")
    days = edge.settings.prune_after_days
    if not days:
        raise Problem("考试机构的申诉期限没有设置，不能清除数据。", "请系统管理员在 config.toml 的 prune_after_days 中填写天数。", "N2.4.13")
    if edge.wall() < (sitting.closed_at or 0) + days * DAY:
        raise Problem(f"申诉期限（收场后 {days} 天）还没有过，不能清除数据。", "期满后再办。", "N2.4.13")
    return revs[-1]
