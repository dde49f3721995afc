"""Draws: the list, the announcement, and one draw with its six steps."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kaopei.center.allocation import actions, forms, pictures, queries
from kaopei.center.allocation.models import Draw, LateChange
from kaopei.center.allocation.sources import SOURCES
from kaopei.center.applications import queries as applications
from kaopei.law import places
from kaopei.office import clock
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.permission import permission
from kaopei.office.approvals import queries as approvals
from kaopei.office.clock import CHINA
from kaopei.office.tasks import queries as jobs

KINDS = dict(LateChange.Kind.choices) | {"sitting_added": "增开场次"}
SOURCE_WORDS = {"register": "登记记录", "accepted": "受理记录", "planned": "考试计划"}
# Who has to do what, for everybody who looks
NEXT = {
    "announced": "各承诺方作出承诺",
    "committed": "冻结人处理“可抽考试点过少的名单”，申请冻结，由另一人核对签署",
    "frozen": "异议期结束后各承诺方公开密值；没有按时公开的，由两名托管人开启",
    "revealed": "约定时刻一到就取公共值，自动抽签",
    "drawn": "省考试机构用独立程序重算，一致后会签",
    "verified": "考务员生成准考证；冻结人把抽签记录提交两名审批人签署",
    "disputed": "报告省考试机构，不得生成准考证",
    "closed": "本次抽签已终止；需要时由公告人另行公告",
}
STEPS = ("公告", "承诺", "冻结", "公开密值", "抽签", "复核")
# How many of the six steps are behind a draw in each status
BEHIND = {
    "announced": 1,
    "committed": 2,
    "frozen": 3,
    "revealed": 4,
    "drawn": 5,
    "disputed": 5,
    "verified": 6,
    "closed": 1,
}


@permission("allocation.view")
def listing(request: HttpRequest) -> HttpResponse:
    """All draws in sight."""
    rows = [{"draw": one, "behind": BEHIND[one.status]} for one in queries.draws()[:100]]
    return render(request, "allocation/draws.html", {"rows": rows, "may_announce": request.user.may("allocation.announce")})


@permission("allocation.view")
def compare(request: HttpRequest) -> HttpResponse:
    """The cities beside each other: public seats, exemptions, thin market, those without a seat."""
    cities = places.cities()
    rows = [(cities[one.draw.city].name, one) for one in queries.comparison(queries.draws()[:200])]
    return render(request, "allocation/compare.html", {"rows": rows})


@permission("allocation.announce")
def new(request: HttpRequest) -> HttpResponse:
    """Announce: form fields as in AnnounceForm."""
    at = clock.now()
    parties = [(one.username, f"{one.name}（{one.username}）") for one in people.holders("draw_party", request.user.city)]
    choices = {"batches": [one.number for one in applications.batches()], "people": parties}
    before = queries.draw(request.GET.get("follows", ""))
    initial = _proposed(at, parties) | (_as_before(before) if before else {})
    form = forms.AnnounceForm(request.POST or None, initial=initial, **choices)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        draw = actions.announce(
            actions.Announcement(
                batch=said["batch"],
                part=said["part"],
                rule_document=said["rule_document"],
                rule_published_on=said["rule_published_on"],
                public_source=said["public_source"],
                public_at=said["public_at"],
                objections_until=said["objections_until"],
                parties=form.parties(),
                own_school_allowed=said["own_school_allowed"],
                follows=said["follows"],
            ),
            by=request.user,
            at=at,
        )
        messages.success(request, f"抽签 {draw.number} 已公告，请各承诺方作出承诺。")
        return redirect("allocation:draw", number=draw.number)
    return render(request, "allocation/announce.html", {"form": form, "rules": actions.RULES, "before": before})


@permission("allocation.view")
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One draw: where it stands, what this person can do, pictures and lists."""
    draw = of_number(number)
    context = {
        "draw": draw,
        "steps": _steps(draw),
        "next": NEXT[draw.status],
        "source": SOURCES[draw.public_source],
        "parties": list(draw.parties.all()),
        "exceptions": list(draw.exceptions.all()),
        "decisions": list(draw.thin_decisions.all()),
        "files": queries.file_list(draw) if draw.input_digest else [],
        "command": f"./run lottery verify instance result --draw-id {draw.number}{' --previous previous' if draw.follows else ''}",
        "freeze": approvals.standing("allocation.freeze", f"draw:{number}"),
        "protocol": approvals.standing("draw.publish", number),
        "job": jobs.newest("allocation.draw", number=number),
        "checking": jobs.newest("allocation.verify", number=number),
        **_late(draw),
        **_preview(draw),
        **_result(draw),
        **_offers(request, draw),
    }
    return render(request, "allocation/draw.html", context)


def of_number(number: str) -> Draw:
    """The draw of this number, or 404."""
    found = queries.draw(number)
    if found is None:
        raise Http404(number)
    return found


def _as_before(draw: Draw) -> dict[str, Any]:
    """An incremental draw keeps batch, part and rules of the draw it changes."""
    kept = ("batch", "part", "rule_document", "rule_published_on", "own_school_allowed", "public_source")
    return {"follows": draw.number} | {name: getattr(draw, name) for name in kept}


def _proposed(at: datetime, parties: list[tuple[str, str]]) -> dict[str, Any]:
    """Times a clerk would choose: two days for objections, the value an hour later; parties in the order of the
    list.
    """
    hour = (at.astimezone(CHINA) + timedelta(days=2)).replace(hour=17, minute=0, second=0, microsecond=0)
    names = [username for username, _ in parties]
    chosen = {field: names[place] for place, field in enumerate(("party_city", "party_province", "party_third")) if place < len(names)}
    return {"objections_until": hour, "public_at": hour + timedelta(hours=1), **chosen}


