"""二（六） Drafts of released results: passed or not, for whoever knows ticket and identity number; no name, no number, no score.

The pair opens the row, a keyed index hides it from readers of the table. The receipt code lets the candidate compare what he
handed in with what arrived. The row is public as long as a passed theory counts.
"""

from collections.abc import Iterator
from datetime import datetime

from kaopei.center.allocation import queries as allocation
from kaopei.center.publication.drafts.draft import Draft
from kaopei.center.publication.models import Publication
from kaopei.center.publication.queries import end_of, result_object
from kaopei.center.results import queries as results
from kaopei.law.rules.c2_6_results import theory_counts_until
from kaopei.office.clock import CHINA


def drafts(city: str, at: datetime) -> Iterator[Draft]:
    """Every released result in force whose time is not over."""
    seated: dict[str, dict[str, allocation.Seated]] = {}
    for row in results.released(city):
        if row.sitting not in seated:
            seated[row.sitting] = {one.pseudonym: one for one in allocation.seated(row.sitting)}
        holder = seated[row.sitting].get(row.pseudonym)
        released_on = row.released_at.astimezone(CHINA).date()
        # A passed theory is shown as long as it counts; anything else as long as one released that day would.
        until = end_of(row.counts_until or theory_counts_until(released_on))
        if holder is None or until <= at:
            continue
        content = {
            "city": city,
            "sitting": row.sitting,
            "subject": row.subject,
            "part": row.part,
            "outcome": row.outcome,
            "answers": row.answers,
            "receipt": row.receipt,
            "released_on": released_on.isoformat(),
            "counts_until": row.counts_until.isoformat() if row.counts_until else None,
            "next": row.next,
        }
        yield Draft(Publication.Kind.RESULT, result_object(holder.ticket, holder.id_number), content, "N2.6.2", until)
