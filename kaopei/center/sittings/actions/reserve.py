"""In need: the province's reserve share instead of the key service's, a share read out by telephone, and the report within a day.

二（五） N2.5.8/9. The reserve lies sealed in the province's secrecy room; its number is entered by the province, two key officers sign,
and the token is the province's. By telephone nothing new is released: sixteen groups say again what a released token says, to the
one machine whose challenge it names.
"""

from datetime import datetime

from kaopei.center.sittings import queries
from kaopei.center.sittings.asking import CLAUSE, REASON, put_before
from kaopei.center.sittings.models import Artefact, Conduct, KeyRelease, KeyShare, ReserveReport
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.parcel import base64url, key_share, manifest, phone, shares
from kaopei.parcel.exam_parcel import Parcel
from kaopei.parcel.phone import About
from kaopei.parcel.shares import Share

RESERVE_X = 3
# Whose key the machine agrees with, by path; both are decryption keys in the trust list
PHONE_KEYS = {"AB": "key_service_decrypt", "AC": "province_escrow"}


@records("sittings.reserve_asked", act="sittings.ask_reserve")
def ask_reserve(conduct: Conduct, *, challenge: str, digits: str, machine: str, reason: str, unslipped: str, by: Actor, at: datetime) -> KeyRelease:
    """二（五） N2.5.9: the key service cannot answer, so the reserve is opened; two key officers still sign. Why stands in the token."""
    if len(reason.strip()) < REASON:
        raise no("N2.5.9", "启用备用分持须写明密钥服务为什么不能用（至少五个字）。", "reason")
    with scope.entered(conduct.city):
        row = Conduct.objects.select_for_update().get(pk=conduct.pk)
        parcel = queries.paper(row)
        if parcel is None:
            raise no(CLAUSE, f"场次 {row.sitting} 还没有密封包。", "paper")
        handed = KeyShare.objects.filter(package=parcel.manifest["package_id"], holder="province", stage=1).first()
        if handed is None or handed.handed_at is None:
            raise no(CLAUSE, "中心没有把这个密封包的备用分持交给省考试机构的记录，不能启用。请核对信封编号。", "handed")
        share = _entered(digits, parcel)
        waivers = [f"启用省级备用分持：{reason.strip()[:400]}"]
        made = put_before(row, challenge, 1, machine, waivers, reason, unslipped, by, at, reserve=share)
        event(obj=f"sitting:{row.sitting}", city=row.city, package=made.package, stage=1, envelope=handed.number)
    return made


def _entered(digits: str, parcel: Parcel) -> Share:
    letters = "".join(digits.replace("-", " ").split())
    with as_refusal(CLAUSE):
        share = shares.from_digits([letters[at : at + 6] for at in range(0, len(letters), 6)])
        if share.x != RESERVE_X:
            raise no(CLAUSE, "这不是省级备用的那一份（C 份）。请核对信封。", "share")
        parcel.check_share(1, share)
    return share


@records("sittings.key_dictated", act="sittings.release_key")
def dictate(conduct: Conduct, number: int, *, digits: str = "", by: Actor, at: datetime) -> list[str]:
    """二（五） N2.5.8: the groups to be read out for a token that was released; for the reserve its digits once more, they are not kept."""
    row = Conduct.objects.get(pk=conduct.pk)
    wanted = KeyRelease.objects.filter(conduct=row, number=number, status=KeyRelease.Status.RELEASED).first()
    token = queries.newest(row, Artefact.Kind.TOKEN, rev=number)
    paper = queries.by_ref(Artefact.Kind.PAPER, wanted.package) if wanted else None
    if wanted is None or token is None or paper is None:
        raise no(CLAUSE, f"场次 {row.sitting} 没有第 {number} 号放行记录。请先由两名值班员签署放行。", "number")
    listed, parcel = keys.trust(), Parcel(bytes(paper.data), keys.trust())
    share = _entered(digits, parcel) if wanted.path == "AC" else _held(parcel, wanted.stage, at)
    edge = next((one for one in queries.edges(row.site, at) if one.payload["edge_serial"] == wanted.machine), None)
    if edge is None:
        raise no("N2.4.4", f"考试服务器 {wanted.machine} 的登记书已不在有效期内。", "machine")
    about = About(wanted.package, parcel.manifest_hash, wanted.stage, wanted.challenge, wanted.path, number)
    with as_refusal(CLAUSE):
        _, key = keys.opener(PHONE_KEYS[wanted.path], at)
        agreed = listed.algorithms.agree(key, base64url.decode(edge.decrypt.pub, "公钥"))
        issued = int(manifest.read("key_release", bytes(token.data), listed)["issued_at"])
        groups = phone.make(listed.algorithms, agreed, about, share, issued)
    event(obj=f"sitting:{row.sitting}", city=row.city, package=wanted.package, stage=wanted.stage, number=number)
    return groups


def _held(parcel: Parcel, stage: int, at: datetime) -> Share:
    held = KeyShare.objects.get(package=parcel.manifest["package_id"], stage=stage, holder="key_service")
    listed = keys.trust()
    with as_refusal(CLAUSE):
        return key_share.take(key_share.read(bytes(held.content), listed), listed.algorithms, *keys.opener("key_service_decrypt", at))


@records("sittings.reserve_reported", act="sittings.ask_reserve")
def report_reserve(release: KeyRelease, *, text: str, by: Actor, at: datetime) -> ReserveReport:
    """二（五） N2.5.9: how the seal came to be broken, once."""
    if release.path != "AC" or release.status != KeyRelease.Status.RELEASED:
        raise no("N2.5.9", "这次放行没有启用备用分持，不需要报告。", "path")
    if len(text.strip()) < 20:
        raise no("N2.5.9", "报告请写明经过、在场人员和信封编号（至少二十个字）。", "text")
    if ReserveReport.objects.filter(release=release).exists():
        raise no("N2.5.9", "这次应急放行已经报告过；补充情况请另行行文。", "twice")
    late = release.released_at is not None and at > release.released_at + queries.REPORT_WITHIN
    made = ReserveReport.objects.create(city=release.city, release=release, text=text.strip()[:4000], by=by.username, at=at)
    event(obj=f"sitting:{release.conduct.sitting}", city=release.city, package=release.package, number=release.number, late=late)
    return made
