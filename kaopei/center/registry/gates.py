"""二（五） The gates of the staff file: who may be sent on a day. The draw of duties, the exam day and the page ask here. Pure."""

import datetime as dt
from typing import Protocol

from kaopei.law.rules.c2_5_staff import StaffFacts, may_be_sent
from kaopei.law.verdict import Verdict


class StaffHeld(Protocol):
    """What the staff file holds of a person, stored or as read."""

    @property
    def trained_on(self) -> dt.date | None: ...
    @property
    def appraisal(self) -> str: ...
    @property
    def has_pledge(self) -> bool: ...
    @property
    def has_agreement(self) -> bool: ...
    @property
    def pledge_until(self) -> dt.date | None: ...
    @property
    def agreement_until(self) -> dt.date | None: ...


def of(person: StaffHeld, day: dt.date) -> Verdict:
    """二（五） N2.5.3–6: training of the year, appraisal, pledge, secrecy; an expired pledge or agreement shuts the gate."""
    passed = "合格" in person.appraisal and "不合格" not in person.appraisal
    held = StaffFacts(
        trained_on=person.trained_on, appraisal_passed=passed, has_pledge=person.has_pledge, has_nda=person.has_agreement,
        pledge_until=person.pledge_until, nda_until=person.agreement_until,
    )  # fmt: skip
    return may_be_sent(held, day)
