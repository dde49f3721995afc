"""Pages made from what the programs themselves declare: `python -m kaopei.office.docs` writes them, a test sees they are current.

docs/events.md from ledger/events.toml; docs/settings.md from office/environment.py; docs/states.md from every `TRANSITIONS`
beside a `Status` in the models of all programs (read as text, so that no program is imported here).
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kaopei.law import terms
from kaopei.ledger import events
from kaopei.office.environment import PROJECT, VARIABLES

MADE = "<!-- 由 python -m kaopei.office.docs 生成，请勿手改 -->"
PROGRAMS = {"center": "中心", "office": "各程序共用", "vault": "题库室", "edge": "考试点", "portal": "门户"}


@dataclass(frozen=True)
class Machine:
    """The states of one model: code → words, and the ways between them."""

    model: str
    title: str
    place: str
    states: dict[str, str]
    ways: tuple[tuple[str, ...], ...]


def pages() -> dict[str, str]:
    """File name → text of each page."""
    return {"events.md": events_page(), "settings.md": settings_page(), "states.md": states_page()}


def events_page() -> str:
    """Every event that may stand in the ledger."""
    lines = [MADE, "# 台账事件", "", "每个改变事实的操作在同一事务中写一个事件；事件只含编号与摘要，不含个人信息。", ""]
    kinds = sorted(events.catalogue().values(), key=lambda kind: (kind.section, kind.code))
    for section in dict.fromkeys(kind.section for kind in kinds):
        lines += [f"## {PROGRAMS.get(section, section)}", "", "| 事件 | 含义 | 依据 | 字段 |", "|---|---|---|---|"]
        for kind in kinds:
            if kind.section == section:
                clause = terms.cite(kind.clause) if kind.clause else ""
                lines.append(f"| `{kind.code}` | {kind.zh} | {clause} | {'、'.join(f'`{name}`' for name in kind.fields)} |")
        lines.append("")
    return "\n".join(lines)


def settings_page() -> str:
    """Every variable that the programs look at."""
    lines = [MADE, "# 设置", "", "全部由环境变量给出；没有其他配置文件。", "", "| 变量 | 作用 | 不设时 |", "|---|---|---|"]
    lines += [f"| `{name}` | {does} | {without} |" for name, (does, without) in sorted(VARIABLES.items())]
    return "\n".join([*lines, ""])


def states_page() -> str:
    """State diagrams and tables of every model that has states."""
    lines = [MADE, "# 状态", "", "每张表由模型旁的 `TRANSITIONS` 生成：从、到、谁、依据。", ""]
    for machine in sorted(machines(), key=lambda machine: machine.place):
        lines += [f"## {machine.title or machine.model}（`{machine.model}`）", "", f"`{machine.place}`", "", "```mermaid", "stateDiagram-v2"]
        lines += [f"  {code}: {words}" for code, words in machine.states.items()]
        lines += [f"  {way[0]} --> {way[1]}" for way in machine.ways]
        lines += ["```", "", "| 从 | 到 | 谁 | 依据 |", "|---|---|---|---|"]
        for way in machine.ways:
            rest = "；".join(way[3:])
            lines.append(f"| {machine.states[way[0]]} | {machine.states[way[1]]} | {way[2]} | {rest} |")
        lines.append("")
    return "\n".join(lines)


def machines() -> Iterator[Machine]:
    """All models with `Status` and `TRANSITIONS`, of every program."""
    for path in sorted((PROJECT / "kaopei").rglob("*.py")):
        if "models" in path.relative_to(PROJECT).parts or path.name == "models.py":
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    yield from _machine(node, path)


def _machine(node: ast.ClassDef, path: Path) -> Iterator[Machine]:
    states: dict[str, str] = {}
    for part in node.body:
        if isinstance(part, ast.ClassDef) and part.name == "Status":
            pairs = [ast.literal_eval(one.value) for one in part.body if isinstance(one, ast.Assign)]
            states = dict(pairs)
    for part in node.body:
        if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "TRANSITIONS":
            ways = tuple(ast.literal_eval(part.value))
            unknown = {code for way in ways for code in way[:2]} - set(states)
            if unknown:
                raise ValueError(f"{path}: {node.name}.TRANSITIONS 提到没有的状态 {sorted(unknown)}")
            yield Machine(node.name, _title(node), str(path.relative_to(PROJECT)), states, ways)


def _title(node: ast.ClassDef) -> str:
    """The glossary's word for the model, else the word that its docstring begins with."""
    known = next((term.zh for term in terms.glossary() if node.name in term.names), "")
    said = (ast.get_docstring(node) or "").partition(":")[0]
    return known or (said if not said.isascii() and len(said) < 12 else "")


def main() -> int:
    """Write the pages."""
    for name, text in pages().items():
        (PROJECT / "docs" / name).write_text(text, encoding="utf-8")
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
