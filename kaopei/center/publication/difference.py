"""What publishing now would change: new, changed and gone objects of a group, word for word."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from kaopei.center.publication.drafts import GROUPS, Draft, Group
from kaopei.center.publication.models import Publication
from kaopei.parcel import canonical


@dataclass(frozen=True)
class Change:
    """One object: nothing before = new, no draft = gone."""

    before: Publication | None
    draft: Draft | None

    @property
    def what(self) -> str:
        """new, changed or gone."""
        return "new" if self.before is None else "changed" if self.draft is not None else "gone"

    @property
    def kind(self) -> str:
        """Kind of the object."""
        return self.draft.kind if self.draft else str(self.before.kind if self.before else "")

    @property
    def object(self) -> str:
        """Number of the object."""
        return self.draft.object if self.draft else str(self.before.object if self.before else "")

    @property
    def words(self) -> list[tuple[str, Any, Any]]:
        """(field, before, after) of every field that differs."""
        old = self.before.content if self.before else {}
        new = self.draft.content if self.draft else {}
        names = [*new, *(name for name in old if name not in new)]
        return [(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name) or (name in old) != (name in new)]


@dataclass(frozen=True)
class Difference:
    """All changes of a group in one city, in the order of kind and number."""

    group: Group
    city: str
    changes: tuple[Change, ...]
    unchanged: int
    # Withdrawn by a person, and nothing new to say since: not offered again by itself
    held_back: tuple[Draft, ...] = ()
    drafts: tuple[Draft, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Of what publishing would do: who has read the preview publishes this and nothing else."""
        said = [[change.kind, change.object, change.what, change.draft.digest if change.draft else ""] for change in self.changes]
        return hashlib.sha256(canonical.encode([self.group.key, self.city, said])).hexdigest()

    def count(self, what: str) -> int:
        """How many are new, changed or gone."""
        return sum(change.what == what for change in self.changes)


def difference(key: str, city: str, at: datetime) -> Difference:
    """Drafts of the group against what is public."""
    group = GROUPS[key]
    rows = Publication.objects.filter(city=city, kind__in=group.kinds)
    before = {(row.kind, row.object): row for row in rows.filter(status=Publication.Status.PUBLIC)}
    withdrawn = set(rows.filter(status=Publication.Status.WITHDRAWN).values_list("kind", "object", "digest"))
    drafts = {(draft.kind, draft.object): draft for draft in group.drafts(city, at)}
    held = [draft for pair, draft in drafts.items() if pair not in before and (*pair, draft.digest) in withdrawn]
    for draft in held:
        del drafts[draft.kind, draft.object]
    changes = [
        Change(before.get(pair), drafts.get(pair))
        for pair in sorted({*before, *drafts}, key=lambda pair: (group.kinds.index(pair[0]), pair[1]))
        if pair not in before or pair not in drafts or before[pair].digest != drafts[pair].digest
    ]
    unchanged = len(drafts) - sum(change.what != "gone" for change in changes)
    return Difference(group, city, tuple(changes), unchanged, tuple(held), tuple(drafts.values()))
