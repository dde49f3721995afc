"""What a rule answers: allowed or not, with the reasons and the clause of each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Decision = Literal["accept", "refuse", "hold"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground. `clause` is our duty number (`N2.3.2`), `text` is Chinese for people, `code` is for files."""

    clause: str
    text: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a rule.

    `reasons` are the grounds of the decision, the deciding one first. `notes` decide nothing: they say which
    assumption or carried-over value the answer rests on. `held` means that a person must look before anything goes on.
    `rules` names the rule set (`rulesets.name_on`) where an answer belongs to one day and is kept.
    """

    allowed: bool
    reasons: tuple[Reason, ...] = ()
    held: bool = False
    notes: tuple[Reason, ...] = ()
    rules: str = ""

    @property
    def decision(self) -> Decision:
        """`accept`, `refuse` or `hold`."""
        if self.held:
            return "hold"
        return "accept" if self.allowed else "refuse"

    @property
    def code(self) -> str:
        """The code of the deciding reason, empty when there is none."""
        return self.reasons[0].code if self.reasons else ""

    @property
    def clause(self) -> str:
        """The clause of the deciding reason, empty when there is none."""
        return self.reasons[0].clause if self.reasons else ""

    @property
    def text(self) -> str:
        """All reasons as one Chinese line."""
        return "；".join(reason.text for reason in self.reasons)

    def with_notes(self, notes: Iterable[Reason]) -> "Verdict":
        """The same answer with more notes."""
        return replace(self, notes=self.notes + tuple(notes))


def allow(clause: str = "", text: str = "", code: str = "") -> Verdict:
    """Allowed; with a reason where the law gives one (an exemption, a normalised value)."""
    return Verdict(True, (Reason(clause, text, code),) if clause else ())


def refuse(clause: str, text: str, code: str = "") -> Verdict:
    """Not allowed, for one reason."""
    return Verdict(False, (Reason(clause, text, code),))


def hold(clause: str, text: str, code: str = "") -> Verdict:
    """Not decided: a person must look."""
    return Verdict(False, (Reason(clause, text, code),), held=True)
