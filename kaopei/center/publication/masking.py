"""The last look before something becomes public: no identity number, no mobile number, and enough to compare institutions by."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from kaopei.center.publication.drafts import Draft
from kaopei.center.publication.models import Publication
from kaopei.law.rules.c1_2_publication import entry_can_be_compared
from kaopei.law.rules.c3_0_decisions import may_publish
from kaopei.law.verdict import Verdict, allow, refuse

# Numbers of bodies, with as many digits as a person's.
CODES = ("code", "host")


def judge(drafts: Iterable[Draft]) -> Verdict:
    """三 N3.0.7: refused if a draft shows a number of a person whole, whatever field it has got into."""
    for draft in drafts:
        verdict = may_publish(dict(_texts(draft.content)), final=True)
        if not verdict.allowed:
            return refuse(
                verdict.clause, f"{Publication.Kind(draft.kind).label} {draft.object}：{verdict.text}。请在登记或报名中改正后再公布。", verdict.code
            )
    return allow()


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in CODES:
                yield from _texts(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value, 1):
            yield from _texts(inner, f"{name}.{place}")
    elif isinstance(value, str):
        yield name, value


def lacking(drafts: Iterable[Draft], day: date) -> list[tuple[str, int]]:
    """一（二） N1.2.6: what the public entries of institutions do not tell yet, with how many of them."""
    found: Counter[str] = Counter()
    for draft in drafts:
        if draft.kind == Publication.Kind.INSTITUTION and draft.content["registered"]:
            verdict = entry_can_be_compared(_compared(draft.content, day))
            found.update([] if verdict.allowed else [verdict.text])
    return found.most_common()


def _compared(content: dict[str, Any], day: date) -> dict[str, str]:
    """An institution that has reported no teacher is told so before its entry is published."""
    return {
        "scope": "；".join(content["operations"]),
        "place": f"{content['district']}{content['address']}",
        "teachers": "；".join(f"{one['name']} {one['subject']}" for one in content.get("teachers", ())),
        "standing": str(content["state"]),
        "as_of": day.isoformat(),
    }
