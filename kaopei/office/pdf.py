"""Letters, tickets and lists as PDF. Data goes in as JSON, never as markup; fonts come from a wheel, never from the system.

    render("allocation/ticket.typ", {"tickets": […]}, at=at)

A template lies in an app's `templates/<app>/` and begins with `#import "/office/ui/typst/frame.typ": *`, which gives `data`,
the page with its foot, `qr(svg)` and the mark 演练样张 under a rehearsal.
"""

import json
import threading
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import segno
import typst
from django.conf import settings
from django.template.utils import get_app_template_dirs

from kaopei.office import trusted
from kaopei.office.environment import PROJECT, package_folder

_mine = threading.local()

# Templates may read below it, and nothing else.
ROOT = PROJECT / "kaopei"


class NoTemplate(ValueError):
    """A template that no app has: a fault of the program."""


def render(template: str, data: dict[str, Any], *, at: datetime) -> bytes:
    """The PDF of a template; the same data and time give the same bytes."""
    inputs = {"data": json.dumps({**data, "rehearsal": trusted.rehearsal(settings.DATA)}, ensure_ascii=False)}
    made = _compiler().compile(input=_find(template), sys_inputs=inputs, format="pdf", timestamp=int(at.timestamp()))
    assert isinstance(made, bytes)
    return made


def qr_svg(text: str, *, error: str = "m") -> str:
    """A QR code as SVG, for templates and for pages."""
    return segno.make(text, error=error, micro=False).svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)


def _compiler() -> typst.Compiler:
    """One for each thread: a compiler does one piece of work at a time, and works outside the interpreter's lock."""
    if not hasattr(_mine, "compiler"):
        _mine.compiler = typst.Compiler(root=ROOT, font_paths=_fonts())
    found: typst.Compiler = _mine.compiler
    return found


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[package_folder("manimgx_fonts_cjk")],
    )


@cache
def _find(template: str) -> Path:
    for folder in get_app_template_dirs("templates"):
        path = Path(folder) / template
        if path.exists():
            return path
    raise NoTemplate(f"没有模板 {template}")
