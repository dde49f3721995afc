"""The sealed paper `XPK/1`: one encrypted blob an item, form or key; both an enrolled machine and two shares open it.

    sealed = build(order, edges, contents, custodians, trust, at=…)      in the vault
    parcel = Parcel(data, trust)                                          anywhere: container, two signatures, digests
    secrets = parcel.unlock(share_a, share_b, kid, key)                   on the machine only
    parcel.blob("item", "b3f…", secrets)                                  one at a time
"""

import secrets as randomness
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kaopei.parcel import base64url, blobs, canonical, container, ids, key_share, manifest, seal_order, shares
from kaopei.parcel.canonical import Payload
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.shares import Share
from kaopei.parcel.suites.suite import Suite
from kaopei.parcel.trust import Trust

TYP = "xpk1/cek"
Contents = Sequence[tuple[str, str, bytes]]  # class, id, plain bytes; class key opens in stage 2
SealProof = Callable[[str, str], Payload | None]  # package id, hash of the manifest


@dataclass(frozen=True)
class Sealed:
    """What leaves the vault: the parcel, and each share in a file of its own by holder and stage."""

    package_id: str
    parcel: bytes
    shares: Mapping[str, bytes]  # "A", "B", "C", "R2" → KeyShare file


@dataclass(frozen=True)
class Secrets:
    """The content keys of an opened package; `second` only after the close."""

    first: bytes
    second: bytes | None = None


def build(
    order: Payload, edges: Sequence[Edge], contents: Contents, custodians: Sequence[Signer], trust: Trust, *, at: int,
    subjects: Sequence[Payload], printed: Sequence[int] = (1, 3), seal_proof: SealProof | None = None,
) -> Sealed:
    """Seal the contents for an order. Content keys and release secrets live in this call only.

    Blob ids stand in the clear: never the number of an item in its bank. `printed` = x of the shares that are printed;
    the key service's share is encrypted to its key. `seal_proof` enters the hash of the manifest into the vault's ledger
    and answers {origin, entry, index, size, proof, checkpoint}.
    """
    _check_order(order, edges, contents)
    suite, package = trust.algorithms, ids.uuid7(at)
    ceks = {1: randomness.token_bytes(32), 2: randomness.token_bytes(32)}
    release, release2 = randomness.token_bytes(16), randomness.token_bytes(16)
    rows, parts = _sealed(suite, package, ceks, contents)
    keys = {
        "keys.jwe": _wrapped(suite, edges, _under(suite, release, package, 1), ceks[1], 1),
        "keys2.jwe": _wrapped(suite, edges, _under(suite, ceks[1] + release2, package, 2), ceks[2], 2),
    }
    points = [*((1, share) for share in shares.split(release)), (2, Share(shares.STAGE2, release2))]
    committed = [{"stage": s, "x": one.x, "commitment": shares.commitment(suite, package, s, one)} for s, one in points]
    names = ("order_id", "sitting_id", "city", "site_code", "form_set", "window", "roster_hash", "software", "policy", "supersedes")
    payload = {
        **trust.frame(at), **{name: order[name] for name in names}, "package_id": package, "subjects": list(subjects),
        "edge_keys": sorted(edge.decrypt.kid for edge in edges), "min_trust_version": trust.version, "min_software": None,
        "threshold": {"k": 2, "n": 3, "share_commitments": committed}, "blobs": rows,
        "keys_digest": suite.hash(keys["keys.jwe"]).hex(), "keys2_digest": suite.hash(keys["keys2.jwe"]).hex(),
    }
    signed = manifest.sign("exam_parcel", payload, custodians)
    proof = {**trust.frame(at), "package_id": package, "manifest_hash": suite.hash(signed).hex()}
    proof["log"] = seal_proof(package, proof["manifest_hash"]) if seal_proof else None
    proved = manifest.sign("seal_proof", proof, custodians)
    head = [("manifest.jws", signed), *keys.items(), ("seal.proof", proved)]
    parcel = container.write([*head, *((f"blobs/{name}", parts[name]) for name in sorted(parts))])
    made = _shares(trust, payload, points, committed, custodians, printed, at)
    return Sealed(package, parcel, made)


