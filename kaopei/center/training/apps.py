"""The app of training."""

from datetime import date, datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class TrainingConfig(AppConfig):
    name = "kaopei.center.training"
    label = "training"
    verbose_name = "培训"
    english = "Training"
    nav = [
        NavItem("我的课", "My lessons", "training:teaching", "training.teach"),
        NavItem("培训班", "Classes", "training:classes", "training.view"),
        NavItem("培训证明", "Proofs", "training:proofs", "training.view"),
        NavItem("教师", "Teachers", "training:teachers", "training.view"),
        NavItem("更正签到", "Corrections", "training:corrections", "training.view"),
        NavItem("身份信息更正", "Identity data", "training:identity", "training.view"),
        NavItem("学员异议", "Contests", "training:contests", "training.review"),
        NavItem("培训线索", "Leads", "training:leads", "training.view"),
        NavItem("随机抽查", "Visits", "training:visits", "training.visit"),
        NavItem("牵涉事项", "What rests on it", "training:consequences", "training.uphold"),
        NavItem("培训条件", "Conditions", "training:conditions", "training.view"),
        NavItem("教学单元", "Units", "training:units", "training.view"),
        NavItem("大纲学时", "Syllabus hours", "training:hours", "training.view"),
        NavItem("学习记录封签", "Seals of records", "training:seals", "training.check"),
    ]

    def ready(self) -> None:
        """Spreadsheets of training are taken in where those of the register are."""
        from kaopei.center.registry import sheets
        from kaopei.center.training import lists

        sheets.offer(*lists.LISTS)

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """What waits for this person."""
        from kaopei.center.training import cards

        return cards.for_person(user, at)

    def resting_on_hours(self, person: str) -> list[dict[str, str]]:
        """For a lead that was upheld: the person's proofs of training."""
        from kaopei.center.training.queries import files

        return files.resting_on_hours(person)

    def registered(self, city: str, day: date, known: datetime | None) -> list[dict[str, str]]:
        """For the register as of a day: teachers by institution, names masked."""
        from kaopei.center.training.queries import classes

        return classes.registered(city, day, known)

    def affected(self, city: str, code: str, first: date, last: date | None) -> list[tuple[str, str, int, str]]:
        """For a measure against an institution: its classes that are not closed."""
        from kaopei.center.training.queries import classes

        return classes.affected(city, code)

    def unfinished(self, city: str, code: str) -> list[tuple[str, int]]:
        """For an institution that wants to stop: its classes that are not closed, and how many trainees each has."""
        from kaopei.center.training.queries import classes

        return classes.unfinished(city, code)
