"""A signed container whose blobs are encrypted to named keys, in groups: seating, return parcel, outcomes."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from kaopei.parcel import base64url, blobs, canonical, container, ids, kinds, manifest, suites
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.signatures import Read
from kaopei.parcel.suites.suite import Suite
from kaopei.parcel.trust import Trust

Recipients = Mapping[str, str]  # kid → public key


def draft(
    kind: str, payload: Payload, contents: Mapping[str, tuple[str, bytes]], recipients: Mapping[str, Recipients]
) -> tuple[Payload, Mapping[str, bytes]]:
    """The complete payload to sign and the parts of the container.

    `contents` = blob id → (group, bytes); `recipients` = group → kid → public key.
    """
    suite, typ, seal_id = suites.named(payload["suite"]), kinds.named(kind).domain, ids.mark()
    secret = {group: secrets.token_bytes(32) for group in recipients}
    rows, parts = [], {}
    for name, (group, plain) in sorted(contents.items()):
        key, aad = _key(suite, secret[group], typ, seal_id, group, name)
        blob = blobs.seal(suite, key, plain, aad)
        rows.append({"id": name, "group": group, "hash": blob.hash, "size": len(blob.data), "nonce": blob.nonce})
        parts[f"blobs/{blob.hash}"] = blob.data
    keys = canonical.encode({group: _wrapped(suite, typ, secret[group], to) for group, to in recipients.items()})
    parts["keys.jwe"] = keys
    return {**payload, "seal_id": seal_id, "keys_digest": suite.hash(keys).hex(), "blobs": rows}, parts


def _wrapped(suite: Suite, typ: str, secret: bytes, to: Recipients) -> dict[str, str]:
    return {kid: suite.wrap(base64url.decode(pub, "公钥"), kid, typ, secret) for kid, pub in to.items()}


def _key(suite: Suite, secret: bytes, typ: str, seal_id: str, group: str, name: str) -> tuple[bytes, bytes]:
    context = f"{typ}|{seal_id}|{group}|{name}".encode("ascii")
    return suite.derive(secret, seal_id.encode("ascii"), context), context


def join(signed: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The container of a signed draft."""
    names = sorted(name for name in parts if name != "keys.jwe")
    entries = [("manifest.jws", signed), ("keys.jwe", parts["keys.jwe"])]
    return container.write([*entries, *((name, parts[name]) for name in names)])


def seal(
    kind: str, payload: Payload, signers: Sequence[Signer], contents: Mapping[str, tuple[str, bytes]],
    recipients: Mapping[str, Recipients],
) -> bytes:
    """Encrypt, sign and pack in one go."""
    complete, parts = draft(kind, payload, contents, recipients)
    return join(manifest.sign(kind, complete, signers), parts)


class Opened:
    """A checked envelope; `contents` opens what a key may open."""

    def __init__(self, kind: str, data: bytes, trust: Trust, at: int | None = None) -> None:
        self.suite, self.typ = trust.algorithms, kinds.named(kind).domain
        entries = container.read(data)
        if entries[0][0] != "manifest.jws":
            raise Rejected("container", "密封包内没有清单")
        self.read: Read = manifest.read_signed(kind, entries[0][1], trust, at=at)
        self.payload = self.read.payload
        self.parts = container.expect(entries, ["manifest.jws", "keys.jwe"], [row["hash"] for row in self.payload["blobs"]])
        self.keys = _checked_keys(self.suite, self.payload, self.parts)

    def contents(self, kid: str, key: Any) -> dict[str, bytes]:
        """The plain blobs that this decryption key may open."""
        secret = {
            group: self.suite.unwrap(key, kid, self.typ, to[kid]) for group, to in self.keys.items() if kid in to
        }
        if not secret:
            raise Rejected("recipient", "这个密封包不是给本机密钥的；请核对收件单位")
        return {row["id"]: self._plain(row, secret[row["group"]]) for row in self.payload["blobs"] if row["group"] in secret}

    def _plain(self, row: Payload, secret: bytes) -> bytes:
        key, aad = _key(self.suite, secret, self.typ, self.payload["seal_id"], row["group"], row["id"])
        return blobs.unseal(self.suite, key, self.parts[f"blobs/{row['hash']}"], row["nonce"], aad)


def _checked_keys(suite: Suite, payload: Payload, parts: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    if suite.hash(parts["keys.jwe"]).hex() != payload["keys_digest"]:
        raise Rejected("keys", "密封包里的密钥部分与清单不符，文件已被改动")
    for row in payload["blobs"]:
        blobs.check(suite, parts[f"blobs/{row['hash']}"], row["hash"], row["size"])
    keys = canonical.decode_object(parts["keys.jwe"], "密钥部分")
    if set(keys) != {row["group"] for row in payload["blobs"]} or not all(map(_is_wrapped, keys.values())):
        raise Rejected("keys", "密封包里的密钥部分与内容分组不符")
    if len({row["id"] for row in payload["blobs"]}) != len(payload["blobs"]):
        raise Rejected("blob", "清单里同一内容出现两次")
    return keys


def _is_wrapped(to: Any) -> bool:
    return isinstance(to, dict) and all(isinstance(token, str) for token in to.values())
