"""A class's file: sealed once it is whole or the gap has a reason; opened and verified with common tools; proofs that are checked and revoked."""

import hashlib
import io
import json
import subprocess
import zipfile
from types import SimpleNamespace

import pytest
from django.test import Client

from kaopei.center.publication import actions as publication
from kaopei.center.publication import tasks as publication_tasks
from kaopei.center.training import presence, recount, sealing, tasks, training_file
from kaopei.center.training.actions import classes, files, proofs
from kaopei.center.training.models import SignInRecord, TrainingFile, TrainingProof
from kaopei.center.training.queries import files as read
from kaopei.ledger import tree
from kaopei.office import keys, scope
from kaopei.office.accounts.roles import SYSTEM
from kaopei.office.audit.models import Event
from kaopei.parcel import manifest, training
from kaopei.portal import proofs as portal
from tests.center.training.test_phone import BLOCK, START, Phone, bound, lesson_of, refused, room  # noqa: F401
from tests.people import CAST, FOSHAN, log_in
from tests.people import PEOPLE as PERSON

PDF = b"%PDF-1.7\nrecords of the written test\n"
REASON = "本期只做过程评价，没有单独组织评估，已书面说明"
LATER = START + 2 * BLOCK


@pytest.fixture
def institution(signing_cast):
    return signing_cast["institution"]


@pytest.fixture
def held(room, institution, signing_cast):  # noqa: F811
    """A class of two that is over: one was there with two kinds of evidence, the other never came."""
    one, lesson, phone = room.enrolments.first(), lesson_of(room), Phone()
    device = bound(one, phone, institution)
    presence.take(*phone.event(lesson), device, at=START)
    presence.confirm(lesson, [one.pk], by=institution, at=START)
    presence.take(*phone.event(lesson, "out", START + BLOCK), device, at=START + BLOCK)
    recount.recount(FOSHAN, by=SYSTEM, at=LATER, classes=[room.pk])
    classes.close(room, by=institution, at=LATER)
    room.refresh_from_db()
    return SimpleNamespace(room=room, one=one, institution=institution, people=signing_cast)


def sealed(held, at=LATER, **more) -> TrainingFile:
    sealing.seal_live(SYSTEM, at)
    return files.seal(held.room, by=held.institution, at=at, **more)


def whole(held):
    for part in ("tests", "evaluation"):
        files.add_part(held.room, part, name=f"{part}.pdf", content=PDF + part.encode(), by=held.institution, at=LATER)
    return files.issue_proofs(held.room, by=held.institution, at=LATER)


def test_a_whole_file_opens_and_verifies_with_common_tools(held, tmp_path):
    tmp_path = tmp_path / "opened"
    (proof,) = whole(held)
    refused("unsealed", files.seal, held.room, by=held.institution, at=LATER)
    made = sealed(held)
    assert (made.score, made.missing, made.version, held.room.__class__.objects.get().status) == (100, [], 1, "sealed")
    with zipfile.ZipFile(io.BytesIO(bytes(made.content))) as box:
        box.extractall(tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"README.txt", "file.pdf", "file.json", "SHA256SUMS", "sign_in.jsonl", "signer.pem"} <= names and len(names) == 14
    steps = [line.strip().rpartition("应为")[0].strip() or line for line in (tmp_path / "README.txt").read_text("utf-8").splitlines()]
    words = next(line for line in steps if "openssl pkeyutl" in line).split()
    assert run(tmp_path, "sha256sum", "-c", "SHA256SUMS") == 0 and run(tmp_path, *words[words.index("openssl") :]) == 0
    said = manifest.read("training_file", (tmp_path / "manifest.json").read_bytes(), keys.trust())
    sums = next(one["sha256"] for one in said["files"] if one["name"] == "SHA256SUMS")
    assert sums == hashlib.sha256((tmp_path / "SHA256SUMS").read_bytes()).hexdigest()
    data = json.loads((tmp_path / "file.json").read_text("utf-8"))
    assert [one["hours"] for one in data["trainees"]] == [4, 0] and data["trainees"][0]["proof"] == proof.number
    seal = data["seals"][0]
    lines = (tmp_path / "sign_in.jsonl").read_bytes().splitlines()
    for line, path in zip(lines, seal["paths"], strict=True):
        leaf = tree.leaf_hash(line)
        steps = [bytes.fromhex(one) for one in path["path"]]
        assert leaf.hex() == path["leaf"] and tree.verify_inclusion(leaf, path["index"], seal["records"], steps, bytes.fromhex(seal["root"]))
    assert Event.objects.get(ulid=seal["event"]).facts["root"] == seal["root"] and len(lines) == SignInRecord.objects.count() == 3
    (tmp_path / "hours.csv").write_bytes((tmp_path / "hours.csv").read_bytes().replace(b",4,", b",9,"))
    assert run(tmp_path, "sha256sum", "--quiet", "-c", "SHA256SUMS") == 1
    (tmp_path / "manifest.input").write_bytes((tmp_path / "manifest.input").read_bytes()[:-1] + b"A")
    assert run(tmp_path, *words[words.index("openssl") :]) == 1


def run(folder, *words):
    return subprocess.run(words, cwd=folder, capture_output=True, check=False).returncode


def test_gaps_need_a_reason_and_stand_in_the_file(held):
    sealing.seal_live(SYSTEM, LATER)
    refused("archive_incomplete", files.seal, held.room, by=held.institution, at=LATER)
    made = sealed(held, reason=REASON)
    assert made.score == 62 and made.missing == ["测验", "评估", "培训证明"] and made.reason == REASON
    refused("same", files.seal, held.room, reason=REASON, by=held.institution, at=LATER)


