"""Slips that a site sends on the day: believed only from the machine that the paper was sealed to, and only if its ledger goes on."""

from datetime import datetime

from kaopei.center.sittings import artefacts, queries
from kaopei.center.sittings.models import Artefact, Conduct, Machine
from kaopei.ledger import tree
from kaopei.office import keys
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, nothing_changed, records
from kaopei.parcel import slip
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.slip import Slip

TITLES = {slip.GATE: "启封前小条", slip.OPEN: "启封小条", slip.CLOSE: "收场小条"}
BEFORE, DURING = ("seated", "released"), ("released", "returned", "receipted")


@records("sittings.slip_taken", act="sittings.import")
def take_slip(data: bytes, *, by: Actor, at: datetime) -> Artefact:
    """二（四） N2.4.13: one slip of each kind and package; a forked or shortened ledger is set aside as evidence. Raises Rejected."""
    found = slip.read(data, keys.trust())
    said = found.payload
    paper = queries.by_ref(Artefact.Kind.PAPER, said["package_id"])
    if paper is None:
        raise Rejected("package", f"中心没有密封包 {said['package_id']}，这张小条不能收入")
    row = Conduct.objects.select_for_update().get(pk=paper.conduct_id)
    known = [one for one in queries.slips(row, said["kind"]) if one.ref == paper.ref]
    if same := next((one for one in known if one.facts["qr"] == found.digest), None):
        nothing_changed()
        return same
    _belongs(row, paper, found)
    pending = _continues(found)
    if known and said["kind"] != slip.GATE:
        raise Rejected("second", f"本场已收过一张不同的{TITLES[said['kind']]}，不能覆盖。请考试点说明，并立即报告")
    facts = {name: said[name] for name in ("origin", "size", "root", "since", "counts", "flags", "challenge", "token_time")}
    facts |= {"moment": said["kind"], "package": paper.ref, "qr": found.digest, "pending": pending, "signed_by": list(found.approvers)}
    kept = artefacts.keep(row, Artefact.Kind.SLIP, paper.ref, data, by=by, at=at, **facts)
    told = {name: said[name] for name in ("kind", "origin", "size", "root")}
    event(obj=f"sitting:{row.sitting}", city=row.city, package=paper.ref, digest=kept.digest, pending=pending, **told)
    return kept


def _belongs(row: Conduct, paper: Artefact, found: Slip) -> None:
    said = found.payload
    if (said["sitting_id"], said["site_code"]) != (row.sitting, row.site):
        raise Rejected("sitting", f"小条的场次或考试点与密封包 {paper.ref} 不符")
    if row.status not in (BEFORE if said["kind"] == slip.GATE else DURING):
        raise Rejected("state", f"场次 {row.sitting} {row.get_status_display()}，现在不应有{TITLES[said['kind']]}")
    enrolled = Machine.objects.filter(serial=said["edge_serial"], status=Machine.Status.ENROLLED)
    if all(bytes(one.record) != found.edge.record for one in enrolled):
        raise Rejected("machine", f"考试服务器 {said['edge_serial']} 的登记书不是中心登记的那一份")
    if found.edge.decrypt.kid not in Parcel(bytes(paper.data), keys.trust()).manifest["edge_keys"]:
        raise Rejected("machine", "小条不是密封包所封的考试服务器签署的")
    origin = f"edge.{row.city}.{row.site}/{said['edge_serial']}/"
    if not said["origin"].startswith(origin):
        raise Rejected("ledger", f"台账 {said['origin']} 不是这台考试服务器的")
    if said["kind"] == slip.CLOSE:
        _all_closed(row, said["counts"])


def _all_closed(row: Conduct, counts: dict[str, int]) -> None:
    """The numbers of completeness, before any parcel: nobody writes any more."""
    names = ("roster", "present", "absent", "refused", "opened", "closed", "expected")
    roster, present, absent, refused, opened, closed, expected = (counts.get(name, -1) for name in names)
    made = queries.roster_made(row)
    if roster != made or roster != present + absent + refused or expected != 0 or not present == opened == closed:
        text = f"名册 {roster}，到考 {present}，缺考 {absent}，不予入场 {refused}，已开始 {opened}，已交卷 {closed}，未处理 {expected}"
        raise Rejected("equation", f"收场小条的人数不闭合（中心名册 {made}；小条：{text}），请考试点说明")


def _continues(found: Slip) -> bool:
    """Whether the witness must wait for the parcel. Size never falls, same size has the same root, what can be proved is."""
    said = found.payload
    here = queries.witnessed(said["origin"])
    size, root = said["size"], said["root"]
    if size < here.city_size:
        raise Rejected("witness", f"台账只有 {size} 条，少于已见证的 {here.city_size} 条：被截断，或恢复了旧盘。请立即报告")
    if here.roots.get(size, root) != root:
        raise Rejected("witness", f"台账在 {size} 条处有两个不同的根：分叉，两张小条都留作证据。请立即报告")
    since = said["since"]
    if not since or since not in here.roots:
        return True
    old, proof = bytes.fromhex(here.roots[since]), [bytes.fromhex(one) for one in found.proof]
    if not tree.verify_consistency(since, size, old, bytes.fromhex(root), proof):
        raise Rejected("witness", f"台账不是从已回执的 {since} 条续写的：内容被改动，或出现分叉。请立即报告")
    return False
