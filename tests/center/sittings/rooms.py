"""The other side of the gap for tests: the vault that seals an order, and an exam server that holds a sitting, on real parcels."""

import hashlib
import json
from dataclasses import dataclass, field

from kaopei.ledger import checkpoint, entry, segment, tree
from kaopei.office import trusted
from kaopei.parcel import (
    base64url,
    canonical,
    container,
    enrolment,
    exam_parcel,
    ids,
    jws,
    keyfile,
    return_parcel,
    seal_order,
    seating,
    shares,
    slip,
)
from kaopei.parcel.keyfile import Signer
from tests.people import FOSHAN, vault_key


class Vault:
    """Seals what it is ordered; its items are of no interest here."""

    def __init__(self, data):
        self.data = data

    @property
    def custodians(self):
        return [Signer(key, kid) for kid, key in (vault_key(self.data, name) for name in ("custodian1", "custodian2"))]

    def seal(self, order_file, at, *, printed=(1, 3), custodians=None, drop_form=False, **changed):
        listed = trusted.current(self.data)
        order, edges = seal_order.read(order_file, listed)
        order = {**order, **changed}
        subjects = sorted({row["subject"] for row in order["attempts"]})
        contents = [("item", "i1", "试题一".encode()), ("key", "k1", b"A"), *(("form", row["attempt"], b"{}") for row in order["attempts"])]
        policies = [{"subject": one, "bank_version": "1", "policy": {"pass_mark": 80, "full_marks": 100}} for one in subjects]
        return exam_parcel.build(
            order, edges, contents, custodians or self.custodians, listed, at=int(at.timestamp()), subjects=policies, printed=printed
        )


@dataclass
class Note:
    signer: Signer

    def public(self):
        return base64url.decode(keyfile.public(self.signer.key), "公钥")

    def sign_note(self, text):
        return self.signer.sign_note(text)


