"""一（三） Hours are derived: all of a city's, or those of the learners of some classes, by the rules of `study`.

First what only whole classes and shared devices show, class by class; then learners, a thousand at a time, with all their records.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched

from django.db import connection

from kaopei.center.training import facts
from kaopei.center.training.models import Enrolment, Exclusion, HoursTotal
from kaopei.center.training.study import classroom, forgery, totals
from kaopei.center.training.study.facts import Crowd, Finding
from kaopei.center.training.study.online import Unit
from kaopei.center.training.study.settings import SAMPLE, Settings
from kaopei.center.training.study.totals import Counted

LEARNERS = 1000
DEVICE_DAYS = """
SELECT device, ((extract(epoch FROM first_at)::bigint + 28800) / 86400) AS day FROM training_studyrecord
 WHERE device <> '' {only} GROUP BY 1, 2 HAVING count(DISTINCT (SELECT trainee_id FROM training_enrolment e WHERE e.id = enrolment_id)) >= %s"""


@dataclass
class Result:
    """What a count found; `learners` how many people's hours were written."""

    learners: int = 0
    enrolments: int = 0
    findings: list[Finding] = field(default_factory=list)


def count(city: str, *, at: dt.datetime, classes: Collection[int] | None = None, settings: Settings = SAMPLE) -> Result:
    """Count and write the totals; `classes` by row number limit it to their learners. The caller has entered the city and a transaction."""
    of, result = facts.city(city), Result()
    groups = of.groups(classes)
    wanted = {pk for group in groups for pk in group}
    crowd = Crowd()
    for group in groups:
        result.findings += _whole_classes(of, group, crowd, settings)
    crowd.devices = _shared_devices(city, of.fixed_devices, wanted if classes is not None else None, settings)
    trainees = _trainees(city, wanted if classes is not None else None, crowd)
    devices: dict[tuple[str, int], list[Unit]] = {}
    for some in batched(trainees, LEARNERS):
        counted = _learners(of, some, crowd, at, result, settings)
        result.findings += forgery.of_learners(counted)
        for unit in counted.units:
            for key in unit.devices & crowd.devices:
                devices.setdefault(key, []).append(unit)
    result.findings += forgery.device_findings(devices.items())
    result.findings += forgery.of_teachers(Counted(_timetable(of), [], {}, {}, settings))
    return result


def _whole_classes(of: facts.City, group: list[int], crowd: Crowd, settings: Settings) -> list[Finding]:
    study = facts.of_classes(of, group)
    classroom.place(study, settings)
    here = classroom.crowd_of(study, settings)
    crowd.identical |= here.identical
    crowd.shared |= here.shared
    return list(forgery.of_classes(Counted(study, [], {}, {}, settings)))


def _shared_devices(city: str, fixed: frozenset[str], classes: set[int] | None, settings: Settings) -> set[tuple[str, int]]:
    """E07 of online study: devices and days that too many learners share; of the devices of these classes."""
    only = " AND city = %s"
    values: list[object] = [city]
    if classes is not None:
        only += " AND device IN (SELECT device FROM training_studyrecord WHERE study_class_id = ANY(%s))"
        values.append(sorted(classes))
    with connection.cursor() as cursor:
        cursor.execute(DEVICE_DAYS.format(only=only), [*values, settings.device_people])
        return {(device, int(day)) for device, day in cursor.fetchall() if device not in fixed}


def _trainees(city: str, classes: set[int] | None, crowd: Crowd) -> list[int]:
    """Whose hours to count: the learners of the classes, and whoever used a device with them."""
    rows = Enrolment.objects.filter(city=city)
    if classes is None:
        return list(rows.order_by("trainee_id").values_list("trainee_id", flat=True).distinct())
    found = set(rows.filter(study_class__in=classes).values_list("trainee_id", flat=True))
    if crowd.devices:
        names = sorted({device for device, _ in crowd.devices})
        found |= set(rows.filter(study__device__in=names).values_list("trainee_id", flat=True))
    return sorted(found)


def _learners(of: facts.City, trainees: Iterable[int], crowd: Crowd, at: dt.datetime, result: Result, settings: Settings) -> Counted:
    study, enrolled = facts.of_learners(of, list(trainees))
    counted = totals.count(study, settings, crowd)
    rows = []
    for key, one in enrolled.items():
        total = counted.totals.get(key, totals.Total())
        rows.append(
            HoursTotal(
                city=one.city,
                enrolment=one,
                records=total.records,
                gross=total.gross,
                effective=total.effective,
                hours=counted.hours(*key),
                excluded=dict(sorted(total.excluded.items())),
                counted_at=at,
            )  # fmt: skip
        )
    changed = ["records", "gross", "effective", "hours", "excluded", "counted_at"]
    HoursTotal.objects.bulk_create(rows, batch_size=1000, update_conflicts=True, unique_fields=["enrolment"], update_fields=changed)
    Exclusion.objects.filter(enrolment__in=[one.pk for one in enrolled.values()]).delete()
    Exclusion.objects.bulk_create(_exclusions(counted, enrolled), batch_size=2000)
    result.enrolments += len(rows)
    result.learners += len({one.trainee_id for one in enrolled.values()})
    return counted


def _exclusions(counted: Counted, enrolled: dict[tuple[str, str], Enrolment]) -> Iterator[Exclusion]:
    for record in counted.study.sign_ins:
        if record.code:
            one = enrolled[record.study_class, record.learner]
            yield _exclusion(one, record.number, record.code, record.minutes, record.begin, record.end)
    for unit in counted.units:
        one = enrolled[unit.study_class, unit.learner]
        if unit.code:
            yield _exclusion(one, f"unit:{unit.unit}", unit.code, unit.minutes(counted.settings), unit.first, unit.last)
        if unit.lost_minutes():
            yield _exclusion(one, f"unit:{unit.unit}", "E12", unit.lost_minutes(), unit.first, unit.last)
    for (_, _), pieces in counted.days.items():
        left = counted.settings.day_minutes
        for piece in pieces:
            over = piece.minutes - min(left, piece.minutes)
            left -= piece.minutes - over
            if over:
                one = enrolled[piece.study_class, piece.learner]
                yield _exclusion(one, piece.rows[0] if piece.rows else "", "E09", over, piece.begin, piece.end)


def _exclusion(one: Enrolment, key: str, code: str, minutes: int, begin: int | None, end: int | None) -> Exclusion:
    return Exclusion(city=one.city, enrolment=one, key=key, code=code, minutes=minutes, begin=facts.moment(begin), end=facts.moment(end))


def _timetable(of: facts.City) -> facts.Study:
    return facts.Study(
        classes={one.number: one for one in of.classes.values()},
        lessons=[one for group in of.lessons.values() for one in group],
        teachers=of.teachers,
    )


def digest(one: Finding) -> str:
    """The same lead found again has the same one."""
    return hashlib.sha256("|".join(map(str, (one.kind, one.object, one.begin, one.end, one.study_class))).encode()).hexdigest()
