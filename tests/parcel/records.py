"""The signed papers of a draw, a certificate's status list and a small ledger, made with the cast's keys."""

from kaopei.ledger import checkpoint, entry, proof, tree
from kaopei.parcel import canonical, manifest, status
from kaopei.parcel.approval import digest_of
from tests.parcel.cast import NOW, Province

DRAW = "DR-1"
DIGEST = "3" * 64


def commitment(p: Province, name: str, *, draw: str = DRAW, at: int = NOW, party: str = "") -> dict:
    payload = {**p.trust.frame(at), "party": party or name, "draw_id": draw, "commitment": "4" * 64}
    return canonical.decode_object(manifest.sign("commitment", payload, [p.signers[name]]))


def freeze(p: Province, commitments: list[dict] | None = None, *, at: int = NOW + 10) -> bytes:
    made = [commitment(p, name) for name in ("party1", "party2")] if commitments is None else commitments
    payload = {
        **p.trust.frame(at), "draw_id": DRAW, "input_digest": DIGEST, "commitments": made, "previous": None, "reason": "",
    }
    return manifest.sign("freeze", payload, [p.signers["center"], p.signers["province_mirror"]])


def protocol(p: Province, frozen: bytes | None = None, **changes: object) -> bytes:
    payload = {
        **p.trust.frame(NOW + 900), "draw_id": DRAW, "input_digest": DIGEST, "freeze": canonical.decode_object(frozen or freeze(p)),
        "public": {"value": "12345", "source": "彩票开奖号码", "time": NOW + 600},
        "reveals": [{"party": name, "secret": "5" * 64} for name in ("party1", "party2")], "seed": "6" * 64,
        "transcript_digest": "7" * 64, **changes,
    }
    signed = p.approvals("draw.publish", payload["draw_id"], digest_of(payload, p.trust))
    # The approvers are asked a moment before the record is issued.
    return manifest.sign("protocol", {**payload, "approvals": signed}, [p.signers["center"]])


def status_list(p: Province, number: int = 1, *entries: dict, previous: bytes | None = None, at: int = NOW, term: int = 10 * 86_400) -> bytes:
    previous = previous or (b"the one before" if number > 1 else None)
    return status.sign(p.trust, p.signers["status"], entries, at=at, number=number, next_update=at + term, previous=previous)


class Log:
    """A ledger that a key of the list signs: leaves, checkpoints, the place of an entry."""

    def __init__(self, p: Province, origin: str, signer: str = "vault") -> None:
        self.origin, self.signer = origin, p.signers[signer]
        self.leaves: list[bytes] = []
        self.notes: list[bytes] = []

    def add(self, kind: str, **body: object) -> None:
        self.leaves.append(entry.encode({"v": 1, "seq": len(self.leaves), "type": kind, "obj": "", "body": body}))

    def sign(self) -> bytes:
        root = tree.root([tree.leaf_hash(leaf) for leaf in self.leaves])
        self.notes.append(checkpoint.sign(checkpoint.body(self.origin, len(self.leaves), root), self.signer))
        return self.notes[-1]

    def proved(self, index: int = -1) -> dict:
        return proof.make(self.leaves, index % len(self.leaves), self.sign())
