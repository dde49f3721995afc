"""A vault with keys, banks and orders, for tests of sealing and scoring."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl

from kaopei.office.accounts import actions as accounts
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.approvals import actions as approvals
from kaopei.office.approvals.models import Request
from kaopei.paper.score_sheet import RULES, STEPS, SheetVerdict
from kaopei.parcel import approval, keyfile, roster, seal_order
from kaopei.vault.bank import actions
from kaopei.vault.bank.reading import read_bank
from kaopei.vault.practical import actions as sheet_actions
from kaopei.vault.practical import reading
from tests.paper import practice
from tests.parcel import cast
from tests.parcel.cast import CITY, NOW, SITE, Province
from tests.people import PEOPLE, PIN
from tests.vault.workbooks import PLAN, SUBJECT, Rows, bank, blueprint, folder, rows, saved

AT = datetime.fromtimestamp(NOW, UTC)
PASSPHRASE = b"rehearsal passphrase"


def lay_keys(province: Province, data: Path) -> None:
    """Trust list and keys."""
    lay_private_keys(province, data)
    (data / "trust.json").write_bytes(province.data)
    (data / "root.txt").write_text(province.root)


def lay_private_keys(province: Province, data: Path) -> None:
    """Custodians' keys, the keys for outcomes, for the ledger and for what comes back."""
    (data / "keys").mkdir(parents=True)
    (data / "keys" / "passphrase").write_bytes(PASSPHRASE)
    for name in ("custodian1", "custodian2", "outcomes", "vault"):
        signer = province.signers[name]
        (data / "keys" / f"{signer.kid}.key").write_bytes(keyfile.dump(signer.key, PASSPHRASE))
    kid, key = province.openers["vault_import"]
    (data / "keys" / f"{kid}.key").write_bytes(keyfile.dump(key, PASSPHRASE))


def fill_bank(path: Path, *, times: int = 3, subject: str = SUBJECT, plan: bytes | None = None, lines: Rows | None = None) -> None:
    name = f"{subject}题库.xlsx"
    plan = plan or blueprint((subject, PLAN))
    files = {name: bank(lines or rows(times=times), title=f"{subject}题库")}
    actions.take_in(read_bank(folder(path, files, plan) / name), by=SYSTEM, at=AT)


def order(
    province: Province,
    number: int = 1,
    *,
    subjects: tuple[str, ...] = (SUBJECT,),
    form_set: str = "A",
    hours: int = 0,
    sitting: str = "",
    **policy: Any,
) -> bytes:
    """A signed order for nine candidates; `hours` later than the first sitting."""
    people = [cast.row(place, subjects[place % len(subjects)]) for place in range(9)]
    later = int(timedelta(hours=hours).total_seconds())
    order_id, sitting = f"SO-{number}", sitting or f"{SITE}-1207-{number:02}"
    draft = seal_order.draft(
        province.trust,
        at=NOW,
        order_id=order_id,
        sitting_id=sitting,
        city=CITY,
        site_code=SITE,
        form_set=form_set,
        window={name: at + later for name, at in cast.WINDOW.items()},
        attempts=[{"attempt": row["attempt"], "subject": row["subject"]} for row in people],
        roster_hash=roster.root(people),
        edges=[province.edge],
        officers=[],
        policy=cast.POLICY | policy,
    )
    signed = province.approvals("seal_order.issue", order_id, approval.digest_of(draft, province.trust))
    return seal_order.sign(draft, signed, province.signers["center"])


def kids(province: Province) -> list[str]:
    return [signer.kid for signer in province.custodians]


def score_sheet_book(rules: Rows, steps: Rows, *, change: Callable[[Any], object] | None = None) -> bytes:
    """The workbook of score sheets, titles in row 1."""
    book = openpyxl.Workbook()
    book.active.title = "考核规则"
    for page, columns, lines in ((book.active, RULES, rules), (book.create_sheet("评分表"), STEPS, steps)):
        page.append(["实操评分标准（测试）"])
        page.append(list(columns))
        for line in lines:
            page.append([line.get(column) for column in columns])
    if change:
        change(book)
    return saved(book)


def take_score_sheets(*subjects: str, rules: Rows | None = None, steps: Rows | None = None, by: Any = None) -> list[SheetVerdict]:
    """A workbook with these subjects comes in; nobody has signed it yet."""
    made = [practice.lines(subject) for subject in subjects or (SUBJECT,)]
    rules = rules or [row for one, _ in made for row in one]
    steps = steps or [row for _, one in made for row in one]
    file = reading.read_bytes(score_sheet_book(rules, steps), "实操评分标准.xlsx")
    return sheet_actions.take_in(file, by=by or PEOPLE["author"].make(), at=AT)


def sign_score_sheets(province: Province, data: Path, who: str = "reviewer") -> None:
    """The reviewer signs with his own key what waits."""
    (data / "persons").mkdir(exist_ok=True)
    signer = province.signers["chen"]
    (data / "persons" / f"{signer.kid}.key").write_bytes(keyfile.dump(signer.key, PIN.encode()))
    person = PEOPLE[who].make()
    if not person.kid:
        accounts.bind_key(person, signer.kid, by=SYSTEM, at=AT)
        person.refresh_from_db()
    [asked] = Request.objects.filter(status="open", action="practical.approve")
    approvals.approve(asked, pin=PIN, digest=asked.digest, by=person, at=AT)


def fill_score_sheets(province: Province, data: Path, *subjects: str) -> None:
    """Taken in and signed: in force."""
    take_score_sheets(*subjects)
    sign_score_sheets(province, data)
