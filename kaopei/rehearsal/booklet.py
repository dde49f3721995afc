"""The bank folder as a candidate would have learned it by heart: the text on the screen leads to the texts that are right."""

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from python_calamine import CalamineError, load_workbook

STEM, ANSWER, STATUS = "题干", "答案", "状态"
LETTERS = "ABCDEFGH"
RIGHT, WRONG = "正确", "错误"
RIGHT_WORDS = frozenset({RIGHT, "对", "√", "✓", "✔", "是", "T", "TRUE"})
FAULTY = "问题行"  # a workbook that was made to be refused, row by row


def banks(folder: Path) -> list[Path]:
    """The workbooks of the folder that hold items: those with a stem and an answer column."""
    return [path for path in sorted(folder.glob("*.xlsx")) if FAULTY not in path.stem and not path.name.startswith("~") and any(_tables(path))]


class Booklet:
    """What is right, by what stands on the screen."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.known: dict[tuple[str, frozenset[str]], frozenset[str]] = {}
        for path in files:
            for columns, rows in _tables(path):
                for row in rows:
                    self._learn(columns, row)

    def _learn(self, columns: dict[str, int], row: list[object]) -> None:
        def cell(name: str) -> str:
            return plain(row[columns[name]]) if name in columns and columns[name] < len(row) else ""

        options = {letter: cell(f"选项{letter}") for letter in LETTERS if cell(f"选项{letter}")}
        answer = cell(ANSWER).upper()
        if not cell(STEM) or not answer:
            return
        if options:
            right = frozenset(options[letter] for letter in answer if letter in options)
            self.known[cell(STEM), frozenset(options.values())] = right
        else:
            self.known[cell(STEM), frozenset({RIGHT, WRONG})] = frozenset({RIGHT if answer in RIGHT_WORDS else WRONG})

    def letters(self, stem: str, options: list[tuple[str, str]]) -> str | None:
        """Letters to press for the options as shown, sorted; None for an item that stands in no bank."""
        texts = frozenset(plain(text) for _letter, text in options)
        right = self.known.get((plain(stem), texts))
        return None if right is None else "".join(sorted(letter for letter, text in options if plain(text) in right))

    def __len__(self) -> int:
        return len(self.known)


def plain(cell: object) -> str:
    """Texts compared without blanks, in half width: a screen and a sheet break lines differently."""
    text = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
    return "".join(unicodedata.normalize("NFKC", text).split())


def _tables(path: Path) -> Iterable[tuple[dict[str, int], list[list[object]]]]:
    """(column → place, rows below) of each sheet that has the columns of a bank."""
    try:
        book = load_workbook(path)
    except (CalamineError, OSError):
        return
    for name in book.sheet_names:
        table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for place, row in enumerate(table[:30]):
            columns = {"".join(str(cell).split()): at for at, cell in enumerate(row)}
            if STEM in columns and ANSWER in columns:
                yield columns, [list(line) for line in table[place + 1 :]]
                break
