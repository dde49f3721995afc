"""What training puts on the page of today."""

from datetime import datetime
from typing import Any

from kaopei.center.training.queries import classes, hours
from kaopei.office.clock import CHINA
from kaopei.office.ui.cards import Card, Line


def for_person(user: Any, at: datetime) -> list[Card]:
    """Contests and corrections for the clerk, proposals and deadlines for the approver, lessons for the teacher."""
    found = []
    if user.has("teacher"):
        lines = [
            Line(
                f"{one.study_class.number} {one.unit} {one.room}",
                f"/training/lessons/{one.pk}/board/",
                f"{one.starts_at.astimezone(CHINA):%H:%M} 开始",
                due=one.day,
            )
            for one in classes.ahead(user.username, user.institution, at)[:5]
        ]
        found.append(Card("我的课", "My lessons", lines, url="/training/lessons/", weight=10, empty="七天内没有课。"))
    if user.may("training.review") or user.may("training.uphold"):
        waiting = hours.waiting(at)
        wanted = [
            ("contests", "件学员异议待复核", "/training/contests/", "training.review"),
            ("corrections", "件签到更正待第二人核对", "/training/corrections/", "training.second"),
            ("leads", "条培训线索待核实", "/training/leads/", "training.review"),
            ("proposed", "条线索待第二人认定", "/training/leads/?status=proposed", "training.uphold"),
        ]
        lines = [Line(f"{waiting[key]} {text}", url) for key, text, url, act in wanted if waiting[key] and user.may(act)]
        if user.may("training.uphold"):
            first = hours.consequences().first()
            if first is not None:
                lines.append(Line(f"{waiting['consequences']} 件报名或证书牵涉已认定的线索", "/training/consequences/", due=first.due_on))
        found.append(Card("培训", "Training", lines, url="/training/classes/", weight=30, empty="没有等您办理的培训事项。"))
    return found
