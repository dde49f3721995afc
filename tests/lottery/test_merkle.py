"""The tree of rows: RFC 6962 by its definition, and a path for each row."""

from hashlib import sha256

import pytest

from kaopei.lottery import merkle


def by_definition(rows: list[bytes]) -> bytes:
    if len(rows) == 1:
        return sha256(b"\0" + rows[0]).digest()
    split = 1
    while split * 2 < len(rows):
        split *= 2
    return sha256(b"\1" + by_definition(rows[:split]) + by_definition(rows[split:])).digest()


@pytest.mark.parametrize("size", range(1, 35))
def test_root_and_every_path(size: int) -> None:
    rows = [f"row {place}".encode() for place in range(size)]
    root = merkle.root(rows)
    assert root == by_definition(rows).hex()
    for place, row in enumerate(rows):
        path = merkle.path(rows, place)
        assert merkle.leads(row, place, size, path, root)
        assert not merkle.leads(row + b" ", place, size, path, root)
        assert not merkle.leads(row, place, size, [*path, root], root)
        assert not merkle.leads(row, place + 1, size, path, root)
        assert size == 1 or not merkle.leads(row, place, size, path[:-1], root)


def test_no_rows() -> None:
    assert merkle.root([]) == sha256(b"").hexdigest()
    with pytest.raises(IndexError):
        merkle.path([], 0)
    assert not merkle.leads(b"", 0, 0, [], merkle.root([]))
