"""The container: what zip programs read as well, and nothing that another writer would have written."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaopei.parcel import container
from kaopei.parcel.rejected import Rejected

NAMES = st.from_regex(r"[a-z0-9_-]{1,12}(/[a-z0-9_-]{1,12}){0,2}", fullmatch=True)
ENTRIES = st.lists(st.tuples(NAMES, st.binary(max_size=60)), min_size=1, max_size=6, unique_by=lambda one: one[0])


@pytest.mark.slow
@given(ENTRIES)
def test_entries_come_back_and_any_zip_program_reads_them(entries):
    data = container.write(entries)
    assert container.read(data) == entries
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert [(info.filename, archive.read(info)) for info in archive.infolist()] == entries


@pytest.mark.no_cover
@pytest.mark.slow
@given(ENTRIES, st.data())
def test_any_changed_byte_is_found(entries, chance):
    data = bytearray(container.write(entries))
    at = chance.draw(st.integers(0, len(data) - 1))
    data[at] ^= chance.draw(st.integers(1, 255))
    try:
        # A byte of an entry's content fails by its checksum, any other by the comparison.
        container.read(bytes(data))
    except Rejected:
        return
    pytest.fail(f"byte {at} may be changed")


@pytest.mark.no_cover
@pytest.mark.slow
@given(ENTRIES, st.binary(min_size=1, max_size=30))
def test_cut_off_and_lengthened_containers_are_refused(entries, more):
    data = container.write(entries)
    for spoiled in (data + more, more + data, data[: len(data) // 2], data[:-1], data[:29], data + data):
        with pytest.raises(Rejected):
            container.read(spoiled)


@pytest.mark.parametrize("name", ["", "../x", "/x", "a..b", "A", "é", "a b", "x" * 81, "a\\b", "a\0"])
def test_a_name_that_could_lead_elsewhere_is_refused(name):
    with pytest.raises(Rejected, match="文件名|container|不合"):
        container.write([(name, b"")])


def test_a_name_twice_and_a_name_in_other_letters_are_refused():
    with pytest.raises(Rejected, match="重名"):
        container.write([("a", b"1"), ("a", b"2")])
    with pytest.raises(Rejected, match="文件名不合规定"):
        container.read(container.write([("abc", b"")]).replace(b"abc", b"\xff\xfe\xfd"))


def test_other_zips_are_refused():
    """Compressed, with a comment, with extra fields, dated: what a zip program writes is not ours."""
    for options in ({}, {"compression": zipfile.ZIP_DEFLATED}):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", **options) as archive:
            archive.writestr("manifest.jws", b"x" * 100)
        with pytest.raises(Rejected):
            container.read(target.getvalue())


def test_sizes_have_limits(monkeypatch):
    for name, limit in (("manifest.jws", container.LARGEST_MANIFEST), ("blobs/x", container.LARGEST_ENTRY)):
        assert container.write([(name, bytes(limit))])
        with pytest.raises(Rejected, match="MiB"):
            container.write([(name, bytes(limit + 1))])
    monkeypatch.setattr(container, "MOST_ENTRIES", 3)
    four = [(f"{place}", b"") for place in range(4)]
    with pytest.raises(Rejected, match="过多"):
        container.write(four)
    monkeypatch.setattr(container, "MOST_ENTRIES", 4)
    data = container.write(four)
    monkeypatch.setattr(container, "MOST_ENTRIES", 3)
    with pytest.raises(Rejected, match="超过 3 个"):
        container.read(data)
    monkeypatch.setattr(container, "LARGEST", len(data) - 1)
    with pytest.raises(Rejected, match="超过"):
        container.read(data)


def test_what_is_no_zip_at_all_is_said():
    for data in (b"", b"PK", b"%PDF-1.7", b"PK\x05\x06" + bytes(18)):
        assert container.is_container(data) is False
        with pytest.raises(Rejected, match="不是密封包"):
            container.read(data)
    with pytest.raises(Rejected, match="被截断"):
        container.read(b"PK\x03\x04" + bytes(9))


def test_entries_must_be_exactly_those_of_the_manifest():
    entries = [("manifest.jws", b"m"), ("keys.jwe", b"k"), ("blobs/aa", b"1"), ("blobs/bb", b"2")]
    assert container.expect(entries, ["manifest.jws", "keys.jwe"], ["bb", "aa", "aa"])["blobs/bb"] == b"2"
    for other in (entries[:-1], [*entries, ("blobs/cc", b"")], [entries[1], entries[0], *entries[2:]], [*entries[:2], entries[3], entries[2]]):
        with pytest.raises(Rejected, match="与清单不符"):
            container.expect(other, ["manifest.jws", "keys.jwe"], ["aa", "bb"])
