"""The portal as people meet it: a process of its own, as `kaopei_portal`, on a database that a center has filled.

The database is a copy of the migrated one, filled and committed here by the center's own actions, so that nothing of it can be seen by
other tests; the portal never shares a process with the center.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message

import pytest

from tests.center.allocation.city import id_number
from tests.conftest import WORKER, migrated, remake, url
from tests.people import CHINA, FOSHAN, NOW

LIMIT = 300  # seconds after which something is stuck; never a measure of speed
TICKET, ID_NUMBER, OTHER_ID = "440626121010000173", id_number(1), id_number(2)
SUSPENDED_AT = NOW + timedelta(days=1)
MONTH_OVER = datetime(2026, 12, 9, 9, 0, tzinfo=CHINA)
TODAY = datetime(2026, 12, 9, 12, 0, tzinfo=CHINA)
SERVE = "import sys; from pathlib import Path; from kaopei.portal import commands; sys.exit(commands.serve(Path(sys.argv[1]), int(sys.argv[2])))"


@dataclass
class Answered:
    """What a browser got."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Site:
    """The portal under its address, and what was put behind it."""

    port: int
    data: object
    made: dict = field(default_factory=dict)

    def ask(self, path, body=None, **headers) -> Answered:
        address = f"http://127.0.0.1:{self.port}{urllib.parse.quote(path, safe='/?=&%+:;,')}"
        request = urllib.request.Request(address, data=body, headers=headers)
        opener = urllib.request.build_opener(NoRedirect)
        try:
            with opener.open(request, timeout=LIMIT) as answer:
                return Answered(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as answer:
            return Answered(answer.code, answer.headers, answer.read())

    def fill_in(self, path, **fields) -> Answered:
        return self.ask(path, urllib.parse.urlencode(fields).encode())

    def upload(self, path, name, content) -> Answered:
        mark = "kaopei-test-boundary"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        return self.ask(path, body, **{"Content-Type": f"multipart/form-data; boundary={mark}"})


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer to be looked at."""

    def redirect_request(self, *_):
        return None


def free_port():
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


@pytest.fixture(scope="session")
def center(cluster, django_test_environment, django_db_blocker, tmp_path_factory):
    """A center's database with a month published step by step; gives its name, the data folder and the certificates."""
    from django.conf import settings
    from django.db import connections

    name, data = f"portal_{WORKER}", tmp_path_factory.mktemp("portal")
    line = connections["default"]
    with django_db_blocker.unblock():
        template = migrated()
        remake(name, template)
        line.close()
        before, folders = dict(line.settings_dict), (settings.DATA, settings.HOME)
        line.settings_dict["NAME"] = name
        try:
            made = fill(data, settings)
        finally:
            line.close()
            line.settings_dict.update(before)
            settings.DATA, settings.HOME = folders
    offset = int((TODAY - datetime.now(UTC)).total_seconds())
    (data / "clock.json").write_text(json.dumps({"offset_seconds": offset}))
    return name, data, made


def fill(data, settings):
    """The center's month: register, calendar, a suspension, a draw before and after its last sitting, certificates."""
    from kaopei.center.allocation import actions as allocation
    from kaopei.center.applications import actions as intake
    from kaopei.center.publication import actions
    from kaopei.center.registry import actions as registry
    from kaopei.office import scope
    from kaopei.office.accounts.roles import SYSTEM
    from tests.center.allocation import conftest as draws
    from tests.center.allocation.city import BASE, BATCH, ORPHAN, City
    from tests.center.allocation.trust import found

    # The parties of the draw sign under a list of their own; the portal gets one with an issuer and a status key.
    settings.DATA, settings.HOME = data / "draw", data / "center"
    settings.DATA.mkdir()
    with scope.entered("*"):
        people = found(settings.DATA, {who: {**draws.PEOPLE, **draws.PEOPLE2}[who] for who in draws.CAST})
    with scope.entered(FOSHAN):
        intake.confirm(intake.receive(City().files(), by=SYSTEM, at=NOW), by=SYSTEM, at=NOW)
        allocation.take_plan(BATCH, by=SYSTEM, at=NOW)
        for group in ("register", "calendar"):
            actions.publish(group, city=FOSHAN, by=people["clerk"], at=NOW)
        days = {"from_day": (SUSPENDED_AT + timedelta(days=30)).date(), "to_day": (SUSPENDED_AT + timedelta(days=130)).date()}
        registry.suspend_site(BASE, city=FOSHAN, reason="演练：考场监控不能使用，暂停整改。", by=people["approver"], at=SUSPENDED_AT, **days)
        actions.publish("register", city=FOSHAN, by=people["clerk"], at=SUSPENDED_AT)
        play = draws.Play(people)
        draw = play.all(ORPHAN)
        actions.publish("draws", city=FOSHAN, by=people["clerk"], at=play.at)
        actions.publish("draws", city=FOSHAN, by=people["clerk"], at=MONTH_OVER)
        made = certificates(data)
    return {"draw": draw.number, "base": BASE, "orphan": ORPHAN, **made}


def certificates(data):
    """Signed certificates on the public register as their drafts are written, a status list, and a result."""
    from kaopei.center.publication.models import Publication
    from kaopei.center.publication.queries import result_object
    from tests.parcel import cast

    province = cast.found()
    (data / "trust.json").write_bytes(province.data)
    (data / "root.txt").write_text(province.root)
    signed = {}
    for number, changed in CERTIFICATES.items():
        facts = facts_of(province, number, changed)
        signed[number] = facts
        content = {name: facts["facts"].get(name) for name in PUBLIC} | {
            "city": FOSHAN, "holder": facts["holder"], "previous": facts["facts"]["previous"] or "",
            "digest": hashlib.sha256(facts["signed"]).hexdigest(),
        }  # fmt: skip
        if number != "佛山-2026-000009":  # signed, never published
            publish(Publication, "certificate", number, content)
    text = status_list(province, signed)
    publish(Publication, "status_list", "status.json", {"city": FOSHAN, "number": 1, "text": text.decode()})
    proofs = training_proofs(province, Publication)
    said = {"city": FOSHAN, "sitting": "440601-1207-09", "subject": "低压电工作业", "part": "T", "outcome": "passed"}
    said |= {"answers": 98, "receipt": "ABCD-EFGH"}
    publish(Publication, "result", result_object(TICKET, ID_NUMBER), said | {"released_on": "2026-12-08"}, until=TODAY + timedelta(days=300))
    over = result_object(TICKET[::-1], ID_NUMBER)
    publish(Publication, "result", over, said | {"released_on": "2025-11-01"}, until=TODAY - timedelta(hours=1))
    return {"signed": signed, "province": province, "status": text, "proofs": proofs}


def training_proofs(province, model):
    """Two proofs of training as their drafts are written, the second revoked; number → QR text, signed JSON, paper."""
    from kaopei.parcel import status, training

    at, made = int(MONTH_OVER.timestamp()), {}
    for nth in (1, 2):
        facts = {
            **province.trust.frame(at), "proof_id": f"P{nth}", "number": f"440600-2026-证-00000{nth}", "name": "欧阳𬭎强", "id_last4": "123X",
            "institution": "顺安培训学校", "institution_code": "91440604MA5W1TDK60", "study_class": "4406-2026-P001", "operation": "低压电工作业",
            "kind": "初训", "hours": 148, "needed": "", "first_day": "2026-11-01", "last_day": "2026-11-28", "issued_on": "2026-12-01",
        }  # fmt: skip
        signed, paper = training.sign(facts, province.signers["center"]), b"%PDF-1.7\nproof " + str(nth).encode()
        made[facts["number"]] = {"signed": signed, "qr": training.qr_text(signed), "paper": paper}
        shown = {name: facts[name] for name in ("number", "proof_id", "institution", "study_class", "operation", "kind", "hours", "issued_on")}
        digests = {"digest": hashlib.sha256(signed).hexdigest(), "paper": hashlib.sha256(paper).hexdigest()}
        publish(model, "proof", facts["number"], {"city": FOSHAN, "holder": "欧**强", "code": facts["institution_code"], **shown, **digests})
    gone = [{"cert_id": "P2", "status": "revoked", "since": at}]
    text = status.sign(
        province.trust, province.signers["status"], gone, at=at, number=1, next_update=at + 30 * 86_400, kind="training_status"
    )  # fmt: skip
    publish(model, "proof_list", "training-status.json", {"city": FOSHAN, "number": 1, "text": text.decode()})
    return made


PUBLIC = ("number", "cert_id", "subject", "category", "kind", "issued_on", "valid_from", "valid_to", "review_by")
CERTIFICATES = {
    "佛山-2026-000001": {},
    "佛山-2026-000002": {"name": "李㛃"},
    "佛山-2026-000003": {"valid_from": "2019-01-01", "valid_to": "2024-12-31", "review_by": "2022-01-01"},
    "佛山-2026-000004": {"review_by": "2026-12-08"},
    "佛山-2026-000009": {},
}


def facts_of(province, number, changed):
    from kaopei.parcel import certificate

    at = int(MONTH_OVER.timestamp())
    facts = {
        **province.trust.frame(at), "cert_id": f"C{number[-6:]}", "number": number, "name": "欧阳𬭎强", "id_last4": "123X", "id_commit": "0" * 64,
        "subject": "低压电工作业", "category": "电工作业", "kind": "复审", "issued_on": "2026-12-09", "valid_from": "2026-12-09",
        "valid_to": "2032-12-08", "review_by": "2029-12-08", "outcomes_digest": "1" * 64, "roster_leaf": "2" * 64,
        "event": {"origin": "center.440600/2026", "seq": 7}, "previous": None,
    }  # fmt: skip
    facts |= changed
    signed = certificate.sign(facts, province.signers["issuer"])
    pdf = certificate.seal_pdf(b"%PDF-1.7\nsome page\n%%EOF", signed, province.signers["issuer"], province.trust, at=at)
    return {
        "facts": facts, "signed": signed, "pdf": pdf, "qr": certificate.qr_text(signed), "holder": certificate.masked(facts["name"]),
    }  # fmt: skip


def status_list(province, signed):
    from kaopei.parcel import status

    at = int(MONTH_OVER.timestamp())
    gone = {"cert_id": signed["佛山-2026-000002"]["facts"]["cert_id"], "status": "revoked", "since": at}
    return status.sign(province.trust, province.signers["status"], [gone], at=at, number=1, next_update=at + 30 * 86_400)


def publish(model, kind, number, content, until=None):
    from kaopei.parcel import canonical

    digest = hashlib.sha256(canonical.encode(content)).hexdigest()
    since = MONTH_OVER - timedelta(days=400) if until and until < TODAY else MONTH_OVER
    model.objects.create(
        city=FOSHAN, kind=kind, object=number, version=1, content=content, digest=digest, ground="N2.6.2", since=since, until=until
    )  # fmt: skip


def start(data, database_url, port):
    """The portal's command as a process; the caller ends it."""
    environment = {**os.environ, "DATABASE_URL": database_url, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.Popen([sys.executable, "-c", SERVE, str(data), str(port)], env=environment, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="session")
def portal(center):
    """The portal, answering."""
    name, data, made = center
    site = Site(free_port(), data, made)
    process = start(data, url("portal", name), site.port)
    deadline = time.monotonic() + LIMIT
    while True:
        try:
            if site.ask("/healthz").body == b"ok\n":
                break
        except OSError:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "stuck"
            time.sleep(0.1)
    yield site
    process.terminate()
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
