"""The record that makes a machine the edge of a site: asked by the machine, accepted by two persons, countersigned by the province.

    request = ask(trust, …, sign_key=…, decrypt_key=…, verifier=trust.one("center"))   on the edge
    draft   = accept(request, trust, …)      → sign by two persons and the province with manifest.sign / cosign
    edge    = read(record, trust)            → Edge with its public keys; `trusting` adds them to a trust list
"""

from dataclasses import dataclass
from typing import Any

from kaopei.parcel import base64url, canonical, jws, keyfile, manifest, schema, suites
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Key, Trust

REQUEST = "enr1/request"
FIELDS = ("edge_serial", "function", "city", "site_code", "sign_pub", "decrypt_pub", "keystore", "attestation", "software")


@dataclass(frozen=True)
class Edge:
    """An accepted machine: its record and both keys as they may be trusted."""

    record: bytes
    payload: Payload
    sign: Key
    decrypt: Key


def ask(
    trust: Trust, *, edge_serial: str, function: str, city: str, site_code: str, sign_key: Any, decrypt_key: Any,
    keystore: str, software: Payload, at: int, attestation: str | None = None,
) -> bytes:
    """The machine's request, signed by its own new key; the MAC shows that it holds the decryption key as well."""
    suite = trust.algorithms
    verifier = trust.one("key_service_decrypt", city=city)
    sign_pub, decrypt_pub = keyfile.public(sign_key, trust.suite), keyfile.public(decrypt_key, trust.suite)
    mac = _mac(trust, suite.agree(decrypt_key, base64url.decode(verifier.pub, "公钥")), edge_serial, sign_pub, decrypt_pub)
    payload = {
        **trust.frame(at), "edge_serial": edge_serial, "function": function, "city": city, "site_code": site_code,
        "sign_pub": sign_pub, "decrypt_pub": decrypt_pub, "keystore": keystore, "attestation": attestation,
        "software": software, "possession": {"verifier": verifier.kid, "mac": base64url.encode(mac)},
    }
    schema.check("edge_request", payload)
    return jws.make(REQUEST, canonical.encode(payload), [Signer(sign_key, suite=trust.suite)]).to_bytes()


def _mac(trust: Trust, secret: bytes, serial: str, sign_pub: str, decrypt_pub: str) -> bytes:
    return trust.algorithms.mac(secret, f"{REQUEST}|{serial}|{sign_pub}|{decrypt_pub}".encode())


def read_request(data: bytes, trust: Trust, verifier_key: Any | None = None) -> Payload:
    """The request if its own signature holds; with the verifier's key also the possession of the decryption key."""
    signed = jws.read(data)
    payload = canonical.decode_object(signed.payload, "登记申请")
    schema.check("edge_request", payload)
    one = signed.signatures[0]
    if len(signed.signatures) != 1 or one.typ != REQUEST or keyfile.kid(payload["sign_pub"]) != one.kid:
        raise Rejected("signers", "登记申请不是由申请中的签名密钥签署的")
    right = jws.algorithm(one) == trust.algorithms.signature_alg
    if not right or not one.holds(trust.algorithms, payload["sign_pub"], signed.payload):
        raise Rejected("signature", "登记申请的签名不成立，文件已被改动")
    mine = (trust.suite, trust.deployment, trust.rehearsal)
    if (payload["suite"], payload["deployment"], payload["rehearsal"]) != mine:
        raise Rejected("deployment", "登记申请属于另一个系统")
    if payload["keystore"] == "file" and not trust.rehearsal:
        raise Rejected("keystore", "正式考试服务器的密钥必须在硬件中（tpm 或 pkcs11），不能是文件")
    if verifier_key is not None:
        secret = trust.algorithms.agree(verifier_key, base64url.decode(payload["decrypt_pub"], "公钥"))
        names = (payload["edge_serial"], payload["sign_pub"], payload["decrypt_pub"])
        verifier = keyfile.kid(keyfile.public(verifier_key, trust.suite))
        mac = base64url.encode(_mac(trust, secret, *names))
        if payload["possession"] != {"verifier": verifier, "mac": mac}:
            raise Rejected("possession", "申请没有证明持有解密密钥，不能登记")
    return payload


def accept(
    request: bytes, trust: Trust, *, accepted_by: list[str], not_before: int, not_after: int, at: int, supersedes: str | None = None
) -> Payload:
    """The record to be signed by the two who accepted the machine and by the province."""
    asked = read_request(request, trust)
    if len(set(accepted_by)) != 2:
        raise Rejected("signers", "考试服务器须由两名不同的人员验收")
    return {
        **trust.frame(at), **{name: asked[name] for name in FIELDS}, "accepted_by": accepted_by, "not_before": not_before,
        "not_after": not_after, "supersedes": supersedes, "request": request.decode("utf-8"),
    }


def read(record: bytes, trust: Trust, *, at: int | None = None) -> Edge:
    """The machine of a record whose three signatures hold and which is in force at `at`."""
    found = manifest.read_signed("enrolment", record, trust, at=at)
    payload = found.payload
    if sorted(key.holder for key in found.signers if key.role == "person") != sorted(payload["accepted_by"]):
        raise Rejected("signers", "登记书写明的验收人不是签名的人")
    asked = read_request(payload["request"].encode("utf-8"), trust)
    if any(asked[name] != payload[name] for name in FIELDS):
        raise Rejected("enrolment", "登记书与其中的申请不符")
    if at is not None and not payload["not_before"] <= at < payload["not_after"]:
        raise Rejected("enrolment", f"考试服务器 {payload['edge_serial']} 的登记书不在有效期内，请重新验收登记")
    keys = [_key(payload, role, payload[field]) for role, field in (("edge_sign", "sign_pub"), ("edge_decrypt", "decrypt_pub"))]
    return Edge(record, payload, *keys)


def _key(payload: Payload, role: str, pub: str) -> Key:
    return Key(
        kid=keyfile.kid(pub), role=role, holder=payload["edge_serial"], city=payload["city"], site=payload["site_code"],
        duties=(), pub=pub, not_before=payload["not_before"], not_after=payload["not_after"], revoked_since=None, reason="",
    )


def trusting(trust: Trust, edge: Edge) -> Trust:
    """The list with the keys of an accepted machine."""
    return trust.including([edge.sign, edge.decrypt])


def digest(edge: Edge) -> str:
    """How other artefacts name the record."""
    return suites.named(edge.payload["suite"]).hash(edge.record).hex()
