"""A class's file as one ZIP: data, paper, attachments, a signed manifest, and how to verify it with `sha256sum` and `openssl` alone."""

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from typing import Any

from kaopei.office import keys
from kaopei.parcel import base64url, jws, manifest
from kaopei.parcel.keyfile import Signer

SUMS, SIGNED, INPUT, SIGNATURE, KEY, README = "SHA256SUMS", "manifest.json", "manifest.input", "manifest.sig", "signer.pem", "README.txt"
# A ZIP has no years before 1980 and no zone; the time of sealing stands in the manifest.
ZIP_TIME = (2026, 1, 1, 0, 0, 0)
# SubjectPublicKeyInfo before the 32 bytes of an Ed25519 key (RFC 8410).
ED25519 = bytes.fromhex("302a300506032b6570032100")

TEXT = """{title}
{line}
本压缩包是一个培训班的全部档案，不需要本系统就能打开和核对。
This archive is the whole file of one training class. It opens and is verified without the system that made it.

内容 Contents
  file.pdf            供人阅读的档案 / the file for readers
  file.json           同样内容的数据，UTF-8 / the same as data
  sign_in.jsonl study.jsonl   签到和线上学习的原始记录，每行一条 / the records as sealed, one a line
  sign_ins.csv        签到记录，供表格软件 / sign-in records as a table
  hours.csv           每名学员的计得学时和不计的原因 / hours, and what does not count
  attachments/        机构交来的材料 / papers handed in
  {SUMS}          以上每个文件的 SHA-256 / digests of all of these
  {SIGNED}       签署的清单（JWS）/ the signed manifest
  {INPUT} {SIGNATURE} {KEY}   同一签名，供通用工具核对 / the same signature for common tools

核对 How to verify（Linux、macOS 或 Windows 的 Git Bash；需要 unzip、sha256sum、openssl 3）
  1  unzip -d F {zip} && cd F
  2  sha256sum -c {SUMS}                         每行应为 OK / every line must say OK
  3  {openssl}
                                                   应为 Signature Verified Successfully
  4  cut -d. -f2 {INPUT} | tr '_-' '/+' | base64 -d 2>/dev/null | grep -o '"name":"{SUMS}"[^}}]*'
                                                   其中 sha256 应等于 sha256sum {SUMS} 的结果
  5  签署人的公钥编号 Key id of the signer：{kid}
     请与省级机构公布的信任名单 trust.json 中用途为 center 的密钥对照；原始公钥（base64url）：{public}
     Compare it with the key of the role "center" in the published trust list.

记录为什么不能改 Why records cannot be changed
  记录只增不改，更正另作一条。每条记录的叶 = SHA-256(0x00 || jsonl 中的该行)，例如第一条签到：
      printf '\\000%s' "$(sed -n 1p sign_in.jsonl)" | sha256sum
  成批的 Merkle 根写入有签名的台账；file.json 的 seals 列出各批的根和台账事件，较小的批次附有每条记录的证明路径（RFC 6962）。
  Records only grow. The leaf of a record is SHA-256(0x00 || its line); the Merkle roots of batches stand in a signed log (RFC 6962).
"""


@dataclass(frozen=True, slots=True)
class Packed:
    """The ZIP, its digest, and that of the signed manifest."""

    content: bytes
    digest: str
    manifest: str


def pack(files: dict[str, bytes], facts: dict[str, Any], signer: Signer, *, title: str, at: int) -> Packed:
    """Sign and pack; `facts` are the fields of a `training_file` without frame and files. The same input gives the same bytes."""
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())).encode()
    listed = [_entry(name, content) for name, content in sorted({**files, SUMS: sums}.items())]
    signed = manifest.sign("training_file", {**keys.trust().frame(at), **facts, "files": listed}, [signer])
    one = jws.read(signed)
    made = one.signatures[0]
    readme = TEXT.format(
        title=title, line="=" * 60, zip=f"{facts['number']}.zip", kid=signer.kid, public=base64url.encode(signer.public()), SUMS=SUMS, SIGNED=SIGNED,
        INPUT=INPUT, SIGNATURE=SIGNATURE, KEY=KEY, openssl=_openssl(signer),
    )  # fmt: skip
    packed = {
        README: readme.encode(), **files, SUMS: sums, SIGNED: signed,
        INPUT: f"{made.protected}.{base64url.encode(one.payload)}".encode(), SIGNATURE: base64url.decode(made.signature), KEY: _pem(signer),
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, content in packed.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            box.writestr(entry, content)
    whole = out.getvalue()
    return Packed(whole, hashlib.sha256(whole).hexdigest(), hashlib.sha256(signed).hexdigest())


def _entry(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _openssl(signer: Signer) -> str:
    if signer.suite.name == "intl":
        return f"openssl pkeyutl -verify -pubin -inkey {KEY} -rawin -in {INPUT} -sigfile {SIGNATURE}"
    return f"（国密套件：{SIGNATURE} 为 r‖s，请用支持 SM2/SM3 的工具核对 {INPUT}）"


def _pem(signer: Signer) -> bytes:
    raw = signer.public()
    if signer.suite.name != "intl":
        return base64url.encode(raw).encode() + b"\n"
    text = base64.b64encode(ED25519 + raw).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n".encode()

