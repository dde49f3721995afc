"""Exceptions to a duty that holds “in principle”: reasoned, proved, for a time and a thing, by two persons (AMB1)."""

from dataclasses import dataclass
from datetime import date

from kaopei.law.verdict import Verdict, allow, refuse

# Shorter reasons say nothing; the figure is a setting of the design, not of the law.
LEAST_TEXT = 20


@dataclass(frozen=True, slots=True)
class ExceptionFacts:
    """An exception as recorded. `scope` names the thing (`site:440610`), `attachment` is the digest of the proof."""

    clause: str
    reason_code: str
    text: str
    attachment: str
    scope: str
    first: date
    last: date
    requested_by: str
    approved_by: str


def stands(exception: ExceptionFacts | None, clause: str, scope: str, day: date) -> Verdict:
    """Whether the exception carries this duty for this thing on this day."""
    if exception is None:
        return refuse(clause, "没有经两人批准的例外", "no_exception")
    brief = len("".join(exception.text.split())) < LEAST_TEXT
    faults = (
        (exception.clause != clause or exception.scope != scope, "例外不是为这件事批准的"),
        (brief or not exception.reason_code, f"例外的理由不足 {LEAST_TEXT} 字或没有理由代码"),
        (not exception.attachment, "例外没有附证明材料"),
        (not exception.first <= day <= exception.last, f"例外只在 {exception.first} 至 {exception.last} 有效"),
        (not exception.approved_by or exception.approved_by == exception.requested_by, "例外须由申请人以外的人批准"),
    )
    for faulty, text in faults:
        if faulty:
            return refuse(clause, text, "no_exception")
    return allow(clause, f"经批准的例外（{exception.reason_code}），{exception.first} 至 {exception.last}", "exception")
