"""Written reports, their files, spreadsheets, and the exam body: what was handed in and what became of it."""

import datetime as dt

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from kaopei.center.registry.models import Attachment, ExamBody, ExamStaff, Sheet, SiteCap, SiteRecord, StaffRecord, WrittenReport
from kaopei.center.registry.versioning import on


def reports(code: str = "", status: str = "") -> QuerySet[WrittenReport]:
    """Reports in sight: those that wait first, by the day they are due, then the latest."""
    waits = Case(When(status="submitted", then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = WrittenReport.objects.alias(waits=waits).order_by("waits", "due_on", "-submitted_at")
    if code:
        rows = rows.filter(code=code)
    return rows.filter(status=status) if status else rows


def report(number: str) -> WrittenReport | None:
    """A report in sight by its receipt number."""
    return WrittenReport.objects.filter(number=number).first()


def attachments(obj: str) -> list[Attachment]:
    """Files of a report or a site, as they were added."""
    return list(Attachment.objects.filter(obj=obj))


def sheets() -> QuerySet[Sheet]:
    """Spreadsheets in sight without their content, the latest first."""
    return Sheet.objects.defer("content")


def sheet(number: str) -> Sheet | None:
    """A spreadsheet in sight by its number."""
    return Sheet.objects.filter(number=number).first()


def exam_bodies(city: str) -> list[ExamBody]:
    """二（一） N2.1.1: every exam body that the city ever had, the latest first."""
    return list(ExamBody.objects.filter(city=city).order_by("-from_day", "-pk"))


def full_time(city: str) -> int:
    """二（一） N2.1.3: how many full-time people stand in the staff file."""
    return ExamStaff.objects.filter(city=city, full_time=True).count()


def person(city: str, index: str) -> ExamStaff | None:
    """A person of the staff file by his index."""
    return ExamStaff.objects.filter(city=city, person=index).first()


def staff_records(row: ExamStaff) -> list[StaffRecord]:
    """What the staff file said of a person, the latest first."""
    return list(StaffRecord.objects.filter(staff=row).order_by("-from_day", "-pk"))


def site_records(city: str, number: str) -> list[SiteRecord]:
    """What the register said of a site, the latest first."""
    return list(SiteRecord.objects.filter(city=city, site__number=number).select_related("site").order_by("-from_day", "-pk"))


def cap(city: str, day: dt.date) -> SiteCap | None:
    """二（二） N2.2.6: the city's own figure on that day, with its source."""
    return SiteCap.objects.filter(on(day), city=city).order_by("-from_day", "-pk").first()


def agreements_ending(city: str, day: dt.date, before: dt.date) -> list[SiteRecord]:
    """Agreements of sites that have run out or will before a day."""
    rows = SiteRecord.objects.filter(Q(agreement_to__lt=before), on(day), city=city).select_related("site")
    return list(rows.order_by("agreement_to"))


def own_figures(city: str, day: dt.date) -> list[tuple[str, str, str, str, str]]:
    """What the city has set for itself: (duty, title, value, days, source)."""
    held = cap(city, day)
    if held is None:
        return []
    days = f"{held.from_day} 起" + (f"至 {held.to_day}" if held.to_day else "")
    return [("N2.2.6", "本市考试点数量上限", "不设上限" if held.most is None else f"{held.most} 个", days, f"本市设定：{held.source}")]
