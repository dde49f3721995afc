"""Looking for a short number in a text that also holds digests and salts."""

import re


def stands_in(word: str, text: str) -> bool:
    """Whether the word stands in the text by itself, not in the midst of a longer run of letters and digits.

    Four digits are in about every hundredth answer that shows a few SHA-256 values, and mean nobody there.
    """
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(word)}(?![0-9A-Za-z])", text) is not None
