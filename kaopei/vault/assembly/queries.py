"""Assemblies and how their papers compare."""

import json
from itertools import combinations
from typing import Any

from kaopei.paper.assemble import mean_difficulty, overlap
from kaopei.paper.item import Item
from kaopei.vault.assembly.models import Assembly
from kaopei.vault.bank import queries as bank


def assemblies() -> list[Assembly]:
    """The newest first."""
    return list(Assembly.objects.order_by("-id")[:50])


def by_id(assembly_id: int) -> Assembly | None:
    return Assembly.objects.filter(id=assembly_id).first()


def compare(assembly: Assembly) -> dict[str, Any]:
    """Mean difficulty of each paper and shared items of each pair."""
    items = {item.number: item for item in bank.items(assembly.subject)}
    papers: list[list[Item]] = [[items[number] for number in paper] for paper in json.loads(assembly.papers)]
    means = [mean_difficulty(paper) for paper in papers]
    pairs = [(one + 1, two + 1, overlap(papers[one], papers[two])) for one, two in combinations(range(len(papers)), 2)]
    lines = [
        {"number": place, "items": len(paper), "mean": f"{mean / 1000:.3f}"} for place, (paper, mean) in enumerate(zip(papers, means, strict=True), 1)
    ]
    return {"papers": lines, "pairs": pairs, "spread": f"{(max(means) - min(means)) / 1000:.3f}"}
