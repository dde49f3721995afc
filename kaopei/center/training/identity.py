"""What is written of a trainee: as it is read in, what he confirmed of it, and who is likely to be the same person typed twice."""

from collections.abc import Iterable
from operator import ne

from kaopei.center.training.bounds import no
from kaopei.center.training.models import IdentityConfirmation, Trainee
from kaopei.law import identity as law
from kaopei.law.rules.c1_3_identity import datum_is_right
from kaopei.office.personal import blind_index

READ = {"name": ("name", law.read_name), "id_number": ("id", law.read_id_number), "phone": ("mobile", law.read_mobile)}
# Two digits that changed places, or one digit and the check digit with it.
SLIP = 2


def read(field: str, text: str) -> str:
    """A datum as people type it, put into its form; refused with the reason if it cannot be right."""
    kind, reader = READ[field]
    verdict = datum_is_right(kind, text)
    if not verdict.allowed:
        reason = verdict.reasons[0]
        raise no(reason.clause, f"{reason.text}。请对照证件改正。", reason.code)
    return str(reader(text).value)


def digest(trainee: Trainee) -> str:
    """Keyed index of what the trainee reads and confirms."""
    return blind_index(f"{trainee.name}|{trainee.id_number}|{trainee.photo_digest}", "training.identity").hex()


def is_confirmed(trainee: Trainee) -> bool:
    """Whether he has confirmed what is written now."""
    return IdentityConfirmation.objects.filter(trainee=trainee, digest=digest(trainee)).exists()


def looks_twice(name: str, number: str, others: Iterable[Trainee]) -> Trainee | None:
    """Somebody of the same name whose number differs by a slip of the finger."""
    for one in others:
        known = one.id_number
        if one.name == name and known != number and len(known) == len(number) and sum(map(ne, known, number)) <= SLIP:
            return one
    return None


def is_picture(content: bytes) -> bool:
    """A JPEG or PNG that is there to its end: a photograph cut off on the way is none."""
    if content.startswith(b"\xff\xd8\xff"):
        return content.rstrip(b"\0").endswith(b"\xff\xd9")
    return content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")