@dataclass
class Held:
    """What a site knows after its exam; each part may be spoiled before `parcel`."""

    machine: "Machine"
    listed: object
    people: dict
    at: int
    seats: dict
    manifest: dict
    manifest_hash: str
    token: dict
    attempts: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    events: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)
    closing: str = ""
    second: dict | None = None
    outcomes: dict | None = None

    def slip_text(self, **more):
        """QR 1 over the ledger as it stands."""
        edge, machine = enrolment.read(self.machine.record, self.listed), self.machine
        _files, size, root, _note = machine.segment()
        said = {
            "at": self.at, "kind": "close", "sitting_id": self.seats["sitting_id"], "package_id": self.manifest["package_id"], "boot_id": "b",
            "token_time": self.at, "origin": machine.origin, "size": size, "root": root.hex(), "since": 0, "proof": [],
            "counts": {name: count for name, count in self.counts.items() if name != "irregularities"},
        } | more  # fmt: skip
        return slip.make(self.listed, edge, Signer(machine.sign_key), **said)

    def approvals(self, text, signers=("head", "patroller")):
        """Both persons over a slip."""
        who = {"head": "head", "patroller": "patroller", "invigilator": "invigilator"}
        about = (text, self.listed, self.seats["sitting_id"], self.machine.serial)
        return [slip.approve(*about, self.people[name], role=who[name], nonce=ids.nonce(), at=self.at) for name in signers]

    def slip(self, text=None, signers=("head", "patroller"), proof=()):
        """The closing slip as a file; the machine makes it once."""
        self.closing = self.closing or self.slip_text()
        text = text or self.closing
        return slip.pack(text, self.approvals(text, signers), list(proof), self.machine.record)

    def score(self, token):
        """Provisional outcomes under the second token, as the site enters them into its ledger."""
        subjects = {row["attempt"]: row["subject"] for row in self.seats["roster"]}
        names = [one["attempt"] for one in self.answers]
        results = [{"attempt": n, "subject": subjects[n], "score": 1, "max_score": 2, "answered": 2, "detail": {"points": [1, 0]}} for n in names]
        self.outcomes = {"form_digests": [{"attempt": n, "digest": "0" * 64} for n in names], "results": results}
        self.second = canonical.decode_object(token)
        digest = hashlib.sha256(canonical.encode(self.outcomes)).hexdigest()
        used = hashlib.sha256(canonical.encode(self.second)).hexdigest()
        self.machine.write("paper.scored", f"sitting:{self.seats['sitting_id']}", {"token_digest": used, "digest": digest})

    def parcel(self, *, rev=1, prev_hash=None, signers=("head", "patroller"), bundle=None, tokens=None, ledger=None, blobs=None, **payload):
        """The signed return parcel of what is here now."""
        edge = enrolment.read(self.machine.record, self.listed)
        closing = self.slip()
        files, size, root, note = ledger or self.machine.segment()
        contents = {
            "answers": json.dumps({"attempts": self.answers}).encode(),
            "attempts": json.dumps({"attempts": self.attempts}).encode(),
            "events": "".join(json.dumps(one) + "\n" for one in self.events).encode(),
            "irregularities": json.dumps({"irregularities": [{"no": 1, "attempt": "", "code": "time.group_pause", "note": "停电"}]}).encode(),
            "readiness": json.dumps({"readiness": [{"no": 1, "item": "network", "result": "ok"}]}).encode(),
            "ledger": container.write(sorted(files.items())),
            "slip": closing,
            **({"outcomes": canonical.encode(self.outcomes)} if self.outcomes else {}),
        }
        contents = {name: data for name, data in (contents | (blobs or {})).items() if data is not None}
        given = [self.token, *([self.second] if self.second else [])]
        payload = {"close_slip": jws.from_compact(self.closing).decode(), "edge_outcomes": "" if self.outcomes else "演练"} | payload
        said = {"origin": self.machine.origin, "from": 0, "size": size, "root": root.hex(), "checkpoint": note.decode()}
        named = {"sitting_id": self.seats["sitting_id"], "package_id": self.manifest["package_id"], "manifest_hash": self.manifest_hash}
        draft = return_parcel.draft(
            self.listed, edge, contents, at=self.at, bundle_id=bundle or f"RB-{self.seats['sitting_id']}", rev=rev, prev_hash=prev_hash,
            tokens=tokens if tokens is not None else given, ledger=said, counts=self.counts, **named | payload,
        )  # fmt: skip
        return return_parcel.finish(*draft, [Signer(self.machine.sign_key), *(self.people[name] for name in signers)])


