"""Rows of the database as the facts of `study`: whole classes, or some learners with all of their records.

Learners are called by the number of the trainee, classes by theirs; times are seconds on the wall clock of China.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from kaopei.center.training.models import ElsewhereTraining, Enrolment, Lesson, SignInRecord, StudyRecord, TeacherReport, TrainingClass
from kaopei.center.training.study import facts
from kaopei.center.training.study.facts import SignIn, Stream, Study

WALL = 8 * 3600
KINDS = ((1, "人脸"), (2, "动态码"), (4, "刷卡"), (8, "教师确认"))
EVIDENCE = [frozenset(kind for bit, kind in KINDS if bits & bit) for bits in range(16)]
COLUMNS = (
    "number", "kind", "enrolment_id", "lesson_id", "unit", "day", "begin", "end", "evidence", "device", "room", "longitude", "latitude", "recorded",
    "supplement", "replaces", "code",
)  # fmt: skip
CHUNK = 10_000


def wall(at: dt.datetime | None) -> int | None:
    """As `study` counts time; None stays."""
    return None if at is None else int(at.timestamp()) + WALL


def moment(at: int | None) -> dt.datetime | None:
    """Back again."""
    return None if at is None else dt.datetime.fromtimestamp(at - WALL, dt.UTC)


@dataclass
class City:
    """What all classes of a city share; small beside the records."""

    classes: dict[int, facts.StudyClass] = field(default_factory=dict)
    lessons: dict[int, list[facts.Lesson]] = field(default_factory=dict)
    fixed_devices: frozenset[str] = frozenset()
    teachers: list[facts.Teacher] = field(default_factory=list)

    def groups(self, only: Collection[int] | None = None) -> list[list[int]]:
        """Classes that must be looked at together, because they share a lesson (合班号)."""
        parent = {pk: pk for pk in self.classes}

        def top(pk: int) -> int:
            while parent[pk] != pk:
                parent[pk] = parent[parent[pk]]
                pk = parent[pk]
            return pk

        first: dict[tuple[object, ...], int] = {}
        for pk, lessons in self.lessons.items():
            for lesson in lessons:
                if lesson.merged:
                    parent[top(pk)] = top(first.setdefault(lesson.same, pk))
        found: dict[int, list[int]] = defaultdict(list)
        for pk in self.classes:
            found[top(pk)].append(pk)
        return [group for group in found.values() if only is None or set(group) & set(only)]


def city(code: str) -> City:
    """Classes, timetables and teachers of a city in scope."""
    made = City()
    fixed: set[str] = set()
    for one in TrainingClass.objects.filter(city=code).iterator(chunk_size=CHUNK):
        made.classes[one.pk] = facts.StudyClass(one.number, one.institution_code, one.room, one.longitude, one.latitude)
        fixed.update(one.terminals)
    made.fixed_devices = frozenset(fixed)
    for row in Lesson.objects.filter(city=code, status=Lesson.Status.PLANNED).order_by("study_class", "place").iterator(chunk_size=CHUNK):
        made.lessons.setdefault(row.study_class_id, []).append(lesson(row, made.classes[row.study_class_id].number))
    made.teachers = [
        facts.Teacher(one.institution_code, one.person, one.reported_on, one.last) for one in TeacherReport.objects.filter(city=code, ended_at=None)
    ]
    return made


def lesson(row: Lesson, number: str) -> facts.Lesson:
    """One lesson; its row number tells it from others."""
    start, end = int(row.starts_at.timestamp()) + WALL, int(row.ends_at.timestamp()) + WALL
    return facts.Lesson(row.pk, number, row.day, start, end, row.unit, row.teacher, row.room, row.capacity, row.merged)


def _study(of: City, class_ids: Iterable[int]) -> Study:
    wanted = set(class_ids)
    return Study(
        classes={of.classes[pk].number: of.classes[pk] for pk in wanted},
        lessons=[one for pk in sorted(wanted) for one in of.lessons.get(pk, ())],
        fixed_devices=of.fixed_devices,
    )


def of_classes(of: City, class_ids: Collection[int]) -> Study:
    """All records of presence of these classes."""
    study = _study(of, class_ids)
    home = {
        pk: (of.classes[class_id].number, str(trainee))
        for pk, class_id, trainee in Enrolment.objects.filter(study_class__in=class_ids).values_list("pk", "study_class_id", "trainee_id")
    }
    study.sign_ins = _sign_ins(SignInRecord.objects.filter(study_class__in=class_ids), home, study)
    return study


def of_learners(of: City, trainees: Collection[int]) -> tuple[Study, dict[tuple[str, str], Enrolment]]:
    """Everything that these learners did, in whatever class; and their enrolments by class and learner."""
    enrolled = {one.pk: one for one in Enrolment.objects.filter(trainee__in=trainees).select_related("trainee")}
    study = _study(of, {one.study_class_id for one in enrolled.values()})
    home = {pk: (of.classes[one.study_class_id].number, str(one.trainee_id)) for pk, one in enrolled.items()}
    by_key = {home[pk]: one for pk, one in sorted(enrolled.items())}
    study.enrolled = [facts.Enrolled(name, one.serial, learner, one.claimed) for (name, learner), one in by_key.items()]
    study.sign_ins = _sign_ins(SignInRecord.objects.filter(enrolment__in=list(enrolled)), home, study)
    study.streams = _streams(StudyRecord.objects.filter(enrolment__in=list(enrolled)), home)
    of_person = {one.trainee.person: str(one.trainee_id) for one in enrolled.values()}
    study.elsewhere = [
        facts.Elsewhere(of_person[one.person], one.first_day, one.last_day, one.is_classroom)
        for one in ElsewhereTraining.objects.filter(person__in=list(of_person))
    ]
    return study, by_key


def _sign_ins(rows: Any, home: dict[int, tuple[str, str]], study: Study) -> list[SignIn]:
    """Files' records as they are; live ones paired; counter-entries in the place of what they replace."""
    made: list[SignIn] = []
    live: dict[tuple[int, int], list[tuple[Any, ...]]] = defaultdict(list)
    replaced: dict[str, bool] = {}
    lifted: dict[str, set[str]] = defaultdict(set)
    for row in rows.order_by("pk").values_list(*COLUMNS).iterator(chunk_size=CHUNK):
        kind, replaces = row[1], row[15]
        if kind == "lift":
            lifted[replaces].add(row[16])
            if replaces.startswith("unit:"):
                key = (*home[row[2]], replaces.removeprefix("unit:"))
                study.lifted[key] = study.lifted.get(key, frozenset()) | {row[16]}
        elif kind in ("in", "out", "confirm"):
            live[row[2], row[3]].append(row)
        else:
            if kind == "counter":
                replaced[replaces] = row[6] is not None
                if replaces.startswith("unit:"):
                    study.struck.add((*home[row[2]], replaces.removeprefix("unit:")))
            if row[6] is not None:
                made.append(_sign_in(row, home))
    for events in live.values():
        made += _paired(events, home)
    kept = [one for one in made if not replaced.get(one.number)]
    if not replaced and not lifted:
        return kept
    return [replace(one, lifted=frozenset(lifted.get(one.number, ())), struck=one.number in replaced) for one in kept]


