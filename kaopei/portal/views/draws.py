"""Public draws: what was announced, committed, frozen and drawn, and everything needed to run it again at home."""

import io
import json
import zipfile
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kaopei.center.publication import queries
from kaopei.lottery import bundle
from kaopei.office import clock
from kaopei.portal.views.asking import short_or_404

TYPES = {"json": "application/json", "jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}
STEPS = ("公告", "承诺", "冻结", "公开密值", "抽签", "复核")
BEHIND = {"announced": 1, "committed": 2, "frozen": 3, "revealed": 4, "drawn": 5, "disputed": 5, "verified": 6, "closed": 1}
MOMENTS = ("announced_at", "objections_until", "public_at", "frozen_at", "drawn_at", "verified_at", "rows_public_after")
# So that two downloads of the same files are the same bytes.
EPOCH = (2026, 1, 1, 0, 0, 0)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All public draws, the newest first."""
    rows = sorted(queries.public("draw", clock.now()), key=lambda one: one.content["announced_at"] or "", reverse=True)
    return render(request, "portal/draws.html", {"rows": rows})


def _draw(number: str) -> queries.Published:
    found = queries.one("draw", short_or_404(number), clock.now())
    if found is None:
        raise Http404(number)
    return found


@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    """One draw with its steps, digests and files, and how to verify it."""
    found = _draw(number)
    names = {one["name"] for one in found.content["files"]}
    behind = BEHIND.get(found.content["status"], 0)
    context = {
        "one": found,
        "draw": _readable(found.content),
        "steps": [(text, "done" if place < behind else "now" if place == behind else "todo") for place, text in enumerate(STEPS)],
        "can_run": any(name.startswith("instance/") for name in names) and "result/rows.jsonl" in names,
        "versions": queries.versions("draw", found.object, clock.now(), city=found.city),
    }
    return render(request, "portal/draw.html", context)


@require_safe
def mine(request: HttpRequest, number: str) -> HttpResponse:
    """A candidate checks his slip in his own browser, against the seed and the root that were published."""
    found = _draw(number)
    row = queries.file(found.city, found.object, "result/transcript.json")
    size = json.loads(bytes(row.content))["counts"]["rows"] if row else 0
    return render(request, "portal/my_draw.html", {"draw": found.content, "size": size})


def _readable(content: dict[str, Any]) -> dict[str, Any]:
    """The public words with moments as moments, for pages."""
    moments = {name: datetime.fromisoformat(content[name]) for name in MOMENTS if content.get(name)}
    return content | moments


@require_safe
def file(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One file, byte for byte as its digest says."""
    found = _draw(number)
    row = queries.file(found.city, found.object, short_or_404(name))
    if row is None:
        raise Http404(name)
    answer = HttpResponse(bytes(row.content), content_type=TYPES.get(name.rpartition(".")[2], "application/octet-stream"))
    answer["Content-Disposition"] = f'attachment; filename="{name.rpartition("/")[2]}"'
    return answer


@require_safe
def archive(request: HttpRequest, number: str) -> HttpResponse:
    """All public files in the folders that the verifier reads, with the verifier itself."""
    found = _draw(number)
    names = [one["name"] for one in found.content["files"]]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name in sorted(names):
            row = queries.file(found.city, found.object, name)
            if row is not None:
                box.writestr(zipfile.ZipInfo(name, EPOCH), bytes(row.content))
        box.writestr(zipfile.ZipInfo("verify_draw.py", EPOCH), bundle.one_file())
    answer = HttpResponse(out.getvalue(), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="draw-{found.object}.zip"'
    return answer


@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The stand-alone verifier in one file: anybody can read it through and run it with a bare Python."""
    answer = HttpResponse(bundle.one_file(), content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="verify_draw.py"'
    return answer
