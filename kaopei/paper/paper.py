"""A paper (试卷) and each candidate's form of it: what is shown in which order, as blobs to be sealed.

All order comes from a secret of the package by HMAC; the same secret gives the same forms on every machine. Within a
section (大题) the items are shuffled for each attempt, and so are the options, except where their order has meaning:
judge items keep 正确/错误, and items whose options speak of one another (以上都对, A和B) keep the bank's order.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaopei.paper import codec
from kaopei.paper.item import JUDGE, KINDS, Item

ALL_OR_NOTHING, HALF_FOR_PART = "all_or_nothing", "half_for_part"
MULTIPLE_RULES = (ALL_OR_NOTHING, HALF_FOR_PART)
_SPEAKS_OF_OTHERS = re.compile(r"以上|上述|上列|前述|前[两三]项|(?<![A-Za-z])[A-HＡ-Ｈ]\s*(?:[、,，和与及]|项)\s*[A-HＡ-Ｈ]?(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Paper:
    """One subject's paper in one package: items in section order with their points, and the policy."""

    subject: str
    items: tuple[Item, ...]
    points: tuple[int, ...]
    duration_minutes: int
    pass_mark: int
    multiple: str = ALL_OR_NOTHING

    @property
    def full_marks(self) -> int:
        return sum(self.points)


def digest(paper: Paper) -> str:
    """SHA-256 of everything that makes the paper: the same items, keys, points and policy give the same digest."""
    content = {
        "subject": paper.subject,
        "duration_minutes": paper.duration_minutes,
        "pass_mark": paper.pass_mark,
        "multiple": paper.multiple,
        "items": [
            [item.number, item.kind, item.stem, [list(option) for option in item.options], list(item.key), points]
            for item, points in zip(paper.items, paper.points, strict=True)
        ],
    }
    return hashlib.sha256(codec.canonical(content)).hexdigest()


def blob_id(secret: bytes, *words: str) -> str:
    """An opaque id: 32 hex digits that only the holder of the secret can lead back."""
    return _mac(secret, "blob", *words).hex()[:32]


def item_ids(paper: Paper, secret: bytes) -> dict[str, str]:
    """Item number → id of its blob."""
    return {item.number: blob_id(secret, "item", paper.subject, item.number) for item in paper.items}


def policy_id(paper: Paper, secret: bytes) -> str:
    return blob_id(secret, "policy", paper.subject)


def shared_blobs(paper: Paper, secret: bytes) -> list[tuple[str, str, bytes]]:
    """(class, id, bytes) of all that the candidates of a subject share: items, policy and key, in the order of ids."""
    ids = item_ids(paper, secret)
    key = blob_id(secret, "key", paper.subject)
    blobs = [("item", ids[item.number], codec.canonical(_item(item))) for item in paper.items]
    blobs.append(("policy", policy_id(paper, secret), codec.canonical(_policy(paper, key))))
    keys = {ids[item.number]: sorted(item.key) for item in paper.items}
    blobs.append(("key", key, codec.canonical({"subject": paper.subject, "keys": keys})))
    return sorted(blobs)


def form(paper: Paper, attempt: str, secret: bytes, *, shuffle: bool = True) -> dict[str, Any]:
    """The form of one attempt, in the shape of `codec`."""
    ids = item_ids(paper, secret)
    order = list(zip(paper.items, paper.points, strict=True))
    if shuffle:
        order.sort(key=lambda pair: (KINDS.index(pair[0].kind), _mac(secret, "order", attempt, pair[0].number)))
    return {
        "attempt": attempt,
        "subject": paper.subject,
        "policy": policy_id(paper, secret),
        "duration_minutes": paper.duration_minutes,
        "items": [
            {
                "item": ids[item.number],
                "options": _shown(item, attempt, secret) if shuffle else [option for option, _ in item.options],
                "points": points,
            }
            for item, points in order
        ],
    }


def keeps_order(item: Item) -> bool:
    """Whether the options must stay as they are."""
    return item.kind == JUDGE or any(_SPEAKS_OF_OTHERS.search(text) for _, text in item.options)


def _shown(item: Item, attempt: str, secret: bytes) -> list[str]:
    options = [option for option, _ in item.options]
    if keeps_order(item):
        return options
    return sorted(options, key=lambda option: _mac(secret, "option", attempt, item.number, option))


def _item(item: Item) -> Mapping[str, Any]:
    options = [{"id": option, "text": text} for option, text in item.options]
    return {"kind": item.kind, "stem": item.stem, "options": options}


def _policy(paper: Paper, key: str) -> Mapping[str, Any]:
    return {
        "subject": paper.subject,
        "duration_minutes": paper.duration_minutes,
        "full_marks": paper.full_marks,
        "pass_mark": paper.pass_mark,
        "multiple": paper.multiple,
        "sections": _sections(paper),
        "key": key,
    }


def _sections(paper: Paper) -> list[dict[str, Any]]:
    sections = []
    for kind in KINDS:
        points: Sequence[int] = [worth for item, worth in zip(paper.items, paper.points, strict=True) if item.kind == kind]
        if points:
            sections.append({"kind": kind, "items": len(points), "marks": sum(points)})
    return sections


def _mac(secret: bytes, *words: str) -> bytes:
    return hmac.digest(secret, codec.canonical(words), "sha256")