def _steps(draw: Draw) -> list[tuple[str, str]]:
    behind = BEHIND[draw.status]
    states = ["done" if place < behind else "now" if place == behind else "todo" for place in range(len(STEPS))]
    if draw.status in ("disputed", "closed"):
        states[min(behind, 5)] = "late"
    return list(zip(STEPS, states, strict=True))


def _late(draw: Draw) -> dict[str, Any]:
    """Of an incremental draw: what has changed, who moved and why; of any: the draws that changed it."""
    return {
        "changes": list(draw.changes.all()),
        "moves": queries.moves(draw),
        "later": [one for one in queries.draws(draw.city) if one.follows == draw.number],
    }


def _preview(draw: Draw) -> dict[str, Any]:
    """Before the freeze: what would be drawn, what stays outside, the thin market."""
    if draw.status not in ("announced", "committed"):
        return {}
    try:
        ready = queries.prepare(draw)
    except queries.NothingToDraw as fault:
        return {"problem": str(fault)}
    thin = queries.thin_market(ready.to_draw, draw.part)
    bodies, _, _ = queries.names(draw)
    decided = {(one.institution, one.subject, one.options, one.candidates) for one in draw.thin_decisions.all()}
    rows = [
        {
            "institution": bodies.get(one.institution, one.institution),
            "subject": one.subject,
            "options": one.options,
            "candidates": one.candidates,
            "decided": (one.institution, one.subject, one.options, one.candidates) in decided,
        }
        for one in thin
    ]
    return {
        "ready": {
            "candidates": len(ready.pool.candidates.id),
            "sittings": len(ready.sittings),
            "seats": sum(one.seats for one in ready.sittings),
            "digest": ready.pool.input_digest,
            "affected": ready.affected,
            "added": len(ready.added),
            "first_day": queries.first_day(draw) if draw.follows else None,
            "changes": [(KINDS[kind], about, SOURCE_WORDS.get(code, "本页登记")) for kind, about, code in ready.pool.changes],
        },
        "left_out": ready.left_out,
        "lapsing": len(ready.lapsing),
        "thin": rows,
        "thin_none": sum(row["candidates"] for row in rows if not row["options"]),
        "thin_open": sum(not row["decided"] for row in rows),
        "k": draw.rules.get("k"),
    }


def _result(draw: Draw) -> dict[str, Any]:
    """After the draw: the pictures, the exemptions, who has no seat."""
    if not draw.seed:
        return {}
    bodies, sites, kinds = queries.names(draw)
    offered, used = queries.offered(draw), queries.used(draw)
    days = sorted({day for _, day in offered})
    rows = {site: sites.get(site, site) for site in sorted({site for site, _ in offered})}
    exempted, left = queries.exempted(draw), queries.left(draw)
    return {
        "sankey": pictures.sankey(queries.flow(draw), sources=bodies, targets=sites, kinds=kinds),
        "heat": pictures.heat(used, offered, rows=rows, columns={day: day[8:] for day in days}),
        "months": sorted({day[:7] for day in days}),
        "exempted": [{"row": row, "site": sites.get(row.sitting.site, row.sitting.site)} for row in exempted[:50]],
        "exempted_more": max(0, len(exempted) - 50),
        "left": left[:50],
        "left_more": max(0, len(left) - 50),
        "root": queries.transcript(draw).get("merkle_root", ""),
        "bundles": queries.bundles(draw),
    }


def _offers(request: HttpRequest, draw: Draw) -> dict[str, Any]:
    """The forms that this person may use now."""
    user, at, status = request.user, clock.now(), draw.status
    offers: dict[str, Any] = {}
    mine = queries.of_person(draw, user.username)
    before = status in ("announced", "committed")
    if before and draw.follows and user.may("allocation.freeze", draw.city):
        offers["change_form"] = forms.ChangeForm()
    offers["may_follow"] = status == "verified" and user.may("allocation.announce", draw.city)
    if mine and status == "announced" and not mine.commitment:
        offers["commit_form"], offers["mine"] = forms.CommitForm(), mine
    if mine and status == "frozen" and not mine.secret:
        offers["reveal_form"], offers["mine"] = forms.RevealForm(), mine
        offers["too_early"] = at < draw.objections_until
    if before and user.may("allocation.announce", draw.city):
        offers["close_form"] = forms.ReasonForm()
    if before and user.may("allocation.exception", draw.city):
        offers["may_except"] = True
    if before and user.may("allocation.freeze", draw.city):
        offers["thin_form"], offers["may_freeze"] = forms.ThinForm(), status == "committed"
    silent = [(str(one.pk), one.title) for one in draw.parties.all() if not one.secret]
    if status == "frozen" and silent and user.may("allocation.keep", draw.city):
        offers["escrow_form"] = forms.EscrowForm(parties=silent)
    if status == "revealed" and user.may("allocation.draw", draw.city):
        offers["value_form"] = None if draw.public_value else forms.ValueForm()
        offers["may_draw"], offers["too_early"] = bool(draw.public_value), at < draw.public_at
    if status == "drawn" and user.may("allocation.verify", draw.city):
        offers["may_verify"], offers["pin_form"] = True, forms.PinForm() if draw.verification else None
    offers["may_print"] = status == "verified" and user.may("allocation.tickets", draw.city)
    offers["may_fetch"] = user.may("allocation.files", draw.city)
    offers["may_protocol"] = status == "verified" and user.may("allocation.freeze", draw.city)
    return offers
