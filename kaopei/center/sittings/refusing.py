"""What a parcel does not allow, as a refusal that names the duty behind it."""

from collections.abc import Iterator
from contextlib import contextmanager

from kaopei.law.verdict import refuse
from kaopei.office.refused import Refused
from kaopei.parcel.rejected import Rejected


@contextmanager
def as_refusal(clause: str = "") -> Iterator[None]:
    """Rejected inside becomes Refused."""
    try:
        yield
    except Rejected as problem:
        raise Refused(refuse(clause, str(problem), problem.code)) from None


def no(clause: str, text: str, code: str) -> Refused:
    """A refusal in one line, to be raised."""
    return Refused(refuse(clause, text, code))
