"""axe-core on an open page. It comes in a wheel of the development environment and is never part of the product."""

from functools import cache
from importlib.resources import files
from typing import Any

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def findings(page: Any) -> list[str]:
    """Every finding as `rule: where: what`, empty if the page is clean. The page's own policy stays in force."""
    page.evaluate(_script())
    # The tiled mark (seat and code) is faint on purpose, and hidden from screen readers: decoration in the sense of WCAG 1.4.3.
    run = "rules => axe.run({ exclude: [['#mark']] }, { runOnly: { type: 'tag', values: rules }, resultTypes: ['violations'] })"
    found = page.evaluate(run, RULES)
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {' '.join(node['failureSummary'].split())[:200]}"
        for rule in found["violations"] for node in rule["nodes"]
    ]  # fmt: skip
