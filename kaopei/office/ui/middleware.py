"""The language of the page frame: Chinese unless the person has switched."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from kaopei.office.ui import english

COOKIE = "kaopei_lang"


class Language:
    """Sets request.lang to zh or en, and Django's own messages with it; what Python says in Chinese is said in English there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        lang = "en" if request.COOKIES.get(COOKIE) == "en" else "zh"
        request.lang = lang  # type: ignore[attr-defined]
        with translation.override("en" if lang == "en" else "zh-hans"):
            answer = self.get_response(request)
        if lang == "en" and not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html"):
            answer.content = english.page(answer.content.decode()).encode()
        return answer
