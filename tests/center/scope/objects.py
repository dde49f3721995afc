"""The own city of the matrix: a month with everything in it, and for each address that names something, what it names.

A page whose address has a new parameter gets a line in `NAMED`: how to find one of 佛山's objects for it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from kaopei.center.allocation import actions as allocation
from kaopei.center.api import api
from kaopei.center.applications.pack import COLUMNS
from kaopei.center.certificates import actions as certificates
from kaopei.center.certificates import issuing
from kaopei.center.certificates.models import Match
from kaopei.center.publication import actions as publication
from kaopei.center.registry import actions as register
from kaopei.center.registry import taking
from kaopei.center.registry.entries import StaffEntry
from kaopei.center.registry.reporting import Upload
from kaopei.center.sittings import actions as sittings
from kaopei.center.training.actions import classes
from kaopei.center.training.actions import people as trainees
from kaopei.center.training.models import (
    Contest,
    Exclusion,
    IdentityCorrection,
    Lead,
    SignInRecord,
    SyllabusUnit,
    TrainingClass,
    TrainingFile,
    TrainingProof,
    Visit,
)  # fmt: skip
from kaopei.office import keys
from kaopei.office.accounts import actions as accounts
from kaopei.office.approvals import actions as approvals
from kaopei.office.exports import actions as exports
from kaopei.office.personal import EncryptedBinaryField, EncryptedTextField
from kaopei.office.tasks import registry
from tests.center.allocation.city import BASE, BATCH, OWNER, SHUT
from tests.center.sittings.rooms import Machine
from tests.center.training.test_import import PEOPLE as TRAINEES
from tests.center.training.test_import import whole
from tests.people import FOSHAN, NOW, PEOPLE


def _of_api() -> dict[str, str]:
    """The acts that operations of the API ask for, as its document says."""
    ways = api.get_openapi_schema(path_prefix="/api/v1/")["paths"].values()
    return {f"api:{one['operationId']}": one["x-act"] for way in ways for one in way.values()}


API = _of_api()


@dataclass(frozen=True)
class Address:
    """One line of the URL table: its name, its pattern, the act that its view asks for (None: open or only a log-in)."""

    name: str
    route: str
    act: str | None
    parameters: tuple[str, ...]


def addresses() -> list[Address]:
    """Every page, file and form of the center."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: Any, prefix: str, space: str) -> Iterator[Address]:
    for one in resolver.url_patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one, route, f"{space}{one.namespace}:" if one.namespace else space)
        elif isinstance(one, URLPattern):
            act = getattr(one.callback, "act", API.get(f"{space}{one.name}"))
            yield Address(f"{space}{one.name}", route, act, tuple(sorted(one.pattern.converters)))


def first(model: str, field: str = "pk", **wanted: Any) -> Callable[[], Any]:
    """A value of some row of 佛山."""

    def find() -> Any:
        row = apps.get_model(model).objects.filter(**wanted).order_by("pk").first()
        assert row is not None, f"the matrix has no {model} with {wanted}"
        for name in field.split("__"):
            row = getattr(row, name)
        return row

    return find


def text(value: Any) -> Callable[[], Any]:
    return lambda: value


