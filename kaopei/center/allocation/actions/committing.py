"""Commitments before the freeze, secrets after it: by their party, or from escrow by two of three keepers."""

import re
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from kaopei.center.allocation import statements
from kaopei.center.allocation.actions.attempts import attempts
from kaopei.center.allocation.models import Draw, Opening, Party
from kaopei.law.verdict import refuse
from kaopei.lottery import seed
from kaopei.office import keys, trusted
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.clock import CHINA
from kaopei.office.refused import Refused
from kaopei.parcel.rejected import Rejected

HEX = re.compile(r"[0-9a-f]{64}")
OPENERS = 2
CLAUSE = "N2.3.2"


@attempts
@records("allocation.committed", act="allocation.commit")
def commit(
    party: Party,
    *,
    commitment: str,
    secret: str = "",
    share_digests: Sequence[str] = (),
    pin: str,
    by: Actor,
    at: datetime,
) -> Party:
    """二（三）: a party publishes its commitment, signed, and deposits the secret: the last one makes the draw
    ready to freeze.

    Outside a rehearsal the secret itself never comes here before the freeze: three keepers hold shares, we
    their digests.
    """
    draw, row = _locked(party, by)
    if draw.status != Draw.Status.ANNOUNCED or row.commitment:
        raise Refused(refuse(CLAUSE, "承诺只能作出一次，且须在冻结以前。", "state"))
    if secret and not commitment and HEX.fullmatch(secret):
        commitment = seed.commitment(row.key, draw.number, secret)
    if not HEX.fullmatch(commitment):
        raise Refused(refuse(CLAUSE, "承诺值应为 64 个小写十六进制字符。", "commitment"))
    _deposit(row, draw, commitment, secret, share_digests)
    signer = keys.person(getattr(by, "kid", ""), pin)
    try:
        row.commit_record = statements.commitment(keys.trust(), party=row.key, draw=draw.number, value=commitment, signer=signer, at=at)
    except Rejected as fault:
        raise Refused(refuse(CLAUSE, f"承诺没有签成：{fault}", "key")) from None
    row.commitment, row.committed_at = commitment, at
    row.save()
    if not draw.parties.filter(commitment="").exists():
        draw.status = Draw.Status.COMMITTED
        draw.save(update_fields=["status"])
    event(obj=f"draw:{draw.number}", city=draw.city, party=row.key, commitment=commitment, deposit=row.deposit)
    return row


@attempts
@records("allocation.revealed", act="allocation.reveal")
def reveal(party: Party, *, secret: str, by: Actor, at: datetime) -> Party:
    """二（三）: after the freeze and the hour for objections a party shows the secret that it had committed to."""
    draw, row = _locked(party, by)
    _may_open(draw, row, at)
    _disclose(draw, row, secret.strip().lower(), at)
    event(obj=f"draw:{draw.number}", city=draw.city, party=row.key, secret=row.secret)
    return row


@attempts
@records("allocation.opened", act="allocation.keep")
def open_escrow(party: Party, *, share: str = "", reason: str, by: Actor, at: datetime) -> Party:
    """二（三）: a party does not reveal, so two of three keepers open its deposit. Never repeated with new secrets."""
    draw = Draw.objects.select_for_update().get(pk=party.draw_id)
    row = Party.objects.select_for_update().get(pk=party.pk)
    _may_open(draw, row, at)
    if len(reason.strip()) < 5:
        raise Refused(refuse(CLAUSE, "请写明开启托管的原因（不少于 5 个字）。", "reason"))
    if row.openings.filter(keeper=by.username).exists():
        raise Refused(refuse(CLAUSE, "您已经参与开启，须由另一名托管人继续。", "twice"))
    share = share.strip().lower()
    given = [one.share for one in row.openings.all()]
    if row.deposit == Party.Deposit.SHARES and (statements.share_digest(share) not in row.share_digests or share in given):
        raise Refused(refuse(CLAUSE, "这份分持件与托管时登记的摘要不符，或已经用过。", "share"))
    Opening.objects.create(city=row.city, party=row, keeper=by.username, share=share, reason=reason.strip(), at=at)
    complete = len(given) + 1 >= OPENERS
    if complete:
        secret = row.sealed if row.deposit == Party.Deposit.SEALED else statements.join_shares(given[0], share)
        row.from_escrow = True
        _disclose(draw, row, secret, at)
    event(obj=f"draw:{draw.number}", city=draw.city, party=row.key, complete=complete, secret=row.secret)
    return row


def _locked(party: Party, by: Actor) -> tuple[Draw, Party]:
    draw = Draw.objects.select_for_update().get(pk=party.draw_id)
    row = Party.objects.select_for_update().get(pk=party.pk)
    if row.username != by.username:
        raise Refused(refuse(CLAUSE, "您不是这一承诺方的经办人。", "party"))
    return draw, row


def _deposit(row: Party, draw: Draw, commitment: str, secret: str, share_digests: Sequence[str]) -> None:
    if secret:
        if not trusted.rehearsal(settings.DATA):
            raise Refused(refuse(CLAUSE, "密值不得在冻结以前交给系统：请把三份分持件交给三名托管人，只填它们的摘要。", "deposit"))
        if not HEX.fullmatch(secret) or seed.commitment(row.key, draw.number, secret) != commitment:
            raise Refused(refuse(CLAUSE, "托管的密值与承诺不符：密值应为 64 个小写十六进制字符，承诺按公布的公式计算。", "deposit"))
        row.deposit, row.sealed = Party.Deposit.SEALED, secret
        return
    digests = [one.strip().lower() for one in share_digests if one.strip()]
    if len(set(digests)) != 3 or not all(map(HEX.fullmatch, digests)):
        raise Refused(refuse(CLAUSE, "请填写三份分持件的摘要（各 64 个十六进制字符，互不相同）。", "deposit"))
    row.deposit, row.share_digests = Party.Deposit.SHARES, digests


def _may_open(draw: Draw, row: Party, at: datetime) -> None:
    if draw.status != Draw.Status.FROZEN:
        raise Refused(refuse(CLAUSE, f"抽签处于“{draw.get_status_display()}”，只有冻结以后才能公开密值。", "state"))
    if at < draw.objections_until:
        raise Refused(
            refuse(
                CLAUSE,
                f"异议期到 {draw.objections_until.astimezone(CHINA):%Y-%m-%d %H:%M} 为止，之后才能公开密值。",
                "objections",
            )
        )
    if row.secret:
        raise Refused(refuse(CLAUSE, "这一方的密值已经公开。", "state"))


def _disclose(draw: Draw, row: Party, secret: str, at: datetime) -> None:
    if not HEX.fullmatch(secret) or seed.commitment(row.key, draw.number, secret) != row.commitment:
        raise Refused(refuse(CLAUSE, "密值与冻结前的承诺不符，不予接受。", "mismatch"))
    row.secret, row.revealed_at = secret, at
    row.save(update_fields=["secret", "revealed_at", "from_escrow"])
    if not draw.parties.filter(secret="").exists():
        draw.status = Draw.Status.REVEALED
        draw.save(update_fields=["status"])
