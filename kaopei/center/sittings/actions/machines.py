"""Exam servers: asked, accepted by two persons, countersigned by the province."""

import os
import re
from datetime import datetime, timedelta

from django.conf import settings

from kaopei.center.registry import queries as registry
from kaopei.center.sittings.artefacts import digest_of
from kaopei.center.sittings.models import Machine
from kaopei.center.sittings.refusing import as_refusal, no
from kaopei.office import keys
from kaopei.office.accounts import queries as people
from kaopei.office.accounts import roles
from kaopei.office.accounts.roles import Actor
from kaopei.office.audit.record import event, records
from kaopei.office.refused import Refused
from kaopei.parcel import canonical, enrolment, manifest
from kaopei.parcel.trust import Trust

CLAUSE = "N2.4.4"
# A setting: after a year a machine is looked at again
TERM = timedelta(days=365)
# A serial becomes a file name at the checking commands
SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@records("sittings.edge_asked", act="sittings.enrol")
def ask_enrolment(request: bytes, *, acceptors: tuple[str, str], by: Actor, at: datetime) -> Machine:
    """二（四）: take a machine's request in and name the two persons who will see it and sign for it."""
    listed = keys.trust()
    with as_refusal(CLAUSE):
        asked = enrolment.read_request(request, listed, keys.opener("key_service_decrypt", at)[1])
    serial, city, site = asked["edge_serial"], asked["city"], asked["site_code"]
    verdict = roles.judge(by, "sittings.enrol", city)
    if not verdict.allowed:
        raise Refused(verdict)
    if not SERIAL.fullmatch(serial):
        raise no(CLAUSE, "考试服务器的序列号只能用字母、数字、点、下划线和短横（最多 80 个）。请在考试点重新生成登记申请。", "serial")
    if registry.site(city, site, at.date()) is None:
        raise no(CLAUSE, f"考试点名册里没有 {site}。请核对登记申请，或先更新考试点名册。", "site")
    digest = digest_of(request)
    if Machine.objects.filter(request_digest=digest).exists():
        raise no(CLAUSE, f"这份登记申请（{serial}）已经上传过，不必重复上传。", "twice")
    holders = _holders(acceptors, city, listed)
    before = Machine.objects.filter(city=city, serial=serial, status=Machine.Status.ENROLLED).order_by("-enrolled_at").first()
    if before is not None and before.site != site:
        raise no(CLAUSE, f"序列号 {serial} 已登记在考试点 {before.site}，不能再登记到 {site}。请核对，或在考试点换用新的序列号。", "moved")
    with as_refusal(CLAUSE):
        draft = enrolment.accept(
            request,
            listed,
            accepted_by=holders,
            not_before=int(at.timestamp()),
            not_after=int((at + TERM).timestamp()),
            at=int(at.timestamp()),
            supersedes=digest_of(bytes(before.record)) if before else None,
        )
    made = Machine.objects.create(
        city=city,
        site=site,
        serial=serial,
        function=asked["function"],
        payload=canonical.encode(draft),
        request_digest=digest,
        acceptors=list(acceptors),
        not_before=at,
        not_after=at + TERM,
        asked_at=at,
    )
    event(obj=f"machine:{serial}", city=city, serial=serial, request=digest, accepted_by=holders)
    return made


def _holders(acceptors: tuple[str, str], city: str, listed: Trust) -> list[str]:
    """How the trust list names the two; both can sign, and are two."""
    if len(set(acceptors)) != 2:
        raise no(CLAUSE, "考试服务器须由两名不同的人员验收，请选择两个人。", "two_persons")
    found = []
    for username in acceptors:
        person = people.find(username)
        key = listed.keys.get(person.kid) if person and person.is_active else None
        if person is None or key is None or key.role != "person":
            raise no(CLAUSE, f"{person.name if person else username} 没有登记签名密钥，不能验收。请换一人，或由安全管理员登记密钥。", "key")
        verdict = roles.judge(person, "sittings.enrol", city)
        if not verdict.allowed:
            raise no(CLAUSE, f"{person.name}不能验收考试服务器：{verdict.text}", "role")
        found.append(key.holder)
    if len(set(found)) != 2:
        raise no(CLAUSE, "两名验收人在信任名单里是同一个人，请换一人。", "two_persons")
    return found


@records("sittings.edge_accepted", act="sittings.enrol")
def accept_machine(machine: Machine, *, pin: str, by: Actor, at: datetime) -> Machine:
    """二（四）: one of the two named persons has seen the machine and signs its record."""
    row = Machine.objects.select_for_update().get(pk=machine.pk)
    if by.username not in row.acceptors:
        raise no(CLAUSE, "您不是这台考试服务器的验收人。请由申请中写明的两名验收人签名。", "acceptor")
    if row.status != Machine.Status.ASKED or by.username in row.signed:
        raise no(CLAUSE, f"这台考试服务器{row.get_status_display()}，您已不需要签名。", "state")
    signer = keys.person(getattr(by, "kid", ""), pin)
    with as_refusal(CLAUSE):
        if row.record:
            row.record = manifest.cosign("enrolment", bytes(row.record), signer)
        else:
            row.record = manifest.sign("enrolment", canonical.decode_object(bytes(row.payload)), [signer])
    row.signed = [*row.signed, by.username]
    if len(row.signed) == len(row.acceptors):
        row.status = Machine.Status.ACCEPTED
    row.save(update_fields=["record", "signed", "status"])
    event(obj=f"machine:{row.serial}", city=row.city, serial=row.serial, request=row.request_digest, signatures=len(row.signed))
    return row


@records("sittings.edge_enrolled", act="sittings.countersign")
def countersign_machine(machine: Machine, *, by: Actor, at: datetime) -> Machine:
    """二（四）: the province signs last; from then on papers may be sealed to this machine."""
    row = Machine.objects.select_for_update().get(pk=machine.pk)
    if row.status != Machine.Status.ACCEPTED:
        raise no(CLAUSE, f"这台考试服务器{row.get_status_display()}，不能会签。须先由两名验收人签名。", "state")
    if by.username in row.acceptors:
        raise no(CLAUSE, "您是验收人，不能再会签。请由省考试机构的另一人会签。", "self")
    with as_refusal(CLAUSE):
        row.record = manifest.cosign("enrolment", bytes(row.record), keys.signer("province_release", at))
        enrolment.read(bytes(row.record), keys.trust(), at=int(at.timestamp()))
    row.status, row.enrolled_at = Machine.Status.ENROLLED, at
    row.save(update_fields=["record", "status", "enrolled_at"])
    event(obj=f"machine:{row.serial}", city=row.city, serial=row.serial, record=digest_of(bytes(row.record)))
    _publish(row)
    return row


def _publish(row: Machine) -> None:
    """A copy where the checking commands look for machines; whole or not at all."""
    folder = settings.DATA / "enrolments"
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{row.serial}.{os.getpid()}"
    beside.write_bytes(bytes(row.record))
    beside.replace(folder / f"{row.serial}.json")

