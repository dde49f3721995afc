"""What every public page knows: language, time, rehearsal, the places of the portal."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from kaopei.office import clock, trusted
from kaopei.parcel.rejected import Rejected

PLACES = (
    ("/institutions/", "培训机构", "Institutions"),
    ("/sites/", "考试点", "Exam sites"),
    ("/calendar/", "考试安排", "Calendar"),
    ("/draws/", "抽签", "Draws"),
    ("/results/", "成绩", "Results"),
    ("/certificates/", "证书核验", "Certificates"),
    ("/training-proofs/", "培训证明核验", "Proofs of training"),
    ("/api/", "数据接口", "Data"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of portal/page.html."""
    lang = getattr(request, "lang", "zh")
    return {
        "lang": lang,
        "now": clock.now(),
        "rehearsal": rehearsal(),
        "program": getattr(settings, "PROGRAM_NAME", "考培"),
        "program_en": getattr(settings, "PROGRAM_ENGLISH", "Kaopei"),
        "places": [{"url": url, "text": en if lang == "en" else zh, "here": request.path.startswith(url)} for url, zh, en in PLACES],
    }


def rehearsal() -> bool:
    """Whether the trust list says so; a broken list is the business of the pages that need it."""
    try:
        return trusted.rehearsal(settings.DATA)
    except Rejected:
        return False
