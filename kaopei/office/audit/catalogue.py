"""What events there are and which facts each may carry: ledger/events.toml."""

from typing import Any

from kaopei.ledger import events

PLAIN = (str, int, bool, type(None))


class UnknownEvent(ValueError):
    """A code or a fact that the catalogue does not have: a fault of the program."""


def check(code: str, facts: dict[str, Any]) -> None:
    """Refuse an event that is not in the catalogue, a fact that is not declared, a value that has no canonical form."""
    if code not in events.codes():
        raise UnknownEvent(f"ledger/events.toml 中没有事件 {code}")
    extra = set(facts) - set(events.fields(code))
    if extra:
        raise UnknownEvent(f"事件 {code} 没有字段 {sorted(extra)}")
    for name, value in facts.items():
        _plain(code, name, value)


def _plain(code: str, name: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            _plain(code, f"{name}.{key}", part)
    elif isinstance(value, list | tuple):
        for part in value:
            _plain(code, name, part)
    elif not isinstance(value, PLAIN):
        raise UnknownEvent(f"事件 {code} 的字段 {name} 不能是 {type(value).__name__}")
