"""No plain text of any item outside the bank's own workbooks: not in a database, a file, a log, a parcel, an export.

And no number of a person: neither at the exam site, nor in the vault, nor anywhere in the data folder. Their names stand in clear
nowhere at site and vault either: the seat list is opened in the exam server's memory only, while it runs.
"""

import mmap
import re

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


NUMBER = re.compile(rb"(?<!\d)(?:\d{17}[\dXx]|1[3-9]\d{9})(?!\d)")


@pytest.fixture(scope="module")
def persons(month):
    """(numbers, names) of everybody whom the city's workbooks name, as bytes."""
    import openpyxl

    numbers, names = set(), set()
    for path in month.glob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path, read_only=True):
            place = None
            for row in sheet.iter_rows(values_only=True):
                cells = [str(cell).strip() if cell is not None else "" for cell in row]
                numbers |= {cell.upper().encode() for cell in cells if NUMBER.fullmatch(cell.encode())}
                if "姓名" in cells:
                    place = cells.index("姓名")
                elif place is not None and len(cells[place]) > 2:
                    names.add(cells[place].encode())
    # Names of two characters are also words; a small month has few longer ones.
    assert len(numbers) >= 40 and len(names) >= 3
    return numbers, names


def told(data, persons):
    """Numbers and names of persons that stand in these bytes."""
    numbers, names = persons
    return {found for found in NUMBER.findall(data) if found.upper() in numbers} | {name for name in names if data.find(name) >= 0}


def test_numbers_and_names_would_be_found(persons):
    """The control."""
    number, name = min(persons[0]), min(persons[1])
    assert told(b"x\0" + number + b"," + name + b"\n", persons) == {number, name}


def test_no_person_stands_in_clear_at_the_site_or_in_the_vault(held, persons):
    """The edge's store, inbox and outbox, media, the vault's in and out, the logs of all programs."""
    looked, found = 0, []
    data = held.out / "data"
    for path in [path for folder in ("edges", "vault", "logs") for path in (data / folder).rglob("*")]:
        if path.is_file() and path.stat().st_size and "pg" not in path.relative_to(data).parts:
            looked += 1
            found += [path] if told(path.read_bytes(), persons) else []
    assert looked > 30 and found == []


@pytest.mark.long
def test_no_number_stands_in_clear_in_any_file_of_the_installation(held, persons):
    """All of the data folder: both database servers with their write-ahead logs, everything that programs left behind."""
    looked, found = 0, []
    for path in (held.out / "data").rglob("*"):
        if path.is_file() and path.stat().st_size:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                looked += 1
                found += [path] if any(one.group().upper() in persons[0] for one in NUMBER.finditer(data)) else []
    print(f"{looked} files")
    assert looked > 1000 and found == []
