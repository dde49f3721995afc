"""Tables of training, by noun."""

from kaopei.center.training.models.classes import Lesson, LessonChange, SyllabusHours, SyllabusUnit, TeacherReport, TrainingClass
from kaopei.center.training.models.conditions import ConditionEntry
from kaopei.center.training.models.files import FilePart, ProofStatusList, TrainingFile, TrainingProof
from kaopei.center.training.models.identity import IdentityConfirmation, IdentityCorrection
from kaopei.center.training.models.people import Device, ElsewhereTraining, EnrolCode, Enrolment, Trainee
from kaopei.center.training.models.records import Seal, SignInRecord, StudyRecord
from kaopei.center.training.models.reviews import Consequence, Contest, Correction, Exclusion, HoursTotal, Lead
from kaopei.center.training.models.visits import Visit

__all__ = [
    "ConditionEntry",
    "Consequence",
    "Contest",
    "Correction",
    "Device",
    "ElsewhereTraining",
    "EnrolCode",
    "Enrolment",
    "Exclusion",
    "FilePart",
    "HoursTotal",
    "IdentityConfirmation",
    "IdentityCorrection",
    "Lead",
    "Lesson",
    "LessonChange",
    "ProofStatusList",
    "Seal",
    "SignInRecord",
    "StudyRecord",
    "SyllabusHours",
    "SyllabusUnit",
    "TeacherReport",
    "Trainee",
    "TrainingClass",
    "TrainingFile",
    "TrainingProof",
    "Visit",
]
