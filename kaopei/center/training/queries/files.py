"""Files of classes and proofs of hours, read."""

from django.db.models import QuerySet

from kaopei.center.training.models import FilePart, ProofStatusList, TrainingClass, TrainingFile, TrainingProof


def parts(study_class: TrainingClass) -> QuerySet[FilePart]:
    """Papers of a class, without their bytes."""
    return FilePart.objects.filter(study_class=study_class).defer("content")


def versions(study_class: TrainingClass) -> QuerySet[TrainingFile]:
    """Sealed files of a class, the newest first, without their bytes."""
    return TrainingFile.objects.filter(study_class=study_class).defer("content")


def file(study_class: TrainingClass, version: int) -> TrainingFile | None:
    """One sealed file with its bytes."""
    return TrainingFile.objects.filter(study_class=study_class, version=version).first()


def proofs(*, institution: str = "", wanted: str = "", status: str = "") -> QuerySet[TrainingProof]:
    """Proofs in sight, the newest first, without their bytes."""
    rows = TrainingProof.objects.select_related("enrolment__study_class", "enrolment__trainee").defer("signed", "pdf").order_by("-pk")
    rows = rows.filter(enrolment__study_class__institution_code=institution) if institution else rows
    rows = rows.filter(number__contains=wanted) if wanted else rows
    return rows.filter(status=status) if status else rows


def public_proofs(city: str) -> QuerySet[TrainingProof]:
    """All proofs of a city for publication, revoked ones too: the public list says that they no longer hold."""
    rows = TrainingProof.objects.filter(city=city).select_related("enrolment__study_class", "enrolment__trainee")
    return rows.defer("signed", "pdf").order_by("number")


def newest_list() -> ProofStatusList | None:
    """The list of revoked proofs in force."""
    return ProofStatusList.objects.first()


def of_person(person: str) -> list[TrainingProof]:
    """Proofs of a person that hold."""
    return list(TrainingProof.objects.filter(enrolment__trainee__person=person).exclude(status="revoked").defer("signed", "pdf"))


def resting_on_hours(person: str) -> list[dict[str, str]]:
    """For a lead that was upheld: the person's proofs, as later rooms give their papers."""
    return [
        {"kind": "proof", "number": one.number, "state": one.get_status_display(), "url": f"/training/proofs/{one.number}/"}
        for one in of_person(person)
    ]  # fmt: skip
