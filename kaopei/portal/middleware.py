"""What every public answer says to browsers and search engines."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from kaopei.office import scope

# Pages about one person: nobody keeps a copy, no search engine lists them.
PERSONAL = ("/certificates/", "/training-proofs/", "/results/", "/api/certificates")


class Public:
    """Headers: no device of the visitor is used, what names a person is neither stored nor indexed, the rest may be kept a minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Of every city; what is not published this database role cannot see.
        with scope.named(scope.PROVINCE):
            answer = self.get_response(request)
        answer["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        if request.path.startswith(PERSONAL):
            answer["Cache-Control"] = "no-store"
            answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        elif "Cache-Control" not in answer and request.method == "GET" and answer.status_code == 200:
            answer["Cache-Control"] = "public, max-age=60"
            # One address, two languages: told apart by the cookie.
            answer["Vary"] = "Cookie"
        return answer
