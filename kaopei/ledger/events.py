"""The catalogue of events: which there are, what each means, which facts it may carry."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event. `code` is source.verb, `section` the program that writes it."""

    code: str
    section: str
    zh: str
    clause: str
    fields: tuple[str, ...]


@cache
def catalogue() -> dict[str, Kind]:
    """All kinds by code; a section is `[program.app.verb]`."""
    raw = tomllib.loads(files("kaopei.ledger").joinpath("events.toml").read_text(encoding="utf-8"))
    found: dict[str, Kind] = {}
    for program, apps in raw.items():
        for app, verbs in apps.items():
            for verb, row in verbs.items():
                code = f"{app}.{verb}"
                if code in found:
                    raise ValueError(f"events.toml: {code} 出现两次")
                found[code] = Kind(code, program, row["zh"], row.get("clause", ""), tuple(row.get("fields", ())))
    return found


def codes() -> frozenset[str]:
    """All event codes."""
    return frozenset(catalogue())


def fields(code: str) -> tuple[str, ...]:
    """The facts that an event of this kind may carry; KeyError if there is no such kind."""
    return catalogue()[code].fields
