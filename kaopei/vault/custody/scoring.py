"""Scoring what a site handed back, from the vault's own copy of the papers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaopei.paper import codec
from kaopei.paper.score import score
from kaopei.parcel.return_parcel import Returned
from kaopei.vault.custody import queries
from kaopei.vault.custody.models import SealedPackage
from kaopei.vault.custody.papers import Papers
from kaopei.vault.custody.sheets import BadMarks, Sheets


class CannotScore(ValueError):
    """A return parcel that the vault cannot score."""

    exit_status = 2


@dataclass(frozen=True)
class Scored:
    """Results per attempt as the parcel `outcomes` carries them, and the digest of each form."""

    package: SealedPackage
    results: tuple[dict[str, Any], ...]
    form_digests: Mapping[str, str]


def score_returned(returned: Returned, kid: str, key: Any) -> Scored:
    """Open the answers with the vault's key and score every attempt. Raises CannotScore."""
    payload = returned.payload
    row = queries.package(payload["package_id"])
    if row is None:
        raise CannotScore(f"回传包对应的密封包 {payload['package_id']} 不是本题库室密封的。请核对回传包。")
    if payload["manifest_hash"] != row.manifest_hash or payload["sitting_id"] != row.sitting_id:
        raise CannotScore(f"回传包与密封包 {row.package_id} 的清单或场次不符，不能评分。请报告中心。")
    blob = returned.contents(kid, key)["answers"]
    papers = queries.papers(row)
    answers: Mapping[str, Any] = codec.read_answers(blob) if isinstance(papers, Papers) else codec.read_sheets(blob)
    strangers = sorted(set(answers) - {attempt for attempt, _ in papers.attempts})
    if strangers:
        raise CannotScore(f"回传包里的应考号 {strangers[0]} 不在密封包中（共 {len(strangers)} 个），不能评分。请报告中心。")
    forms = {attempt: papers.form(attempt) for attempt in answers}
    if isinstance(papers, Papers):
        keys = papers.keys()
        results = [_result(papers, forms[attempt], keys, answers[attempt]) for attempt in sorted(answers)]
    else:
        results = _practical(papers, answers)
    digests = {attempt: hashlib.sha256(codec.canonical(form)).hexdigest() for attempt, form in forms.items()}
    return Scored(row, tuple(results), digests)


def _practical(sheets: Sheets, signed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the signed sheets come to by our own copy of the tasks."""
    try:
        return [sheets.result(attempt, signed[attempt]) for attempt in sorted(signed)]
    except BadMarks as problem:
        raise CannotScore(f"{problem}，不能评分。请报告中心。") from None


def _result(papers: Papers, form: Mapping[str, Any], keys: Mapping[str, tuple[str, ...]], responses: Mapping[int, str]) -> dict[str, Any]:
    outcome = score(form, keys, responses, multiple=papers.papers[form["subject"]].multiple)
    return {
        "attempt": outcome.attempt,
        "subject": outcome.subject,
        "score": outcome.score,
        "max_score": outcome.full_marks,
        "answered": outcome.answered,
        "detail": {"points": list(outcome.points)},
    }
