"""Long work of a draw: drawing, re-running, printing all tickets."""

import hashlib
from datetime import datetime
from typing import Any

from kaopei.center.allocation import actions, bundles, checking, papers, queries
from kaopei.center.allocation.models import Draw, Placement
from kaopei.center.allocation.press import Press
from kaopei.center.registry import queries as registry
from kaopei.law.verdict import refuse
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.refused import Refused
from kaopei.office.tasks.registry import task


@task("allocation.draw", "抽签")
def draw_seats(progress: Any, *, by: Actor, at: datetime, number: str) -> dict[str, Any]:
    """The draw itself: nobody chooses anything here."""
    drawn = actions.draw_seats(Draw.objects.get(number=number), progress=progress, by=by, at=at)
    counts = drawn.counts
    text = f"{counts['candidates']} 名考生，{counts['seated']} 人有座，其中公共考试基地 {counts['public']} 人。"
    return {"text": text, "url": f"/allocation/draws/{number}/", "counts": counts}


@task("allocation.verify", "独立复核抽签")
def verify(progress: Any, *, by: Actor, at: datetime, number: str) -> dict[str, Any]:
    """Other code, another process, the frozen files and the published result."""
    draw = Draw.objects.get(number=number)
    progress(0, 1, "正在用独立程序重算")
    result = queries.files(draw, "result")
    result.pop("seats.csv", None)
    agrees, text = checking.rerun(number, queries.files(draw, "instance"), result, queries.previous_result(draw))
    actions.note_verification(draw, agrees=agrees, text=text, by=by, at=at)
    progress(1, 1, "")
    word = "重算一致" if agrees else "重算不一致"
    return {"text": f"{word}：{text}", "url": f"/allocation/draws/{number}/", "agrees": agrees}


@task("allocation.tickets", "生成准考证")
def print_tickets(progress: Any, *, by: Actor, at: datetime, number: str) -> dict[str, Any]:
    """A ZIP an institution, encrypted at rest: one PDF with all its candidates, and one for each."""
    draw = Draw.objects.get(number=number)
    if draw.status != Draw.Status.VERIFIED:
        raise Refused(refuse("N2.3.2", "省级复核会签以前不得制作准考证。", "state"))
    frame = papers.Frame(draw.city, draw.number, draw.input_digest, at)
    bodies = _by_institution(draw)
    total, kept = sum(map(len, bodies.values())), []
    progress(0, total, "正在准备抽签单")
    slips = queries.slips(draw)
    with Press() as press:
        for code, content, tickets in bundles.make(press, frame, bodies, slips, lambda done: progress(done, total, "正在排版")):
            file = f"{draw.number}-{code}-{ids.ulid(at)}.zip"
            bundles.keep(file, content)
            kept.append((code, file, hashlib.sha256(content).hexdigest(), tickets))
    actions.keep_tickets(draw, bundles=sorted(kept), by=by, at=at)
    return {"text": f"{total} 张准考证，{len(kept)} 个机构各一个文件。", "url": f"/allocation/draws/{number}/tickets/"}


def _by_institution(draw: Draw) -> dict[str, list[dict[str, Any]]]:
    """Each institution's candidates as ticket texts, by sitting and seat."""
    placed = list(Placement.objects.filter(draw=draw).select_related("sitting").order_by("sitting", "seat"))
    day = min((row.sitting.day for row in placed), default=draw.announced_at.date())
    sites = {site.number: site for site in registry.sites(draw.city, day)}
    names = {body.code: body.name for body in registry.institutions(draw.city, day)}
    people = {one.pseudonym: one for one in queries.with_people(placed)}
    found: dict[str, list[dict[str, Any]]] = {code: [] for code in sorted({row.institution for row in placed})}
    for row in placed:
        body, site = names.get(row.institution, row.institution), sites[row.sitting.site]
        found[row.institution].append(papers.ticket(people[row.pseudonym], row.sitting, site, body, draw.city))
    return found
