"""What can be taken away from a draw: its files, one candidate's explanation, the tickets."""

import io
import zipfile

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from kaopei.center.allocation import actions, bundles, papers, queries
from kaopei.center.allocation.views.draws import of_number
from kaopei.center.allocation.views.sittings import pdf_answer
from kaopei.center.registry import queries as registry
from kaopei.lottery import pool as lottery_pool
from kaopei.lottery.chance import chance
from kaopei.office import clock
from kaopei.office.accounts.permission import permission
from kaopei.office.exports.door import Offer, hand_out

TYPES = {"json": "application/json", "jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}
OUTCOMES = {"full": "已满，再抽", "seat": "有座", "moved": "先有座，补位时调整"}
# The same in a sentence
SAID = {"已满，再抽": "当时已满；", "有座": "有座位。", "先有座，补位时调整": "有座位，后来为了让更多人有座而调整。"}
HOWS = {
    "draw": "抽签直接得到座位",
    "repair": "补位阶段得到座位：为让更多人有座而调整，规则和顺序由种子决定",
    "own_school": "在本校考试点优先安排",
    "kept": "沿用上一次抽签的座位，本次没有变动",
    "no_seat": "可去的考试点都已满",
    "no_site": "没有可以安排的考试点",
}


@permission("allocation.files")
def file(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One file of the input or the result, byte for byte."""
    draw = of_number(number)
    content = queries.file(draw, name)
    if content is None:
        raise Http404(name)
    answer = HttpResponse(content, content_type=TYPES.get(name.rpartition(".")[2], "application/octet-stream"))
    answer["Content-Disposition"] = f'attachment; filename="{name.rpartition("/")[2]}"'
    return answer


@permission("allocation.files")
def archive(request: HttpRequest, number: str) -> HttpResponse:
    """All files as they are re-run: instance/, result/, seating/, protocol.json."""
    draw = of_number(number)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for row in queries.file_list(draw):
            box.writestr(zipfile.ZipInfo(row.name, (2026, 1, 1, 0, 0, 0)), queries.file(draw, row.name) or b"")
        for name, content in sorted((queries.previous_result(draw) or {}).items()):
            box.writestr(zipfile.ZipInfo(f"previous/{name}", (2026, 1, 1, 0, 0, 0)), content)
    answer = HttpResponse(out.getvalue(), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="draw-{number}.zip"'
    return answer


@permission("allocation.view")
def explain(request: HttpRequest, number: str) -> HttpResponse:
    """Query: who = pseudonym or ticket number. His number, his draws, whether there was a seat; and the proof."""
    draw = of_number(number)
    who = request.GET.get("who", "").strip()
    found = queries.explain(draw, who) if who and draw.seed else None
    context: dict[str, object] = {"draw": draw, "who": who, "found": found}
    if found:
        _, sites, _ = queries.names(draw)
        odds = chance(lottery_pool.parse(queries.files(draw, "instance"), queries.previous_result(draw)), found.row["cand"])[found.row["part"]]
        context["drawn"] = [(sites.get(site, site), OUTCOMES[what]) for site, what in found.row.get("drawn", [])]
        context["told"] = _in_words(found, context["drawn"])
        context["how"] = HOWS.get(found.row["how"], found.row["how"])
        context["odds"] = [
            (
                tier,
                [(sites.get(site, site), int(share.split("/")[0]) * 10000 // 2**40 / 100) for site, share in shares.items()],
            )
            for tier, shares in (("公共考试基地", odds["public"]), ("其他考试点", odds["other"]))
            if shares
        ]
    return render(request, "allocation/explain.html", context)


def _in_words(found: queries.Explained, drawn: list[tuple[str, str]]) -> str:
    """His draw as one would tell him at the counter."""
    words = [f"{found.size} 人里按号排第 {found.rank} 个抽。"] if found.rank else []
    words += [f"{'抽' if place == 0 else '再抽'}到{site}，{SAID[what]}" for place, (site, what) in enumerate(drawn)]
    placed = found.placement
    if found.row["session"] is None or placed is None:
        return "".join([*words, "没有得到座位：", HOWS.get(found.row["how"], ""), "。"])
    if found.row["how"] == "repair":
        words.append("一轮抽完以后，为了让更多人有座，按公布的规则补位，")
    if found.row["how"] == "kept":
        words.append("这次变动没有影响到他，")
    day = f"{placed.sitting.day:%Y-%m-%d} {placed.sitting.start:%H:%M}"
    return "".join([*words, f"座位是 {day} {placed.room} {placed.seat} 号（场次 {placed.sitting.number}）。"])


@permission("allocation.view")
def slip(request: HttpRequest, number: str, who: str) -> HttpResponse:
    """A candidate's draw slip: rows, path and options, which the portal's page computes again in his browser."""
    draw = of_number(number)
    found = queries.explain(draw, who) if draw.seed else None
    if found is None:
        raise Http404(who)
    answer = HttpResponse(queries.slip(draw, found.row["cand"]), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="draw-slip-{found.row["cand"]}.json"'
    return answer


@permission("allocation.view")
def exemptions(request: HttpRequest, number: str) -> HttpResponse:
    """二（三） N2.3.5, N2.3.6: everybody who sits at a site of his own institution, with the clause."""
    draw = of_number(number)
    bodies, sites, _ = queries.names(draw)
    rows = [
        {
            "row": row,
            "site": sites.get(row.sitting.site, row.sitting.site),
            "institution": bodies.get(row.institution, row.institution),
        }
        for row in queries.exempted(draw)
    ]
    share = queries.percent(len(rows), draw.counts.get("seated", 0))
    return render(request, "allocation/exemptions.html", {"draw": draw, "rows": rows, "share": share})


@permission("allocation.tickets")
def tickets(request: HttpRequest, number: str) -> HttpResponse:
    """The ticket files, one an institution."""
    draw = of_number(number)
    bodies, _, _ = queries.names(draw)
    rows = [{"bundle": one, "name": bodies.get(one.institution, one.institution)} for one in queries.bundles(draw)]
    return render(request, "allocation/tickets.html", {"draw": draw, "rows": rows})


@permission("allocation.people")
def bundle(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """One institution's tickets as ZIP."""
    draw = of_number(number)
    row = next((one for one in queries.bundles(draw) if one.institution == code), None)
    if row is None:
        raise Http404(code)
    title, name = f"准考证 {number} {code}", f"tickets-{code}.zip"
    made = row.file
    return hand_out(request, Offer("allocation.tickets", f"draw:{number}", title, row.tickets, name, "application/zip", lambda: bundles.opened(made)))


@permission("allocation.people")
def ticket(request: HttpRequest, number: str, ticket: str) -> HttpResponse:
    """One candidate's ticket as PDF, printed afresh."""
    draw = of_number(number)
    placed = draw.placements.filter(ticket=ticket).select_related("sitting").first()
    if placed is None or draw.status != "verified":
        raise Http404(ticket)
    site = registry.site(draw.city, placed.sitting.site, placed.sitting.day)
    body = registry.institution(draw.city, placed.institution, placed.sitting.day)
    at = clock.now()
    one = queries.with_people([placed])[0]
    line = papers.ticket(one, placed.sitting, site, body.name if body else placed.institution, draw.city)
    content = papers.tickets(papers.Frame(draw.city, draw.number, draw.input_digest, at), [line])
    actions.note_fetched(f"draw:{number}", what="ticket", count=1, city=draw.city, by=request.user, at=at)
    return pdf_answer(content, f"{ticket}.pdf")
