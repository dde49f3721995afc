"""Prepared facts that rules judge: frozen values, never rows of a database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kaopei.law.cells import Standing
from kaopei.law.identity import Reading
from kaopei.law.numbers import Number, number_at


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """One application as read from its row. Cities are codes (440600), empty if blank or not of the province."""

    serial: str
    name: Reading
    id_number: Reading
    born: date | None
    id_sex: str
    sex: str
    mobile: Reading
    education: int | None
    education_text: str
    household_city: str
    work_city: str
    residence_city: str
    places_text: str
    district: str
    institution: str
    operation: str
    kind: str
    hours: Decimal | None
    hours_text: str
    trained_until: date | None
    is_student: bool
    school: str


@dataclass(frozen=True, slots=True)
class InstitutionFacts:
    """A training institution in the city's register."""

    code: str
    name: str
    standing: Standing
    registered_on: date | None
    scope: frozenset[str]
    district: str = ""


@dataclass(frozen=True, slots=True)
class SyllabusFacts:
    """Hours of one operation that the city has entered; None where it has not."""

    operation: str
    first: Decimal | None
    review: Decimal | None


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """What a city's intake of one plan is judged against.

    `received_on` fixes the rule set (an application keeps the rules of its date); ages are taken on `first_day`.
    """

    city: str
    city_name: str
    first_day: date
    last_day: date
    received_on: date
    institutions: Mapping[str, InstitutionFacts]
    syllabus: Mapping[str, SyllabusFacts]
    # Who already has a live application of this plan: (identity number, operation) → its serial.
    taken: Mapping[tuple[str, str], str] = field(default_factory=dict)
    # What the city or the province has entered beside the numbers of the law: stricter, cited, by two persons.
    entered: Sequence[Number] = ()

    def number(self, key: str) -> Number:
        """The number that counts for this intake: of the day of receipt, and the city's own where that is stricter."""
        return number_at(key, self.received_on, self.city, self.entered)


@dataclass(frozen=True, slots=True)
class TraineeFacts:
    """A candidate at the draw: who trained him, whether he is a full-time student, of which school (credit code)."""

    institution: str
    controller: str
    operation: str
    city: str
    is_student: bool = False
    school: str = ""
    student_until: date | None = None


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """An exam site at the draw. `host` is the institution or school it is hosted by, empty for a public base."""

    code: str
    city: str
    is_public: bool
    host: str
    controller: str
    is_campus: bool
    operations: Collection[str]
    standing: Standing
