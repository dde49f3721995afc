"""Who asks a rule of the law: calls found in the source of the programs, by what each file imports."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

RULES = "kaopei.law.rules"


def askers(program: Path, rule: str) -> list[str]:
    """Files and lines of programs that call the rule, then rules that call it and are themselves asked. `rule` is its dotted name."""
    calls = _calls(program)
    direct = [place for place, _ in calls[rule] if not place.startswith("kaopei/law/")]
    through = [place for place, inside in calls[rule] if place.startswith("kaopei/law/") and inside != rule and askers(program, inside)]
    return direct + through


@cache
def _calls(program: Path) -> defaultdict[str, list[tuple[str, str]]]:
    """Dotted name of what is called → (file:line, dotted name of the function in which it is called)."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted(program.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if RULES not in text:
            continue
        inside = path.relative_to(program.parent)
        module = ".".join(inside.with_suffix("").parts)
        tree = ast.parse(text)
        names = dict(_imported(tree)) | {node.name: f"{module}.{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)}
        for node in tree.body:
            for name, line in _called(node, names):
                found[name].append((f"{inside.as_posix()}:{line}", f"{module}.{getattr(node, 'name', '')}"))
    return found


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Local name → dotted name, wherever in the file it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(RULES):
            yield from ((part.asname or part.name, f"{node.module}.{part.name}") for part in node.names)


def _called(top: ast.stmt, names: dict[str, str]) -> Iterator[tuple[str, int]]:
    """What a statement names of it: calls, and rules handed on to be called."""
    for node in ast.walk(top):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            yield f"{names[node.value.id]}.{node.attr}", node.lineno
        elif isinstance(node, ast.Name) and node.id in names and not isinstance(node.ctx, ast.Store):
            yield names[node.id], node.lineno
