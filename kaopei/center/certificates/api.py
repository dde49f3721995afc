"""Certificates for machines: as anybody may see them, the holder masked."""

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from kaopei.center.certificates import queries
from kaopei.office import clock
from kaopei.office.api import Missing, Slice, reads

router = Router(tags=["certificates"])
VIEW = "certificates.view"


class CertificateOut(Schema):
    """二（六） A certificate: decided, then signed."""

    number: str
    cert_id: str
    sitting: str
    subject: str
    category: str
    kind: str
    status: str
    issued_on: dt.date
    valid_from: dt.date
    valid_to: dt.date
    review_by: dt.date
    previous: str


class StandingOut(Schema):
    """A signed certificate as anybody may see it."""

    number: str
    holder: str
    subject: str
    valid_to: dt.date
    review_by: dt.date
    state: str
    status_number: int


@reads(router, "/", list[CertificateOut], act=VIEW, summary="证书")
def issued_certificates(request: HttpRequest, page: Query[Slice]) -> list[Any]:
    """Certificates in sight, the newest number first."""
    return page.of(queries.certificates())


@reads(router, "/{number}", StandingOut, act=VIEW, summary="一张证书的现状（持证人遮盖）")
def certificate_standing(request: HttpRequest, number: Annotated[str, Field(pattern="^[^/\\x00]{1,60}$")]) -> Any:
    """One signed certificate by number or id."""
    found = queries.public(number, at=clock.now())
    if found is None:
        raise Missing
    return found