class Machine:
    """An exam server: its keys, its ledger, and how it holds a sitting."""

    def __init__(self, listed, site, serial, at, *, city=FOSHAN):
        self.sign_key, self.decrypt_key = keyfile.generate_sign(), keyfile.generate_decrypt()
        self.request = enrolment.ask(
            listed, edge_serial=serial, function="primary", city=city, site_code=site, sign_key=self.sign_key, decrypt_key=self.decrypt_key,
            keystore="file", software={"version": "0.1.0", "hash": "0" * 64}, at=at,
        )  # fmt: skip
        self.origin, self.serial = f"edge.{city}.{site}/{serial}/2026", serial
        self.leaves, self.record = [], b""
        self.write("edge.started", f"edge:{serial}", {"serial": serial})

    @property
    def kid(self):
        return keyfile.kid(keyfile.public(self.decrypt_key))

    @staticmethod
    def challenge():
        return shares.challenge(ids.twelve_digits())

    def write(self, code, obj, body):
        seq = len(self.leaves)
        facts = {"v": 1, "seq": seq, "src": "edge", "src_seq": seq, "type": code, "wall": 1, "boottime": seq, "boot_id": "b", "actor": "edge"}
        self.leaves.append(entry.encode({**facts, "obj": obj, "body": body}))
        return seq

    def gate_slip(self, listed, row, package, challenge, at, **flags):
        """What an exam server signs beside its challenge."""
        _files, size, root, _note = self.segment()
        text = slip.make(
            listed, enrolment.read(self.record, listed), Signer(self.sign_key), at=at, kind="gate", sitting_id=row.sitting, package_id=package,
            boot_id="b", token_time=at, origin=self.origin, size=size, root=root.hex(), since=0, proof=[], challenge=challenge,
            flags={"ready": True, "tried": True, "waived": False} | flags,
        )  # fmt: skip
        return slip.pack(text, [], [], self.record)

    def segment(self, leaves=None):
        """(files, size, root, newest note) of the ledger as it stands."""
        leaves = self.leaves if leaves is None else leaves
        root = tree.Frontier(tree.leaf_hash(leaf) for leaf in leaves).root()
        note = checkpoint.sign(checkpoint.body(self.origin, len(leaves), root), Note(Signer(self.sign_key)))
        return segment.write(leaves, [note]), len(leaves), root, note

    def hold(self, listed, files, people, at, *, absent=1, refused=1):
        """Open the seating, let people answer two items each, close: the state from which the parcel is built."""
        seats = seating.open(files["seating"], listed, self.kid, self.decrypt_key)
        paper = exam_parcel.Parcel(files["exam_parcel"], listed)
        token = canonical.decode_object(files["key_release"])
        held = Held(self, listed, people, at, seats, paper.manifest, paper.manifest_hash, token)
        obj = f"sitting:{seats['sitting_id']}"
        used = hashlib.sha256(canonical.encode(token)).hexdigest()
        self.write("paper.opened", obj, {"package_id": paper.manifest["package_id"], "token_digest": used})
        self.write("sitting.started", obj, {})
        for place, row in enumerate(seats["roster"]):
            state = "absent" if place < absent else "refused" if place < absent + refused else "handed_in"
            self._sit(held, row, state, obj)
        self.write("sitting.closed", obj, {})
        states = [one["state"] for one in held.attempts]
        present = states.count("handed_in")
        held.counts = {
            "roster": len(states), "present": present, "absent": states.count("absent"), "refused": states.count("refused"), "expected": 0,
            "opened": present, "closed": present, "events": len(held.events), "irregularities": 1,
        }  # fmt: skip
        return held

    def _sit(self, held, row, state, obj):
        name, here = row["attempt"], state == "handed_in"
        salt = hashlib.sha256(name.encode()).digest()[:16]
        head = hashlib.sha256(b"atm1|" + name.encode() + b"|" + salt).digest()
        events = []
        for seq, (item, value) in enumerate(((1, "A"), (2, "BD"), (1, "C")) if here else (), 1):
            head = hashlib.sha256(head + f"{name}|1|{seq}|answer|{item}|{value}".encode()).digest()
            events.append({"attempt": name, "lease": 1, "seq": seq, "kind": "answer", "item": item, "value": value, "chain": head.hex(), "ran": seq})
        lines = "".join(f"{name}|1|{one['seq']}|{one['chain']}\n" for one in events)
        if here:
            seq = self.write("answers.saved", obj, {"events": len(events), "digest": hashlib.sha256(lines.encode()).hexdigest()})
            held.events += [{**one, "entry": seq} for one in events]
            self.write("attempt.handed_in", f"attempt:{name}", {"count": len(events), "head": head.hex(), "answered": 2, "ended_by": "candidate"})
            held.answers.append({"attempt": name, "answers": {"1": "C", "2": "BD"}, "count": 3, "head": head.hex()})
        held.attempts.append(
            {
                "attempt": name, "room": row["room"], "seat": row["seat"], "state": state, "late": False, "reason": "", "lease": int(here),
                "salt": salt.hex() if here else None, "ended_by": "candidate" if here else None, "count": len(events),
                "head": head.hex() if here else None, "answered": 2 if here else None, "receipt": f"R{name}" if here else None,
            }  # fmt: skip
        )
