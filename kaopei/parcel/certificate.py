"""A certificate: the signed facts, their short form for a QR code, and a PDF sealed by one line after its end.

Any changed bit of a PDF is found: the checker takes the last line off, verifies it, and writes it again to compare.
"""

from kaopei.parcel import base64url, jws, manifest
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

MARK = b"%kaopei-seal "
PREFIX = "KP1:"


def sign(payload: Payload, issuer: Signer) -> bytes:
    """The signed certificate; the payload begins with `trust.frame(at)`."""
    return manifest.sign("certificate", payload, [issuer])


def read(data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The facts of a certificate that holds."""
    return manifest.read("certificate", data, trust, at=at)


def qr_text(signed: bytes) -> str:
    """The signed certificate in letters that a QR code takes: its compact form, no compressor's opinion in it."""
    return PREFIX + jws.to_compact(signed)


def read_qr(text: str, trust: Trust, *, at: int | None = None) -> Payload:
    """The facts behind a scanned or typed text."""
    return read(from_qr(text), trust, at=at)


def from_qr(text: str) -> bytes:
    """The signed certificate in a QR text."""
    if not text.startswith(PREFIX):
        raise Rejected("qr", "这不是证书二维码的内容（应以 KP1: 开头）")
    return jws.from_compact(text.removeprefix(PREFIX))


def seal_pdf(pdf: bytes, signed: bytes | None, issuer: Signer, trust: Trust, *, at: int) -> bytes:
    """The PDF with its last line: a signature over the digest of every byte before it, carrying the certificate."""
    body = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    payload = {
        **trust.frame(at), "digest": trust.algorithms.hash(body).hex(), "size": len(body),
        "certificate": None if signed is None else signed.decode("utf-8"),
    }
    return body + _line(manifest.sign("pdf", payload, [issuer]))


def _line(sealed: bytes) -> bytes:
    return MARK + base64url.encode(sealed).encode("ascii") + b"\n"


def check_pdf(data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The facts of the certificate in a sealed PDF of which no bit was changed."""
    body, mark, rest = data.rpartition(MARK)
    if not mark or not data.startswith(b"%PDF-"):
        raise Rejected("pdf", "这个 PDF 没有封签，不是本系统签发的证书，或末尾被截断")
    try:
        sealed = base64url.decode(rest.decode("ascii").removesuffix("\n"), "封签")
    except UnicodeDecodeError as problem:
        raise Rejected("pdf", "PDF 的封签有误，文件已被改动") from problem
    payload = manifest.read("pdf", sealed, trust, at=at)
    same = payload["digest"] == trust.algorithms.hash(body).hex() and payload["size"] == len(body)
    if not same or body + _line(sealed) != data:
        raise Rejected("pdf", "PDF 的内容与封签不符，文件已被改动；请索取原件")
    if payload["certificate"] is None:
        raise Rejected("pdf", "这个 PDF 有封签，但不是证书")
    return read(payload["certificate"].encode("utf-8"), trust, at=at)


def read_any(data: bytes, trust: Trust, *, at: int | None = None) -> tuple[Payload, bytes]:
    """(facts, signed certificate) of a PDF, a signed JSON or a QR text, which may end in one line feed."""
    if data.startswith(b"%PDF-"):
        facts = check_pdf(data, trust, at=at)
        sealed = base64url.decode(data.rpartition(MARK)[2].decode("ascii").removesuffix("\n"), "封签")
        return facts, str(manifest.unverified(sealed)["certificate"]).encode("utf-8")
    if data.startswith(PREFIX.encode("ascii")):
        signed = from_qr(data.removesuffix(b"\n").decode("utf-8", "replace"))
        return read(signed, trust, at=at), signed
    return read(data, trust, at=at), data


def masked(name: str) -> str:
    """A name for a public answer: the family character, the last one of three or more, stars between."""
    if len(name) < 3:
        return name[:1] + "*" * (len(name) - 1)
    return name[0] + "*" * (len(name) - 2) + name[-1]
