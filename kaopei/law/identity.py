"""Identity data as people type it: resident numbers, credit codes, names, mobile numbers.

GB 11643 and GB 32100 give the check digits. There is no check of the region part: codes of regions have changed and
people with old or unusual codes (Dongguan, Zhongshan) are real.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK = "10X98765432"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)

# Dots that stand between the parts of a name (阿卜杜拉·买买提); people type many look-alikes.
NAME_DOTS = dict.fromkeys(map(ord, "•‧∙⋅・･●.．。˙ᐧ"), "·")
# Marks that stand where a character was lost or hidden.
LOST_MARKS = frozenset("?？\ufffd□■▯▢*＊×〓")
NO_NAME = frozenset({"无", "空", "无名", "未知", "不详", "暂无", "待补", "NULL", "NONE", "NA", "N/A", "NAN"})

_ID_SHAPE = re.compile(r"[0-9]{17}[0-9X]")

Fault = Literal["", "missing", "mangled", "checksum"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as we keep it, whether that differs from what was written, and what is wrong with it."""

    value: str
    changed: bool = False
    fault: Fault = ""


def tidy(text: str) -> str:
    """Half-width, without any space, control or invisible character. For numbers and codes, never for names."""
    if text.isascii() and text.isalnum():
        return text
    plain = unicodedata.normalize("NFKC", text)
    return "".join(char for char in plain if not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf"))


def read_id_number(text: str, *, stored_as_number: bool = False) -> Reading:
    """A resident identity number, 18 characters, upper-case X.

    A cell stored as a number has lost its last digits (15 are kept), so it is mangled whatever it shows.
    """
    value = tidy(text).upper().lstrip("'`’‘").replace("-", "").replace("—", "")
    if stored_as_number or not _ID_SHAPE.fullmatch(value):
        return Reading(value, value != text, "mangled")
    fault: Fault = "" if id_check_digit(value) == value[17] and birth_date(value) else "checksum"
    return Reading(value, value != text, fault)


def id_check_digit(number: str) -> str:
    """The check digit that the first 17 digits ask for (GB 11643)."""
    return ID_CHECK[sum(int(digit) * weight for digit, weight in zip(number[:17], ID_WEIGHTS, strict=True)) % 11]


def birth_date(number: str) -> date | None:
    """The birth date in an 18-character number; None if there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def id_sex(number: str) -> str:
    """男 or 女 by the 17th digit (odd is male)."""
    return "男" if int(number[16]) % 2 else "女"


def age_on(born: date, day: date) -> int:
    """Completed years. Who is born on 29 February completes a year on 1 March of common years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def read_credit_code(text: str) -> Reading:
    """A unified social credit code, upper case. The check is reported but decides nothing: the register decides."""
    value = tidy(text).upper().replace("-", "")
    if not value:
        return Reading("", bool(text), "missing")
    if len(value) != 18 or any(char not in CREDIT_ALPHABET for char in value):
        return Reading(value, value != text, "mangled")
    return Reading(value, value != text, "" if credit_check_digit(value) == value[17] else "checksum")


def credit_check_digit(code: str) -> str:
    """The check character that the first 17 ask for (GB 32100)."""
    total = sum(CREDIT_ALPHABET.index(char) * weight for char, weight in zip(code[:17], CREDIT_WEIGHTS, strict=True))
    return CREDIT_ALPHABET[(31 - total % 31) % 31]


def read_name(text: str) -> Reading:
    """A person's name. Rare characters stay as they are; only spaces, invisible marks, width and dots are put right."""
    if text.isalpha() and not _compatible(text):
        value = text
    else:
        value = _tidy_name(text)
    if value.upper() in NO_NAME or not any(unicodedata.category(char) in ("Lo", "Lu", "Ll", "Co") for char in value):
        return Reading("", bool(text), "missing")
    if any(char in LOST_MARKS for char in value):
        return Reading(value, value != text, "mangled")
    return Reading(value, value != text)


def _compatible(text: str) -> bool:
    """Whether a letter of the text is full-width Latin."""
    return any("\uff00" <= char <= "\uffef" for char in text)


def _tidy_name(text: str) -> str:
    """NFC would replace compatibility ideographs, which are other characters on a card: touch only width and spaces."""
    chars = []
    for char in text:
        if "\uff01" <= char <= "\uff5e":
            char = chr(ord(char) - 0xFEE0)
        if char.isspace():
            chars.append(" ")
        elif unicodedata.category(char) not in ("Cc", "Cf"):
            chars.append(char)
    parts = "".join(chars).translate(NAME_DOTS).split()
    latin = all(part.isascii() for part in parts)
    return (" " if latin else "").join(parts).strip("·" if not latin else "") if parts else ""


def read_mobile(text: str) -> Reading:
    """A mobile number of the mainland, 11 digits; +86, spaces and dashes are taken off."""
    value = tidy(text).replace("-", "").replace("—", "").lstrip("'")
    value = value.removesuffix(".0") if value.endswith(".0") else value
    for prefix in ("+86", "0086", "86"):
        if value.startswith(prefix) and len(value) == len(prefix) + 11:
            value = value[len(prefix) :]
    if not value:
        return Reading("", bool(text), "missing")
    right = len(value) == 11 and value.isascii() and value.isdigit() and value[0] == "1"
    return Reading(value, value != text, "" if right else "mangled")
