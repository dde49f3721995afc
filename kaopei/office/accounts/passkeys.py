"""The ceremonies of passkeys (WebAuthn level 2), by the library `fido2`: making one, and answering with one.

`begin_…` gives what the browser's `navigator.credentials` wants (JSON) and a state for the session; `finish_…` verifies the answer.
The domain (RP ID) is KAOPEI_DOMAIN, else the host under which the page was opened; an authenticator must have verified its user.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    Aaguid,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kaopei.law.verdict import refuse
from kaopei.office.accounts.models import Passkey, User
from kaopei.office.refused import Refused
from kaopei.parcel import base64url, keyfile, trust

NEEDED = UserVerificationRequirement.REQUIRED
# ES256 and EdDSA: what the trust list can name and an exam site can check.
ALGORITHMS = (-7, -8)


@dataclass(frozen=True)
class Made:
    """A credential that has just been made."""

    credential: bytes
    public_key: bytes
    uses: int


@dataclass(frozen=True)
class Place:
    """Where the browser believes to be: domain and origin, both checked against what it signed."""

    domain: str
    origin: str


def place(request: HttpRequest) -> Place:
    """Of this request; Django has already refused hosts that are not ours."""
    host = request.get_host()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return Place(settings.PASSKEY_DOMAIN or name, f"{request.scheme}://{host}")


def answer_of(request: HttpRequest) -> dict[str, Any]:
    """What the browser's authenticator said; nothing if it is no JSON object."""
    try:
        said = json.loads(request.POST.get("answer", ""))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _server(where: Place) -> Fido2Server:
    server = Fido2Server(PublicKeyCredentialRpEntity(id=where.domain, name="考培"), verify_origin=lambda said: said == where.origin)
    server.allowed_algorithms = [one for one in server.allowed_algorithms if one.alg in ALGORITHMS]
    return server


def begin_making(user: User, where: Place, known: Sequence[Passkey]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options for `navigator.credentials.create`, and the state to keep."""
    # The handle is told to everybody who holds the authenticator: a digest, no staff number.
    handle = hashlib.sha256(f"kaopei-user|{user.pk}|{user.username}".encode()).digest()
    who = PublicKeyCredentialUserEntity(id=handle, name=user.username, display_name=user.name)
    options, state = _server(where).register_begin(
        who, [_kept(one) for one in known], resident_key_requirement=ResidentKeyRequirement.REQUIRED, user_verification=NEEDED
    )
    return dict(options), state


def finish_making(answer: dict[str, Any], state: dict[str, Any] | None, where: Place) -> Made:
    """Verify what the browser brought; Refused if it does not hold."""
    try:
        data = _server(where).register_complete(_asked(state), answer)
        found = data.credential_data
        if found is None or found.public_key[3] not in ALGORITHMS:
            raise ValueError("algorithm")
    except Refused:
        raise
    except Exception as problem:  # the library raises what the bytes happen to break
        raise _not_taken() from problem
    return Made(found.credential_id, cbor.encode(dict(found.public_key)), data.counter)


def begin_asking(where: Place, known: Sequence[Passkey] | None = None, challenge: bytes | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options for `navigator.credentials.get`: any passkey of ours, or one of `known`; the challenge is random unless given."""
    listed = None if known is None else [_kept(one) for one in known]
    options, state = _server(where).authenticate_begin(listed, user_verification=NEEDED, challenge=challenge)
    return dict(options), state


def finish_asking(answer: dict[str, Any], state: dict[str, Any] | None, where: Place, user: User | None = None) -> tuple[Passkey, int]:
    """The passkey that answered and its counter; Refused if the answer does not hold, is not of `user`, or the counter tells of a copy."""
    try:
        named = websafe_decode(str(answer.get("rawId", answer.get("id", ""))))
        row = Passkey.objects.select_related("user").filter(credential=named, ended_at=None, user__is_active=True).first()
        if row is None or (user is not None and row.user_id != user.pk) or row.domain != where.domain:
            raise ValueError("unknown credential")
        _server(where).authenticate_complete(_asked(state), [_kept(row)], answer)
        counter = AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except Refused:
        raise
    except Exception as problem:
        raise _not_taken() from problem
    if row.uses and counter <= row.uses:
        text = "通行密钥的使用次数没有增加，可能被复制，本次不予认可。请停用该通行密钥并报告安全管理员。"
        raise Refused(refuse("", text, "copied"))
    return row, counter


def _asked(state: dict[str, Any] | None) -> dict[str, Any]:
    """A state is made once and taken once; an answer without its question is a replay."""
    if not state:
        raise Refused(refuse("", "这次通行密钥验证已失效（已用过或超时），请回到上一页重新验证。", "stale"))
    return state


def _not_taken() -> Refused:
    return Refused(refuse("", "通行密钥没有通过验证，没有做任何改动。请重试；多次失败请改用其他登录方式或联系安全管理员。", "passkey"))


def _kept(row: Passkey) -> AttestedCredentialData:
    key = CoseKey.parse(cbor.decode(bytes(row.public_key)))
    return AttestedCredentialData.create(Aaguid.NONE, bytes(row.credential), key)


def listing(row: Passkey, duties: Sequence[str]) -> dict[str, Any]:
    """The row that the issuer of the trust list adds, so that exam sites and the vault can check what this passkey approves."""
    known = CoseKey.parse(cbor.decode(bytes(row.public_key)))
    found = {"alg": "ES256" if known[3] == -7 else "EdDSA", "domain": row.domain, "origins": [row.origin]}
    return trust.entry(_public(row), "person", row.user.username, duties=duties, city=row.user.city.strip("*"), passkey=found)


def kid(row: Passkey) -> str:
    """How the trust list calls this key."""
    return keyfile.kid(_public(row))


def _public(row: Passkey) -> str:
    """The raw public key: a point of P-256, or 32 bytes of Ed25519."""
    known = CoseKey.parse(cbor.decode(bytes(row.public_key)))
    raw = known[-2] if known[3] == -8 else b"\x04" + known[-2] + known[-3]
    return base64url.encode(raw)