def test_what_changed_after_sealing_makes_another_version(held):
    sealed(held, reason=REASON)
    whole(held)
    again = sealed(held, LATER + BLOCK)
    first = TrainingFile.objects.get(version=1)
    assert (again.version, again.score) == (2, 100)
    with zipfile.ZipFile(io.BytesIO(bytes(again.content))) as box:
        assert manifest.unverified(box.read("manifest.json"))["previous"] == first.manifest


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty"), (b"MZ" + b"x" * 50, "kind"), (b"%PDF-" + b"x" * files.MOST, "size"), (PDF, "twice")], ids=str
)
def test_papers_are_looked_at(held, content, code):
    files.add_part(held.room, "tests", name="a.pdf", content=PDF, by=held.institution, at=LATER)
    refused(code, files.add_part, held.room, "tests", name="a.pdf", content=content, by=held.institution, at=LATER)


def test_only_the_own_institution_and_only_after_closing(held, signing_cast):
    other = PERSON["institution"].__class__("other", "别家", ("institution",), institution="91440604MA00000000").make()
    refused("institution", files.issue_proofs, held.room, by=other, at=LATER)
    refused("role", files.issue_proofs, held.room, by=signing_cast["clerk"], at=LATER)
    held.room.status = "reported"
    held.room.save(update_fields=["status"])
    refused("state", files.issue_proofs, held.room, by=held.institution, at=LATER)
    refused("state", files.seal, held.room, reason=REASON, by=held.institution, at=LATER)


def test_proof_is_public_checked_and_revoked_by_two(held):
    (proof,) = whole(held)
    proofs.publish_status(by=SYSTEM, at=LATER)
    publication.publish("proofs", city=FOSHAN, by=held.people["clerk"], at=LATER)
    text, listed = training.qr_text(bytes(TrainingProof.objects.get().signed)), keys.trust()
    assert portal.check(text.encode() + b"\n", listed, LATER).status == "valid"
    assert portal.look_up(proof.number, listed, LATER).holder == "甲*"
    answer = portal.check(bytes(TrainingProof.objects.get().pdf), listed, LATER, proof.number)
    assert answer.status == "valid" and any("逐字节" in note for note in answer.notes)
    assert portal.check(bytes(TrainingProof.objects.get().pdf)[:-1] + b"x", listed, LATER, proof.number).status == "bad"
    for bad in (b"", b"KT1:a.b", b"KT1:a.b.c", text.encode()[:-3], b"{}", b"%PDF-1.7", b"hello"):
        assert portal.check(bad, listed, LATER).status == "bad", bad
    reason = "现场核查时本班没有上课，签到由他人代签，经两人核实"
    refused("state", proofs.revoke, proof, reason=reason, by=held.people["approver"], at=LATER)
    proofs.question(proof, reason=reason, is_false=True, by=held.people["clerk"], at=LATER)
    refused("role", proofs.revoke, proof, reason=reason, by=held.people["clerk"], at=LATER)
    proofs.revoke(proof, reason=reason, by=held.people["approver"], at=LATER)
    later = LATER + BLOCK
    proofs.publish_status(by=SYSTEM, at=later)
    publication_tasks.keep_status_public(later)
    for answer in (portal.check(text.encode(), listed, later), portal.look_up(proof.number, listed, later)):
        assert answer.status == "revoked" and answer.status_number == 2
    assert "甲某" not in str(list(Event.objects.values_list("facts", flat=True)))


def test_a_proof_that_is_kept_holds_and_the_list_is_renewed(held):
    (proof,) = whole(held)
    first = proofs.publish_status(by=SYSTEM, at=LATER)
    reason = "举报的学员与名册逐一核对，本人在场，证明没有问题"
    proofs.question(proof, reason=reason, is_false=False, by=held.people["clerk"], at=LATER)
    assert proofs.keep(proof, reason=reason, by=held.people["approver"], at=LATER).status == "valid"
    tasks.keep_proof_list_fresh(first.next_update - tasks.EARLY / 2)
    assert (read.newest_list().number, read.newest_list().entries) == (2, 0)
    assert read.resting_on_hours(held.one.trainee.person)[0]["number"] == proof.number


def test_pages_from_closed_class_to_download(held, settings):
    settings.SECURE_SSL_REDIRECT = False
    with scope.entered(scope.PROVINCE):
        client = Client()
        client.force_login(held.institution)
    page = f"/training/classes/{held.room.number}/file/"
    for part in ("tests", "evaluation"):
        paper = io.BytesIO(PDF + part.encode())
        paper.name = f"{part}.pdf"
        assert client.post(f"{page}parts/", {"part": part, "file": paper}).status_code == 302
    assert client.post(f"{page}proofs/").status_code == 302 and client.post(f"{page}seal/").status_code == 302
    text = client.get(page).content.decode()
    assert "100%" in text and "下载 ZIP" in text
    assert "用途" in client.get(f"{page}1.zip").content.decode()
    taken = client.post(f"{page}1.zip", {"reason": "归档保存一份"})
    assert taken.content[:4] == b"PK\x03\x04" and Event.objects.filter(code="exports.taken").count() == 1
    number = TrainingProof.objects.get().number
    assert client.get(f"/training/proofs/{number}/paper/").content[:5] == b"%PDF-"
    assert client.get("/training/proofs/?q=证").status_code == 200
    clerk = log_in(Client(), next(one for one in CAST if one.username == "clerk"))
    said = {"reason": "举报称本班没有上课，经调阅教室监控和门禁查实属实", "what": "question"}
    assert clerk.post(f"/training/proofs/{number}/", said).status_code == 302
    assert "等另一人决定" in clerk.get(f"/training/proofs/{number}/").content.decode()
    assert clerk.post(f"{page}seal/").status_code == 403
    assert training_file.completeness(held.room).score == 100