def _check_order(order: Payload, edges: Sequence[Edge], contents: Contents) -> None:
    """Only machines that the order names; a form for every attempt of the order and for nobody else."""
    seal_order.check_window(order["window"])
    if not edges or any(edge.record.decode("utf-8") not in order["edge_records"] for edge in edges):
        raise Rejected("edge", "密封对象里有任务书没有列出的考试服务器，不能密封")
    forms = {name for kind, name, _ in contents if kind == "form"}
    differing = sorted(forms ^ {row["attempt"] for row in order["attempts"]})
    if differing:
        raise Rejected("form", f"应考编号 {differing[0]} 与任务书不符：每个应考编号有且只有一份试卷")


def _shares(
    trust: Trust, payload: Payload, points: Sequence[tuple[int, Share]], committed: Sequence[Payload], custodians: Sequence[Signer],
    printed: Sequence[int], at: int,
) -> dict[str, bytes]:
    service = trust.one("key_service_decrypt", city=payload["city"])
    names = {(1, 1): "A", (1, 2): "B", (1, 3): "C", (2, 0): "R2"}
    return {
        names[stage, share.x]: key_share.make(
            trust, payload, stage, share, row["commitment"], list(custodians), None if share.x in printed else service, at=at
        )
        for (stage, share), row in zip(points, committed, strict=True)
    }


def _sealed(suite: Suite, package: str, ceks: Mapping[int, bytes], contents: Contents) -> tuple[list[Payload], dict[str, bytes]]:
    rows, parts = [], {}
    for kind, name, plain in contents:
        key, aad = _blob_key(suite, package, ceks[2 if kind == "key" else 1], kind, name)
        blob = blobs.seal(suite, key, plain, aad)
        rows.append({"class": kind, "id": name, "hash": blob.hash, "size": len(blob.data), "nonce": blob.nonce})
        parts[blob.hash] = blob.data
    if len({(row["class"], row["id"]) for row in rows}) != len(rows):
        raise Rejected("blob", "同一内容在密封包里出现两次")
    return sorted(rows, key=lambda row: (row["class"], row["id"])), parts


def _blob_key(suite: Suite, package: str, cek: bytes, kind: str, name: str) -> tuple[bytes, bytes]:
    stage = 2 if kind == "key" else 1
    key = suite.derive(cek, package.encode("ascii"), f"xpk1|{stage}|{kind}|{name}".encode("ascii"))
    return key, f"{package}|{stage}|{kind}|{name}|1".encode("ascii")


def _under(suite: Suite, secret: bytes, package: str, stage: int) -> bytes:
    return suite.derive(secret, package.encode("ascii"), f"xpk1|release|{stage}".encode("ascii"))


def _wrapped(suite: Suite, edges: Sequence[Edge], under: bytes, cek: bytes, stage: int) -> bytes:
    """Two layers: inside under the release secret, outside to each machine."""
    inner = suite.wrap_under(under, f"{TYP}{stage}", cek).encode("ascii")
    outer = {e.decrypt.kid: suite.wrap(base64url.decode(e.decrypt.pub, "公钥"), e.decrypt.kid, f"{TYP}{stage}", inner) for e in edges}
    return canonical.encode(outer)


