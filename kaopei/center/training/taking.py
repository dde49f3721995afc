"""Stores a delivery: classes and people by row, records of presence and study by COPY, with memory that does not grow with the files.

COPY may not write under row-level security, so records go into a table of the transaction and from there, under the policy, into place.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import connection

from kaopei.center.registry.reading import code
from kaopei.center.registry.rows import number
from kaopei.center.registry.unusable import Unusable
from kaopei.center.training import delivery, sealing
from kaopei.center.training.delivery import Delivery
from kaopei.center.training.models import ElsewhereTraining, Enrolment, Lesson, TeacherReport, Trainee, TrainingClass
from kaopei.center.training.study.facts import line as event_line
from kaopei.law import cells
from kaopei.office.clock import CHINA
from kaopei.office.personal import blind_index

# Study events that are held back to be put together by learner, unit, device and day: about 50 MB.
HELD = 1_000_000
PIECE = 20_000
WALL = 8 * 3600


@dataclass
class Home:
    """What records refer to: classes by number; enrolments by class number and person as written."""

    classes: dict[str, TrainingClass] = field(default_factory=dict)
    enrolments: dict[tuple[str, str], int] = field(default_factory=dict)
    trainees: dict[str, Trainee] = field(default_factory=dict)
    unlisted: int = 0


def classes(made: Delivery, home: Home, source: str, by: str, at: dt.datetime) -> int:
    """New classes with their lessons; a class that is known keeps what was reported. How many are new."""
    home.classes = {one.number: one for one in TrainingClass.objects.filter(city=made.city)}
    fresh: set[str] = set()
    for line, fields in delivery.classes(made):
        if fields["number"] in home.classes:
            if fields["number"] in fresh:
                made.source.complain("培训班", line, f"班号 {fields['number']} 重复")
            continue
        fresh.add(fields["number"])
        home.classes[fields["number"]] = TrainingClass(city=made.city, status="reported", made_by=by, source=source, **fields)
    TrainingClass.objects.bulk_create([home.classes[name] for name in sorted(fresh)], batch_size=1000)
    places: dict[str, int] = {}
    rows = []
    for line, name, fields in delivery.lessons(made):
        if name not in home.classes:
            made.source.complain("课程表", line, f"没有班号 {name}")
        elif name in fresh:
            places[name] = places.get(name, 0) + 1
            fields["teacher"] = blind_index(fields["teacher"], "person").hex() if fields["teacher"] else ""
            rows.append(Lesson(city=made.city, study_class=home.classes[name], place=places[name], **fields))
    Lesson.objects.bulk_create(rows, batch_size=2000)
    return len(fresh)


def people(made: Delivery, home: Home) -> int:
    """Trainees and their places in classes; hours claimed come from the month's applications. How many enrolments are new."""
    claims = {code(row["序号"]): cells.read_number(row["已完成学时"]) for _, row in made.source.rows("学员报名")}
    home.trainees = {one.person: one for one in Trainee.objects.filter(city=made.city)}
    rows = []
    for line, row in made.source.rows("培训班名册"):
        name, number = code(row["班号"]), made.person(row["学员身份证号码"])
        if name not in home.classes or not number:
            made.source.complain("培训班名册", line, f"没有班号 {name}" if number else "没有身份证号码")
            continue
        rows.append((name, number, row["姓名"], code(row["报名序号"])))
    indexes = {number: blind_index(number, "person").hex() for number in {row[1] for row in rows}}
    names = {number: name for _, number, name, _ in rows}
    new = [
        Trainee(city=made.city, person=index, name=names[number], id_number=number) for number, index in indexes.items() if index not in home.trainees
    ]
    for one in Trainee.objects.bulk_create(new, batch_size=2000):
        home.trainees[one.person] = one
    held = Enrolment.objects.filter(city=made.city).order_by("pk").values_list("study_class__number", "trainee__person", "pk", "position")
    by_index: dict[tuple[str, str], int] = {}
    last: dict[str, int] = {}
    for name, index, pk, position in held.iterator():
        by_index[name, index], last[name] = pk, max(position, last.get(name, 0))
    fresh: list[Enrolment] = []
    seen: dict[tuple[str, str], Enrolment] = {}
    for name, number, _, serial in rows:
        key = (name, indexes[number])
        if key in by_index or key in seen:
            continue
        last[name] = last.get(name, 0) + 1
        claimed = claims.get(serial) if serial else None
        seen[key] = Enrolment(
            city=made.city, study_class=home.classes[name], trainee=home.trainees[key[1]], position=last[name], serial=serial,
            claimed=None if claimed is None else int(claimed), joined_on=home.classes[name].first_day,
        )  # fmt: skip
        fresh.append(seen[key])
    Enrolment.objects.bulk_create(fresh, batch_size=2000)
    home.enrolments = {(name, number): by_index.get((name, indexes[number])) or seen[name, indexes[number]].pk for name, number, _, _ in rows}
    return len(fresh)


