"""What is printed of a draw: admission tickets, and the papers of a sitting for door, desk and room."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kaopei.center.allocation.models import Placement, Sitting
from kaopei.center.allocation.press import qr_svg
from kaopei.center.allocation.queries import Seated
from kaopei.center.registry import queries as registry
from kaopei.law import numbers, places
from kaopei.office import pdf
from kaopei.office.personal import mask_id, mask_name

PARTS = {"T": "理论", "P": "实操"}
KINDS = {"initial": "初次取证", "review": "复审", "renewal": "延期换证"}
WEEKDAYS = "一二三四五六日"
# Rules of the exam body for the day, until the city enters its own; no number of the law stands here.
BRING = ("本准考证", "有效身份证件原件")
MIND = ("手机等电子设备不带入考场", "按考试点公布的时间签到")
# A practical exam wants what the operation is done in; the city may name more.
BRING_PRACTICAL = (*BRING, "操作项目要求的工作服、工作鞋等穿戴用品")
MIND_PRACTICAL = (*MIND, "听到叫号再到工位，没有叫到时在候考区等候")
DRAWN = "按二（三）N2.3.2 由市考试机构抽签安排，可用随发的抽签单在门户“我的抽签”重算。"
ARRANGED = "按二（三）由市考试机构安排，可用随发的抽签单在门户“我的抽签”重算。"
EXEMPTIONS = {
    Placement.Exemption.SOLE_SITE: "本市只有这一个考试点能考该项目，按二（三）N2.3.5 不作交叉考试要求。",
    Placement.Exemption.OWN_SCHOOL: "全日制在校学生在本校考试点考试，按二（三）N2.3.6。",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """What all papers of one draw share."""

    city: str
    draw: str
    digest: str
    printed: datetime


def day_text(day: date) -> str:
    """2026-12-07 周一"""
    return f"{day:%Y-%m-%d} 周{WEEKDAYS[day.weekday()]}"


def ticket_text(number: str) -> str:
    """A ticket number in groups that can be read out."""
    return f"{number[:4]} {number[4:8]} {number[8:11]} {number[11:]}"


def tickets(frame: Frame, rows: Sequence[dict[str, Any]]) -> bytes:
    """One PDF with a page for each ticket."""
    drawn = [{**row, "qr": qr_svg(row["code"])} for row in rows]
    return pdf.render("allocation/ticket.typ", sheet(frame, drawn), at=frame.printed)


def sheet(frame: Frame, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the template of tickets gets; `rehearsal` and the QR codes are added where it is printed."""
    city = places.cities()[frame.city].name
    practical = any(row["part"] == PARTS["P"] for row in rows)
    return {
        "title": "准考证",
        "heading": f"广东省安全生产资格考试 · {city}",
        "footer": f"{city}考试机构 {frame.printed:%Y-%m-%d}",
        "draw": f"抽签 {frame.draw}",
        "digest": frame.digest[:32],
        "bring": list(BRING_PRACTICAL if practical else BRING),
        "mind": list(MIND_PRACTICAL if practical else MIND),
        "rules": practical_rules(frame.printed.date()) if practical else [],
        "tickets": list(rows),
    }


def practical_rules(day: date) -> list[str]:
    """二（六） N2.6.2: how a practical exam goes, in plain words; numbers as they stand on the day."""
    full, mark, again = (numbers.of(key, day) for key in ("ex.theory_full", "ex.pass", "ex.makeup"))
    return [
        "各科目考哪一个任务，在密封试卷时已为每人抽定，到工位由考评员宣布。",
        "考评员按评分标准逐步扣分，各评各的，互不商量；任何一项否决项没有通过，实操不合格。",
        f"满分 {full.value} 分，{mark.value} 分合格{mark.remark}；不合格的可以补考 {again.value} 次{again.remark}。",
    ]


def ticket(one: Seated, sitting: Sitting, site: registry.SiteOn, institution: str, city: str) -> dict[str, Any]:
    """One ticket's texts; the QR holds the number of the ticket only."""
    return {
        "name": one.name,
        "ticket": ticket_text(one.ticket),
        "id_masked": mask_id(one.id_number),
        "subject": one.subject,
        "kind": KINDS.get(one.kind, one.kind),
        "institution": institution,
        "day": day_text(sitting.day),
        "time": f"{sitting.start:%H:%M}–{sitting.end:%H:%M}",
        "part": PARTS[sitting.part],
        "room": one.room,
        "seat": one.seat,
        "sitting": sitting.number,
        "site": site.name,
        "address": address(site, city),
        "basis": ARRANGED if one.exemption else DRAWN,
        "exemption": EXEMPTIONS[Placement.Exemption(one.exemption)] if one.exemption else "",
        "pseudonym": one.pseudonym,
        "photo": None,
        "code": f"KAOPEI/T/{one.ticket}",
    }


def address(site: registry.SiteOn, city: str) -> str:
    """City, district and the place on the map: the list of sites has no street."""
    spot = ""
    if site.longitude is not None and site.latitude is not None:
        spot = f"（{site.longitude:f}, {site.latitude:f}）"
    return f"{places.cities()[city].name}{site.district}{spot}"


def sitting_paper(kind: str, frame: Frame, sitting: Sitting, site_name: str, people: Iterable[Seated]) -> bytes:
    """`door` (masked seat list), `signin` (for the desk, with names) or `record` (form of the room), a page or
    more a room.
    """
    rooms: dict[str, list[dict[str, str]]] = {}
    for one in people:
        rooms.setdefault(one.room, []).append(_line(one))
    city = places.cities()[frame.city].name
    return pdf.render(
        f"allocation/{kind}.typ",
        {
            "title": f"{sitting.number} {kind}",
            "footer": f"{city}考试机构 · 抽签 {frame.draw} · {frame.printed:%Y-%m-%d} 制",
            "site": site_name,
            "day": day_text(sitting.day),
            "time": f"{sitting.start:%H:%M}–{sitting.end:%H:%M}",
            "part": PARTS[sitting.part],
            "sitting": sitting.number,
            "rooms": [{"name": name, "people": rows} for name, rows in rooms.items()],
        },
        at=frame.printed,
    )


def _line(one: Seated) -> dict[str, str]:
    return {
        "seat": one.seat,
        "name": one.name,
        "masked": mask_name(one.name),
        "ticket": ticket_text(one.ticket),
        "id_last4": one.id_number[-4:],
        "subject": one.subject,
    }