class Parcel:
    """A package whose container, two signatures, digests and seal proof hold. Opening needs more."""

    def __init__(self, data: bytes, trust: Trust, *, at: int | None = None) -> None:
        self.suite = trust.algorithms
        entries = container.read(data)
        if entries[0][0] != "manifest.jws":
            raise Rejected("container", "密封包内没有清单")
        found = manifest.read_signed("exam_parcel", entries[0][1], trust, at=at)
        self.manifest: Payload = found.payload
        self.sealed_by = tuple(key.holder for key in found.signers)
        seal_order.check_window(self.manifest["window"])
        self.manifest_hash = self.suite.hash(entries[0][1]).hex()
        rows = self.manifest["blobs"]
        names = ["manifest.jws", "keys.jwe", "keys2.jwe", "seal.proof"]
        self.parts = container.expect(entries, names, [row["hash"] for row in rows])
        for part, field in (("keys.jwe", "keys_digest"), ("keys2.jwe", "keys2_digest")):
            if self.suite.hash(self.parts[part]).hex() != self.manifest[field]:
                raise Rejected("keys", "密封包里的密钥部分与清单不符，文件已被改动")
        for row in rows:
            blobs.check(self.suite, self.parts[f"blobs/{row['hash']}"], row["hash"], row["size"])
        proof = manifest.read("seal_proof", self.parts["seal.proof"], trust, at=at)
        if (proof["package_id"], proof["manifest_hash"]) != (self.manifest["package_id"], self.manifest_hash):
            raise Rejected("proof", "密封存证不是这个密封包的")
        self.log: Payload | None = proof["log"]
        self.rows = {(row["class"], row["id"]): row for row in rows}
        if len(self.rows) != len(rows):
            raise Rejected("blob", "清单里同一内容出现两次")

    def commitment(self, stage: int, x: int) -> str:
        """What the manifest says of a share."""
        for row in self.manifest["threshold"]["share_commitments"]:
            if (row["stage"], row["x"]) == (stage, x):
                return str(row["commitment"])
        raise Rejected("share", f"密封包里没有第 {x} 份密钥分持的承诺")

    def check_share(self, stage: int, share: Share) -> None:
        """Refuse a wrong share before it gives a wrong key."""
        if shares.commitment(self.suite, self.manifest["package_id"], stage, share) != self.commitment(stage, share.x):
            raise Rejected("share", "密钥分持不属于这个密封包，或抄录有误；请逐组核对")

    def unlock(self, first: Share, second: Share, kid: str, key: Any) -> Secrets:
        """The first content key, from the site head's share and one other, on an enrolled machine. B with C is refused."""
        if 1 not in (first.x, second.x):
            raise Rejected("share", "启封必须有考点负责人（主考）的一份密钥分持")
        for share in (first, second):
            self.check_share(1, share)
        release = shares.combine(first, second)
        return Secrets(self._cek("keys.jwe", 1, release, kid, key))

    def unlock_keys(self, secrets: Secrets, share: Share, kid: str, key: Any) -> Secrets:
        """The second content key, after the close."""
        self.check_share(2, share)
        return Secrets(secrets.first, self._cek("keys2.jwe", 2, secrets.first + share.y, kid, key))

    def _cek(self, part: str, stage: int, secret: bytes, kid: str, key: Any) -> bytes:
        outer = canonical.decode_object(self.parts[part], "密钥部分")
        if not isinstance(outer.get(kid), str) or sorted(outer) != self.manifest["edge_keys"]:
            raise Rejected("recipient", "这个密封包不是给本考试服务器的；请核对考试点和场次")
        inner = self.suite.unwrap(key, kid, f"{TYP}{stage}", outer[kid]).decode("ascii", "replace")
        return self.suite.unwrap_under(_under(self.suite, secret, self.manifest["package_id"], stage), f"{TYP}{stage}", inner)

    def blob(self, kind: str, name: str, secrets: Secrets) -> bytes:
        """The plain bytes of one blob."""
        row = self.rows.get((kind, name))
        cek = secrets.second if kind == "key" else secrets.first
        if row is None or cek is None:
            raise Rejected("blob", f"密封包里没有 {kind}:{name}，或还没有启用")
        key, aad = _blob_key(self.suite, self.manifest["package_id"], cek, kind, name)
        return blobs.unseal(self.suite, key, self.parts[f"blobs/{row['hash']}"], row["nonce"], aad)

    def ids(self, kind: str) -> list[str]:
        """Ids of all blobs of a class."""
        return [name for found, name in self.rows if found == kind]


def check(data: bytes, trust: Trust, *, at: int | None = None) -> Payload:
    """The manifest of a package that holds, without opening it."""
    return Parcel(data, trust, at=at).manifest
