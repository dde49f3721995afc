"""Before a package is sealed: the order is believed, every subject can be served, the papers are chosen."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from kaopei.office.clock import CHINA
from kaopei.paper.blueprint import Blueprint
from kaopei.paper.paper import Paper
from kaopei.paper.practical import ScoreSheet, agreement
from kaopei.parcel.trust import Trust
from kaopei.vault.bank import queries as bank
from kaopei.vault.custody import queries
from kaopei.vault.custody.papers import TRIAL, Papers, real_paper, rehearsal_secret, trial_papers
from kaopei.vault.custody.sheets import Sheets
from kaopei.vault.practical import queries as practical

# What an order's policy may say of the order of items; another word would be silently ignored, so it is refused.
SHUFFLED = ("shuffled", "random", "per_candidate")
FIXED = ("fixed", "bank")


class CannotSeal(ValueError):
    """An order that cannot be carried out; nothing was sealed. `subjects` names what is missing, if that is the reason."""

    exit_status = 2

    def __init__(self, text: str, subjects: tuple[str, ...] = ()) -> None:
        self.subjects = subjects
        super().__init__(text)


@dataclass(frozen=True)
class Choice:
    """The papers of an order; `shared` counts items per subject that another sitting of that day has too."""

    papers: Papers | Sheets
    shared: Mapping[str, int]
    day: date

    def version(self, subject: str) -> str:
        """Of the bank, or of the score sheet, as the manifest names it."""
        return bank.version(subject) if isinstance(self.papers, Papers) else practical.version(subject)


def choose(order: Mapping[str, Any], listed: Trust, seed: str | None) -> Choice:
    """二（五） N2.5.9: choose the papers of an order that has been verified. Raises CannotSeal before anything is written."""
    if seed is not None and not listed.rehearsal:
        raise CannotSeal("正式密封不能使用 --seed：试卷必须由随机数决定。请去掉 --seed。")
    if queries.sealed_before(order["order_id"]):
        raise CannotSeal(f"任务书 {order['order_id']} 已经密封过。重新密封须由中心签发替代它的新任务书。")
    shuffle = _shuffle(order["policy"]["order"])
    day = datetime.fromtimestamp(order["window"]["start_earliest"], CHINA).date()
    subjects = sorted({row["subject"] for row in order["attempts"]})
    secret = secrets.token_bytes(32) if seed is None else rehearsal_secret(seed, order["sitting_id"], order["form_set"])
    attempts = tuple((row["attempt"], row["subject"]) for row in order["attempts"])
    if "practical" in order["policy"]:
        if order["form_set"] != "A":
            raise CannotSeal("实操场次只密封 A 卷；试封演练按理论场次办理。请中心改正任务书。")
        sheets = Sheets(secret, _sheets(subjects), attempts, agreement(order["policy"]))
        return Choice(sheets, dict.fromkeys(subjects, 0), day)
    if order["form_set"] == TRIAL:
        papers, shared = trial_papers(subjects), dict.fromkeys(subjects, 0)
    else:
        plans = _plans(subjects)
        papers = {subject: _paper(plans[subject], subject, day, secret) for subject in subjects}
        shared = {subject: _shared(papers[subject], subject, day) for subject in subjects}
    if order["form_set"] == "B":
        _refuse_common(order["sitting_id"], papers)
    return Choice(Papers(secret, shuffle, papers, attempts), shared, day)


def _sheets(subjects: list[str]) -> dict[str, ScoreSheet]:
    """Every subject needs a score sheet that a second person has put in force."""
    found = {subject: practical.in_force(subject) for subject in subjects}
    missing = tuple(subject for subject, sheet in found.items() if sheet is None)
    if missing:
        waiting = practical.waiting(missing)
        todo = f"“{'”“'.join(waiting)}”已导入，等另一名审题人签署启用" if waiting else "请先导入实操评分标准，并由另一名审题人签署启用"
        raise CannotSeal(f"没有启用的实操评分标准，不能密封：科目“{'”“'.join(missing)}”。{todo}。", missing)
    return {subject: sheet for subject, sheet in found.items() if sheet is not None}


def _shuffle(word: str) -> bool:
    if word not in (*SHUFFLED, *FIXED):
        raise CannotSeal(f"任务书的出题次序“{word[:40]}”不认识，应为 {SHUFFLED[0]} 或 {FIXED[0]}。请中心改正任务书。")
    return word in SHUFFLED


def _plans(subjects: list[str]) -> dict[str, Blueprint]:
    """Every subject needs items, a complete blueprint, and one that does not contradict itself."""
    found = {subject: bank.current_blueprint(subject) for subject in subjects}
    missing = tuple(subject for subject, plan in found.items() if plan is None)
    if missing:
        raise CannotSeal(f"没有题库，不能密封：科目“{'”“'.join(missing)}”。请先导入题库，或由中心把这些科目另行安排。", missing)
    plans = {subject: plan for subject, plan in found.items() if plan is not None}
    for subject, plan in plans.items():
        if plan.duration_minutes is None or plan.pass_mark is None:
            raise CannotSeal(f"科目“{subject}”的“组卷参数”缺少考试时间或合格分，不能密封。请补充蓝图后重新导入题库。", (subject,))
        if plan.contradictions:
            raise CannotSeal(f"科目“{subject}”的蓝图前后不一致：{plan.contradictions[0]}。请改正后重新导入题库。", (subject,))
    return plans


def _paper(plan: Blueprint, subject: str, day: date, secret: bytes) -> Paper:
    """The subject keeps the order's spelling, which the center and the exam site know."""
    shared, exposed = queries.shared_on(day, subject), queries.exposures(subject)
    return real_paper(plan, bank.items(subject), secret, shared, exposed, settings.MULTIPLE_RULE, subject)


def _shared(paper: Paper, subject: str, day: date) -> int:
    held = queries.shared_on(day, subject)
    return sum(1 for item in paper.items if item.number in held)


def _refuse_common(sitting_id: str, papers: Mapping[str, Paper]) -> None:
    """A spare paper that shares an item with paper A is no spare paper once A has leaked."""
    for subject, paper in papers.items():
        common = {item.number for item in paper.items} & queries.set_of(sitting_id, "A", subject)
        if common:
            raise CannotSeal(f"科目“{subject}”的题库不够组出与 A 卷完全不同的备用卷（相同 {len(common)} 题），不能密封 B 卷。", (subject,))
