"""One person's signed approval of exact bytes, and the pair of them that an artefact carries."""

from collections.abc import Sequence

from kaopei.parcel import canonical, jws, passkey, schema, signatures
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.kinds import Kind
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


def make(
    trust: Trust, action: str, object: str, rev: int, digest: str, requester: str, signer: Signer, role: str,
    nonce: str, expires_at: int, at: int,
) -> Payload:
    """A signed approval, as a dict that can be put into a payload; arguments as of `draft`."""
    return signed(draft(trust, action, object, rev, digest, requester, signer.kid, role, nonce, expires_at, at), signer)


def signed(payload: Payload, signer: Signer) -> Payload:
    """The approval whose draft a key signs."""
    return canonical.decode_object(signatures.sign("approval", payload, [signer]))


def draft(
    trust: Trust, action: str, object: str, rev: int, digest: str, requester: str, kid: str, role: str,
    nonce: str, expires_at: int, at: int,
) -> Payload:
    """What the holder of key `kid` is about to sign.

    `requester` and the approver are named by the `holder` of their keys; `nonce` is base64url of 16 random bytes;
    `digest` is hex over the bytes that the approver was shown.
    """
    approver = trust.key(kid, role="person").holder
    if approver == requester:
        raise Rejected("approver", "不能批准自己提出的请求；请由另一人批准")
    return {
        **trust.frame(at), "action": action, "object": object, "rev": rev, "digest": digest, "requester": requester,
        "approver": approver, "role": role, "nonce": nonce, "expires_at": expires_at, "webauthn": None,
    }


def answered(trust: Trust, payload: Payload, kid: str, answer: passkey.Answer) -> Payload:
    """The approval whose draft a passkey has answered to; refused unless it holds."""
    schema.check("approval", payload)
    content = canonical.encode(payload)
    data = jws.Signed(content, (passkey.signature(kid, answer),)).to_bytes()
    signatures.read("approval", data, trust)
    return canonical.decode_object(data)


def check(
    approval: Payload, trust: Trust, *, action: str, object: str, digest: str, at: int,
    requester: str | None = None, rev: int | None = None, proven: int | None = None,
) -> Payload:
    """The approval's payload if it approves exactly this; the caller keeps nonces and refuses a second use.

    `at` is the time of the act that it allows; `proven` a proven time of signature.
    """
    found = signatures.read("approval", canonical.encode(approval), trust, at=proven)
    payload, key = found.payload, found.signers[0]
    expected: list[tuple[str, str | int]] = [("action", action), ("object", object), ("digest", digest)]
    expected += [("requester", requester)] if requester is not None else []
    expected += [("rev", rev)] if rev is not None else []
    for name, value in expected:
        if payload[name] != value:
            raise Rejected("approval", f"批准记录的 {name} 不符：批的是 {payload[name]}，要用于 {value}")
    if payload["approver"] != key.holder:
        raise Rejected("approver", "批准记录写的批准人不是签名人")
    if payload["approver"] == payload["requester"]:
        raise Rejected("approver", "批准人就是申请人，批准无效")
    if payload["role"] not in key.duties:
        raise Rejected("approver", f"{key.holder} 没有 {payload['role']} 的职责，批准无效；请由有此职责的人批准")
    if not payload["issued_at"] <= at <= payload["expires_at"]:
        raise Rejected("approval", "批准记录不在有效时间内；请重新批准")
    return payload


def two(
    approvals: Sequence[Payload], trust: Trust, *, action: str, object: str, digest: str, at: int,
    rev: int | None = None, proven: int | None = None,
) -> list[str]:
    """The names of the two different people who approved exactly this."""
    exact: Payload = {"action": action, "object": object, "digest": digest, "rev": rev}
    read = [check(one, trust, at=at, proven=proven, **exact) for one in approvals]
    names = [one["approver"] for one in read]
    if len(set(names)) != 2 or len(names) != 2:
        raise Rejected("approval", "需要两个不同的人批准")
    if len({one["nonce"] for one in read}) != 2:
        raise Rejected("approval", "两份批准记录的随机数相同，可能是复制的")
    return names


def inside(row: Kind, payload: Payload, trust: Trust, proven: int | None) -> list[str]:
    """Check the approvals that lie in a payload, as its kind demands; the names of those who approved."""
    rule = row.approved
    if rule is None:
        return []
    digest = payload[rule.digest] if rule.digest else digest_of(payload, trust)
    return two(
        payload["approvals"], trust, action=rule.action, object=payload[rule.object], digest=digest,
        at=payload["issued_at"], rev=payload[rule.rev] if rule.rev else None, proven=proven,
    )


def digest_of(payload: Payload, trust: Trust) -> str:
    """What approvers of an artefact sign: the digest of its payload without the approvals and without the time of issue.

    People approve what is issued; the moment of issue comes after them.
    """
    rest = {name: value for name, value in payload.items() if name not in ("approvals", "issued_at")}
    return trust.algorithms.hash(canonical.encode(rest)).hex()


def claims(approval: Payload) -> Payload:
    """What an approval says, unverified: for showing it."""
    payload = canonical.decode_object(jws.read(canonical.encode(approval)).payload, "批准记录")
    schema.check("approval", payload)
    return payload
