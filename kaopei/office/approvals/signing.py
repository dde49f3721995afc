"""The signed record of an approval: by the person's passkey if the trust list names one of his, else by his key file and PIN."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kaopei.law.verdict import refuse
from kaopei.office import keys
from kaopei.office.accounts import actions as accounts
from kaopei.office.accounts import passkeys, roles
from kaopei.office.accounts.passkeys import Place
from kaopei.office.accounts.queries import Passkey, User, find, passkeys_of
from kaopei.office.approvals.models import Request
from kaopei.office.refused import Refused
from kaopei.parcel import approval, canonical, passkey
from kaopei.parcel.canonical import Payload
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.trust import Trust


@dataclass(frozen=True)
class Answered:
    """What came back from a browser: the draft that was asked about, the state of the ceremony, the answer, and where."""

    draft: Payload
    kid: str
    state: dict[str, Any] | None
    answer: dict[str, Any]
    where: Place


def listed(user: User, at: datetime) -> list[tuple[str, Passkey]]:
    """The person's passkeys that the trust list names now, by kid; others log in but sign nothing."""
    known = keys.trust()
    mine = [(passkeys.kid(one), one) for one in passkeys_of(user)]
    return [(kid, one) for kid, one in mine if kid in known.keys and not known.keys[kid].refusal("person", int(at.timestamp()))]


def begin(row: Request, user: User, where: Place, at: datetime) -> tuple[dict[str, Any], Payload, str, dict[str, Any]]:
    """Options for the browser, the draft, the kid that is asked, and the state; Refused without a listed passkey."""
    here = [(kid, one) for kid, one in listed(user, at) if one.domain == where.domain]
    if not here:
        raise Refused(refuse("", "您的通行密钥尚未列入信任名单，不能用来签署。请先把登记行交给名单签发单位。", "key"))
    kid, key = here[-1]
    draft = _draft(row, kid, user, at)
    options, state = passkeys.begin_asking(where, [key], passkey.challenge(canonical.encode(draft)))
    return options, draft, kid, state


def by_passkey(row: Request, answered: Answered, by: roles.Actor, at: datetime) -> str:
    """The record that the passkey's answer makes; the draft must still say what is asked."""
    user = find(by.username)
    key, uses = passkeys.finish_asking(answered.answer, answered.state, answered.where, user)
    known = keys.trust()
    try:
        made = approval.answered(known, answered.draft, answered.kid, passkey.record(answered.answer))
        exact = {"action": row.action, "object": row.object, "digest": row.digest, "rev": row.rev, "requester": _holder(row.requester, known)}
        approval.check(made, known, at=int(at.timestamp()), **exact)
    except Rejected as problem:
        raise Refused(refuse("", str(problem), problem.code)) from None
    accounts.prove_passkey(key, uses=uses, by=by, at=at)
    return canonical.encode(made).decode()


def by_pin(row: Request, pin: str, by: roles.Actor, at: datetime) -> str:
    """The record signed with the person's key file; whoever has a listed passkey signs with that."""
    user = find(by.username)
    if user is not None and listed(user, at):
        raise Refused(refuse("", "您的通行密钥已列入信任名单，请用通行密钥签署。", "passkey"))
    signer = keys.person(getattr(by, "kid", ""), pin)
    return canonical.encode(approval.signed(_draft(row, signer.kid, by, at), signer)).decode()


def _draft(row: Request, kid: str, by: roles.Actor, at: datetime) -> Payload:
    """What travels in parcels; people are named by the holder of their key in the trust list."""
    known = keys.trust()
    try:
        return approval.draft(
            known,
            action=row.action,
            object=row.object,
            rev=row.rev,
            digest=row.digest,
            requester=_holder(row.requester, known),
            kid=kid,
            role=roles.role_for(by, row.approve_act),
            nonce=base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode(),
            expires_at=int(row.expires_at.timestamp()),
            at=int(at.timestamp()),
        )
    except Rejected as problem:
        raise Refused(refuse("", str(problem), problem.code)) from None


def _holder(username: str, known: Trust) -> str:
    """How the trust list names this person; whoever has no key in it goes by his staff number."""
    person = find(username)
    kids = [] if person is None else [person.kid, *(passkeys.kid(one) for one in passkeys_of(person))]
    return next((known.keys[kid].holder for kid in kids if kid in known.keys), username)
