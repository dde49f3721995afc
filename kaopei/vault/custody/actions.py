"""Sealing papers, handing shares over, scoring what came back."""

from datetime import datetime

from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused
from kaopei.vault.custody.models import Handover, KeyShare


@records("custody.shares_handed", act="vault.seal")
def hand_over(share: KeyShare, *, receiver: str, receipt: str, by: Actor, at: datetime) -> None:
    """二（五） N2.5.8: a share leaves the vault against a receipt, once."""
    if Handover.objects.filter(share=share).exists():
        raise Refused(refuse("N2.5.8", f"密钥分持件 {share.number} 已经登记交接。", "twice"))
    if not receiver or not receipt:
        raise Refused(refuse("N2.5.8", "请填写接收人和收条编号。", "form"))
    Handover.objects.create(share=share, receiver=receiver[:80], receipt=receipt[:160], at=at, by=by.username)
    event(
        obj=f"package:{share.package.package_id}",
        package=share.package.package_id,
        number=share.number,
        holder=share.holder,
        receipt=receipt[:160],
    )
