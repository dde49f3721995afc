"""Spreadsheets of the register: read with a verdict on every row, applied whole in one transaction, or set aside."""

import datetime as dt

from kaopei.center.registry import sheets, workbook
from kaopei.center.registry.models import Sheet
from kaopei.center.registry.sheets import LISTS, Source
from kaopei.law.verdict import refuse
from kaopei.office import ids
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused

Status = Sheet.Status


@records("registry.sheet_read", act="registry.sheet")
def read_sheet(name: str, *, content: bytes, filename: str, city: str, by: Actor, at: dt.datetime) -> Sheet:
    """Keep a list with what would become of its rows; the register stays as it is. Unusable if it is no such list."""
    kind = LISTS[name]
    verdicts, changed = sheets.judged(name, content, filename, city, at)
    if len(verdicts) > sheets.MOST_ROWS:
        raise Refused(refuse("N1.2.4", f"表中有 {len(verdicts)} 行，超过 {sheets.MOST_ROWS} 行，请分开上传。", "too_many_rows"))
    year = at.astimezone(CHINA).year
    made = Sheet.objects.create(
        city=city,
        number=f"{city}-{year}-{ids.next_number('sheet', city, year):05d}",
        list=kind.name,
        filename=filename[:200],
        digest=sheets.digest(content, verdicts),
        content=content,
        rows=sum(verdict.row > 0 for verdict in verdicts),
        changed=changed,
        read_by=by.username,
        read_at=at,
    )
    event(obj=f"sheet:{made.number}", city=city, list=kind.name, digest=made.digest, rows=made.rows)
    return made


@records("registry.sheet_applied", act="registry.sheet")
def apply_sheet(number: str, *, digest_shown: str, by: Actor, at: dt.datetime) -> Sheet:
    """Bring the list in, whole or not at all; what was shown must still be what would happen."""
    row = _open(number)
    content = bytes(row.content)
    verdicts, _ = sheets.judged(row.list, content, row.filename, row.city, at)
    if sheets.digest(content, verdicts) != digest_shown:
        text = "上传以后登记已有变动，逐行结论已不同，没有写入任何一行。请重新打开，核对新的结论后再确认。"
        raise Refused(refuse("N1.2.4", text, "changed_meanwhile"))
    kind = LISTS[row.list]
    entries = kind.read(workbook.read(content, row.filename, kind.columns, may_be_empty=kind.whole).lines).entries
    row.changed = kind.apply(entries, _source(row.list, row.number, row.city, at))
    row.status, row.applied_by, row.applied_at = Status.APPLIED, by.username, at
    row.save()
    event(obj=f"sheet:{number}", city=row.city, list=row.list, digest=digest_shown, rows=row.rows, changed=row.changed)
    return row


@records("registry.sheet_set_aside", act="registry.sheet")
def set_sheet_aside(number: str, *, by: Actor, at: dt.datetime) -> None:
    """The list is not wanted; it stays on record."""
    row = _open(number)
    row.status, row.applied_by, row.applied_at = Status.SET_ASIDE, by.username, at
    row.save()
    event(obj=f"sheet:{number}", city=row.city, list=row.list, digest=row.digest)


def _open(number: str) -> Sheet:
    row = Sheet.objects.select_for_update().filter(number=number).first()
    if row is None or row.status != Status.READ:
        state = row.get_status_display() if row else "不存在"
        raise Refused(refuse("N1.2.4", f"登记表格 {number} {state}，不能再办。请重新上传。", "status"))
    return row


def _source(name: str, number: str, city: str, at: dt.datetime) -> Source:
    return Source(city, at.astimezone(CHINA).date(), f"登记表格 {number}《{name}》", at)
