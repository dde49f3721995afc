"""Taking score sheets in, and putting them in force by a second person."""

from datetime import datetime

from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.approvals import actions as approvals
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.office.refused import Refused
from kaopei.paper import practical
from kaopei.paper.bank import ACCEPT, NORMALISE, REFUSE
from kaopei.paper.blueprint import plain
from kaopei.paper.score_sheet import SheetVerdict
from kaopei.vault.practical import queries
from kaopei.vault.practical.models import ScoreSheet, SheetApproval, SheetImport
from kaopei.vault.practical.reading import SheetFile
from kaopei.vault.practical.records import to_text

CLAUSE = "N2.5.9"


@records("practical.sheets_taken", act="vault.import")
def take_in(file: SheetFile, *, by: Actor, at: datetime) -> list[SheetVerdict]:
    """二（五） N2.5.9: judge all rows, keep the good sheets, ask a reviewer; the same file again changes nothing and gives the same verdicts."""
    verdicts, found = file.judge()
    lines = [[one.sheet, one.row, one.subject, one.number, one.decision, one.code] for one in verdicts]
    sheets = queries.changed((sheet, practical.digest(sheet)) for sheet in found)
    last = queries.last_import()
    if not sheets and last is not None and last.digest == file.digest:
        nothing_changed()
        return verdicts
    taken = SheetImport.objects.create(file=file.name[:200], digest=file.digest, verdicts=lines, at=at, by=by.username)
    for sheet, digest in sheets:
        ScoreSheet.objects.create(subject=sheet.subject, plain=plain(sheet.subject), taken=taken, digest=digest, content=to_text(sheet))
    counts = {word: sum(one.decision == word for one in verdicts) for word in (ACCEPT, NORMALISE, REFUSE)}
    event(obj=queries.matter(taken), digest=file.digest, counts=counts, subjects=[sheet.subject for sheet, _ in sheets])
    if sheets:
        approvals.request(
            action=queries.ACTION,
            object=queries.matter(taken),
            content=queries.statement(taken),
            title=f"启用实操评分标准：{'、'.join(sheet.subject for sheet, _ in sheets)}"[:120],
            approve_act="vault.review",
            url=f"/score-sheets/{taken.pk}/",
            by=by,
            at=at,
        )
    return verdicts


@records("practical.sheets_approved", act="vault.review")
def approve(matter: str, *, shown: bytes, by: Actor, at: datetime) -> SheetApproval:
    """二（五） N2.5.9: the signature of a person who did not bring the file puts its sheets in force."""
    taken = queries.import_by_id(int(matter.rpartition(":")[2]))
    if taken is None or queries.statement(taken) != shown:
        raise Refused(refuse(CLAUSE, "评分标准与签署的内容不符，请命题人重新导入。", "changed"))
    if taken.by == by.username:
        raise Refused(refuse(CLAUSE, "导入评分标准的人不能自己启用，请由另一名审题人签署。", "self"))
    made = SheetApproval.objects.create(taken=taken, by=by.username, at=at)
    event(obj=queries.matter(taken), digest=taken.digest, subjects=[row.subject for row in taken.sheets.order_by("id")])
    return made
