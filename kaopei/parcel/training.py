"""What a class leaves in people's hands: a proof of hours for each trainee, as signed JSON or as the text of its QR code.

The manifest of a class's sealed file and the list of proofs that no longer hold are of the kinds `training_file` and `training_status`.
"""

from kaopei.parcel import jws, manifest
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust

PREFIX = "KT1:"


def sign(payload: Payload, center: Signer) -> bytes:
    """The signed proof; the payload begins with `trust.frame(at)`."""
    return manifest.sign("training_proof", payload, [center])


def qr_text(signed: bytes) -> str:
    """The signed proof in letters that a QR code takes."""
    return PREFIX + jws.to_compact(signed)


def read_any(data: bytes, trust: Trust, *, at: int | None = None) -> tuple[Payload, bytes]:
    """(facts, signed proof) of a signed JSON or a QR text, which may end in one line feed; Rejected otherwise."""
    if data.startswith(b"%PDF-"):
        raise Rejected("qr", "请粘贴培训证明上二维码的内容，或上传签名 JSON；PDF 按公布的摘要核对")
    if data.startswith(PREFIX.encode("ascii")):
        data = jws.from_compact(data.removeprefix(PREFIX.encode("ascii")).removesuffix(b"\n").decode("utf-8", "replace"))
    return manifest.read("training_proof", data, trust, at=at), data
