"""Identity data and its corrections, read; counted by institution for those who supervise it."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from kaopei.center.training.models import Enrolment, IdentityConfirmation, IdentityCorrection


@dataclass
class Counted:
    """Of one institution: people, how many of them have confirmed, corrections by what became of them and whose error it was."""

    city: str
    institution: str
    people: int = 0
    confirmed: int = 0
    asked: int = 0
    approved: int = 0
    refused: int = 0
    institution_fault: int = 0
    trainee_fault: int = 0
    other_fault: int = 0

    @property
    def per_thousand(self) -> float:
        """Errors of the institution, of a thousand people."""
        return 1000 * self.institution_fault / self.people if self.people else 0.0


def corrections(status: str = "asked", institution: str = "") -> QuerySet[IdentityCorrection]:
    """Corrections in sight, the oldest first, without attachments."""
    rows = IdentityCorrection.objects.select_related("enrolment__study_class", "enrolment__trainee").defer("attachment").order_by("asked_at")
    rows = rows.filter(status=status) if status else rows
    return rows.filter(institution_code=institution) if institution else rows


def attachment(pk: int, institution: str = "") -> IdentityCorrection | None:
    """One correction with its evidence."""
    rows = IdentityCorrection.objects.filter(pk=pk)
    return (rows.filter(institution_code=institution) if institution else rows).first()


def counted(institution: str = "") -> list[Counted]:
    """By institution, the one with the most errors of its own first."""
    found: dict[tuple[str, str], Counted] = {}
    people = Enrolment.objects.filter(is_listed=True)
    confirmed = people.filter(trainee__in=IdentityConfirmation.objects.values("trainee"))
    for rows, name in ((people, "people"), (confirmed, "confirmed")):
        where = rows.order_by().values_list("study_class__city", "study_class__institution_code").annotate(Count("trainee", distinct=True))
        for city, code, count in where:
            setattr(found.setdefault((city, code), Counted(city, code)), name, count)
    corrected = IdentityCorrection.objects.order_by().values_list("city", "institution_code", "status", "fault").annotate(Count("pk"))
    for city, code, status, fault, count in corrected:
        one = found.setdefault((city, code), Counted(city, code))
        one.asked += count
        if status != "asked":
            setattr(one, status, getattr(one, status) + count)
        if fault:
            name = f"{fault}_fault" if fault in ("institution", "trainee") else "other_fault"
            setattr(one, name, getattr(one, name) + count)
    rows_ = [one for one in found.values() if institution in ("", one.institution)]
    return sorted(rows_, key=lambda one: (-one.institution_fault, -one.asked, one.institution))
