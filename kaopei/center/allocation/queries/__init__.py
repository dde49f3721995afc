"""Reads of sittings and draws."""

from kaopei.center.allocation.queries.cards import cards
from kaopei.center.allocation.queries.draws import (
    Explained,
    bundles,
    draw,
    draws,
    exempted,
    explain,
    file,
    file_list,
    files,
    flow,
    left,
    names,
    of_person,
    offered,
    transcript,
    used,
)
from kaopei.center.allocation.queries.facts import LeftOut, NothingToDraw, Prepared, Thin, prepare, thin_market
from kaopei.center.allocation.queries.sittings import (
    Seated,
    SittingFacts,
    facts,
    rooms,
    seated,
    sitting,
    sittings,
    with_candidates,
    with_people,
)

__all__ = [
    "Explained", "LeftOut", "NothingToDraw", "Prepared", "Seated", "SittingFacts", "Thin", "bundles", "cards", "draw", "draws",
    "exempted", "explain", "facts", "file", "file_list", "files", "flow", "left", "names", "of_person", "offered", "prepare",
    "rooms", "seated", "sitting", "sittings", "thin_market", "transcript", "used", "with_candidates", "with_people",
]  # fmt: skip
