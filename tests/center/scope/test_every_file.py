"""What leaves the center as a file: through the door of exports, or for a reason that is written here."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3] / "kaopei"
# (module, function): why it need not ask for a purpose or a second person.
APART = {
    ("center/allocation/views/duty.py", "record"): "by pseudonym, for whoever runs the draw of duties again",
    ("center/allocation/views/files.py", "archive"): "the draw's files by pseudonym, published with the draw",
    ("center/allocation/views/files.py", "file"): "the same, one file",
    ("center/allocation/views/files.py", "slip"): "one candidate's draw, by pseudonym",
    ("center/allocation/views/sittings.py", "pdf_answer"): "one ticket, written down; the seat list at the door, masked",
    ("center/applications/views.py", "_file"): "verdicts by running number of the sheet: no name, no number of a person",
    ("center/certificates/views.py", "_file"): "one person's certificate, written down; the status list, public",
    ("center/registry/views/asof.py", "download"): "the register: bodies and sites",
    ("center/registry/views/reports.py", "file"): "one paper of a written report, to whoever decides it",
    ("center/registry/views/sheets.py", "download"): "lists as they stand, people masked",
    ("center/registry/views/sheets.py", "verdicts"): "people masked",
    ("center/sittings/views/devices.py", "sheet"): "machines",
    ("center/sittings/views/files.py", "_answer"): "parcels, sealed for their receivers",
    ("center/sittings/views/files.py", "hand"): "a share of a key",
    ("center/sittings/views/machines.py", "record"): "a machine",
    ("center/sittings/views/steps.py", "token_file"): "a key token",
    ("center/training/views/conditions.py", "_sheet"): "an institution",
    ("center/training/views/files.py", "_download"): "one person's proof, written down",
    ("center/training/views/identity.py", "_csv"): "counts by institution",
    ("center/training/views/timetable.py", "download"): "an institution's own lessons and teachers, to itself",
    ("office/accounts/views/own.py", "listing"): "one's own passkey",
    ("office/approvals/views.py", "content"): "never of a request that names people",
    ("office/audit/views.py", "export"): "the ledger: ids and digests",
    ("office/exports/door.py", "sent"): "the door itself",
}


def files():
    """Functions that send something as a file."""
    for path in sorted([*(ROOT / "center").rglob("*.py"), *(ROOT / "office").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                text = ast.unparse(node)
                if "Content-Disposition" in text or "as_attachment" in text or "FileResponse" in text:
                    yield path.relative_to(ROOT).as_posix(), node.name


def test_every_file_is_known_and_none_is_named_that_is_gone():
    found = set(files())
    assert found - set(APART) == set(), "hand out rows of people by office.exports.door, or say here why this one is apart"
    assert set(APART) - found == set()


def test_what_names_people_goes_through_the_door():
    used = {path.relative_to(ROOT).as_posix() for path in (ROOT / "center").rglob("*.py") if "hand_out(" in path.read_text(encoding="utf-8")}
    assert {
        "center/allocation/views/files.py", "center/allocation/views/sittings.py", "center/certificates/views.py", "center/results/views.py",
        "center/training/views/files.py",
    } <= used  # fmt: skip
