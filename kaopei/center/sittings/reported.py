"""One attempt of a return parcel as the site reports it."""

from dataclasses import dataclass

STATES = {"handed_in": "present", "absent": "absent", "refused": "refused"}


@dataclass(frozen=True, slots=True)
class Reported:
    """One attempt as the site reports it."""

    attempt: str
    attendance: str
    is_late: bool
    ended_by: str
    answered: int
    receipt: str
    count: int
    head: str
    salt: str
    extra_ms: int
