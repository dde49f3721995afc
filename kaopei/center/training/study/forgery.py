"""一（一）、一（三） Leads to forged or missing training, each with the rows behind it. People decide; nothing here accuses."""

from collections.abc import Iterable, Iterator

from kaopei.center.registry.rows import midnight
from kaopei.center.training.study import classroom, online
from kaopei.center.training.study.facts import DAY, Finding, Lesson, SignIn, Teacher
from kaopei.center.training.study.online import Span, Unit
from kaopei.center.training.study.totals import Counted


def findings(counted: Counted) -> list[Finding]:
    """All of them, by kind."""
    found = [*of_learners(counted), *of_classes(counted), *of_teachers(counted), *of_devices(counted)]
    return sorted(found, key=lambda one: (one.kind, one.object, one.begin or 0, one.end or 0))


def of_learners(counted: Counted) -> Iterator[Finding]:
    """What the records of single learners show, whatever the others did."""
    for part in (_records, _places, _elsewhere, _claims, _long_days, _films):
        yield from part(counted)


def of_classes(counted: Counted) -> Iterator[Finding]:
    """What all records of a class show together."""
    yield from _groups(counted)
    yield from _rooms(counted)


def _of(kind: str, clause: str, subject: str, span: tuple[int | None, int | None], records: Iterable[SignIn], note: str = "") -> Finding:
    rows = list(records)
    return Finding(
        kind, subject, span[0], span[1], clause, ";".join(dict.fromkeys(r.study_class for r in rows)), tuple(r.number for r in rows),
        tuple(dict.fromkeys(r.learner for r in rows)), note,
    )  # fmt: skip


def _records(counted: Counted) -> Iterator[Finding]:
    """What a single record shows by itself."""
    for record in counted.study.sign_ins:
        if record.end is None:
            continue
        span = (record.begin, record.end)
        if record.lesson is None:
            yield _of("outside_class_time", "N1.3.9", record.learner, span, [record])
            continue
        late = record.lesson.end + 60 * counted.settings.late_record_minutes
        if record.recorded is not None and record.recorded > late and not record.supplement:
            yield _of("after_close", "N1.3.9", record.learner, span, [record])
        if len(record.evidence) < counted.settings.kinds_of_evidence:
            yield _of("evidence_insufficient", "N1.3.9", record.learner, span, [record], "、".join(sorted(record.evidence)))


def _places(counted: Counted) -> Iterator[Finding]:
    for one, other in classroom.two_places(counted.study):
        span = (max(one.begin, other.begin), min(one.end or 0, other.end or 0))
        yield _of("overlap_two_places", "N1.3.9", one.learner, span, [one, other])
    for one, other, far in classroom.impossible_ways(counted.study, counted.settings):
        yield _of("impossible_travel", "N1.3.9", one.learner, (one.end, other.begin), [one, other], f"{far:.1f} km")


def _groups(counted: Counted) -> Iterator[Finding]:
    for group in classroom.identical(counted.study.sign_ins, counted.settings):
        first = group[0]
        yield _of("batch_identical", "N1.3.13", first.study_class, (first.begin, first.end), group, f"{len(group)} 人")
    for device, group in classroom.shared_devices(counted.study, counted.settings):
        span = (min(r.begin for r in group), max(r.end or r.begin for r in group))
        yield _of("one_device_many", "N1.3.9", device, span, group, f"{len({r.learner for r in group})} 人")


def of_devices(counted: Counted) -> Iterator[Finding]:
    """Devices of online study that many learners used on one day."""
    return device_findings(online.shared_devices(counted.units, counted.study, counted.settings))


def device_findings(groups: Iterable[tuple[tuple[str, int], list[Unit]]]) -> Iterator[Finding]:
    """The same, of (device, day) with the units already gathered."""
    for (device, _), units in groups:
        span = (min(unit.first for unit in units), max(unit.last for unit in units))
        yield _of_units("one_device_many", "N1.3.9", device, span, units)


def _of_units(kind: str, clause: str, subject: str, span: Span, units: Iterable[Unit], note: str = "") -> Finding:
    rows = list(units)
    classes = ";".join(dict.fromkeys(unit.study_class for unit in rows))
    people = tuple(dict.fromkeys(unit.learner for unit in rows))
    return Finding(kind, subject, *span, clause, classes, (), people, note or ";".join(dict.fromkeys(unit.unit for unit in rows)))


def _elsewhere(counted: Counted) -> Iterator[Finding]:
    by_learner: dict[str, list[SignIn]] = {}
    for record in counted.study.sign_ins:
        by_learner.setdefault(record.learner, []).append(record)
    for one in counted.study.elsewhere:
        rows = [r for r in by_learner.get(one.learner, ()) if one.classroom and one.first <= r.day <= one.last]
        if rows:
            span = (midnight(one.first), midnight(one.last) + DAY - 1)
            yield _of("elsewhere_certified", "N1.3.13", one.learner, span, rows)


def _claims(counted: Counted) -> Iterator[Finding]:
    for one in counted.study.enrolled:
        hours = counted.hours(one.study_class, one.learner)
        if one.claimed is not None and one.claimed > hours:
            note = f"申报 {one.claimed}，计得 {hours}"
            yield Finding("hours_overclaimed", one.learner, None, None, "N1.3.10", one.study_class, (), (one.learner,), note)