DRAW = first("allocation.Draw", "number")
SITTING = first("sittings.Conduct", "sitting")
INTAKE = first("applications.Intake", "number")
LESSON, CLASS = first("training.Lesson"), first("training.TrainingClass", "number")
CERTIFICATE = first("certificates.Certificate", "number")
# By name of the address, or by app: parameter → where to find its value.
NAMED: dict[str, dict[str, Callable[[], Any]]] = {
    "api": {"code": text(OWNER), "sitting": SITTING, "number": CLASS, "group": text("register"), "enrolment": first("training.Enrolment")},
    "api:site": {"code": text(SHUT)},
    **{f"api:{name}": {"number": first("registry.Sheet", "number")} for name in ("sheet", "apply_sheet")},
    **{f"api:{name}": {"number": INTAKE} for name in ("intake", "verdicts", "confirm_intake")},
    **{f"api:{name}": {"number": first("allocation.Sitting", "number")} for name in ("planned_sitting", "seats")},
    "api:duty_places": {"number": first("allocation.DutyRoster", "number")},
    "api:certificate_standing": {"number": CERTIFICATE},
    "registry": {
        "code": text(OWNER), "number": text(SHUT), "kind": text("first"), "suffix": text("csv"), "name": text("考场"),
        "index": first("registry.ExamStaff", "person"),
    },
    **{f"registry:{name}": {"number": first("registry.WrittenReport", "number")} for name in ("report", "report_decide", "report_withdraw")},
    "registry:report_file": {"number": first("registry.WrittenReport", "number"), "pk": first("registry.Attachment")},
    **{f"registry:{name}": {"number": first("registry.Sheet", "number")} for name in ("sheet", "sheet_apply", "sheet_verdicts")},
    "training": {"number": CLASS, "pk": LESSON, "unit": text("U1"), "version": text(1), "city": text(FOSHAN), "code": text(OWNER)},
    "training:visited": {"pk": first("training.Visit")},
    "training:visit_photo": {"pk": first("training.Visit")},
    "training:identity_one": {"pk": first("training.IdentityCorrection")},
    "training:identity_evidence": {"pk": first("training.IdentityCorrection")},
    "training:proof": {"number": first("training.TrainingProof", "number")},
    "training:proof_paper": {"number": first("training.TrainingProof", "number")},
    "training:own_proof": {"pk": first("training.Enrolment")},
    "training:teacher": {"pk": first("training.TeacherReport")},
    "training:teacher_end": {"pk": first("training.TeacherReport")},
    "training:identity_desk": {"pk": first("training.Enrolment")},
    "training:confirm_unit": {"pk": first("training.SyllabusUnit")},
    "training:records": {"pk": first("training.Enrolment")},
    "training:bind": {"pk": first("training.Enrolment")},
    "training:lead": {"pk": first("training.Lead")},
    "training:contest": {"pk": first("training.Contest")},
    "training:phone_contest": {"pk": first("training.SignInRecord")},
    "training:decision": {"pk": first("training.Contest")},
    "training:study": {"pk": first("training.Enrolment")},
    "training:study_events": {"pk": first("training.Enrolment")},
    "applications": {"number": INTAKE, "batch": text(BATCH), "serial": first("applications.Application", "serial")},
    "allocation": {"number": DRAW},
    **{
        f"allocation:{name}": {"number": first("allocation.DutyRoster", "number"), "position": text(1)}
        for name in ("roster", "roster_step", "roster_judged", "roster_record", "roster_replace")
    },
    "allocation:sitting": {"number": first("allocation.Sitting", "number")},
    "allocation:paper": {"number": first("allocation.Sitting", "number"), "kind": text("door")},
    "allocation:slip": {"who": first("allocation.Placement", "ticket")},
    "allocation:file": {"name": text("instance/candidates.csv")},
    "allocation:bundle": {"code": text("all")},
    "allocation:ticket": {"ticket": first("allocation.Placement", "ticket")},
    "sittings": {
        "sitting": SITTING, "digest": first("sittings.Artefact", "digest"), "number": text(1), "kind": text("exam_parcel"), "site": text(BASE),
    },
    "sittings:record": {"digest": first("sittings.Machine", "request_digest")},
    "sittings:accept": {"digest": first("sittings.Machine", "request_digest")},
    "sittings:countersign": {"digest": first("sittings.Machine", "request_digest")},
    "results": {"sitting": SITTING},
    "certificates": {"sitting": SITTING, "number": CERTIFICATE},
    "publication": {"pk": first("publication.Publication"), "group": text("register")},
    "": {"username": text("clerk"), "path": text("ui/style.css")},
    "own_passkey_end": {"pk": text(1)},
    "own_passkey_listing": {"pk": text(1)},
    "sealed_account": {"username": first("accounts.SealedAccount", "user__username")},
    "export": {"ulid": first("exports.Export", "ulid")},
    "export_take": {"ulid": first("exports.Export", "ulid")},
    "job": {"ulid": first("tasks.Job", "ulid")},
    "job_cancel": {"ulid": first("tasks.Job", "ulid")},
}  # fmt: skip
for _name in ("approval", "approval_content", "approval_approve", "approval_passkey", "approval_decline", "approval_withdraw"):
    NAMED[_name] = {"ulid": first("approvals.Request", "ulid")}


def values(one: Address) -> dict[str, Any]:
    """The parameters of an address that name something of 佛山. What is missing in NAMED fails a test of its own; the others go on with a 1."""
    app = one.name.partition(":")[0] if ":" in one.name else ""
    known = {**NAMED.get(app, {}), **NAMED.get(one.name, {})}
    return {name: known.get(name, text(1))() for name in one.parameters}


