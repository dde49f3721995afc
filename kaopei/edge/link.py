"""The line between a site's two servers: frames over TLS with both certificates, and each proves its enrolled key.

A frame is one letter, eight bytes of length, the bytes. The receiver answers each with `A` (on the disk, fsynced) or ends
the line. In a rehearsal on one machine the line may be plain loopback; the proofs of the enrolled keys stay.
"""

import json
import secrets
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kaopei.edge.epoch import Epoch, Fenced
from kaopei.edge.keystore import Keystore
from kaopei.edge.settings import BadSettings, Settings, is_loopback
from kaopei.parcel import base64url
from kaopei.parcel.enrolment import Edge as Machine
from kaopei.parcel.rejected import Rejected

HELLO, PROOF, ACK, COPY, BATCH, FILE, PAPER, DROP, BEAT = b"H", b"P", b"A", b"C", b"B", b"F", b"K", b"D", b"T"
CONNECT_SECONDS, ANSWER_SECONDS = 1.5, 2.0
COPY_SECONDS = 60.0
MOST = 2**33
SMALL = 2**20
CHUNK = 2**20
DOMAIN = "stb1"


class Broken(OSError):
    """The line is down, or the other side is not who it should be."""


class Line:
    """One connection; used by one thread at a time."""

    def __init__(self, door: socket.socket) -> None:
        self.door = door

    def close(self) -> None:
        self.door.close()

    def send(self, kind: bytes, data: bytes = b"") -> None:
        """One frame whose bytes are at hand."""
        self.door.sendall(kind + len(data).to_bytes(8) + data)

    def send_file(self, kind: bytes, head: bytes, path: Path) -> None:
        """One frame of a head and a file's bytes, a piece at a time."""
        size = path.stat().st_size
        with path.open("rb") as source:
            self.door.sendall(kind + (len(head) + size).to_bytes(8) + head)
            while piece := source.read(CHUNK):
                self.door.sendall(piece)

    def acknowledged(self, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until the other side has it on its disk."""
        self.door.settimeout(seconds)
        kind, size = self.head()
        if kind != ACK or size:
            raise Broken("对方没有确认")

    def head(self) -> tuple[bytes, int]:
        """Letter and length of the next frame."""
        raw = self._exactly(9)
        size = int.from_bytes(raw[1:])
        if size > MOST:
            raise Broken("数据块太大")
        return raw[:1], size

    def small(self, size: int) -> bytes:
        """The bytes of a frame that fits into memory."""
        if size > MOST // 16:
            raise Broken("数据块太大")
        return self._exactly(size)

    def pieces(self, size: int) -> Iterator[bytes]:
        """The bytes of a large frame, a piece at a time."""
        while size:
            piece = self.door.recv(min(CHUNK, size))
            if not piece:
                raise Broken("连接断了")
            size -= len(piece)
            yield piece

    def _exactly(self, size: int) -> bytes:
        return b"".join(self.pieces(size))

    def told(self, kind: bytes) -> dict[str, Any]:
        """A frame of this kind holding one JSON object."""
        found, size = self.head()
        if found != kind or size > SMALL:
            raise Broken("对方不是考试服务器，或版本不同")
        try:
            return dict(json.loads(self._exactly(size)))
        except (ValueError, TypeError):
            raise Broken("对方的话读不出来") from None

    def tell(self, kind: bytes, said: dict[str, Any]) -> None:
        self.send(kind, json.dumps(said).encode())


def check(settings: Settings, address: tuple[str, int], rehearsal: bool) -> None:
    """A line without TLS is for a rehearsal on one machine."""
    if settings.tls_certificate and settings.tls_key and settings.site_ca:
        return
    if not (rehearsal and is_loopback(address[0])):
        raise BadSettings("主备服务器之间须用 TLS：请设 tls_certificate、tls_key、site_ca。明文只准在演练信任名单下、在本机地址上使用。")


def _context(settings: Settings, server: bool) -> ssl.SSLContext | None:
    if not (settings.tls_certificate and settings.tls_key and settings.site_ca):
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    context.load_verify_locations(settings.site_ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def call(settings: Settings, keys: Keystore, epoch: Epoch, peer: Machine) -> Line:
    """The primary calls its standby; Fenced if the standby knows a higher epoch."""
    assert settings.standby
    door = socket.create_connection(settings.standby, CONNECT_SECONDS)
    try:
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = _context(settings, server=False)
        line = Line(context.wrap_socket(door, server_hostname=settings.standby[0]) if context else door)
        line.door.settimeout(ANSWER_SECONDS)
        mine = secrets.token_hex(16)
        line.tell(HELLO, {"v": 1, "kid": keys.signer.kid, "epoch": epoch.number, "token": epoch.token, "nonce": mine})
        theirs = line.told(HELLO)
        epoch.look(str(theirs.get("token", "")))
        _check_proof(keys, peer, str(theirs.get("proof", "")), f"{DOMAIN}|standby|{mine}|{theirs.get('nonce')}")
        line.tell(PROOF, {"proof": _proof(keys, f"{DOMAIN}|primary|{theirs.get('nonce')}|{mine}")})
        line.acknowledged()
        return line
    except BaseException:
        door.close()
        raise


def answer(door: socket.socket, settings: Settings, keys: Keystore, epoch: Epoch, peer: Machine) -> tuple[Line, str]:
    """The standby takes the call of its primary; the line and the primary's epoch token."""
    door.settimeout(ANSWER_SECONDS)
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    context = _context(settings, server=True)
    line = Line(context.wrap_socket(door, server_side=True) if context else door)
    said = line.told(HELLO)
    mine = secrets.token_hex(16)
    proof = _proof(keys, f"{DOMAIN}|standby|{said.get('nonce')}|{mine}")
    line.tell(HELLO, {"v": 1, "kid": keys.signer.kid, "token": epoch.now.fenced_by or epoch.token, "nonce": mine, "proof": proof})
    _check_proof(keys, peer, str(line.told(PROOF).get("proof", "")), f"{DOMAIN}|primary|{mine}|{said.get('nonce')}")
    token = str(said.get("token", ""))
    number = epoch.read(token) if token else 1
    if number < epoch.number:
        raise Fenced("来连接的主机任期已过")
    line.send(ACK)
    return line, token


def _proof(keys: Keystore, words: str) -> str:
    return base64url.encode(keys.signer.suite.sign(keys.signer.key, words.encode()))


def _check_proof(keys: Keystore, peer: Machine, proof: str, words: str) -> None:
    try:
        good = keys.signer.suite.verify(base64url.decode(peer.sign.pub, "公钥"), base64url.decode(proof, "签名"), words.encode())
    except Rejected:
        good = False
    if not good:
        raise Broken("对方没有证明自己是登记过的那台服务器")