def _long_days(counted: Counted) -> Iterator[Finding]:
    for (learner, _), pieces in counted.days.items():
        minutes = sum(piece.minutes for piece in pieces)
        if minutes > counted.settings.day_minutes:
            classes = ";".join(dict.fromkeys(piece.study_class for piece in pieces))
            rows = tuple(row for piece in pieces for row in piece.rows)
            begin, end = min(piece.begin for piece in pieces), max(piece.end for piece in pieces)
            yield Finding("over_8h_day", learner, begin, end, "N1.3.10", classes, rows, (learner,), f"{minutes} 分钟")


def of_teachers(counted: Counted) -> Iterator[Finding]:
    """What the timetable and the written reports show; trainees' hours stand."""
    classes = counted.study.classes
    reports: dict[tuple[str, str], list[Teacher]] = {}
    for report in counted.study.teachers:
        reports.setdefault((report.person, report.institution), []).append(report)
    by_teacher: dict[str, list[Lesson]] = {}
    for lesson in counted.study.lessons:
        if lesson.teacher:
            by_teacher.setdefault(lesson.teacher, []).append(lesson)
    for teacher, lessons in by_teacher.items():
        lessons.sort(key=lambda lesson: (lesson.start, lesson.end, lesson.place))
        yield from _at_once(teacher, lessons, counted)
        unreported: dict[str, list[Lesson]] = {}
        for lesson in lessons:
            home = classes.get(lesson.study_class)
            if home and not _reported(reports.get((teacher, home.institution), ()), lesson):
                unreported.setdefault(home.institution, []).append(lesson)
        for group in unreported.values():
            named = ";".join(dict.fromkeys(lesson.study_class for lesson in group))
            span = (group[0].start, max(lesson.end for lesson in group))
            yield Finding("teacher_unreported", teacher, *span, "N1.3.7", named, (), (), f"{len(group)} 次课")


def _at_once(teacher: str, lessons: list[Lesson], counted: Counted) -> Iterator[Finding]:
    for place, one in enumerate(lessons):
        for other in lessons[place + 1 :]:
            if other.start >= one.end:
                break
            if (one.merged and one.merged == other.merged) or _room(one, counted) == _room(other, counted):
                continue
            named = ";".join(dict.fromkeys((one.study_class, other.study_class)))
            yield Finding("teacher_two_classes", teacher, other.start, min(one.end, other.end), "N1.3.13", named)


def _room(lesson: Lesson, counted: Counted) -> tuple[str, str]:
    home = counted.study.classes.get(lesson.study_class)
    return (home.institution if home else lesson.study_class, lesson.room)


def _reported(reports: Iterable[Teacher], lesson: Lesson) -> bool:
    """Whether a written report of the teaching institution holds on the day; the day of the report counts."""
    return any(one.reported is not None and one.reported <= lesson.day and (one.until is None or lesson.day <= one.until) for one in reports)


def _rooms(counted: Counted) -> Iterator[Finding]:
    """People who signed in to one lesson (classes taught together are one) against the room's capacity."""
    lessons = classroom.by_day(counted.study.lessons)
    present: dict[tuple[object, ...], list[tuple[Lesson, SignIn]]] = {}
    for record in counted.study.sign_ins:
        lesson = record.lesson or (_begun(record, lessons) if record.end is None else None)
        if lesson is not None:
            present.setdefault((lesson.same, lesson.room), []).append((lesson, record))
    for rows in present.values():
        lesson = min((one for one, _ in rows), key=lambda one: one.study_class)
        people = {record.learner for _, record in rows}
        if lesson.capacity is not None and len(people) > lesson.capacity:
            note = f"{len(people)} 人，容量 {lesson.capacity}"
            yield _of("room_over_capacity", "N1.1.1", lesson.study_class, (lesson.start, lesson.end), (r for _, r in rows), note)


def _begun(record: SignIn, lessons: dict[tuple[object, ...], list[Lesson]]) -> Lesson | None:
    """The lesson that somebody who never signed out came to."""
    here = [one for one in lessons.get((record.study_class, record.day, record.unit), ()) if record.begin < one.end]
    return min(here, key=lambda one: one.start, default=None)


def _films(counted: Counted) -> Iterator[Finding]:
    settings = counted.settings
    for unit in counted.units:
        spans = [span for group in unit.played.values() for span in group]
        if not spans:
            continue
        whole = (min(span[0] for span in spans), max(span[1] for span in spans))
        if unit.too_fast:
            yield _of_units("online_speed", "N1.1.5", unit.learner, whole, [unit])
        if not online.checked(unit, settings):
            yield _of_units("identity_missing", "N1.1.5", unit.learner, whole, [unit])
        for span in unit.idle:
            if span[1] - span[0] >= settings.idle_seconds:
                yield _of_units("online_idle", "N1.1.5", unit.learner, span, [unit])
    for one, other, span in online.two_devices(counted.units):
        yield _of_units("two_devices", "N1.1.5", one.learner, span, [one, other])
