"""Telephone numbers of bodies: an office's number may be shown, somebody's own only to whoever says why."""

import re

from kaopei.office.personal import mask_phone

LANDLINE = re.compile(r"(0\d{2,3}-?)?\d{7,8}(-\d{1,6})?|400-?\d{3}-?\d{4}")


def is_office(number: str) -> bool:
    """A landline or a service number, not a mobile phone."""
    return LANDLINE.fullmatch(number.strip()) is not None


def shown(number: str) -> str:
    """As pages show it: what may be a person's own is masked."""
    return number if is_office(number) else mask_phone(number.strip())