def deepen(held: Any) -> None:
    """Beyond the month: results released, certificates decided, a machine asked for, a class, a review, a publication, a request, a job."""
    people, at = held.world.people, held.at
    held.release()
    ready = issuing.ready(held.number, at=at)
    for one in ready.people:
        if one.allowed:
            certificates.issue(one, ready=ready, by=people["clerk"], at=at)
    machine = Machine(keys.trust(), held.facts.site, "EDGE-4406-M", int(at.timestamp()))
    sittings.ask_enrolment(machine.request, acceptors=("clerk", "approver"), by=people["clerk"], at=at)
    _training()
    _registry(people, at)
    publication.publish("register", city=FOSHAN, by=people["clerk"], at=at)
    approvals.request(
        action="registry.suspend", object=f"site:{SHUT}", content=b"{}", title="佛山暂停申请", approve_act="registry.suspend", by=people["clerk"],
        at=at, term=timedelta(days=3650),
    )  # fmt: skip
    accounts.seal("clerk", city=FOSHAN, holders=("approver", "clerk"), by=PEOPLE["security"].make(), at=at)
    file = exports.File("allocation.tickets", "draw:D1", "佛山准考证导出", 101, "佛山.zip", "application/zip", b"PK")
    exports.ask(file, reason="交佛山市局核对", by=people["clerk"], at=at)
    Match.objects.create(city=FOSHAN, matching="PD-2026-0001", kind="application", number="440600-佛山-1", url="/applications/佛山/1/", elsewhere=1)
    registry.start("allocation.tickets", by=people["clerk"], at=at, title="佛山的任务", draw=0)


def _registry(people: Any, at: Any) -> None:
    """A report with its file, a person of the staff file, a spreadsheet, a duty roster that is drawn."""
    said = {"name": "佛山新报告中心", "address": "佛山报告路1号", "phone": "0757-86661234", "scope": ["低压电工作业"]}
    proof = Upload("佛山盖章.pdf", b"%PDF-1.7 %%EOF")
    kept = {"city": FOSHAN, "by": people["clerk"], "at": at}
    register.submit("first", "91440600MA0000077X", said, files=[proof], changed_on=NOW.date(), **kept)
    entry = StaffEntry(whole("44060419850515101"), "鲍监考", "监考", True, "", NOW.date(), "2025合格", True, True)
    taking.staff([entry], FOSHAN, NOW.date(), "佛山名册", at)
    register.read_sheet("考场", content="考试点编号,考场,机位\n440601,佛山一号考场,30\n".encode(), filename="佛山考场.csv", **kept)
    days = [apps.get_model("allocation.Sitting").objects.filter(city=FOSHAN).earliest("day").day] * 2
    row = allocation.announce_duties("staff", *days, choose=None, **kept)
    allocation.commit_duties(row.number, by=people["approver"], at=at)
    allocation.freeze_duties(row.number, by=people["clerk"], at=at)
    allocation.draw_duties(row.number, by=people["approver"], at=at)


def _papers(one: Any, lesson: Any) -> None:
    """A visit, a correction that is asked for, a proof, a sealed file, a unit of the syllabus."""
    made = lesson.study_class
    Visit.objects.create(
        city=FOSHAN, lesson=lesson, number="440600-2026-查-00001", heads=1, as_reported=True, expected=2, signed_in=[one.pk], note="佛山抽查所见",
        photo=b"\x89PNG\r\n\x1a\n", photo_digest="a" * 64, by="inspector", at=NOW,
    )  # fmt: skip
    IdentityCorrection.objects.create(
        city=FOSHAN, enrolment=one, institution_code=made.institution_code, field="name", old="甲某", new="甲佛山", evidence="佛山身份证复印件一份",
        attachment=b"%PDF-1.7", attachment_digest="b" * 64, said_fault="institution", asked_by="institution", asked_at=NOW,
    )  # fmt: skip
    TrainingProof.objects.create(
        city=FOSHAN, number="440600-证明-1", proof_id="0" * 26, enrolment=one, hours=4, signed=b"{}", pdf=b"%PDF-", digest="c" * 64,
        pdf_digest="c" * 64, issued_by="institution", issued_at=NOW,
    )  # fmt: skip
    TrainingFile.objects.create(
        city=FOSHAN, study_class=made, version=1, number="440600-档案-1", content=b"PK", size=2, digest="c" * 64, manifest="c" * 64, hours="c" * 64,
        score=100, by="institution", at=NOW,
    )  # fmt: skip
    SyllabusUnit.objects.create(
        city=FOSHAN, operation="低压电工作业", kind="initial", code="U1", title="佛山单元", hours=4, citation="佛山文件", from_day=NOW.date(),
        entered_by="clerk",
    )  # fmt: skip


