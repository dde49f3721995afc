"""No plain text of any item outside the bank's own workbooks: not in a database, a file, a log, a parcel, an export."""

import mmap

import psycopg
import pytest

from kaopei.office.database import cluster
from tests.rehearsal.small import CANARY

# In every spelling in which a program could have let it slip.
SPELLINGS = [CANARY.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")] + [CANARY.encode("unicode_escape")]


def sings(data):
    return any(data.find(spelling) >= 0 for spelling in SPELLINGS)


def test_the_canary_is_in_every_bank_and_can_be_found(month):
    """The control: the same search finds it where it has been put."""
    import openpyxl

    for path in (month.parent / "item-bank").glob("*题库.xlsx"):
        texts = [str(cell) for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
        assert sum(CANARY in text for text in texts) >= 100
    assert all(sings(b"x" + spelling + b"y") for spelling in SPELLINGS)


def test_no_file_holds_an_item(held):
    """Databases with their write-ahead logs, edges, logs, parcels, tickets, the vault's own files too."""
    looked, found = 0, []
    for path in held.out.rglob("*"):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                looked += 1
                if sings(data):
                    found.append(path)
    assert looked > 1000 and found == []


@pytest.mark.parametrize(("folder", "name"), [("pg", "kaopei"), ("vault/pg", "kaopei_vault")])
def test_no_table_holds_an_item(held, folder, name):
    """Every table exported whole, as the administrator who passes every policy: compression on the disk hides nothing here."""
    with cluster(held.out / "data" / folder, name=name) as server, psycopg.connect(server.admin_url) as line:
        tables = line.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')").fetchall()
        rows = 0
        for schema, table in tables:
            with line.cursor().copy(f'COPY "{schema}"."{table}" TO STDOUT') as copy:
                for data in copy:
                    rows += 1
                    assert not sings(bytes(data)), table
    assert len(tables) > 20 and rows > 100
