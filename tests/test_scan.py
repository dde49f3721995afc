"""`./test scan` finds a number wherever a program could have let it slip, and nothing where there is none."""

import gzip
import io
import zipfile
import zlib
from datetime import date

import pytest

from tests import scan
from tests.center.allocation.city import id_number as typed_wrong
from tests.center.packs import id_number

NUMBER = id_number("440600", date(1990, 3, 7), True)
PHONE = "13" + "800138" + "000"  # not in one piece: the scan reads this file's traces too


def zipped(data):
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("inner.txt", data)
    return box.getvalue()


def found_in(folder):
    found = scan.Found()
    scan.read_files(folder, found)
    return found


PLACES = {
    "text": lambda number: f"a\t{number}\tb".encode(),
    "quoted": lambda number: f'{{"id":"{number}"}}'.encode(),
    "address": lambda number: f"GET /people/?id={number}&x=1".encode(),
    "binary": lambda number: b"\x00\xff" + number.encode() + b"\x00\xfe",
    "utf-16": lambda number: b"\x01" + f"《{number}》".encode("utf-16-le"),
    "zip": lambda number: zipped(number),
    "zip in zip": lambda number: zipped(zipped(number)),
    "gzip": lambda number: gzip.compress(number.encode()),
    "pdf stream": lambda number: b"%PDF-1.7\nstream\r\n" + zlib.compress(number.encode()) + b"\nendstream",
}


@pytest.mark.parametrize("number", [NUMBER, NUMBER[:17] + "x", PHONE], ids=["identity", "small x", "phone"])
@pytest.mark.parametrize("place", PLACES)
def test_a_number_is_found(tmp_path, place, number):
    (tmp_path / "file").write_bytes(PLACES[place](number))
    found = found_in(tmp_path)
    assert sum(found.hits.values()) == 1 and next(iter(found.hits)).startswith("file")
    (said,) = found.first.values()
    assert number not in said, "the report itself holds no number in clear"


@pytest.mark.parametrize("number", [typed_wrong(7), PHONE])
def test_what_a_test_types_wrong_may_stand_in_the_log_of_the_database_only(tmp_path, number):
    for where, why in (("pg/data/pg_wal/01", "and stopped"), ("pg/data/base/01", ""), ("server.log", "")):
        file = tmp_path / where.replace("/", "-") / where
        file.parent.mkdir(parents=True)
        file.write_bytes(number.encode())
        (name,) = found_in(tmp_path / where.replace("/", "-")).hits
        assert scan.excused(name).endswith(why) and bool(scan.excused(name)) == bool(why)


@pytest.mark.parametrize("text", [
    "440626121010000173", "1764201600000", f"{NUMBER}7", f"7{PHONE}", f"A{NUMBER}", f"0.{PHONE}", "440601202613991234",
    "4406**********1234", "138****8000",
])  # fmt: skip
def test_what_is_no_number_is_none(tmp_path, text):
    """A ticket, a moment, longer numbers, codes, fractions, an impossible birthday, masks."""
    (tmp_path / "file").write_bytes(text.encode() + b"\n" + text.encode("utf-16-le"))
    assert not found_in(tmp_path).hits


def test_a_broken_archive_is_read_as_it_stands(tmp_path):
    (tmp_path / "cut").write_bytes(zipped(NUMBER * 40)[:60] + NUMBER.encode())
    (tmp_path / "empty").touch()
    found = found_in(tmp_path)
    assert found.hits == {"cut": 1} and found.files == 1


def test_a_table_is_read_through_its_server(place, capsys):
    """A value that the server has compressed is found in no file, and in the table."""
    import psycopg

    from kaopei.office.database import cluster as private

    with private(place / "pg", durable=False) as server, psycopg.connect(server.owner_url, autocommit=True) as line:
        line.execute("CREATE TABLE planted_by_test_scan (words text)")
        line.execute("INSERT INTO planted_by_test_scan VALUES (%s)", [f"{'x' * 4000} {NUMBER} {'x' * 4000}"])
    assert scan.main(place) == 1
    assert "planted_by_test_scan" in capsys.readouterr().out