def _training() -> None:
    """A class of two with one lesson, a record, a lead and a contest."""
    begin, end = NOW + timedelta(days=1), NOW + timedelta(days=1, hours=3)
    institution, who = PEOPLE["institution"].institution, PEOPLE["institution"].make()
    teacher = classes.report_teacher(
        city=FOSHAN, institution=institution, name="许知行", id_number=whole("44060419900102201"), subject="专业理论", qualification="", until=None,
        username="teacher", by=who, at=NOW,
    )  # fmt: skip
    made = TrainingClass.objects.create(
        city=FOSHAN, number="4406-2026-P900", institution_code=institution, operation="低压电工作业", kind="initial", first_day=begin.date(),
        last_day=begin.date(), room="101", capacity=40, secret=b"s" * 32, made_by="institution",
    )  # fmt: skip
    row = {"starts_at": begin, "ends_at": end, "unit": "U1", "teacher": teacher, "room": "101", "capacity": 40}
    (lesson,) = classes.plan(made, [row], by=who, at=NOW)
    one, _other = trainees.enrol(made, [("甲某", whole(TRAINEES[0]), "C1"), ("乙某", whole(TRAINEES[1]), "C2")], by=who, at=NOW)
    where = {"city": FOSHAN, "enrolment": one}
    _papers(one, lesson)
    SignInRecord.objects.create(**where, number="4406-R1", kind="in", study_class=made, lesson=lesson, unit="U1", day=begin.date(), begin=begin)
    Exclusion.objects.create(**where, key="4406-R1", code="T01", minutes=45, begin=begin, end=end)
    Contest.objects.create(**where, key="4406-R1", code="T01", minutes=45, statement="当日确在教室，请复核。", filed_at=NOW)
    Lead.objects.create(
        city=FOSHAN, digest="d" * 64, kind="batch_identical", subject=made.number, begin=begin, end=end, clause="N1.3.13", classes=[made.number],
        institutions=[institution], rows=["4406-R1"], enrolments=[one.pk], found_at=NOW,
    )  # fmt: skip


def marks() -> dict[str, str]:
    """Words that name something or somebody of 佛山 and nobody else: value → where it stands. What every city says is left out."""
    found: dict[str, str] = {one.name: "User.name" for one in apps.get_model("accounts.User").objects.filter(city=FOSHAN) if len(one.name) > 1}
    for model in apps.get_models():
        names = {field.name for field in model._meta.get_fields()}
        if "city" not in names or not model.__module__.startswith("kaopei.center"):
            continue
        for field in model._meta.concrete_fields:
            encrypted = isinstance(field, EncryptedTextField)
            if field.name in GENERAL or (isinstance(field, EncryptedBinaryField) and not encrypted) or field.get_internal_type() not in TEXTS:
                continue
            for value in model.objects.filter(city=FOSHAN).values_list(field.name, flat=True)[:400]:
                # A plain word of the program says nothing: what names somebody has a digit or a Chinese letter.
                if value in COLUMNS:  # the kinds of workbooks are every city's words
                    continue
                if isinstance(value, str) and len(value) >= (2 if encrypted else 6) and not (value.isascii() and value.isalpha()) and value[0] != "{":
                    found.setdefault(value, f"{model.__name__}.{field.name}")
    return found


TEXTS = {"CharField", "TextField", "BinaryField"}
# Names of the catalogue of operations are everybody's words: `category` too.
GENERAL = {
    "category",
    "operation", "subject", "kind", "status", "state", "part", "action", "role", "decision", "unit", "city", "district", "source", "note",
    "made_by", "by", "status_text", "reason", "ground", "rule_document", "public_source", "choice", "grade", "outcome",
    "clause", "exemption", "username", "released_by", "decided_by", "proposed_by", "second",
}  # fmt: skip
