"""Items and blueprints as rows and back."""

import hashlib
import json
from typing import Any

from kaopei.paper.blueprint import Blueprint
from kaopei.paper.codec import canonical
from kaopei.paper.item import Item

_TEXTS = ("point_name", "level", "stem", "explanation", "author")
_COUNTED = ("number", "kind", "point", "difficulty", "retired", "enemy")


def item_fields(item: Item) -> dict[str, Any]:
    """Columns of the table Item."""
    texts = {name: getattr(item, name) for name in _TEXTS}
    content = canonical({**texts, "options": [list(option) for option in item.options], "key": list(item.key)})
    return {**{name: getattr(item, name) for name in _COUNTED}, "content": content.decode()}


def item_of(row: Any) -> Item:
    """An Item of `paper` from a row of the table."""
    content = json.loads(row.content)
    options = tuple((option, text) for option, text in content.pop("options"))
    key = tuple(content.pop("key"))
    return Item(**{name: getattr(row, name) for name in _COUNTED}, **content, options=options, key=key)


def blueprint_fields(blueprint: Blueprint) -> dict[str, Any]:
    """The blueprint as JSON, with its digest."""
    content = {
        "subject": blueprint.subject,
        "names": dict(blueprint.names),
        "cells": [[*cell, count, blueprint.worth[cell]] for cell, count in sorted(blueprint.counts.items())],
        "full_marks": blueprint.full_marks,
        "pass_mark": blueprint.pass_mark,
        "duration_minutes": blueprint.duration_minutes,
        "target": blueprint.target,
        "spread": blueprint.spread,
        "contradictions": list(blueprint.contradictions),
    }
    return {"content": content, "digest": hashlib.sha256(canonical(content)).hexdigest()}


def blueprint_of(content: dict[str, Any]) -> Blueprint:
    """A Blueprint of `paper` from its JSON."""
    content = dict(content)
    cells = content.pop("cells")
    contradictions = tuple(content.pop("contradictions"))
    return Blueprint(
        counts={(point, kind): count for point, kind, count, _ in cells},
        worth={(point, kind): worth for point, kind, _, worth in cells},
        contradictions=contradictions,
        **content,
    )
