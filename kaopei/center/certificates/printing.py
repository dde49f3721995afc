"""The paper of a certificate: A4, Chinese with a small English line, a QR code that carries the signed text."""

from datetime import date, datetime
from typing import Any

import segno

from kaopei.law import places
from kaopei.office import pdf
from kaopei.parcel import certificate
from kaopei.parcel.canonical import Payload

UNKNOWN = "本系统未查到"
UNKNOWN_EN = "not known to this system"


def sheet(facts: Payload, signed: bytes, *, city: str, notes: list[str], at: datetime) -> bytes:
    """The page, not sealed yet. The same facts and time give the same bytes."""
    data: dict[str, Any] = {
        "title": f"特种作业操作证 {facts['number']}",
        "number": facts["number"],
        "name": facts["name"],
        "id_masked": "*" * 14 + facts["id_last4"],
        "subject": facts["subject"],
        "category": facts["category"],
        "kind": facts["kind"],
        "issued": _day(facts["issued_on"]),
        "valid": f"{_day(facts['valid_from'])} 至 {_day(facts['valid_to'])}",
        "review": _day(facts["review_by"]),
        "previous": facts["previous"] or UNKNOWN,
        "previous_en": "" if facts["previous"] else UNKNOWN_EN,
        "authority": f"{places.cities()[city].name}应急管理局",
        "notes": notes,
        "place": f"{facts['event']['origin']} · 第 {facts['event']['seq']} 条",
        "outcomes": facts["outcomes_digest"][:32],
        "leaf": facts["roster_leaf"][:32],
        "qr": code(signed),
    }
    return pdf.render("certificates/certificate.typ", data, at=at)


def code(signed: bytes) -> str:
    """The signed text as a QR code, SVG.

    It is long: the lowest correction keeps its points large enough for a telephone. The mask is fixed, because trying all
    eight takes longer than the whole page, and signed text is even enough for any of them.
    """
    made = segno.make(certificate.qr_text(signed), error="l", micro=False, mask=3)
    return made.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
