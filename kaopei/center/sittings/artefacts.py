"""Parcels as they came or went: kept byte for byte, found again by their digest."""

from datetime import datetime
from typing import Any

from kaopei.center.sittings.models import Artefact, Conduct
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.parcel import canonical
from kaopei.parcel.canonical import Payload


def keep(row: Conduct, kind: str, ref: str, data: bytes, *, by: Actor, at: datetime, rev: int = 1, **facts: Any) -> Artefact:
    """A new row; the caller has checked the bytes."""
    digest = digest_of(data)
    named = {"kind": kind, "ref": ref, "rev": rev, "digest": digest, "data": data, "facts": facts}
    return Artefact.objects.create(city=row.city, conduct=row, made_by=by.username, made_at=at, **named)


def signatures(asked: Any) -> list[Payload]:
    """The signed approvals of a request that was granted, as they lie in parcels."""
    return [canonical.decode_object(one.record.encode()) for one in asked.signatures.filter(agrees=True).order_by("id")]


def digest_of(data: bytes) -> str:
    """Hex, in the suite of the deployment: the same that parcels and other machines say."""
    return keys.trust().algorithms.hash(data).hex()