def _enrolment(made: Delivery, home: Home, name: str, number: str) -> int:
    """Of somebody who signed in without being on the roster: he is kept, and marked."""
    found = home.enrolments.get((name, number))
    if found is None:
        index = blind_index(number, "person").hex()
        if index not in home.trainees:
            home.trainees[index] = Trainee.objects.create(city=made.city, person=index, name="", id_number=number)
        held = Enrolment.objects.filter(study_class=home.classes[name], trainee=home.trainees[index]).order_by("-pk").first()
        if held is None:
            place = Enrolment.objects.filter(study_class=home.classes[name]).order_by("-position").values_list("position", flat=True).first()
            held = Enrolment.objects.create(
                city=made.city, study_class=home.classes[name], trainee=home.trainees[index], position=(place or 0) + 1, is_listed=False,
                joined_on=home.classes[name].first_day,
            )  # fmt: skip
            home.unlisted += 1
        found = home.enrolments[name, number] = held.pk
    return found


def reports(made: Delivery, source: str, at: dt.datetime) -> None:
    """Teachers as reported and certificates of training elsewhere, those that are not known yet."""
    known = set(TeacherReport.objects.filter(city=made.city, ended_at=None).values_list("institution_code", "person", "reported_on", "until"))
    rows = []
    for _, row in made.source.rows("教师"):
        number = made.person(row["身份证号码"])
        key = (
            code(row["培训机构信用代码"]), blind_index(number, "person").hex(), cells.read_date(row["书面报告日期"]), cells.read_date(row["截止"]),
        )  # fmt: skip
        if key not in known:
            known.add(key)
            rows.append(
                TeacherReport(
                    city=made.city,
                    institution_code=key[0],
                    person=key[1],
                    name=row["姓名"],
                    id_number=number,
                    subject=row["授课科目"],
                    qualification=row["资格"],
                    reported_on=key[2],
                    until=key[3],
                    from_day=key[2],
                    recorded_at=at,
                    source=source,
                )  # fmt: skip
            )
    TeacherReport.objects.bulk_create(rows, batch_size=1000)
    elsewhere = []
    for line, row in made.source.rows("他处培训证明"):
        first, last = cells.read_date(row["开始日期"]), cells.read_date(row["结束日期"])
        if first is None or last is None or last < first:
            made.source.complain("他处培训证明", line, "起止日期读不出")
            continue
        index = blind_index(made.person(row["身份证号码"]), "person").hex()
        elsewhere.append(
            ElsewhereTraining(
                city=made.city, person=index, number=row["证明编号"], is_classroom="线下" in row["培训形式"], first_day=first, last_day=last
            )
        )
    ElsewhereTraining.objects.bulk_create(elsewhere, batch_size=1000, ignore_conflicts=True)


SIGN_IN_TABLE = """CREATE TEMPORARY TABLE taken_sign_in (line bigint, number text, study_class_id bigint, enrolment_id bigint, unit text, day date,
 "begin" bigint, "end" bigint, evidence smallint, device text, room text, longitude float8, latitude float8, recorded bigint, supplement text,
 leaf bytea) ON COMMIT DROP"""
STUDY_TABLE = """CREATE TEMPORARY TABLE taken_study (sequence bigint, study_class_id bigint, enrolment_id bigint, unit text, device text,
 first_at bigint, last_at bigint, count integer, events text, leaf bytea) ON COMMIT DROP"""


