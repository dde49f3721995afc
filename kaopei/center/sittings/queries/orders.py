"""Which sittings can be ordered from the vault, and why not the others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from kaopei.center.allocation import queries as allocation
from kaopei.center.allocation.queries import SittingFacts
from kaopei.center.sittings import windows
from kaopei.center.sittings.models import Artefact, Conduct
from kaopei.center.sittings.queries.machines import sites_with_machines
from kaopei.law.verdict import Verdict, allow, refuse
from kaopei.office.approvals import queries as approvals
from kaopei.office.approvals.queries import Request

ACTION = "seal_order.issue"


@dataclass(frozen=True, slots=True)
class Orderable:
    """A sitting with candidates, and whether it can be ordered now."""

    facts: SittingFacts
    starts_at: datetime
    verdict: Verdict
    status: str


def orderable(at: datetime, *, city: str = "") -> list[Orderable]:
    """Sittings with candidates that nobody has ordered yet, by (day, start, number)."""
    found = list(allocation.with_candidates(city=city))
    begun = dict(Conduct.objects.values_list("sitting", "status"))
    tickets, sites, asked = _ticketed({one.draw for one in found}), sites_with_machines(at), waiting_sittings()
    rows = []
    for one in found:
        status = begun.get(one.number, "")
        if status in ("", Conduct.Status.PLANNED):
            starts = windows.moment(one.day, one.start)
            rows.append(Orderable(one, starts, judge(one, at, tickets, sites, asked=one.number in asked), status))
    return rows


def judge(one: SittingFacts, at: datetime, tickets: Collection[str], sites: Collection[str], *, asked: bool = False) -> Verdict:
    """Whether the vault may be asked for this sitting's paper."""
    if one.draw not in tickets:
        return refuse("N2.3.2", "抽签还没有生成准考证：请先在“抽签”生成准考证。", "tickets")
    if windows.moment(one.day, one.start) <= at:
        return refuse("N2.5.8", "开考时间已过，不能再下密封任务书。", "late")
    if one.site not in sites:
        return refuse("N2.4.4", f"考试点 {one.site} 还没有登记的考试服务器：请先在“考试服务器”办理登记。", "machine")
    if asked:
        return refuse("N2.5.8", "已提请审批，等待两名审批人签署。", "asked")
    return allow()


def tickets_made(draw: str) -> set[str]:
    """The draw itself, if its tickets were made."""
    return _ticketed({draw})


def _ticketed(draws: Collection[str]) -> set[str]:
    found = {number: allocation.draw(number) for number in draws if number}
    return {number for number, row in found.items() if row is not None and allocation.bundles(row)}


def order_id(sitting: str) -> str:
    """The number of the next order of a sitting."""
    return f"SO-{sitting}-{Artefact.objects.filter(conduct__sitting=sitting, kind=Artefact.Kind.ORDER).count() + 1}"


def last_ends(one: SittingFacts) -> list[datetime]:
    """Last ends of that day's sittings in the city with a common subject: their items may be the same."""
    day = [row for row in allocation.with_candidates(city=one.city) if row.day == one.day and row.part == one.part]
    shared = [row for row in day if set(row.subjects) & set(one.subjects)]
    return [windows.last_end(windows.moment(row.day, row.start), windows.moment(row.day, row.end)) for row in shared]


def waiting(row: Conduct) -> dict[str, Request]:
    """Requests about a sitting that wait for signatures, by the parcel that they would issue."""
    paper = row.artefacts.filter(kind=Artefact.Kind.PAPER).order_by("-pk").values_list("ref", flat=True).first()
    asked = {"seal_order": approvals.standing(ACTION, order_id(row.sitting)), "seating": approvals.standing("seating.issue", row.sitting)}
    if paper:
        asked["key_release"] = approvals.standing("key.release", paper)
    return {kind: one for kind, one in asked.items() if one is not None and one.status == "open"}


def waiting_sittings() -> set[str]:
    """Numbers of all sittings in sight that wait for signatures; for lists."""
    asked = Request.objects.filter(status="open", action__in=[ACTION, "seating.issue", "key.release"]).values_list("action", "object")
    found = {object.removeprefix("SO-").rpartition("-")[0] if action == ACTION else object for action, object in asked}
    packages = [object for action, object in asked if action == "key.release"]
    papers = Artefact.objects.filter(kind=Artefact.Kind.PAPER, ref__in=packages)
    return (found - set(packages)) | set(papers.values_list("conduct__sitting", flat=True))
