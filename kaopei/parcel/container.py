"""The container: a ZIP with stored entries only, in a form so fixed that its parts determine every byte."""

import re
import struct
import zlib
from collections.abc import Sequence

from kaopei.parcel.rejected import Rejected

MOST_ENTRIES = 20_000
LARGEST = 512 * 1024 * 1024
LARGEST_MANIFEST = 4 * 1024 * 1024
LARGEST_ENTRY = 16 * 1024 * 1024
_NAME = re.compile(r"[a-z0-9/._-]{1,80}")
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
# 1980-01-01 00:00, the zero of this format: a container says nothing of when it was written.
_DATE = (0, 33)

Entries = list[tuple[str, bytes]]


def write(entries: Sequence[tuple[str, bytes]]) -> bytes:
    """The container of these entries, in this order."""
    _check(entries)
    body, index, offset = [], [], 0
    for name, data in entries:
        raw, fields = name.encode("ascii"), (20, 0, 0, *_DATE, zlib.crc32(data), len(data), len(data), len(name))
        local = _LOCAL.pack(b"PK\x03\x04", *fields, 0) + raw
        index.append(_CENTRAL.pack(b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0, offset) + raw)
        body += [local, data]
        offset += len(local) + len(data)
    central = b"".join(index)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(central), offset, 0)
    return b"".join([*body, central, end])


def read(data: bytes) -> Entries:
    """The entries in order. Anything that `write` would not have written, bit for bit, is refused."""
    if len(data) > LARGEST:
        raise Rejected("container", f"密封包超过 {LARGEST // 1024 // 1024} MiB")
    entries: Entries = []
    offset = 0
    while data[offset : offset + 4] == b"PK\x03\x04":
        if len(entries) == MOST_ENTRIES:
            raise Rejected("container", f"密封包内的文件超过 {MOST_ENTRIES} 个")
        header = data[offset : offset + _LOCAL.size]
        if len(header) < _LOCAL.size:
            raise Rejected("container", "密封包不完整（被截断），请重新复制原件")
        fields = _LOCAL.unpack(header)
        size, length = fields[7], fields[9]
        start = offset + _LOCAL.size + length
        try:
            name = data[start - length : start].decode("ascii")
        except UnicodeDecodeError as problem:
            raise Rejected("container", "密封包内的文件名不合规定") from problem
        entries.append((name, data[start : start + size]))
        offset = start + size
    if not entries:
        raise Rejected("container", "不是密封包（ZIP 存储格式）")
    # The parts determine all other bytes: comparing finds every header field, index entry, comment and trailing byte.
    if write(entries) != data:
        raise Rejected("container", "密封包的容器被改动或不完整（与按其内容重建的不一致），请重新复制原件")
    return entries


def _check(entries: Sequence[tuple[str, bytes]]) -> None:
    if len({name for name, _ in entries}) != len(entries) or len(entries) > MOST_ENTRIES:
        raise Rejected("container", "密封包内有重名文件，或文件过多")
    for name, data in entries:
        if not _NAME.fullmatch(name) or ".." in name or name.startswith("/"):
            raise Rejected("container", f"密封包内的文件名不合规定：{name[:80]!r}")
        limit = LARGEST_MANIFEST if name == "manifest.jws" else LARGEST_ENTRY
        if len(data) > limit:
            raise Rejected("container", f"密封包内的 {name} 超过 {limit // 1024 // 1024} MiB")


def is_container(data: bytes) -> bool:
    """Whether the bytes begin like one."""
    return data[:4] == b"PK\x03\x04"


def expect(entries: Entries, names: Sequence[str], hashes: Sequence[str]) -> dict[str, bytes]:
    """The entries by name, if they are exactly these, then one blob a hash in the order of the hashes."""
    wanted = [*names, *(f"blobs/{one}" for one in sorted(set(hashes)))]
    if [name for name, _ in entries] != wanted:
        raise Rejected("container", "密封包内的文件与清单不符（多、少或次序不对）")
    return dict(entries)
