"""Refusals in one line, and the bounds of an institution."""

from kaopei.center.training.models import TrainingClass
from kaopei.law.verdict import refuse
from kaopei.office.accounts.roles import Actor
from kaopei.office.refused import Refused


def no(clause: str, text: str, code: str) -> Refused:
    """A refusal with its clause."""
    return Refused(refuse(clause, text, code))


def locked(study_class: TrainingClass, by: Actor) -> TrainingClass:
    """The class, held until the end of the transaction; refused for people of another institution."""
    held = TrainingClass.objects.select_for_update().get(pk=study_class.pk)
    mine = getattr(by, "institution", "")
    if mine and mine != held.institution_code:
        raise no("", "这是其他培训机构的培训班，不在您的工作范围内。", "institution")
    return held
