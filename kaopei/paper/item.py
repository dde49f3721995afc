"""An item (试题) of a bank: what it is, and when two items are the same.

Difficulty is held in thousandths (0.48 is 480), so that nothing here depends on floating point.
"""

import unicodedata
from dataclasses import dataclass

JUDGE, SINGLE, MULTIPLE = "judge", "single", "multiple"
KINDS = (JUDGE, SINGLE, MULTIPLE)
KIND_NAMES = {JUDGE: "判断题", SINGLE: "单选题", MULTIPLE: "多选题"}
TRUE, FALSE = "t", "f"
JUDGE_TEXTS = {TRUE: "正确", FALSE: "错误"}
# A template may carry more options than four; more than eight is no multiple-choice item any more.
LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `options` are (id, text) in bank order, ids a…h; judge items have t and f. `key` holds option ids."""

    number: str
    kind: str
    point: str
    point_name: str
    level: str
    difficulty: int
    stem: str
    options: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    explanation: str
    author: str
    retired: bool
    enemy: str

    @property
    def cell(self) -> tuple[str, str]:
        """The cell of a blueprint that this item can fill: (knowledge point, kind)."""
        return (self.point, self.kind)


def half_width(text: str) -> str:
    """Full-width letters, digits and signs as their ordinary forms; nothing else changes (10² must not become 102)."""
    return "".join(_half(char) for char in text)


def _half(char: str) -> str:
    code = ord(char)
    if 0xFF01 <= code <= 0xFF5E:
        return chr(code - 0xFEE0)
    return " " if code == 0x3000 else char


def trim(text: str) -> str:
    """Without outer blanks, the invisible ones (zero width, byte order mark) included."""
    return text.strip().strip("\u200b\u200c\u200d\u2060\ufeff").strip()


_COMMAS = str.maketrans({"、": ",", "，": ",", "；": ",", ";": ",", "。": "."})


def stem_key(stem: str) -> str:
    """Equal for stems that differ only in punctuation, blanks and full or half width.

    Punctuation inside a number carries meaning (1.5 is not 15, 3—5 is not 35, -5 ℃ is not 5 ℃), so it stays.
    """
    text = "".join(char for char in half_width(stem).translate(_COMMAS) if not _blank(char))
    return "".join(char for place, char in enumerate(text) if _matters(text, place))


def _blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Cf", "Cc")


def _matters(text: str, place: int) -> bool:
    char = text[place]
    category = unicodedata.category(char)
    if not category.startswith("P") or char in "%‰":
        return True
    if not text[place + 1 : place + 2].isdigit():
        return False
    # A sign stands before a number; other punctuation counts between two digits.
    return char == "-" or (place > 0 and text[place - 1].isdigit())
