"""Reading what somebody typed from a photo, and finding whom it leads to. Only codes of attempts come out."""

import re
from collections.abc import Sequence

from kaopei.paper.item import LETTERS
from kaopei.paper.paper import item_ids
from kaopei.paper.trace import Sighting, candidates
from kaopei.vault.custody.papers import Papers

_SEEN = re.compile(r"(.{1,80}):([0-9]{1,3}):([A-H]{0,8})")


class BadSighting(ValueError):
    """A line of a photo that cannot be read."""

    exit_status = 2


def trace(papers: Papers, seen: Sequence[str]) -> list[str]:
    """Attempts that fit every line `题号:第几题:选项次序`; the options by their letters in the bank, 0 for an unread place."""
    forms = [papers.form(attempt) for attempt, _ in papers.attempts]
    return candidates(forms, [_sighting(papers, line) for line in seen])


def _sighting(papers: Papers, line: str) -> Sighting:
    found = _SEEN.fullmatch(line.strip())
    if not found:
        raise BadSighting(f"“{line[:80]}”不是 题号:第几题:选项次序（例如 QZ-0012:34:CADB，看不清第几题写 0）。")
    number, ordinal, letters = found[1], int(found[2]), found[3]
    ids = {name: blob for paper in papers.papers.values() for name, blob in item_ids(paper, papers.secret).items()}
    if number not in ids:
        raise BadSighting(f"这个密封包里没有试题 {number}。请核对题号和密封包。")
    options = tuple(letter.lower() for letter in letters if letter in LETTERS)
    return Sighting(ids[number], options, ordinal or None)
