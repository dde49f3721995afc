"""Assembling parallel papers (组卷) from a bank by a blueprint: exact, integer, the same for a seed on every machine.

1. `flow`: how often each item is used, with the smallest overlap that is possible at all (disjoint papers where the
   bank suffices). 2. `split`: the uses dealt out to papers. 3. `balance`: exchanges that even the difficulty out.
Retired items are never used, and no paper holds two items of an enemy group, whatever their kinds and points.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from kaopei.paper.balance import Balance
from kaopei.paper.blueprint import Blueprint
from kaopei.paper.flow import Flow
from kaopei.paper.item import KIND_NAMES, KINDS, Item
from kaopei.paper.split import deal

MOST_PAPERS = 200


class CannotAssemble(ValueError):
    """The bank does not give what is asked for; the text names the knowledge point, the kind and the number missing."""

    exit_status = 2


def assemble(
    items: Sequence[Item],
    blueprint: Blueprint,
    papers: int,
    seed: str,
    *,
    shared: Mapping[str, int] | None = None,
    exposed: Mapping[str, int] | None = None,
) -> list[list[Item]]:
    """`papers` parallel papers, each a list of items in the order judge, single, multiple.

    `shared[number]`: how many papers of the same day already hold an item, to be avoided like an overlap;
    `exposed[number]`: how often it was ever used, which decides between otherwise equal choices.
    """
    if not 1 <= papers <= MOST_PAPERS:
        raise CannotAssemble(f"套数应为 1～{MOST_PAPERS}，现为 {papers}。")
    usable = sorted((item for item in items if not item.retired), key=lambda item: _chance(seed, item.number))
    _refuse_shortage(usable, blueprint)
    flow = Flow(usable, blueprint.counts, papers, shared or {}, exposed or {})
    missing = flow.fill()
    if missing:
        raise CannotAssemble(_lack(blueprint, missing, papers))
    dealt = deal(usable, flow.uses, papers)
    balance = Balance(dealt, usable, _target(blueprint, dealt), shared or {}, exposed or {})
    balance.even_out()
    place = {item.number: at for at, item in enumerate(usable)}
    return [_ordered(paper.values(), place) for paper in balance.papers]


def overlap(one: Sequence[Item], two: Sequence[Item]) -> int:
    """How many items two papers share."""
    return len({item.number for item in one} & {item.number for item in two})


def mean_difficulty(paper: Sequence[Item]) -> int:
    """Mean difficulty in thousandths, rounded half up."""
    total = sum(item.difficulty for item in paper)
    return (2 * total + len(paper)) // (2 * len(paper))


def _chance(seed: str, number: str) -> bytes:
    """The place of an item in the order that decides between equals."""
    return hashlib.sha256(f"paper|{seed}|{number}".encode()).digest()


def _target(blueprint: Blueprint, papers: Sequence[Sequence[Item]]) -> int:
    if blueprint.target is not None:
        return blueprint.target * blueprint.size
    return sum(item.difficulty for paper in papers for item in paper) // len(papers)


def _ordered(paper: Iterable[Item], place: Mapping[str, int]) -> list[Item]:
    return sorted(paper, key=lambda item: (KINDS.index(item.kind), item.point, place[item.number]))


def _refuse_shortage(usable: Sequence[Item], blueprint: Blueprint) -> None:
    """The plain case first: a cell has fewer items than a paper needs."""
    have: dict[tuple[str, str], int] = {}
    for item in usable:
        have[item.cell] = have.get(item.cell, 0) + 1
    short = {cell: count - have.get(cell, 0) for cell, count in blueprint.counts.items() if have.get(cell, 0) < count}
    if short:
        lines = [_line(blueprint, cell, f"可用 {have.get(cell, 0)} 题，缺 {lack} 题") for cell, lack in sorted(short.items())]
        raise CannotAssemble(f"“{blueprint.subject}”题库不足：{'；'.join(lines)}。请补充试题或修改蓝图。")


def _lack(blueprint: Blueprint, missing: Mapping[tuple[str, str], int], papers: int) -> str:
    rest = "同一互斥组在一份试卷中最多一题，因此缺"
    lines = [_line(blueprint, cell, f"{rest} {-(-lack // papers)} 题") for cell, lack in sorted(missing.items())]
    return f"“{blueprint.subject}”题库不足：{'；'.join(lines)}。请补充试题或修改蓝图。"


def _line(blueprint: Blueprint, cell: tuple[str, str], rest: str) -> str:
    point, kind = cell
    need = blueprint.counts[cell]
    return f"知识点 {point} {blueprint.names.get(point, '')} 的{KIND_NAMES[kind]}需要 {need} 题，{rest}"
