"""Tables of training, by noun."""

from kaopei.center.training.models.classes import Lesson, LessonChange, SyllabusHours, SyllabusUnit, TeacherReport, TrainingClass
from kaopei.center.training.models.people import Device, ElsewhereTraining, EnrolCode, Enrolment, Trainee
from kaopei.center.training.models.records import Seal, SignInRecord, StudyRecord
from kaopei.center.training.models.reviews import Consequence, Contest, Correction, Exclusion, HoursTotal, Lead

__all__ = [
    "Consequence",
    "Contest",
    "Correction",
    "Device",
    "ElsewhereTraining",
    "EnrolCode",
    "Enrolment",
    "Exclusion",
    "HoursTotal",
    "Lead",
    "Lesson",
    "LessonChange",
    "Seal",
    "SignInRecord",
    "StudyRecord",
    "SyllabusHours",
    "SyllabusUnit",
    "TeacherReport",
    "Trainee",
    "TrainingClass",
]
