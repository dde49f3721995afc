"""A small mutation tool for the rules: one change at a time in the syntax tree, then the rule's own case tables must notice.

What is changed: comparisons, `and`/`or`/`not`, arithmetic, conditions (always, never), figures, codes and clauses, allow/refuse/hold,
min/max, any/all, default values, and statements that are left out. Sentences for people are not: no table reads them.
"""

import ast
import copy
import importlib
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from kaopei.law import rules
from tests.law.answers import faults
from tests.law.tables import Case, cases

RULES = Path(rules.__file__).parent
SECONDS = 5
CLAUSE = re.compile(r"N\d(?:\.\d+){1,2}[a-d]?")
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES = {"allow": "refuse", "refuse": "allow", "hold": "allow", "min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One changed rule file: `tree` is its syntax tree, `what` says the change."""

    module: str
    line: int
    what: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.what}"


Change = tuple[str, Callable[[ast.AST], ast.AST | None]]


def changes(node: ast.AST) -> Iterator[Change]:
    """Every change of one node: what it is called, and how the node is changed in a copy of the tree (None leaves it out)."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in COMPARISONS[type(operator)]:
                yield f"{type(operator).__name__} → {other.__name__}", partial(_compare, place=place, operator=other)
    elif isinstance(node, ast.BoolOp):
        yield "and ↔ or", _flip_bool
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not left out", lambda same: same.operand  # type: ignore[attr-defined]
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield f"{type(node.op).__name__} changed", _flip_arithmetic
    elif isinstance(node, ast.If | ast.IfExp):
        yield "condition always", partial(_condition, value=True)
        yield "condition never", partial(_condition, value=False)
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "filter left out", _unfiltered
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
        yield f"{node.func.id} → {NAMES[node.func.id]}", _rename
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Name | ast.Attribute | ast.Compare | ast.BoolOp):
        yield "answer denied", _deny
    elif isinstance(node, ast.Expr | ast.AugAssign) and not _is_docstring(node):
        yield "statement left out", lambda same: ast.copy_location(ast.Pass(), same)


def _constants(node: ast.Constant) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} → {not value}", partial(_constant, value=not value)
    elif isinstance(value, int):
        yield f"{value} → {value + 1}", partial(_constant, value=value + 1)
    elif isinstance(value, str) and CLAUSE.fullmatch(value):
        yield f"cites {value} → another", partial(_constant, value="N0.2" if value == "N0.1" else "N0.1")
    elif isinstance(value, str) and value and value.isascii():
        yield f"{value!r} changed", partial(_constant, value=value + "_")


def _compare(node: Any, place: int, operator: type[ast.cmpop]) -> ast.AST:
    node.ops[place] = operator()
    return node


def _flip_bool(node: Any) -> ast.AST:
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return node


def _flip_arithmetic(node: Any) -> ast.AST:
    node.op = ARITHMETIC[type(node.op)]()
    return node


def _condition(node: Any, value: bool) -> ast.AST:
    node.test = ast.copy_location(ast.Constant(value), node.test)
    return node


def _unfiltered(node: Any) -> ast.AST:
    node.ifs = []
    return node


def _constant(node: Any, value: object) -> ast.AST:
    return ast.copy_location(ast.Constant(value), node)


def _rename(node: Any) -> ast.AST:
    node.func = ast.copy_location(ast.Name(NAMES[node.func.id], ast.Load()), node.func)
    return node


def _deny(node: Any) -> ast.AST:
    node.value = ast.copy_location(ast.UnaryOp(ast.Not(), node.value), node.value)
    return node


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _skipped(tree: ast.Module) -> set[int]:
    """Nodes that are left alone: decorators and annotations (which duty, which type), docstrings, sentences, imports, names of fields."""
    alone: set[int] = set()

    def leave(part: ast.AST | None) -> None:
        alone.update(id(inner) for inner in ast.walk(part)) if part is not None else None

    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                leave(decorator)
        if isinstance(node, ast.FunctionDef):
            leave(node.returns)
        if isinstance(node, ast.arg | ast.AnnAssign):
            leave(node.annotation)
        if isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
            leave(node)
        if isinstance(node, ast.stmt) and _is_docstring(node):
            leave(node)
    return alone


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a rule file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of one rule file."""
    tree = parsed(path)
    alone = _skipped(tree)
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in alone:
            continue
        for what, change in changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[number]
            made = _replaced(changed, target, change)
            line = getattr(node, "lineno", getattr(getattr(node, "target", None), "lineno", 0))
            yield Mutant(path.stem, line, what, ast.fix_missing_locations(made))


def _replaced(tree: ast.Module, target: ast.AST, change: Callable[[ast.AST], ast.AST | None]) -> ast.Module:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return change(node) if node is target else self.generic_visit(node)

    changed: ast.Module = Swap().visit(tree)
    return changed


class Slow(Exception):
    """A mutant that does not come back."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Ends what runs longer, by a signal: a changed loop may never end."""

    def ring(*_: object) -> None:
        raise Slow

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def survives(mutant: Mutant, mine: list[Case]) -> bool:
    """Whether every case of the rule file's own table still answers as it says. A crash or a loop is noticed, too."""
    name = f"kaopei.law.rules.{mutant.module}"
    module = ModuleType(name)
    module.__file__ = str(RULES / f"{mutant.module}.py")
    before = list(rules._index)
    real = sys.modules[name]
    try:
        with limited(SECONDS):
            sys.modules[name] = module  # what the cases import is the changed one
            exec(compile(mutant.tree, module.__file__, "exec"), module.__dict__)
            return not any(faults(case) for case in mine)
    except Exception:
        return False
    finally:
        sys.modules[name] = real
        rules._index[:] = before


def by_file() -> dict[str, list[Case]]:
    """The cases of each rule file."""
    found: dict[str, list[Case]] = {}
    for case in cases():
        found.setdefault(case.rule.split(".")[0], []).append(case)
    return found


def rule_files() -> list[Path]:
    """Every file of rules, loaded."""
    found = sorted(RULES.glob("c*.py"))
    for path in found:
        importlib.import_module(f"kaopei.law.rules.{path.stem}")
    return found
