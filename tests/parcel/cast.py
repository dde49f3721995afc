"""A small province with keys: everything that the parcels of one sitting need, made fresh."""

from dataclasses import dataclass
from typing import Any

from kaopei.parcel import approval, enrolment, ids, keyfile, manifest, roster, trust
from kaopei.parcel.keyfile import Signer

NOW = 1_796_000_000
CITY, SITE, SITTING = "440600", "440601", "440601-1207-09"
WINDOW = {
    "not_before": NOW, "start_earliest": NOW + 900, "start_latest": NOW + 1800, "end_latest": NOW + 12_000, "stage2_not_before": NOW + 12_000,
}
POLICY = {"duration_minutes": 120, "order": "shuffled", "allowed_prefetch": 0, "clock_policy": "pause", "score_display": "never"}
SIGNING = [
    "outcomes", "issuer", "center", "key_service", "province_release", "city_witness", "province_mirror", "status", "vault", "party1", "party2",
]
OPENING = ["key_service_decrypt", "province_escrow", "city_import", "vault_import"]
PEOPLE = {
    "clerk": ["clerk"], "chen": ["approver"], "li": ["approver"], "wang": ["acceptor"], "zhao": ["acceptor"], "head": ["head"],
    "patrol": ["patroller"], "kao1": ["examiner"], "kao2": ["examiner"],
}


@dataclass
class Province:
    trust: Any
    data: bytes
    root: str
    signers: dict[str, Signer]
    openers: dict[str, tuple[str, Any]]
    edge: Any = None
    edge_sign: Any = None
    edge_key: Any = None

    def approvals(self, action: str, object: str, digest: str, rev: int = 1, by: tuple[str, ...] = ("chen", "li"), at: int = NOW) -> list[dict]:
        made = []
        for name in by:
            args = (self.trust, action, object, rev, digest, "clerk", self.signers[name], PEOPLE[name][0])
            made.append(approval.make(*args, ids.nonce(), at + 3600, at))
        return made

    @property
    def custodians(self) -> list[Signer]:
        return [self.signers["custodian1"], self.signers["custodian2"]]


def found(rehearsal: bool = True) -> Province:
    """The first trust list with a key for everything and an accepted machine at the site."""
    signers, openers, rows = {}, {}, []
    for role in [*SIGNING, "custodian1", "custodian2", *PEOPLE]:
        signers[role] = Signer(keyfile.generate_sign())
        # The key of the vault's ledger: its holder is the program whose log it signs.
        named = "person" if role in PEOPLE else "ledger" if role == "vault" else role.rstrip("12")
        pub = keyfile.public(signers[role].key)
        rows.append(trust.entry(pub, named, role, city="" if named != "city_witness" else CITY, duties=PEOPLE.get(role, [])))
    for role in OPENING:
        key = keyfile.generate_decrypt()
        pub = keyfile.public(key)
        openers[role] = (keyfile.kid(pub), key)
        rows.append(trust.entry(pub, role, role))
    data, root, _roots = trust.found(deployment="粤演练", rehearsal=rehearsal, issued_at=NOW - 1000, keys=rows)
    province = Province(trust.load([data], root), data, root, signers, openers)
    enrol(province)
    return province


def enrol(province: Province) -> None:
    province.edge_sign, province.edge_key = keyfile.generate_sign(), keyfile.generate_decrypt()
    request = enrolment.ask(
        province.trust, edge_serial="EDGE-1", function="primary", city=CITY, site_code=SITE, sign_key=province.edge_sign,
        decrypt_key=province.edge_key, keystore="file", software={"version": "0.1.0", "hash": "0" * 64}, at=NOW - 500,
    )
    enrolment.read_request(request, province.trust, province.openers["key_service_decrypt"][1])
    record = enrolment.accept(
        request, province.trust, accepted_by=["wang", "zhao"], not_before=NOW - 500, not_after=NOW + 10**7, at=NOW - 400
    )
    signers = [province.signers[name] for name in ("wang", "zhao", "province_release")]
    province.edge = enrolment.read(manifest.sign("enrolment", record, signers), province.trust, at=NOW)


def row(number: int, subject: str = "低压电工作业") -> dict:
    return {
        "attempt": f"K{number:05d}", "salt": ids.mark(), "name": "𠮷㛃", "id_last4": "123X", "id_commit": roster.id_commit(f"ID{number}", b"s"),
        "subject": subject, "room": "第1考场", "seat": str(number), "ticket_no": f"T{number}", "photo": None, "photo_source": "none",
        "accommodations": {},
    }
