"""The sealing room: orders in, parcels and shares out as files. Files appear only when the record of them is kept."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from kaopei.office.accounts.roles import SYSTEM
from kaopei.paper.assemble import CannotAssemble
from kaopei.parcel import manifest, seal_order
from kaopei.parcel.exam_parcel import Sealed
from kaopei.parcel.keyfile import Signer
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.return_parcel import Returned
from kaopei.vault.custody import actions, keyring
from kaopei.vault.custody.scoring import score_returned
from kaopei.vault.custody.sealing import CannotSeal, Choice, choose

LIST = "forms.json"


def seal_all(orders: Sequence[bytes], kids: Sequence[str], out: Path, seed: str | None, at: datetime) -> dict[str, Any]:
    """What was sealed and what was refused, order by order; a refused order leaves nothing behind."""
    out.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"sealed": [], "refused": []}
    signers = keyring.custodians(kids, keyring.current())
    for data in orders:
        try:
            keyring.take(keyring.claimed_chain(data), None)
            report["sealed"].append(_seal(data, signers, out, seed, at))
        except (CannotSeal, CannotAssemble, Rejected) as problem:
            claimed = _claims(data)
            report["refused"].append(
                {
                    "order_id": str(claimed.get("order_id", "")),
                    "sitting_id": str(claimed.get("sitting_id", "")),
                    "subjects": list(getattr(problem, "subjects", ())),
                    "reason": str(problem),
                }
            )
    return report


def _claims(data: bytes) -> dict[str, Any]:
    """Names for the report only; an unreadable order has none."""
    try:
        return manifest.unverified(data)
    except Rejected:
        return {}


def _seal(data: bytes, signers: Sequence[Signer], out: Path, seed: str | None, at: datetime) -> dict[str, Any]:
    listed = keyring.current()
    order, edges = seal_order.read(data, listed)
    with tempfile.TemporaryDirectory(dir=out, prefix=".sealing-") as folder:
        with transaction.atomic():
            choice = choose(order, listed, seed)
            sealed = actions.seal(order, edges, choice, signers, listed, by=SYSTEM, at=at)
            names = _write(Path(folder), sealed)
        for name in names.values():
            shutil.move(Path(folder) / name, out / name)
    _list(out / LIST, order, choice, sealed.package_id)
    shares = {name: file for name, file in names.items() if name != "parcel"}
    return {
        "order_id": order["order_id"],
        "sitting_id": order["sitting_id"],
        "package_id": sealed.package_id,
        "parcel": names["parcel"],
        "shares": shares,
    }


def _write(folder: Path, sealed: Sealed) -> dict[str, str]:
    """The parcel may be seen by everybody; a printed share is as good as the share."""
    names = {"parcel": f"{sealed.package_id}.xpk"}
    (folder / names["parcel"]).write_bytes(sealed.parcel)
    for name, content in sealed.shares.items():
        names[name] = f"{sealed.package_id}-{name}.share"
        (folder / names[name]).touch(mode=0o600)
        (folder / names[name]).write_bytes(content)
    return names


def _list(path: Path, order: dict[str, Any], choice: Choice, package_id: str) -> None:
    """Digests of the papers, by which two rehearsals can be compared; no item can be told from them."""
    forms = json.loads(path.read_text(encoding="utf-8"))["forms"] if path.exists() else []
    for subject, digest in choice.papers.digests().items():
        forms.append(
            {
                "id": f"{order['sitting_id']}/{order['form_set']}/{subject}",
                "digest": digest,
                "subject": subject,
                "sitting_id": order["sitting_id"],
                "form_set": order["form_set"],
                "order_id": order["order_id"],
                "package_id": package_id,
                "items": choice.papers.size(subject),
                "shared": choice.shared[subject],
            }
        )
    path.write_text(json.dumps({"forms": forms}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def score_one(data: bytes, kids: Sequence[str], out: Path, reason: str, at: datetime) -> int:
    """Score a return parcel; the number of attempts."""
    listed = keyring.current()
    returned = Returned(data, listed)
    kid, key = keyring.own("vault_import", listed)
    outcome_kid, outcome_key = keyring.own("outcomes", listed)
    signers = [Signer(outcome_key, outcome_kid, listed.suite), *keyring.custodians(kids, listed)]
    scored = score_returned(returned, kid, key)
    with transaction.atomic():
        sealed = actions.score(returned, scored, signers, listed, reason=reason, by=SYSTEM, at=at)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(sealed)
    return len(scored.results)
