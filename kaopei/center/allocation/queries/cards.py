"""What draws put on the page of today."""

from datetime import date, datetime, timedelta
from typing import Any

from kaopei.center.allocation.models import Draw, Party
from kaopei.center.allocation.queries.sittings import sittings
from kaopei.center.applications import queries as applications
from kaopei.office.ui.cards import Card, Day, Line

DAYS = 7
# What the draw waits for, by status: the act of whoever can do it, and what to say
WAITING = {
    "committed": ("allocation.freeze", "等待冻结"),
    "revealed": ("allocation.draw", "等待公共值和抽签"),
    "drawn": ("allocation.verify", "等待省级复核"),
    "verified": ("allocation.tickets", "可以生成准考证"),
}


def cards(user: Any, at: datetime) -> list[Card]:
    """Draws that wait for this person, and the sittings of the next seven days."""
    found = []
    if user.may("allocation.view"):
        lines = [*_mine(user, at), *_waiting(user)]
        lines += _practical(user)
        if lines:
            found.append(Card("抽签待办", "Draws", lines, count=len(lines), url="/allocation/draws/", weight=20))
        found += _soon(at)
    return found


def _mine(user: Any, at: datetime) -> list[Line]:
    """Secrets that this person still has to commit to or to reveal."""
    lines = []
    for party in Party.objects.filter(username=user.username, secret="").select_related("draw"):
        draw, url = party.draw, f"/allocation/draws/{party.draw.number}/"
        if draw.status == Draw.Status.ANNOUNCED and not party.commitment:
            lines.append(Line(f"抽签 {draw.number}", url, "请作出承诺"))
        elif draw.status == Draw.Status.FROZEN and at >= draw.objections_until:
            lines.append(Line(f"抽签 {draw.number}", url, "请公开密值"))
    return lines


def _waiting(user: Any) -> list[Line]:
    lines = []
    for draw in Draw.objects.filter(status__in=list(WAITING))[:20]:
        act, text = WAITING[draw.status]
        done = draw.status == Draw.Status.VERIFIED and draw.ticket_bundles.exists()
        if user.may(act, draw.city) and not done:
            lines.append(Line(f"抽签 {draw.number}", f"/allocation/draws/{draw.number}/", text))
    return lines


def _practical(user: Any) -> list[Line]:
    """For whoever announces: people wait for a practical draw, and none is under way that could take them."""
    if not user.may("allocation.announce"):
        return []
    number = len(applications.practical(user.city)) if user.city != "*" else 0
    under_way = Draw.objects.filter(city=user.city, part="P", status__in=("announced", "committed")).exists()
    return [Line("实操名单", "/allocation/draws/new/", f"{number} 人待抽签，请公告一次实操抽签")] if number and not under_way else []


def _soon(at: datetime) -> list[Card]:
    """The sittings of today and the next six days side by side; the next one after them if there are none."""
    first = at.date()
    days = {first + timedelta(days=place): [0, 0] for place in range(DAYS)}
    for row in sittings().filter(day__gte=first, day__in=list(days)):
        days[row.day][0] += 1
        days[row.day][1] += row.placed
    strip = [Day(day, count, _address(day), f"{placed} 名考生" if count else "没有场次") for day, (count, placed) in days.items()]
    later = None if any(one.count for one in strip) else sittings().filter(day__gt=first).order_by("day").first()
    if later is None and not any(one.count for one in strip):
        return []
    lines = [] if later is None else [Line("七天之后的下一场", _address(later.day), due=later.day)]
    return [Card("未来七天的场次", "Sittings of the next seven days", lines, url="/allocation/sittings/", weight=40, strip=strip)]


def _address(day: date) -> str:
    return f"/allocation/sittings/?day={day:%Y-%m-%d}"