def sign_ins(made: Delivery, home: Home, batch: str) -> tuple[int, int]:
    """Store sign-in records; (new, already there). A number that stands for something else already refuses the file."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS taken_sign_in")
        cursor.execute(SIGN_IN_TABLE)
        _copy(cursor, "taken_sign_in", _sign_in_rows(made, home))
        cursor.execute("SELECT number, min(line), max(line) FROM taken_sign_in GROUP BY number HAVING count(DISTINCT leaf) > 1 ORDER BY 2 LIMIT 1")
        if twice := cursor.fetchone():
            where = f"第{twice[1]}行、第{twice[2]}行"
            raise Unusable(f"签到记录：记录号 {twice[0]} 出现两次而内容不同（{where}），没有入库。请核对后重新导出（N1.3.9）。")
        cursor.execute(
            "SELECT t.number, t.line FROM taken_sign_in t JOIN training_signinrecord s ON s.city = %s AND s.number = t.number"
            " WHERE s.leaf <> t.leaf ORDER BY t.line LIMIT 1",
            [made.city],
        )
        if other := cursor.fetchone():
            raise Unusable(
                f"签到记录 第{other[1]}行：记录号 {other[0]} 已经入库而内容不同。"
                "入库的记录不能改写；确有错误的，由机构申请更正、第二人核对（N1.3.9）。"
            )
        cursor.execute(
            'INSERT INTO training_signinrecord (city, number, kind, study_class_id, enrolment_id, unit, day, "begin", "end", evidence, device, room,'
            " longitude, latitude, recorded, supplement, replaces, code, reason, proof, made_by, second, batch, leaf)"
            ' SELECT %s, t.number, \'whole\', study_class_id, enrolment_id, unit, day, to_timestamp("begin"), to_timestamp("end"), evidence, device,'
            " room, longitude, latitude, to_timestamp(recorded), supplement, '', '', '', '', '', '', %s, t.leaf"
            " FROM (SELECT DISTINCT ON (number) * FROM taken_sign_in ORDER BY number, line) t"
            " WHERE NOT EXISTS (SELECT 1 FROM training_signinrecord s WHERE s.city = %s AND s.number = t.number) ORDER BY t.line",
            [made.city, batch, made.city],
        )
        new = cursor.rowcount
        cursor.execute("SELECT count(*) FROM taken_sign_in")
        return new, cursor.fetchone()[0] - new


def _copy(cursor: Any, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """In pieces: while one is copied, nothing else may be asked on the line, and an unlisted person is looked up between two."""
    for piece in batched(rows, PIECE):
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in piece:
                copy.write_row(row)


def _sign_in_rows(made: Delivery, home: Home) -> Iterator[tuple[Any, ...]]:
    days: dict[int, dt.date] = {}
    for line, row in delivery.sign_ins(made):
        name = row["study_class"]
        if name not in home.classes or not row["number"] or not row["person"]:
            made.source.complain("签到记录", line, f"没有班号 {name}" if row["number"] and row["person"] else "没有记录号或身份证号码")
            continue
        day = days.setdefault(row["day"], dt.datetime.fromtimestamp(row["day"], CHINA).date())
        class_id, enrolment = home.classes[name].pk, _enrolment(made, home, name, row["person"])
        hashed = sealing.leaf(
            (
                made.city,
                row["number"],
                "whole",
                class_id,
                enrolment,
                None,
                row["unit"],
                day,
                row["begin"],
                row["end"],
                row["evidence"],
                row["device"],
                row["room"],
                row["longitude"],
                row["latitude"],
                row["recorded"],
                row["supplement"],
                "",
                "",
                "",
                "",
                "",
                "",
            )  # fmt: skip
        )
        yield (
            line, row["number"], class_id, enrolment, row["unit"], day, row["begin"], row["end"], row["evidence"], row["device"], row["room"],
            row["longitude"], row["latitude"], row["recorded"], row["supplement"], hashed,
        )  # fmt: skip


def study(made: Delivery, home: Home, batch: str) -> tuple[int, int]:
    """Store events of online study, put together by learner, unit, device and day; (events, records)."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS taken_study")
        cursor.execute(STUDY_TABLE)
        _copy(cursor, "taken_study", ((sequence, *row) for sequence, row in enumerate(_study_rows(made, home))))
        # The same events again, in another delivery: what stands already is left out.
        cursor.execute(
            "INSERT INTO training_studyrecord (city, study_class_id, enrolment_id, unit, device, sequence, first_at, last_at, count, events,"
            " batch, leaf) SELECT %s, study_class_id, enrolment_id, unit, device, sequence, to_timestamp(first_at), to_timestamp(last_at), count,"
            " events, %s, leaf"
            " FROM taken_study t WHERE NOT EXISTS (SELECT 1 FROM training_studyrecord s WHERE s.enrolment_id = t.enrolment_id AND s.leaf = t.leaf)"
            " ORDER BY sequence",
            [made.city, batch],
        )
        records = cursor.rowcount
        cursor.execute("SELECT coalesce(sum(count), 0) FROM training_studyrecord WHERE city = %s AND batch = %s", [made.city, batch])
        return cursor.fetchone()[0], records


Key = tuple[str, str, str, str, str]


def _study_rows(made: Delivery, home: Home) -> Iterator[tuple[Any, ...]]:
    held: dict[Key, list[tuple[int, str]]] = {}
    count = 0
    for line, row in made.source.rows("线上学习"):
        written = row["时间"]
        at, position = made.moment(written), number(row["位置秒"])
        name, who = made.code(row["班号"]), made.person(row["学员身份证号码"])
        if at is None or position is None or name not in home.classes or not who:
            made.source.complain("线上学习", line, "时间或位置读不出" if at is None or position is None else f"没有班号 {name}，或没有身份证号码")
            continue
        text = event_line(at + WALL, row["事件"], int(position), row["结果"])
        held.setdefault((name, who, row["单元"], row["设备号"], written[:10]), []).append((at, text))
        count += 1
        if count >= HELD:
            yield from _put_together(made, home, held)
            held, count = {}, 0
    yield from _put_together(made, home, held)


def _put_together(made: Delivery, home: Home, held: dict[Key, list[tuple[int, str]]]) -> Iterator[tuple[Any, ...]]:
    for (name, who, unit, device, _), events in held.items():
        class_id, enrolment = home.classes[name].pk, _enrolment(made, home, name, who)
        first, last = min(at for at, _ in events), max(at for at, _ in events)
        text = "".join(line for _, line in events)
        hashed = sealing.leaf((made.city, class_id, enrolment, unit, device, first, last, len(events), text))
        yield class_id, enrolment, unit, device, first, last, len(events), text, hashed
