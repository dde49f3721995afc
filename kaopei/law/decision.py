"""A decision that weighs on somebody, as a value: numbered, reasoned, bound to the rules and the program that gave it (law.md, point 11).

Every room that refuses, holds, excludes hours, finds misconduct or takes a measure makes one of these. It is final only when
service is proved, the person has spoken or had the time to, and another human being has looked (`rules.c3_0_decisions.may_be_final`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Literal

from kaopei.law import rulesets, terms
from kaopei.law.verdict import Reason, Verdict

Kind = Literal["refusal", "hold", "hours", "misconduct", "measure"]
KINDS: dict[Kind, str] = {
    "refusal": "不予受理",
    "hold": "待定",
    "hours": "学时不予认定",
    "misconduct": "违纪认定",
    "measure": "管理措施",
}
# How long the person has to speak before a decision can be final; a setting of the design, not of the law.
ANSWER_DAYS = 7
# Who decides when the rules alone did; a human being must look before that is final.
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What the person may do, where, and until when (inclusive). `until` is None where the program knows no figure: `text` says so."""

    text: str
    to: str
    until: date | None = None


# Open to everybody beside what a decision offers itself.
COURT = Remedy("依法申请行政复议或者提起行政诉讼；期限以现行法律为准（本系统没有录入该期限，不据此判定）", "有权机关")


@dataclass(frozen=True, slots=True)
class Service:
    """Proof that it reached the person: how, when, and the digest or number of the receipt."""

    way: str
    on: date
    proof: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What the person said against it, in his own words."""

    text: str
    on: date


@dataclass(frozen=True, slots=True)
class Review:
    """Who looked at it again, what came of it (`upheld` or not), and why."""

    by: str
    on: date
    upheld: bool
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. `about` names the thing, never the person (`application:440600-2026-12:17`).

    `facts` are what was judged, label and value, masked where they are personal. `answer_by`: until when the person may make a
    statement. `rules` and `rules_digest` name the rule set of the day whose rules apply; `software` is the version of the program.
    """

    number: str
    kind: Kind
    about: str
    facts: tuple[tuple[str, str], ...]
    reasons: tuple[Reason, ...]
    rules: str
    rules_digest: str
    software: str
    decided_by: str
    decided_on: date
    remedies: tuple[Remedy, ...]
    answer_by: date
    service: Service | None = None
    statement: Statement | None = None
    review: Review | None = None

    @property
    def clause(self) -> str:
        """The clause of the deciding reason."""
        return self.reasons[0].clause if self.reasons else ""

    @property
    def digest(self) -> str:
        """SHA-256, hex, of what was decided; later steps (service, statement, review) do not change it."""
        said = [
            [self.number, self.kind, self.about, self.rules, self.rules_digest, self.software, self.decided_by],
            [str(self.decided_on), str(self.answer_by)],
            self.facts,
            [(reason.clause, reason.code, reason.text) for reason in self.reasons],
            [(remedy.text, remedy.to, str(remedy.until or "")) for remedy in self.remedies],
        ]
        return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()

    def with_steps(
        self, service: Service | None = None, statement: Statement | None = None, review: Review | None = None
    ) -> "Decision":
        """The same decision with what has happened to it since; a step that is not given stays."""
        return replace(
            self,
            service=service or self.service,
            statement=statement or self.statement,
            review=review or self.review,
        )

    def lines(self) -> Iterable[str]:
        """The decision in Chinese, for a page or a letter."""
        yield f"决定 {self.number}  {KINDS[self.kind]}  {self.decided_on}"
        yield f"  事项：{self.about}"
        yield from (f"  理由：{reason.text}（{terms.cite(reason.clause)}）" for reason in self.reasons)
        yield f"  事实：{'；'.join(f'{label}：{value or '空白'}' for label, value in self.facts)}"
        yield f"  依据的规则：{self.rules}（摘要 {self.rules_digest[:16]}）    程序版本：{self.software}"
        yield f"  作出决定：{'由规则作出，待人复核' if self.decided_by == SYSTEM else self.decided_by}"
        for remedy in self.remedies:
            limit = f"，{remedy.until} 以前" if remedy.until else ""
            yield f"  救济：{remedy.text}（向{remedy.to}{limit}）"
        yield f"  陈述申辩：{self.answer_by} 以前；{self.statement.text if self.statement else '尚未收到'}"
        served = f"{self.service.on} {self.service.way}（{self.service.proof}）" if self.service else "尚未送达"
        looked = f"{self.review.on} {self.review.by} {'维持' if self.review.upheld else '撤销'}：{self.review.text}" if self.review else "尚未复核"
        yield f"  送达：{served}    复核：{looked}"
        yield f"  决定摘要：{self.digest}"


def of(
    verdict: Verdict,
    *,
    number: str,
    about: str,
    facts: Mapping[str, str],
    rules_day: date,
    software: str,
    decided_by: str,
    decided_on: date,
    remedies: Iterable[Remedy],
    answer_by: date,
    kind: Kind | None = None,
) -> Decision:
    """A decision from a verdict that refuses or holds. `rules_day` is the day whose rules were applied.

    An accepting verdict weighs on nobody and gives ValueError, as does a verdict without a reason: no decision without a clause.
    """
    if verdict.decision == "accept" or not verdict.reasons:
        raise ValueError("a decision needs a verdict that refuses or holds, with its reasons")
    held = rulesets.on(rules_day)
    return Decision(
        number=number,
        kind=kind or ("hold" if verdict.held else "refusal"),
        about=about,
        facts=tuple(facts.items()),
        reasons=verdict.reasons,
        rules=held.name,
        rules_digest=held.digest,
        software=software,
        decided_by=decided_by,
        decided_on=decided_on,
        remedies=tuple(remedies),
        answer_by=answer_by,
    )
