"""One file a clause. `@rule("N2.3.2")` binds a function to the duties that it carries out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Bound:
    """A rule in the index: the duties it carries out, where it stands, the first line of its docstring."""

    duties: tuple[str, ...]
    module: str
    name: str
    summary: str

    @property
    def where(self) -> str:
        """kaopei.law.rules.c2_6_intake.judge"""
        return f"{self.module}.{self.name}"


_index: list[Bound] = []


def rule(*duties: str) -> Callable[[Function], Function]:
    """Binds a function to duties; its docstring must begin with the clause."""

    def bind(function: Function) -> Function:
        summary = (function.__doc__ or "").strip().splitlines()[0]
        _index.append(Bound(duties, function.__module__, function.__qualname__, summary))
        return function

    return bind


@cache
def index() -> tuple[Bound, ...]:
    """All rules, in the order of the notice."""
    found = (path.name for path in files(__package__).iterdir())
    for name in sorted(name for name in found if name.startswith("c") and name.endswith(".py")):
        import_module(f"{__package__}.{name.removesuffix('.py')}")
    return tuple(sorted(set(_index), key=lambda bound: bound.where))