def _sign_in(row: tuple[Any, ...], home: dict[int, tuple[str, str]]) -> SignIn:
    number, kind, enrolment, _, unit, day, begin, end, evidence, device, room, longitude, latitude, recorded, supplement, _, _ = row
    return SignIn(
        number, *home[enrolment], day, unit, int(begin.timestamp()) + WALL, wall(end), EVIDENCE[evidence & 15], device, room, longitude, latitude,
        wall(recorded), supplement or (number if kind == "counter" else ""),
    )  # fmt: skip


def _paired(events: list[tuple[Any, ...]], home: dict[int, tuple[str, str]]) -> list[SignIn]:
    """One lesson of one learner as it happened: each sign-in with the next sign-out, and the teacher's confirmation for all of them."""
    confirmed = 0
    for row in events:
        if row[1] == "confirm":
            confirmed |= row[8]
    pairs: list[list[tuple[Any, ...]]] = []
    for row in sorted((row for row in events if row[1] != "confirm"), key=lambda row: row[6]):
        if row[1] == "in" and (not pairs or len(pairs[-1]) == 2):
            pairs.append([row])
        elif row[1] == "in":
            # Signed in again without having left: another kind of evidence for the same presence.
            pairs[-1][0] = (*pairs[-1][0][:8], pairs[-1][0][8] | row[8], *pairs[-1][0][9:])
        elif pairs:
            pairs[-1][1:] = [row]
    made = []
    for one, *rest in pairs:
        out = rest[0] if rest else None
        evidence = one[8] | confirmed | (out[8] if out else 0)
        recorded = max(filter(None, (one[13], out[13] if out else None)), default=None)
        supplement = one[14] or (out[14] if out else "")
        made.append(_sign_in((*one[:7], out[6] if out else None, evidence, *one[9:13], recorded, supplement, "", ""), home))
    return made


def _streams(rows: Any, home: dict[int, tuple[str, str]]) -> list[Stream]:
    found: dict[tuple[str, str, str, str], Stream] = {}
    columns = ("enrolment_id", "unit", "device", "events")
    for enrolment, unit, device, events in rows.order_by("pk").values_list(*columns).iterator(chunk_size=CHUNK):
        key = (*home[enrolment], unit, device)
        if key not in found:
            found[key] = Stream(*key, bytearray())
        found[key].lines += events.encode()
    return list(found.values())
