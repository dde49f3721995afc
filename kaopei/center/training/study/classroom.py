"""一（三） Classroom records: which lesson each belongs to, why it may not count, and the minutes of those that do.

A record keeps the first reason in the order N1, E02, E03, E01, E06, E07, E04, E05, E10. Two places at once and
impossible ways are judged on all records with an end, whatever else is wrong with them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

from kaopei.center.training.study.facts import Crowd, Elsewhere, Lesson, SignIn, Study
from kaopei.center.training.study.settings import Settings

EARTH_KM = 6371.0


def judge(study: Study, settings: Settings, crowd: Crowd | None = None) -> None:
    """Give every record its lesson and its code. `crowd` says what is known of whole classes where `study` holds only some learners."""
    place(study, settings)
    known = crowd or crowd_of(study, settings)
    for code, numbers in (
        ("E06", known.identical),
        ("E07", known.shared),
        ("E04", {r.number for pair in two_places(study) for r in pair}),
        ("E05", {later.number for _, later, _ in impossible_ways(study, settings)}),
        ("E10", set(clashing(study.sign_ins, study.elsewhere))),
    ):
        for record in study.sign_ins:
            if not record.code and record.number in numbers and code not in record.lifted:
                record.code = code
    for record in study.sign_ins:
        record.minutes = minutes([record], settings)


def place(study: Study, settings: Settings) -> None:
    """Give every record its lesson, and the code of what is wrong with it by itself."""
    lessons = by_day(study.lessons)
    for record in study.sign_ins:
        _own_reasons(record, lessons, settings)


def crowd_of(study: Study, settings: Settings) -> Crowd:
    """E06, E07 of class rooms; the records must have their lessons, and be all of their classes."""
    return Crowd(
        {r.number for group in identical(study.sign_ins, settings) for r in group},
        {r.number for _, group in shared_devices(study, settings) for r in group},
    )


def by_day(lessons: Iterable[Lesson]) -> dict[tuple[object, ...], list[Lesson]]:
    """Lessons by class, day and unit."""
    found: dict[tuple[object, ...], list[Lesson]] = {}
    for lesson in lessons:
        found.setdefault((lesson.study_class, lesson.day, lesson.unit), []).append(lesson)
    return found


def _own_reasons(record: SignIn, lessons: dict[tuple[object, ...], list[Lesson]], settings: Settings) -> None:
    if record.end is None or record.end < record.begin:
        record.code, record.end = "N1", None
        return
    best, most = None, 0
    for lesson in lessons.get((record.study_class, record.day, record.unit), ()):
        shared = min(record.end, lesson.end) - max(record.begin, lesson.start)
        if shared > most:
            best, most = lesson, shared
    record.lesson = best
    if record.struck:
        record.code = "T01"
        return
    if best is None:
        record.code = "E02"
        return
    late = record.recorded is not None and record.recorded > best.end + 60 * settings.late_record_minutes and not record.supplement
    thin = len(record.evidence) < settings.kinds_of_evidence
    reasons = [code for code, holds in (("E03", late), ("E01", thin)) if holds and code not in record.lifted]
    record.code = reasons[0] if reasons else ""


def minutes(records: Sequence[SignIn], settings: Settings) -> int:
    """Whole minutes of lecture that the records of one learner in one lesson cover together."""
    lesson = records[0].lesson
    if lesson is None:
        return 0
    grace = 60 * settings.grace_minutes
    spans = []
    for record in records:
        if record.end is None:
            continue
        begin = lesson.start if record.begin <= lesson.start + grace else record.begin
        spans.append((begin, lesson.end if record.end >= lesson.end - grace else record.end))
    first_end = lesson.start + 60 * settings.lecture_minutes
    lectures = ((lesson.start, first_end), (first_end + 60 * settings.break_minutes, lesson.end))
    covered = 0
    for begin, end in united(spans):
        covered += sum(max(0, min(end, stop) - max(begin, start)) for start, stop in lectures)
    return covered // 60


def united(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans without overlaps, in order."""
    held: tuple[int, int] | None = None
    for begin, end in sorted(spans):
        if held and begin <= held[1]:
            held = (held[0], max(held[1], end))
            continue
        if held:
            yield held
        held = (begin, end)
    if held:
        yield held


