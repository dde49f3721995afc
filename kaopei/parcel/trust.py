"""Whom we believe: the chain of `trust.json` files from a pinned root, and the keys of its newest member."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from kaopei.parcel import base64url, canonical, jws, keyfile, schema, suites
from kaopei.parcel.canonical import Payload
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.suites.suite import Suite

DOMAIN = "tru1/trust"
FOREVER = 4_102_444_800  # 2100-01-01
# Keys that open things; all the others sign.
DECRYPT_ROLES = frozenset(
    {"key_service_decrypt", "province_escrow", "edge_decrypt", "city_import", "vault_import"}
)


@dataclass(frozen=True)
class Key:
    """One public key of the list: whose it is, for what, where and when."""

    kid: str
    role: str
    holder: str
    city: str
    site: str
    duties: tuple[str, ...]
    pub: str
    not_before: int
    not_after: int
    revoked_since: int | None
    reason: str
    # Of a passkey: {alg, domain, origins}; such a key answers challenges and signs nothing else (parcel.passkey)
    passkey: Payload | None = None

    def refusal(self, role: str | None, at: int | None) -> str:
        """Why this key may not be used so, or an empty text."""
        if role is not None and self.role != role:
            return f"密钥 {self.kid} 的用途是 {self.role}，不是 {role}"
        if at is not None and not self.not_before <= at < self.not_after:
            return f"密钥 {self.kid}（{self.holder}）在签名时不在有效期内"
        # Without proof of time a revoked key may have been used by anybody at any time.
        if self.revoked_since is not None and (at is None or at >= self.revoked_since):
            return f"密钥 {self.kid}（{self.holder}）已被吊销"
        return ""


@dataclass(frozen=True)
class Trust:
    """The newest list of a verified chain; `pinned` tells whether its root was pinned (if not, it is a rehearsal's)."""

    deployment: str
    suite: str
    rehearsal: bool
    version: int
    keys: dict[str, Key]
    root: str
    pinned: bool
    chain: tuple[bytes, ...]

    @property
    def algorithms(self) -> Suite:
        """The suite of this deployment."""
        return suites.named(self.suite)

    def key(self, kid: str, *, role: str | None = None, at: int | None = None) -> Key:
        """The key of this id if it may be used for `role` at the proven time `at`; else Rejected `key`."""
        if kid not in self.keys:
            raise Rejected("key", f"信任名单第 {self.version} 版里没有密钥 {kid[:40]}；请更新名单或换用签发单位的名单")
        refusal = self.keys[kid].refusal(role, at)
        if refusal:
            raise Rejected("key", f"{refusal}；请联系名单签发单位")
        return self.keys[kid]

    def with_role(self, role: str, *, at: int | None = None, city: str = "", site: str = "") -> list[Key]:
        """All usable keys of a role, in the order of the list; a key without a city or site serves every one."""
        found = [key for key in self.keys.values() if not key.refusal(role, at)]
        return [key for key in found if key.city in ("", city or key.city) and key.site in ("", site or key.site)]

    def one(self, role: str, *, at: int | None = None, city: str = "", site: str = "") -> Key:
        """The first usable key of a role; Rejected `key` if there is none."""
        found = self.with_role(role, at=at, city=city, site=site)
        if not found:
            raise Rejected("key", f"信任名单（第 {self.version} 版）里没有用途为 {role} 的可用密钥；请先补登密钥")
        return found[0]

    def frame(self, at: int) -> Payload:
        """The fields with which every payload begins; `at` = Unix seconds of issue."""
        frame = {"v": schema.VERSION, "suite": self.suite, "deployment": self.deployment}
        return {**frame, "rehearsal": self.rehearsal, "trust_version": self.version, "issued_at": at}

    def advance(self, chain: Iterable[bytes | str]) -> "Trust":
        """The list after the newer members of a chain that came in a parcel; gaps and forks are refused."""
        newest = list(self.chain)
        first = self.version - len(newest) + 1
        for member in chain:
            data = member.encode("utf-8") if isinstance(member, str) else member
            place = _parse(data)[0]["version"] - first
            if 0 <= place < len(newest) and newest[place] != data:
                raise Rejected("trust-fork", f"信任名单第 {place + first} 版有两个不同的版本，请立即向省级机构报告")
            if place >= len(newest):
                newest.append(data)
        return replace(load(newest, self.root), pinned=self.pinned)

    def including(self, keys: Iterable[Key]) -> "Trust":
        """This list with keys that a verified record vouches for; an entry of the list itself always wins."""
        return replace(self, keys={**{key.kid: key for key in keys}, **self.keys})


def load(chain: Sequence[bytes], root: str | None) -> Trust:
    """Verify a chain of `trust.json` files, oldest first, against a pinned root fingerprint.

    The chain begins at version 1, or at any version whose roots are the pinned ones. Without `root` only a list that
    says `rehearsal: true` is taken.
    """
    if not chain:
        raise Rejected("trust", "没有信任名单；请用 --trust 指定 trust.json")
    first, signatures = _parse(chain[0])
    if root is None and first["rehearsal"] is not True:
        raise Rejected("root", "正式的信任名单必须钉住根指纹；请用 --root 给出省级公布的根指纹")
    if root is not None and fingerprint(first) != root:
        raise Rejected("root", "信任名单的根与钉住的根指纹不符；请核对 --root，或向省级机构取得正确的名单")
    if (first["version"] == 1) != (first["prev_hash"] is None):
        raise Rejected("trust-chain", "信任名单的第一版不应有前一版，其后各版必须有")
    _signed_by_roots(first, [first], signatures)
    newest = first
    for before, data in pairwise(chain):
        following, signatures = _parse(data)
        _follows(newest, before, following, signatures)
        newest = following
    return _trust(newest, fingerprint(first), root is not None, tuple(chain))


def fingerprint(payload: Payload) -> str:
    """The fingerprint of the roots of a list: what is published, read out and pinned."""
    return suites.named(payload["suite"]).hash(b"root1|" + canonical.encode(payload["roots"])).hex()


def _parse(data: bytes) -> tuple[Payload, tuple[jws.Signature, ...]]:
    outer = canonical.decode_object(data, "信任名单")
    signatures = jws.signatures(outer.pop("signatures", None))
    schema.check("trust", outer)
    kids = [key["kid"] for key in outer["keys"] + outer["roots"]["keys"]]
    if len(set(kids)) != len(kids):
        raise Rejected("trust", "信任名单里有重复的密钥编号")
    for key in outer["keys"] + outer["roots"]["keys"]:
        if keyfile.kid(key["pub"]) != key["kid"]:
            raise Rejected("trust", f"信任名单里密钥 {key['kid']} 的编号与公钥不符")
    return outer, signatures


def _signed_by_roots(list_: Payload, by: Sequence[Payload], signatures: Sequence[jws.Signature]) -> None:
    """At least two of the roots of each of `by` signed the list, and every signature there is holds and is of one of them."""
    suite = suites.named(list_["suite"])
    roots = {key["kid"]: key["pub"] for one in by for key in one["roots"]["keys"]}
    content = canonical.encode(list_)
    for one in signatures:
        if one.typ != DOMAIN or jws.algorithm(one) != suite.signature_alg or one.kid not in roots:
            raise Rejected("trust", "信任名单上有不属于根的签名")
        if not one.holds(suite, roots[one.kid], content):
            raise Rejected("trust", "信任名单的签名不成立，文件已被改动；请重新取得原件")
    signed = {one.kid for one in signatures}
    if any(sum(key["kid"] in signed for key in one["roots"]["keys"]) < one["roots"]["k"] for one in by):
        raise Rejected("trust", "信任名单没有足够的根签名（三个根中要有两个；更换根时新旧各两个）")


def _follows(newest: Payload, before: bytes, following: Payload, signatures: Sequence[jws.Signature]) -> None:
    suite = suites.named(newest["suite"])
    if following["version"] != newest["version"] + 1 or following["prev_hash"] != suite.hash(before).hex():
        raise Rejected("trust-chain", f"信任名单第 {following['version']} 版接不上前一版（缺版或分叉）")
    for name in ("deployment", "suite", "rehearsal"):
        if following[name] != newest[name]:
            raise Rejected("trust-chain", f"信任名单第 {following['version']} 版改动了不可改的字段 {name}")
    _signed_by_roots(following, [newest, following], signatures)


def _trust(payload: Payload, root: str, pinned: bool, chain: tuple[bytes, ...]) -> Trust:
    keys = {key["kid"]: _key(key) for key in payload["keys"]}
    names = ("deployment", "suite", "rehearsal", "version")
    return Trust(**{name: payload[name] for name in names}, keys=keys, root=root, pinned=pinned, chain=chain)


def _key(row: Payload) -> Key:
    scope = row["scope"]
    fields = {name: value for name, value in row.items() if name != "scope"}
    return Key(city=scope["city"], site=scope["site"], duties=tuple(scope["duties"]), **fields)


def entry(
    pub: str, role: str, holder: str, *, city: str = "", site: str = "", duties: Sequence[str] = (),
    not_before: int = 0, not_after: int = FOREVER, passkey: Payload | None = None,
) -> Payload:
    """A row for the list; `passkey` = {alg, domain, origins} where an authenticator keeps the private half."""
    scope = {"city": city, "site": site, "duties": list(duties)}
    row: Payload = {"kid": keyfile.kid(pub), "role": role, "holder": holder, "scope": scope, "pub": pub}
    row |= {"not_before": not_before, "not_after": not_after, "revoked_since": None, "reason": ""}
    return row if passkey is None else {**row, "passkey": passkey}


def found(
    *, deployment: str, rehearsal: bool, issued_at: int, keys: Sequence[Payload], suite: str = "intl"
) -> tuple[bytes, str, list[Signer]]:
    """The first list of a deployment with three fresh roots: its bytes, the root fingerprint, the root signers."""
    roots = [Signer(keyfile.generate_sign(suite), suite=suite) for _ in range(3)]
    payload = {
        "v": schema.VERSION, "deployment": deployment, "suite": suite, "rehearsal": rehearsal, "version": 1,
        "prev_hash": None, "issued_at": issued_at, "roots": _roots(roots, suite), "keys": list(keys),
    }
    return _signed(payload, roots[:2]), fingerprint(payload), roots


def _roots(roots: Sequence[Signer], suite: str) -> Payload:
    return {"k": 2, "keys": [{"kid": one.kid, "pub": keyfile.public(one.key, suite)} for one in roots]}


def extend(
    previous: bytes, *, issued_at: int, signers: Sequence[Signer], add: Sequence[Payload] = (),
    revoke: dict[str, tuple[int, str]] | None = None, new_roots: Sequence[Signer] = (),
) -> bytes:
    """The next list. `signers` = two of the present roots; `new_roots` (three) replace them and sign as well."""
    payload, _ = _parse(previous)
    suite = payload["suite"]
    changes = revoke or {}
    unknown = set(changes) - {key["kid"] for key in payload["keys"]}
    if unknown:
        raise Rejected("trust", f"信任名单里没有要吊销的密钥 {sorted(unknown)[0]}")
    keys = [_revoked(key, changes) for key in payload["keys"]] + list(add)
    roots: Any = _roots(new_roots, suite) if new_roots else payload["roots"]
    following = {
        **payload, "version": payload["version"] + 1, "prev_hash": suites.named(suite).hash(previous).hex(),
        "issued_at": issued_at, "keys": keys, "roots": roots,
    }
    return _signed(following, [*signers[:2], *new_roots[:2]])


def _revoked(key: Payload, changes: dict[str, tuple[int, str]]) -> Payload:
    if key["kid"] not in changes:
        return key
    since, reason = changes[key["kid"]]
    return {**key, "revoked_since": since, "reason": reason}


def _signed(payload: Payload, signers: Sequence[Signer]) -> bytes:
    schema.check("trust", payload)
    signatures = jws.make(DOMAIN, canonical.encode(payload), signers).signatures
    return canonical.encode({**payload, "signatures": jws.listed(signatures)})


def claims(data: bytes) -> Payload:
    """What a list says of itself, unverified: for choosing which list to load, never for believing it."""
    return _parse(data)[0]


def public_bytes(key: Key) -> bytes:
    """The raw public key."""
    return base64url.decode(key.pub, "公钥")
