"""A draft: the public words about one object, before anybody published them."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from kaopei.parcel import canonical


@dataclass(frozen=True)
class Draft:
    """`content` is JSON of texts, integers, lists and objects. `files` are public beside it: name → bytes."""

    kind: str
    object: str
    content: dict[str, Any]
    ground: str
    until: datetime | None = None
    files: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Of the exact public words."""
        return hashlib.sha256(canonical.encode(self.content)).hexdigest()
