"""A vault with keys, banks and orders, for tests of sealing and scoring."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kaopei.office.accounts.roles import SYSTEM
from kaopei.parcel import approval, keyfile, roster, seal_order
from kaopei.vault.bank import actions
from kaopei.vault.bank.reading import read_bank
from tests.parcel import cast
from tests.parcel.cast import CITY, NOW, SITE, Province
from tests.vault.workbooks import PLAN, SUBJECT, Rows, bank, blueprint, folder, rows

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
