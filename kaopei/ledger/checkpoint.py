"""Checkpoints as signed notes in the C2SP profile: origin, size, root, and signature lines.

A signature line is `— <name> <base64 of 4-byte key hash ‖ signature>`; the key hash is SHA-256(name ‖ \\n ‖ 0x01 ‖ public key)[:4],
type 0x01 being Ed25519. Extension lines are refused.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_NAME = re.compile(r"[^\s+]{1,160}")
_TYPE = b"\x01"
Verifier = Callable[[bytes, bytes, bytes], bool]  # public key, signature, text


class NoteSigner(Protocol):
    """Who signs: gives the raw public key and a bare signature over the note's text."""

    def public(self) -> bytes: ...
    def sign_note(self, text: bytes) -> bytes: ...


class BadCheckpoint(ValueError):
    """Not a checkpoint in its one spelling, or not signed by whom it should be."""

    exit_status = 2


@dataclass(frozen=True)
class Signature:
    """One signature line."""

    name: str
    key_hash: bytes
    signature: bytes


@dataclass(frozen=True)
class Checkpoint:
    """A parsed note; `text` is what was signed."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[Signature, ...]


def body(origin: str, size: int, root: bytes) -> bytes:
    """The text to sign."""
    if not _NAME.fullmatch(origin) or size < 0 or len(root) != 32:
        raise BadCheckpoint(f"检查点的名称、大小或根不合规定：{origin[:40]}")
    return f"{origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\n".encode()


def key_hash(name: str, public: bytes) -> bytes:
    """Four bytes that tell a reader which key a line is for."""
    return hashlib.sha256(name.encode() + b"\n" + _TYPE + public).digest()[:4]


def sign(text: bytes, signer: NoteSigner, name: str = "") -> bytes:
    """The note: text, empty line, one signature line. `name` defaults to the origin."""
    return cosign(text + b"\n", signer, name)


def cosign(note: bytes, signer: NoteSigner, name: str = "") -> bytes:
    """The note with one more signature line."""
    text = note[: note.index(b"\n\n") + 1]
    named = name or text.split(b"\n", 1)[0].decode()
    packed = base64.b64encode(key_hash(named, signer.public()) + signer.sign_note(text)).decode("ascii")
    return note + f"— {named} {packed}\n".encode()


def parse(note: bytes) -> Checkpoint:
    """The parts of a note; any spelling that `sign` would not have written is refused."""
    text, empty, lines = note.partition(b"\n\n")
    try:
        head = text.decode().split("\n")
        if len(head) != 3 or not empty:
            raise BadCheckpoint("检查点应有三行：名称、大小、根")
        root = base64.b64decode(head[2], validate=True)
        signatures = tuple(_line(one) for one in lines.decode().removesuffix("\n").split("\n"))
        found = Checkpoint(head[0], int(head[1]), root, text + b"\n", signatures)
    except (ValueError, binascii.Error) as problem:
        if isinstance(problem, BadCheckpoint):
            raise
        raise BadCheckpoint("检查点的写法不对，文件已损坏或被改动") from problem
    if len({(one.name, one.key_hash) for one in signatures}) != len(signatures):
        raise BadCheckpoint("检查点上同一签名出现两次，文件已被改动")
    written = body(found.origin, found.size, found.root) + b"\n" + b"".join(_written(one) for one in signatures)
    if written != note:
        raise BadCheckpoint("检查点的写法不规范，文件已被改动")
    return found


def _line(line: str) -> Signature:
    dash, name, packed = line.split(" ")
    raw = base64.b64decode(packed, validate=True)
    if dash != "—" or not _NAME.fullmatch(name) or len(raw) < 5:
        raise BadCheckpoint("检查点的签名行写法不对")
    return Signature(name, raw[:4], raw[4:])


def _written(one: Signature) -> bytes:
    return f"— {one.name} {base64.b64encode(one.key_hash + one.signature).decode('ascii')}\n".encode()


def verify(note: bytes, keys: dict[str, bytes], verifier: Verifier) -> Checkpoint:
    """The checkpoint if every signature line is of a known key and holds. `keys` = name → raw public key."""
    found = parse(note)
    for one in found.signatures:
        public = keys.get(one.name)
        if public is None or key_hash(one.name, public) != one.key_hash:
            raise BadCheckpoint(f"检查点上 {one.name} 的签名不属于信任名单里的密钥")
        if not verifier(public, one.signature, found.text):
            raise BadCheckpoint(f"检查点上 {one.name} 的签名不成立，文件已被改动")
    return found
