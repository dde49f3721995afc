"""An exam site from nothing, for the drill: made-up people, keys and questions, a sealed paper, opened on this disk.

Everything is real but the people: the same parcels, checks, store and ledger as on the exam day, under a rehearsal trust of
its own that nobody else believes. It lives in a folder of its own and is thrown away.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaopei.edge import app, keystore, opening, parcel_in, settings
from kaopei.edge.console import Person
from kaopei.edge.server import Edge
from kaopei.paper import codec
from kaopei.parcel import (
    approval,
    enrolment,
    exam_parcel,
    ids,
    key_release,
    key_share,
    keyfile,
    manifest,
    roster,
    seal_order,
    seating,
    shares,
    trust,
)
from kaopei.parcel.keyfile import Signer

CITY, SITE, SITTING = "999900", "999901", "999901-DRILL"
HEAD, SECOND = "演练负责人", "演练监考员"
SUBJECT = "演练科目"
ITEMS, MINUTES = 100, 240
PEOPLE = {"clerk": ["clerk"], "approver1": ["approver"], "approver2": ["approver"], "acceptor1": ["acceptor"], "acceptor2": ["acceptor"]}


def ticket(number: int) -> tuple[str, str]:
    """Ticket number and last four of the ID of a made-up candidate; the asking side knows them by the same rule."""
    return f"99990100{number:06d}", f"{number % 10000:04d}"


@dataclass
class Keys:
    """The made-up province."""

    trust: trust.Trust
    data: bytes
    root: str
    signers: dict[str, Signer]
    service: tuple[str, Any]
    now: int

    def approvals(self, action: str, obj: str, digest: str) -> list[dict[str, Any]]:
        return [
            approval.make(self.trust, action, obj, 1, digest, "clerk", self.signers[name], "approver", ids.nonce(), self.now + 3600, self.now)
            for name in ("approver1", "approver2")
        ]


def _found(now: int) -> Keys:
    signers, rows, service = {}, [], ("", None)
    for role in ("center", "key_service", "province_release", "custodian1", "custodian2", *PEOPLE):
        signers[role] = Signer(keyfile.generate_sign())
        kind = "person" if role in PEOPLE else role.rstrip("12")
        rows.append(trust.entry(keyfile.public(signers[role].key), kind, role, duties=PEOPLE.get(role, [])))
    for role in ("key_service_decrypt", "province_escrow", "city_import", "vault_import"):
        key = keyfile.generate_decrypt()
        rows.append(trust.entry(keyfile.public(key), role, role))
        service = (keyfile.kid(keyfile.public(key)), key) if role == "key_service_decrypt" else service
    data, root, _ = trust.found(deployment="考点压力演练", rehearsal=True, issued_at=now - 1000, keys=rows)
    return Keys(trust.load([data], root), data, root, signers, service, now)


def make(folder: Path, seats: int, *, listen: str, pin: str, devices: list[dict[str, Any]], now: int) -> Path:
    """Lay the site down in an empty folder, with its paper opened; the path of its config.toml."""
    keys = _found(now)
    site = folder / "site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "passphrase").write_text(secrets.token_urlsafe(24), "ascii")
    (site / "trust.json").write_bytes(keys.data)
    (site / "root.txt").write_text(keys.root, "ascii")
    lines = {
        "site": SITE, "city": CITY, "serial": "EDGE-DRILL", "title": "考前压力演练", "listen": listen, "passphrase": "passphrase",
        "root": "root.txt", "clock": "none.json", "persons": "persons",
    }  # fmt: skip
    config = site / "config.toml"
    text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in lines.items())
    config.write_text(text + "min_free_mib = 1\nballast_mib = 0\n", "utf-8")
    its = settings.read(config)
    record = _enrol(keys, its)
    rows = [_candidate(number) for number in range(1, seats + 1)]
    order = _order(keys, rows, record)
    subjects = [{"subject": SUBJECT, "bank_version": "1", "policy": {}}]
    custodians = [keys.signers["custodian1"], keys.signers["custodian2"]]
    sealed = exam_parcel.build(order, [record], _contents(rows), custodians, keys.trust, at=keys.now, subjects=subjects)
    seats_parcel = _seats(keys, rows, sealed.package_id, record, pin, devices)
    (site / "inbox").mkdir()
    _open_paper(its, keys, record, sealed, seats_parcel)
    return config


def _enrol(keys: Keys, its: settings.Settings) -> enrolment.Edge:
    made = keystore.generate(its, keys.trust.suite)
    request = enrolment.ask(
        keys.trust,
        edge_serial=its.serial,
        function="primary",
        city=CITY,
        site_code=SITE,
        sign_key=made.signer.key,
        decrypt_key=made.decrypt_key,
        keystore="file",
        software=settings.software(),
        at=keys.now - 500,
    )
    draft = enrolment.accept(
        request, keys.trust, accepted_by=["acceptor1", "acceptor2"], not_before=keys.now - 500, not_after=keys.now + 10**6, at=keys.now - 400
    )
    signers = [keys.signers[name] for name in ("acceptor1", "acceptor2", "province_release")]
    record = enrolment.read(manifest.sign("enrolment", draft, signers), keys.trust, at=keys.now)
    its.enrolment.write_bytes(record.record)
    return record


def _candidate(number: int) -> dict[str, Any]:
    ticket_no, last = ticket(number)
    return {
        "attempt": f"D{number:05d}", "salt": ids.mark(), "name": f"演练考生{number}", "id_last4": last,
        "id_commit": roster.id_commit(f"drill{number}", b"drill"), "subject": SUBJECT, "room": f"第{(number - 1) // 50 + 1}考场",
        "seat": f"{(number - 1) % 50 + 1:02d}", "ticket_no": ticket_no, "photo": None, "photo_source": "none", "accommodations": {},
    }  # fmt: skip


def _order(keys: Keys, rows: list[dict[str, Any]], record: enrolment.Edge) -> Any:
    now = keys.now
    window = {
        "not_before": now - 3600, "start_earliest": now - 60, "start_latest": now + 86_400, "end_latest": now + 172_800,
        "stage2_not_before": now + 172_800,
    }  # fmt: skip
    policy = {"duration_minutes": MINUTES, "order": "shuffled", "allowed_prefetch": 0, "clock_policy": "pause", "score_display": "never"}
    draft = seal_order.draft(
        keys.trust,
        at=now,
        order_id=f"SO-{SITTING}",
        sitting_id=SITTING,
        city=CITY,
        site_code=SITE,
        form_set="trial",
        window=window,
        attempts=[{"attempt": row["attempt"], "subject": row["subject"]} for row in rows],
        roster_hash=roster.root(rows),
        edges=[record],
        officers=[],
        policy=policy,
    )
    approved = keys.approvals("seal_order.issue", f"SO-{SITTING}", approval.digest_of(draft, keys.trust))
    order, _ = seal_order.read(seal_order.sign(draft, approved, keys.signers["center"]), keys.trust)
    return order


def _contents(rows: list[dict[str, Any]]) -> list[tuple[str, str, bytes]]:
    """A full paper of made-up questions as long as real ones; every candidate in an order of his own."""
    names, correct, found = [], {}, []
    for number in range(1, ITEMS + 1):
        name = hashlib.sha256(f"drill{number}".encode()).hexdigest()[:32]
        options = [{"id": one, "text": f"第 {number} 题的选项 {one}，写得和真题差不多长，大约二十来个字"} for one in "abcd"]
        stem = f"演练第 {number} 题：这道题没有内容，只为让服务器忙起来。" * 3
        found.append(("item", name, codec.canonical({"kind": "single", "stem": stem, "options": options})))
        correct[name] = ["a"]
        names.append(name)
    policy, key = (hashlib.sha256(word).hexdigest()[:32] for word in (b"policy", b"key"))
    for at, row in enumerate(rows):
        order = names[at % ITEMS :] + names[: at % ITEMS]
        places = [{"item": name, "options": list("abcd"), "points": 1} for name in order]
        form = {"attempt": row["attempt"], "subject": SUBJECT, "policy": policy, "duration_minutes": MINUTES, "items": places}
        found.append(("form", row["attempt"], codec.canonical(form)))
    rules = {
        "subject": SUBJECT, "duration_minutes": MINUTES, "full_marks": ITEMS, "pass_mark": ITEMS, "multiple": "exact",
        "sections": [{"kind": "single", "items": ITEMS, "marks": 1}], "key": key,
    }  # fmt: skip
    found.append(("policy", policy, codec.canonical(rules)))
    found.append(("key", key, codec.canonical({"subject": SUBJECT, "keys": correct})))
    return found


def _seats(keys: Keys, rows: list[dict[str, Any]], package: str, record: enrolment.Edge, pin: str, devices: list[dict[str, Any]]) -> bytes:
    staff = [{"kid": None, "name": name, "role": role, "pin_verifier": _verifier(pin)} for name, role in ((HEAD, "head"), (SECOND, "invigilator"))]
    day = time.localtime(keys.now)
    exam = {"title": "考前压力演练", "date": time.strftime("%Y-%m-%d", day), "start": time.strftime("%H:%M", day), "end": ""}
    body = {
        "sitting_id": SITTING, "rev": 1, "prev_hash": None, "package_id": package, "city": CITY, "site_code": SITE, "room": "", "rooms": [],
        "exam": exam, "roster": rows, "staff": staff, "baseline": {"rev": 1, "devices": devices}, "numbers": {}, "trust_chain": [],
    }  # fmt: skip
    approved = keys.approvals("seating.issue", SITTING, seating.body_hash(body))
    return seating.seal(body, approved, keys.signers["center"], [record], keys.trust, at=keys.now)


def _verifier(pin: str) -> str:
    salt = secrets.token_bytes(16)
    found = hashlib.scrypt(pin.encode(), salt=salt, n=2**12, r=8, p=1, dklen=32)
    words = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (salt, found))
    return "$".join(("scrypt", str(2**12), "8", "1", *words))


def _open_paper(its: settings.Settings, keys: Keys, record: enrolment.Edge, sealed: exam_parcel.Sealed, seats: bytes) -> None:
    """Taken in and opened with real shares and a real token; the pages of the opening are not what is measured."""
    import asyncio

    async def work() -> None:
        edge = app.load(its)
        try:
            edge.keeper.ensure()
            people = [Person(HEAD, "head", ""), Person(SECOND, "invigilator", "")]
            for data in (seats, sealed.parcel):
                await parcel_in.take(edge, parcel_in.check(edge, data, []), people[0], people[1])
            await _unseal(edge, keys, record, sealed, people)
        finally:
            edge.store.close()

    asyncio.run(work())


async def _unseal(edge: Edge, keys: Keys, record: enrolment.Edge, sealed: exam_parcel.Sealed, people: list[Person]) -> None:
    sitting = edge.sittings[SITTING]
    held = {name: key_share.read(sealed.shares[name], keys.trust) for name in ("A", "B")}
    share_a = key_share.take(held["A"], keys.trust.algorithms)
    share_b = key_share.take(held["B"], keys.trust.algorithms, *keys.service)
    challenge = shares.challenge(ids.twelve_digits())
    approved = keys.approvals("key.release", str(sealed.package_id), sitting.opener.manifest_hash)
    token = key_release.make(
        keys.trust, sitting.opener, record, share_b, approved, keys.signers["key_service"], at=keys.now, stage=1, challenge=challenge, log_seq=1
    )
    own = (edge.keys.decrypt_kid, edge.keys.decrypt_key)
    payload, other = key_release.take(token, edge.trust, sitting.opener, *own, stage=1, challenge=challenge)
    half = opening.Half(share_a, people[0], secrets.token_hex(4), edge.clock.elapsed())
    await opening.open_paper(edge, sitting, sitting.opener.unlock(share_a, other, *own), token, payload, half, people[1])
