"""The groups a clerk publishes at one go, in the order of the work."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from kaopei.center.publication.drafts import calendar, certificates, draws, proofs, register, results
from kaopei.center.publication.drafts.draft import Draft
from kaopei.center.publication.models import Publication

Kind = Publication.Kind


@dataclass(frozen=True)
class Group:
    """What is published together; `empty` says what must be done first when there is nothing."""

    key: str
    zh: str
    en: str
    kinds: tuple[str, ...]
    duties: tuple[str, ...]
    drafts: Callable[[str, datetime], Iterator[Draft]]
    empty: str
    # Published by the system as soon as it changes; a clerk publishes it with the group it belongs to.
    by_itself: bool = False


GROUPS = {
    group.key: group
    for group in (
        Group(
            "register", "培训机构与考试点", "Institutions and sites", (Kind.INSTITUTION, Kind.SITE), ("N1.2.5", "N1.2.6", "N2.2.4"),
            register.drafts, "还没有登记。请先在“报名受理”中确认当月表格。",
        ),
        Group(
            "calendar", "考试安排", "Exam calendar", (Kind.SITTING,), ("N2.3.3",),
            calendar.drafts, "还没有场次。请先在“场次”中按考试计划生成。",
        ),
        Group(
            "draws", "抽签", "Draws", (Kind.DRAW,), ("N2.3.2", "N2.3.3", "N2.3.9"),
            draws.drafts, "还没有抽签。请先在“抽签”中公告。",
        ),
        Group(
            "results", "成绩", "Results", (Kind.RESULT,), ("N2.6.2",),
            results.drafts, "还没有发布的成绩。请先在“成绩”中由两人签署发布。",
        ),
        Group(
            "certificates", "证书与状态名单", "Certificates and their status list", (Kind.CERTIFICATE, Kind.STATUS_LIST), ("N2.6.2",),
            certificates.drafts, "还没有签发的证书。请先在“证书”中办理发证。",
        ),
        Group(
            "status", "证书状态名单", "Certificate status list", (Kind.STATUS_LIST,), ("N2.6.2",),
            certificates.status, "还没有证书状态名单。签发第一张证书时自动产生。", by_itself=True,
        ),
        Group(
            "proofs", "培训证明与失效名单", "Proofs of training and their list", (Kind.PROOF, Kind.PROOF_LIST), ("N1.3.4", "N1.3.13"),
            proofs.drafts, "还没有培训证明。由培训机构在结班后的培训档案里出具。",
        ),
        Group(
            "proof_list", "培训证明失效名单", "List of revoked proofs", (Kind.PROOF_LIST,), ("N1.3.13",),
            proofs.revoked, "还没有培训证明失效名单。出具第一份培训证明时自动产生。", by_itself=True,
        ),
    )
}  # fmt: skip