def identical(records: Iterable[SignIn], settings: Settings) -> list[list[SignIn]]:
    """E06: groups of people of one class who came and went in the same seconds of the same lesson."""
    groups: dict[tuple[object, ...], list[SignIn]] = {}
    for record in records:
        if record.lesson is not None:
            groups.setdefault((record.study_class, record.lesson.same, record.begin, record.end), []).append(record)
    return [group for group in groups.values() if len({r.learner for r in group}) >= settings.identical_people]


def shared_devices(study: Study, settings: Settings) -> list[tuple[str, list[SignIn]]]:
    """E07: a device, not one of the class room's own, that several learners used in the same lesson."""
    groups: dict[tuple[object, ...], list[SignIn]] = {}
    for record in study.sign_ins:
        if record.lesson is not None and record.device and record.device not in study.fixed_devices:
            groups.setdefault((record.device, record.lesson.same), []).append(record)
    return [(str(key[0]), group) for key, group in groups.items() if len({r.learner for r in group}) >= settings.device_people]


def by_learner(records: Iterable[SignIn]) -> dict[str, list[SignIn]]:
    """Records with an end, in order of time, by learner."""
    found: dict[str, list[SignIn]] = {}
    for record in records:
        if record.end is not None:
            found.setdefault(record.learner, []).append(record)
    for group in found.values():
        group.sort(key=lambda r: (r.begin, r.end or 0, r.number))
    return found


def two_places(study: Study) -> Iterator[tuple[SignIn, SignIn]]:
    """E04: pairs of records of one learner that overlap in different classes and different rooms."""
    for group in by_learner(study.sign_ins).values():
        for place, one in enumerate(group):
            for other in group[place + 1 :]:
                if other.begin >= (one.end or 0):
                    break
                if one.study_class != other.study_class and _room(one, study) != _room(other, study):
                    yield one, other


def _room(record: SignIn, study: Study) -> tuple[str, str]:
    """Rooms of two institutions may have the same number."""
    home = study.classes.get(record.study_class)
    name = record.lesson.room if record.lesson else record.room or (home.room if home else "")
    return (home.institution if home else record.study_class, name)


def impossible_ways(study: Study, settings: Settings) -> Iterator[tuple[SignIn, SignIn, float]]:
    """E05: neighbouring records of one learner, the way between them in km, faster than anybody travels."""
    for group in by_learner(study.sign_ins).values():
        for one, other in zip(group, group[1:], strict=False):
            gap = other.begin - (one.end or 0)
            if gap < 0:
                continue
            far = _distance(_where(one, study), _where(other, study))
            if far is not None and far >= settings.travel_from_km and far * 3600 > settings.travel_kmh * gap:
                yield one, other, far


def _where(record: SignIn, study: Study) -> tuple[float, float] | None:
    if record.longitude is not None and record.latitude is not None:
        return record.longitude, record.latitude
    home = study.classes.get(record.study_class)
    if home is None or home.longitude is None or home.latitude is None:
        return None
    return home.longitude, home.latitude


def _distance(one: tuple[float, float] | None, other: tuple[float, float] | None) -> float | None:
    """Great circle, km."""
    if one is None or other is None:
        return None
    (x1, y1), (x2, y2) = ((math.radians(x), math.radians(y)) for x, y in (one, other))
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def clashing(records: Iterable[SignIn], elsewhere: Iterable[Elsewhere]) -> dict[str, Elsewhere]:
    """E10: record number → the certificate of classroom training elsewhere on that day."""
    of: dict[str, list[Elsewhere]] = {}
    for one in elsewhere:
        if one.classroom:
            of.setdefault(one.learner, []).append(one)
    found = {}
    for record in records:
        for one in of.get(record.learner, ()):
            if one.first <= record.day <= one.last:
                found[record.number] = one
                break
    return found
