"""Everything of one sitting as files with the trust list beside, and the commands that check them as processes."""

import os
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from kaopei.ledger import segment
from kaopei.parcel import approval, certificate, exam_parcel
from tests.parcel import records
from tests.parcel.cast import NOW
from tests.parcel.test_whole_chain import SUBJECTS, chain

PROJECT = Path(__file__).resolve().parents[2]
REVOKED = {"cert_id": "C9", "status": "revoked", "since": NOW - 10}


@cache
def artefacts() -> dict[str, bytes]:
    """One file of every kind, by name."""
    c = chain()
    p = c.p
    log = records.Log(p, "vault.粤演练/2026")
    log.add("bank.imported", items=600)

    def enter(package: str, manifest_hash: str) -> dict:
        log.add("custody.sealed", package=package, manifest=manifest_hash)
        return log.proved()

    sealed = exam_parcel.build(c.order, c.edges, c.contents, p.custodians, p.trust, at=NOW, subjects=SUBJECTS, seal_proof=enter)
    single = p.approvals("results.release", "RS-1", "8" * 64)[0]
    frozen = records.freeze(p)
    return {
        "order.jws": c.order_file, "paper.xpk": sealed.parcel, "old.xpk": c.sealed.parcel, "seats.xst": c.seats,
        "A.share": c.sealed.shares["A"], "B.share": c.sealed.shares["B"], "token.jws": c.token, "back.xrb": c.back,
        "scored.xoc": c.scored, "receipt.jws": c.slip, "certificate.json": c.cert, "certificate.pdf": c.pdf,
        "certificate.qr": certificate.qr_text(c.cert).encode(), "status.json": records.status_list(p), "enrolment.json": p.edge.record,
        "request.json": p.edge.payload["request"].encode(), "approval.json": approval.canonical.encode(single), "freeze.jws": frozen,
        "protocol.jws": records.protocol(p, frozen), "list.json": p.data,
    }


def lay(folder: Path, *names: str) -> list[Path]:
    """The named artefacts (all by default) in a folder, with the trust list beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trust.json").write_bytes(chain().p.data)
    for name in names or artefacts():
        (folder / name).write_bytes(artefacts()[name])
    return [folder / name for name in names or artefacts()]


def ledger(folder: Path, entries: int = 300, origin: str = "vault.粤演练/2026", signer: str = "vault") -> Path:
    """A ledger of so many entries with three checkpoints, the trust list beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trust.json").write_bytes(chain().p.data)
    log = records.Log(chain().p, origin, signer)
    for number in range(entries):
        log.add("test.done", number=number)
        if number + 1 in (5, 256, entries):
            log.sign()
    home = folder / "ledger" / "vault" / "2026"
    for name, data in segment.write(log.leaves, log.notes).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)
    return home


def installation(folder: Path, **changes: bytes) -> Path:
    """A data folder with a pinned trust list and the rehearsal's clock a day after the cast's NOW."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trust.json").write_bytes(chain().p.data)
    (folder / "root.txt").write_text(chain().p.root)
    (folder / "clock.json").write_text(f'{{"offset_seconds": {NOW + 86_400 - int(time.time())}}}')
    for name, data in changes.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return folder


def run(*words: object, data: Path | None = None, given: bytes = b"") -> SimpleNamespace:
    """A command as a process: status, lines (each split at tabs), what it said on stderr."""
    # Nothing of the test run's own database or program.
    outside = {name: value for name, value in os.environ.items() if "DATABASE" not in name and name != "DJANGO_SETTINGS_MODULE"}
    env = {**outside, "KAOPEI_DATA": str(data or "/nonexistent/kaopei"), "PYTHONPATH": str(PROJECT)}
    line = [sys.executable, "-m", "kaopei", *(word if isinstance(word, bytes) else str(word) for word in words)]
    done = subprocess.run(line, env=env, cwd="/", input=given, capture_output=True, timeout=300, check=False)
    out = done.stdout.decode("utf-8")
    return SimpleNamespace(status=done.returncode, out=out, lines=[one.split("\t") for one in out.splitlines()], said=done.stderr.decode())
