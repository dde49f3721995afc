"""Numbers of certificates: 城市-年-流水, in the form that the setting gives; nothing of a person is ever in one."""

import os
import string

from django.core.exceptions import ImproperlyConfigured

from kaopei.office import ids

VARIABLE = "KAOPEI_CERTIFICATE_NUMBER"
DEFAULT = "{city}-{year}-{serial:06d}"
PARTS = {"city", "year", "serial"}
LONGEST = 60


def pattern() -> str:
    """The form in force; a form that could give one number twice, or that asks for anything else, stops the program."""
    said = os.environ.get(VARIABLE) or DEFAULT
    try:
        named = [field for _, field, _, _ in string.Formatter().parse(said) if field is not None]
        sample = said.format(city="440600", year=2026, serial=1)
    except (ValueError, KeyError, IndexError, AttributeError):
        named, sample = [], ""
    if sorted(named) != sorted(PARTS) or len(sample) > LONGEST - 10 or any(char.isspace() for char in sample) or "/" in sample:
        raise ImproperlyConfigured(f"{VARIABLE} 须恰好包含 {{city}}、{{year}}、{{serial}} 各一次，不含空格和斜杠，例如 {DEFAULT}")
    return said


def next_number(city: str, year: int) -> str:
    """The next number of a city and year."""
    return pattern().format(city=city, year=year, serial=ids.next_number("certificate", city, year))
