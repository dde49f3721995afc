"""What was sealed, who holds what, how often an item was used."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Sum

from kaopei.paper.blueprint import plain
from kaopei.vault.custody import models
from kaopei.vault.custody.papers import TRIAL, Papers, from_text
from kaopei.vault.custody.sheets import Sheets


def packages() -> list[models.SealedPackage]:
    """The newest first."""
    return list(models.SealedPackage.objects.order_by("-id")[:200])


def package(package_id: str) -> models.SealedPackage | None:
    return models.SealedPackage.objects.filter(package_id=package_id).first()


def sealed_before(order_id: str) -> bool:
    """Whether this order was carried out already."""
    return models.SealedPackage.objects.filter(order_id=order_id).exists()


def papers(row: models.SealedPackage) -> Papers | Sheets:
    """The papers (or score sheets) as they were sealed."""
    return from_text(row.content)


def exposures(subject: str) -> dict[str, int]:
    """Item number → how many packages held it."""
    return dict(Counter(models.Exposure.objects.filter(subject=plain(subject)).values_list("number", flat=True)))


@dataclass(frozen=True, slots=True)
class Exposed:
    """An item or task that went out: in how many packages, seen by how many candidates, last on which day."""

    subject: str
    number: str
    packages: int
    candidates: int
    last: date


def exposed(subject: str = "") -> list[Exposed]:
    """What was exposed most comes first; of one subject (without punctuation) or of all."""
    rows = models.Exposure.objects.filter(**({"subject": subject} if subject else {}))
    found = rows.values("subject", "number").annotate(packages=Count("pk"), candidates=Sum("candidates"), last=Max("package__day"))
    return [Exposed(**row) for row in found.order_by("-candidates", "-packages", "subject", "number")]


def exposed_subjects() -> list[str]:
    """The subjects of which anything went out."""
    return sorted(set(models.Exposure.objects.order_by().values_list("subject", flat=True).distinct()))


def shared_on(day: date, subject: str) -> dict[str, int]:
    """Item number → how many packages of this day hold it."""
    rows = models.Exposure.objects.filter(subject=plain(subject), package__day=day)
    return dict(Counter(rows.values_list("number", flat=True)))


def set_of(sitting_id: str, form_set: str, subject: str) -> set[str]:
    """The items of a sitting's form set in a subject."""
    packages = models.SealedPackage.objects.filter(sitting_id=sitting_id, form_set=form_set)
    rows = models.Exposure.objects.filter(package__in=packages, subject=plain(subject))
    return set(rows.values_list("number", flat=True))


def shares(row: models.SealedPackage) -> list[dict[str, Any]]:
    """Shares of a package with their receipts."""
    return [
        {"share": share, "handover": getattr(share, "handover", None)} for share in row.shares.select_related("handover").order_by("stage", "x", "id")
    ]


def share(row: models.SealedPackage, number: str) -> models.KeyShare | None:
    return row.shares.filter(number=number).first()


def revisions(row: models.SealedPackage) -> list[models.Scoring]:
    """Scorings of a package, the newest first."""
    return list(row.scorings.order_by("-rev"))


def packages_waiting() -> list[models.SealedPackage]:
    """Real packages with a share that nobody has signed for, the next sitting first."""
    rows = models.SealedPackage.objects.filter(shares__handover=None).exclude(form_set=TRIAL)
    return list(rows.distinct().order_by("day", "id")[:50])


def waiting_shares() -> int:
    """Shares of real packages that nobody has signed for yet."""
    return models.KeyShare.objects.filter(handover=None).exclude(package__form_set=TRIAL).count()
