"""Sealing papers, handing shares over, scoring what came back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.audit.tasks import proved
from kaopei.office.refused import Refused
from kaopei.paper.blueprint import plain
from kaopei.parcel import exam_parcel, manifest, outcomes
from kaopei.parcel.enrolment import Edge
from kaopei.parcel.exam_parcel import Parcel, Sealed
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.return_parcel import Returned
from kaopei.parcel.trust import Trust
from kaopei.vault.custody import queries
from kaopei.vault.custody.models import Exposure, Handover, KeyShare, Scoring, SealedPackage
from kaopei.vault.custody.papers import TRIAL
from kaopei.vault.custody.scoring import Scored
from kaopei.vault.custody.sealing import Choice


@records("custody.sealed", act="vault.seal")
def seal(
    order: Mapping[str, Any],
    edges: Sequence[Edge],
    choice: Choice,
    custodians: Sequence[Signer],
    listed: Trust,
    *,
    by: Actor,
    at: datetime,
) -> Sealed:
    """二（五） N2.5.8: two custodians seal the chosen papers for an order; the content keys are forgotten at once."""
    papers = choice.papers
    digests = papers.digests()
    subjects = [{"subject": name, "bank_version": choice.version(name), "policy": papers.rules(name)} for name in digests]

    def enter(package: str, manifest_hash: str) -> dict[str, Any]:
        """The seal's event goes into the ledger before the parcel is complete: its place there travels in the parcel."""
        ulid = event(
            obj=f"package:{package}",
            order=order["order_id"],
            package=package,
            sitting=order["sitting_id"],
            form_set=order["form_set"],
            manifest=manifest_hash,
            subjects=sorted(digests),
            papers=digests,
            attempts=len(papers.attempts),
            shared=dict(choice.shared),
            custodians=[signer.kid for signer in custodians],
        )
        return proved(ulid, at)

    now = int(at.timestamp())
    sealed = exam_parcel.build(dict(order), edges, papers.blobs(), custodians, listed, at=now, subjects=subjects, seal_proof=enter)
    parcel = Parcel(sealed.parcel, listed)
    row = SealedPackage.objects.create(
        package_id=sealed.package_id,
        **{name: order[name] for name in ("order_id", "sitting_id", "city", "site_code", "form_set")},
        day=choice.day,
        supersedes=order["supersedes"] or "",
        manifest_hash=parcel.manifest_hash,
        papers=digests,
        content=papers.to_text(),
        custodians=[signer.kid for signer in custodians],
        at=at,
        by=by.username,
    )
    _expose(row, choice)
    _keep_shares(row, sealed, listed)
    return sealed


def _expose(row: SealedPackage, choice: Choice) -> None:
    """A trial asks nothing that is in a bank."""
    if row.form_set != TRIAL:
        shown = choice.papers.exposed()
        Exposure.objects.bulk_create(Exposure(package=row, subject=plain(name), number=number, candidates=count) for name, number, count in shown)


def _keep_shares(row: SealedPackage, sealed: Sealed, listed: Trust) -> None:
    for data in sealed.shares.values():
        payload = manifest.read("key_share", data, listed)
        fields = {name: payload[name] for name in ("number", "stage", "x", "holder", "commitment")}
        KeyShare.objects.create(package=row, **fields)


@records("custody.shares_handed", act="vault.seal")
def hand_over(share: KeyShare, *, receiver: str, receipt: str, by: Actor, at: datetime) -> None:
    """二（五） N2.5.8: a share leaves the vault against a receipt, once."""
    if Handover.objects.filter(share=share).exists():
        raise Refused(refuse("N2.5.8", f"密钥分持件 {share.number} 已经登记交接。", "twice"))
    if not receiver or not receipt:
        raise Refused(refuse("N2.5.8", "请填写接收人和收条编号。", "form"))
    Handover.objects.create(share=share, receiver=receiver[:80], receipt=receipt[:160], at=at, by=by.username)
    package = share.package.package_id
    event(obj=f"package:{package}", package=package, number=share.number, holder=share.holder, receipt=receipt[:160])


@records("custody.scored", act="vault.score")
def score(returned: Returned, scored: Scored, signers: Sequence[Signer], listed: Trust, *, reason: str, by: Actor, at: datetime) -> bytes:
    """The second, confirming scoring leaves the vault; a repeat needs a reason and is a new revision, every one stays."""
    row = scored.package
    before = next(iter(queries.revisions(row)), None)
    if before is not None and not reason:
        text = f"场次 {row.sitting_id} 已评分（第 {before.rev} 版）。重新评分请用 --reason 写明原因。"
        raise Refused(refuse("", text, "twice"))
    rev = 1 if before is None else before.rev + 1
    data = outcomes.seal(
        listed,
        returned.payload,
        returned.hash,
        at=int(at.timestamp()),
        results=scored.results,
        form_digests=scored.form_digests,
        signers=signers,
        city=row.city,
        rev=rev,
        prev_hash=None if before is None else before.outcomes_hash,
        reason=reason,
    )
    digest = listed.algorithms.hash(data).hex()
    bundle = returned.payload["bundle_id"]
    Scoring.objects.create(
        package=row,
        rev=rev,
        bundle_id=bundle,
        bundle_hash=returned.hash,
        outcomes_hash=digest,
        reason=reason,
        at=at,
        by=by.username,
    )
    count = len(scored.results)
    event(obj=f"package:{row.package_id}", package=row.package_id, rev=rev, bundle=bundle, attempts=count, digest=digest)
    return data
