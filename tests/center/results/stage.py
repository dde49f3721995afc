"""A sitting that was held, made with the parcels themselves: sealed paper, return parcel, the vault's scoring. People and seats are a real draw's."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace

from kaopei.center.allocation import queries as allocation
from kaopei.center.results import actions, queries
from kaopei.center.sittings.auditing import Timing
from kaopei.center.sittings.models import Artefact, Attempt, Conduct, RosterEntry
from kaopei.office.accounts import actions as accounts
from kaopei.office.accounts import queries as people
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.approvals import actions as approvals
from kaopei.parcel import (
    approval,
    enrolment,
    exam_parcel,
    ids,
    key_release,
    key_share,
    keyfile,
    manifest,
    outcomes,
    return_parcel,
    roster,
    seal_order,
    shares,
    trust,
)
from kaopei.parcel.keyfile import Signer
from tests.people import CHINA, FOSHAN, NOW, PEOPLE, PIN, Person

PASSPHRASE = b"rehearsal"
# What the center holds
CENTER = ("center", "province_mirror", "ledger", "issuer", "status", "city_witness", "province_release", "key_service")
OPENERS = ("city_import", "province_escrow", "vault_import", "key_service_decrypt")
ELSEWHERE = ("outcomes", "custodian1", "custodian2")
THIRD = ("custodian3",)
SITE = {"acceptor1": ["acceptor"], "acceptor2": ["acceptor"], "head": ["head"], "patrol": ["patroller"]}
EXTRA = {name: Person(name, said, ("draw_escrow",)) for name, said in (("escrow2", "唐明"), ("escrow3", "秦川"))}
NAMES = (
    "clerk", "approver", "approver2", "announcer", "freezer", "party_city", "party_province", "party_notary", "escrow", "province", "institution",
    "inspector",
)  # fmt: skip
FORM = hashlib.sha256(b"form").hexdigest()


def lay(data) -> SimpleNamespace:
    """Keys and trust list of a rehearsal in `data`, and the people; what each party holds."""
    for folder in ("keys", "persons", "trust"):
        (data / folder).mkdir(exist_ok=True)
    (data / "keys" / "passphrase").write_bytes(PASSPHRASE)
    held, rows, made = {}, [], {}
    for role in (*CENTER, *ELSEWHERE, *THIRD, *SITE):
        held[role] = key = Signer(keyfile.generate_sign())
        named = "person" if role in SITE else role.rstrip("123")
        city = FOSHAN if role in ("city_witness", "issuer") else ""
        rows.append(trust.entry(keyfile.public(key.key), named, role, city=city, duties=SITE.get(role, [])))
        if role in CENTER:
            (data / "keys" / f"{key.kid}.key").write_bytes(keyfile.dump(key.key, PASSPHRASE))
    for role in OPENERS:
        key = keyfile.generate_decrypt()
        rows.append(trust.entry(keyfile.public(key), role, role))
        held[role] = (rows[-1]["kid"], key)
        (data / "keys" / f"{rows[-1]['kid']}.key").write_bytes(keyfile.dump(key, PASSPHRASE))
    for person in (*(PEOPLE[name] for name in NAMES), *EXTRA.values()):
        user, key = person.make(), keyfile.generate_sign()
        role = "party" if "draw_party" in person.roles else "person"
        rows.append(trust.entry(keyfile.public(key), role, person.name, duties=person.roles))
        (data / "persons" / f"{rows[-1]['kid']}.key").write_bytes(keyfile.dump(key, PIN.encode()))
        accounts.bind_key(user, rows[-1]["kid"], by=SYSTEM, at=NOW)
        held[person.username] = Signer(key)
        made[person.username] = people.person(person.username)
    content, root, roots = trust.found(deployment="test", rehearsal=True, issued_at=int(NOW.timestamp()) - 1000, keys=rows)
    (data / "trust.json").write_bytes(content)
    (data / "trust" / "1.json").write_bytes(content)
    (data / "root.txt").write_text(root)
    return SimpleNamespace(trust=trust.load([content], root), held=held, people=made, data=data, content=content, roots=roots)


@dataclass
class Held:
    """One sitting after its end. `states` and `scores` by attempt may be changed before `score()`."""

    world: SimpleNamespace
    number: str
    states: dict = field(default_factory=dict)
    scores: dict = field(default_factory=dict)
    # Of a practical exam: the settings of the order, and who failed a veto
    practical: dict | None = None
    vetoes: set = field(default_factory=set)

    def __post_init__(self):
        self.facts = allocation.facts(self.number)
        self.seated = allocation.seated(self.number)
        begin = datetime.combine(self.facts.day, self.facts.start, CHINA)
        self.at = begin + timedelta(hours=4)
        self.now = int(begin.timestamp()) - 86_400
        self.conduct = Conduct.objects.create(
            city=FOSHAN, sitting=self.number, site=self.facts.site, day=self.facts.day, starts_at=begin, ends_at=begin + timedelta(hours=2),
            status="receipted",
        )  # fmt: skip
        self.rows = [self._enlist(one) for one in self.seated]
        self._enrol()
        self._seal()
        first = [one.pseudonym for one in self.seated if one.kind == "initial"]
        for row in self.rows:
            place = first.index(row["attempt"]) if row["attempt"] in first else -1
            self.states.setdefault(row["attempt"], {0: "absent", 1: "refused"}.get(place, "handed_in"))
            self.scores.setdefault(row["attempt"], 60 if place in (0, 1, 2) else 88)

    @property
    def passer(self):
        """Somebody who sat and passed."""
        return next(row["attempt"] for row in self.rows if self.states[row["attempt"]] == "handed_in" and self.scores[row["attempt"]] == 88)

    def _enlist(self, one):
        row = {
            "attempt": one.pseudonym, "salt": ids.mark(), "name": one.name, "id_last4": one.id_number[-4:],
            "id_commit": roster.id_commit(one.id_number, b"s"), "subject": one.subject, "room": one.room, "seat": one.seat,
            "ticket_no": one.ticket, "photo": None, "photo_source": "none", "accommodations": {},
        }  # fmt: skip
        RosterEntry.objects.create(
            city=FOSHAN, conduct=self.conduct, attempt=one.pseudonym, subject=one.subject, leaf=roster.leaf(row), row=json.dumps(row), id_salt="s"
        )
        return row

    def _enrol(self):
        w = self.world
        self.edge_sign, self.edge_key = keyfile.generate_sign(), keyfile.generate_decrypt()
        request = enrolment.ask(
            w.trust, edge_serial=f"EDGE-{self.facts.site}", function="primary", city=FOSHAN, site_code=self.facts.site, sign_key=self.edge_sign,
            decrypt_key=self.edge_key, keystore="file", software={"version": "0.1.0", "hash": "0" * 64}, at=self.now - 500,
        )  # fmt: skip
        record = enrolment.accept(
            request, w.trust, accepted_by=["acceptor1", "acceptor2"], not_before=self.now - 500, not_after=self.now + 10**7, at=self.now - 400
        )
        signed = manifest.sign("enrolment", record, [w.held[name] for name in ("acceptor1", "acceptor2", "province_release")])
        self.edge = enrolment.read(signed, w.trust, at=self.now)

    def _seal(self):
        w, at = self.world, self.now
        start = at + 86_400
        window = {"not_before": start - 900, "start_earliest": start, "start_latest": start + 1800, "end_latest": start + 12_000}
        window["stage2_not_before"] = start + 12_000
        attempts = [{"attempt": row["attempt"], "subject": row["subject"]} for row in self.rows]
        policy = {"duration_minutes": 120, "order": "shuffled", "allowed_prefetch": 0, "clock_policy": "pause", "score_display": "never"}
        policy |= {"practical": self.practical} if self.practical else {}
        draft = seal_order.draft(
            w.trust, at=at, order_id=f"SO-{self.number}-1", sitting_id=self.number, city=FOSHAN, site_code=self.facts.site, form_set="A",
            window=window, attempts=attempts, roster_hash=roster.root(self.rows), edges=[self.edge], officers=[], policy=policy,
        )  # fmt: skip
        signed = self._approvals("seal_order.issue", draft["order_id"], approval.digest_of(draft, w.trust))
        order, edges = seal_order.read(seal_order.sign(draft, signed, w.held["center"]), w.trust)
        contents = [("item", "b1", b"item"), ("key", "k1", b"A"), *(("form", row["attempt"], b"{}") for row in self.rows)]
        subjects = [{"subject": name, "bank_version": "1", "policy": {}} for name in sorted({row["subject"] for row in self.rows})]
        custodians = [w.held["custodian1"], w.held["custodian2"]]
        sealed = exam_parcel.build(order, edges, contents, custodians, w.trust, at=at, subjects=subjects)
        self.parcel, self.package = exam_parcel.Parcel(sealed.parcel, w.trust), sealed.package_id
        self._keep("exam_parcel", self.package, sealed.parcel, forms=len(self.states), sealed_by=list(self.parcel.sealed_by))
        share = key_share.take(key_share.read(sealed.shares["B"], w.trust), w.trust.algorithms, *w.held["key_service_decrypt"])
        released = self._approvals("key.release", self.package, self.parcel.manifest_hash)
        challenge = shares.challenge("012345678901")
        token = key_release.make(
            w.trust, self.parcel, self.edge, share, released, w.held["key_service"], at=at, stage=1, challenge=challenge, log_seq=1
        )
        self.token = json.loads(token)

    def _approvals(self, action, matter, digest):
        w = self.world
        two = ((w.held["approver"], "approver"), (w.held["approver2"], "approver"))
        frame = (w.trust, action, matter, 1, digest, "林秀兰")
        return [approval.make(*frame, signer, role, ids.nonce(), self.now + 3600, self.now) for signer, role in two]

    def _keep(self, kind, ref, data, rev=1, **facts):
        digest = self.world.trust.algorithms.hash(data).hex()
        frame = {"city": FOSHAN, "conduct": self.conduct, "made_by": "system", "made_at": self.at}
        return Artefact.objects.create(kind=kind, ref=ref, rev=rev, digest=digest, data=data, facts=facts, **frame)

    def _weighed(self, lines):
        """What the center would have written of the parcel when it weighed it."""
        said, states = self.returned.payload, Counter(one["state"] for one in lines)
        sat = states["handed_in"]
        counts = {"roster": len(lines), "present": sat, "absent": states["absent"], "refused": states["refused"], "opened": sat, "closed": sat}
        return {
            "package": said["package_id"], "manifest": said["manifest_hash"], "machine": self.edge.payload["edge_serial"],
            "counts": counts | {"events": 95 * sat}, "irregularities": [], "slip": "0" * 64,
            "scored": said["edge_outcomes"]["state"], "unscored": said["edge_outcomes"]["reason"],
            "successions": [], "timing": Timing().facts(), "signed_by": [key.holder for key in self.returned.opened.read.signers],
            **{name: said["ledger"][name] for name in ("origin", "size", "root")},
        }  # fmt: skip

    def hand_back(self, *, rev=1, before=None, absent="", keep=True, states=None, edge=None):
        """The return parcel, taken in; with the site's own counts, unless it says why it has none."""
        w, states = self.world, states or self.states
        lines = [{"attempt": one, "state": state, "answered": 95 if state == "handed_in" else 0, "receipt": "ABCD"} for one, state in states.items()]
        blobs = {"answers": b"[]", "attempts": json.dumps({"attempts": lines}).encode(), "events": b"", "ledger": b""}
        if not absent and edge != "missing":
            blobs["outcomes"] = json.dumps(edge or self.counted()).encode()
        draft = return_parcel.draft(
            w.trust, self.edge, blobs, at=int(self.at.timestamp()), bundle_id=f"RB-{self.number}", rev=rev, prev_hash=before,
            sitting_id=self.number, package_id=self.package, manifest_hash=self.parcel.manifest_hash, tokens=[self.token],
            counts={"present": 3}, edge_outcomes=absent,
            ledger={"origin": f"edge.{FOSHAN}.{self.facts.site}/E/2026", "from": 0, "size": 1, "root": "0" * 64, "checkpoint": ""},
        )  # fmt: skip
        data = return_parcel.finish(*draft, [Signer(self.edge_sign), w.held["head"], w.held["patrol"]])
        self.returned = return_parcel.Returned(data, w.trust)
        if keep:
            came = self._keep("return_parcel", f"RB-{self.number}", data, rev, **self._weighed(lines))
            words = {"handed_in": "present"}
            for line in lines:
                more = {"answered": line["answered"], "receipt": line["receipt"]}
                Attempt.objects.create(city=FOSHAN, came=came, attempt=line["attempt"], attendance=words.get(line["state"], line["state"]), **more)
        return self

    def counted(self):
        """What the site counted: the same."""
        results = self.results()
        return {"form_digests": [{"attempt": row["attempt"], "digest": FORM} for row in results], "results": results}

    def results(self):
        """What the vault would have counted."""
        found = []
        for row in self.rows:
            if self.states[row["attempt"]] == "handed_in":
                marks = {"score": self.scores[row["attempt"]], "max_score": 100, "answered": 95, "detail": {"points": []}}
                if self.practical:
                    marks |= {"answered": 2, "detail": self._examined(row["attempt"])}
                found.append({"attempt": row["attempt"], "subject": row["subject"], **marks})
        return found

    def _examined(self, attempt):
        score, veto = self.scores[attempt], attempt in self.vetoes
        sheets = [{"examiner": name, "version": 1, "score": score, "veto": veto} for name in ("kid-a", "kid-b")]
        return {"part": "P", "points": [score], "veto": veto, "sheets": sheets}

    def score(self, *, results=None, digests=None, signers=None, payload=None, bundle=None, **more):
        """The vault's file."""
        w, results = self.world, self.results() if results is None else results
        digests = {row["attempt"]: FORM for row in results} if digests is None else digests
        signers = signers or [w.held[name] for name in ELSEWHERE]
        frame = {"at": int(self.at.timestamp()), "city": FOSHAN, "results": results, "form_digests": digests, "signers": signers}
        return outcomes.seal(w.trust, payload or self.returned.payload, bundle or self.returned.hash, **frame, **more)

    def take(self, data=None, who="clerk"):
        return actions.take(self.score() if data is None else data, by=self.world.people[who], at=self.at)

    def rescore(self, reason):
        """Counted anew, and once more with another custodian."""
        row = self.take(self.score(rev=2, prev_hash=queries.scoring(self.number).digest, reason=reason))
        pair = [self.world.held[name] for name in ("outcomes", "custodian1", "custodian3")]
        return self.take(self.score(rev=3, prev_hash=row.digest, reason=reason, signers=pair))

    def ask(self, who="clerk"):
        return actions.request_release(self.number, by=self.world.people[who], at=self.at)

    def sign(self, who):
        asked = queries.asked(queries.scoring(self.number))
        return approvals.approve(asked, pin=PIN, digest=asked.digest, by=self.world.people[who], at=self.at)

    def release(self):
        """Scored, asked, signed by two."""
        self.take()
        self.ask()
        self.sign("approver")
        self.sign("approver2")
        return queries.release(self.number)
