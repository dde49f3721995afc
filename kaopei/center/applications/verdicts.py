"""The verdict file that goes back to the institution: 序号, decision, code first, then reason, clause, cell."""

import csv
import io
from collections.abc import Iterable, Sequence

from kaopei.office.sheets import harmless

HEADER = ("序号", "decision", "code", "reason", "clause", "cell")


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 without BOM, LF, in the order given."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for serial, decision, code, *rest in rows:
        writer.writerow([serial, decision, code, *map(harmless, rest)])
    return out.getvalue().encode()


def joined(reasons: Sequence[tuple[str, str]], cells: Sequence[str]) -> tuple[str, str, str]:
    """(clause, text) pairs and addresses as three columns: reasons in order, each clause once, the cells that they are about."""
    clauses = dict.fromkeys(clause for clause, _ in reasons if clause)
    return "；".join(text for _, text in reasons), "；".join(clauses), "；".join(cells)
