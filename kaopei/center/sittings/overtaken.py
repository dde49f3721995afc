"""A roster that an incremental draw has changed stops everything that rests on it, until the sitting is ordered anew."""

from kaopei.center.sittings import queries
from kaopei.center.sittings.models import Conduct
from kaopei.center.sittings.refusing import no


def refuse_overtaken(row: Conduct) -> None:
    """二（三） N2.3.2: nobody sits by a list of before the change; raises Refused."""
    if draw := queries.overtaken([row]).get(row.sitting):
        text = f"场次 {row.sitting} 的考生名单已由增量抽签 {draw} 变动，原任务书、密封包和座次包作废：请重新下任务书。"
        raise no("N2.3.2", text, "overtaken")
