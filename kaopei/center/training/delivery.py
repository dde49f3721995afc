"""A folder of a city's training as rows that can be stored: the same files that `./run hours` reads, with the names they carry."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaopei.center.registry.reading import clock, code
from kaopei.center.registry.rows import Folder, number, person
from kaopei.center.registry.unusable import Unusable
from kaopei.center.training.study import files
from kaopei.law import cells, places
from kaopei.office.clock import CHINA

MORE = {
    "培训班": ("操作项目", "培训类别", "方式", "开始日期", "结束日期", "教室容量", "教学单元与学时", "各单元教师", "总学时"),
    "培训班名册": ("姓名",),
    "他处培训证明": ("证明编号",),
    "教师": ("姓名", "授课科目", "资格"),
}
COLUMNS = {name: (*columns, *MORE.get(name, ())) for name, columns in files.COLUMNS.items()}
RECORDS = ("签到记录", "线上学习")
KINDS = {"复审": "review", "再培训": "review"}
EVIDENCE = {"人脸": 1, "动态码": 2, "刷卡": 4, "教师确认": 8}
_SPLIT = re.compile("[;；]")


@dataclass
class Delivery:
    """The files, opened; `digests` of the two large ones tell the same delivery again."""

    source: Folder
    city: str
    digests: dict[str, str] = field(default_factory=dict)
    _evidence: dict[str, int] = field(default_factory=dict)
    _days: dict[str, int | None] = field(default_factory=dict)
    _people: dict[str, str] = field(default_factory=dict)
    _times: dict[str, int | None] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)

    def person(self, text: str) -> str:
        """The identity number as it is compared."""
        if text not in self._people:
            self._people[text] = person(text)
        return self._people[text]

    def evidence(self, text: str) -> int:
        """The bits of the kinds that are named."""
        if text not in self._evidence:
            named = {part.strip() for part in _SPLIT.split(text)}
            self._evidence[text] = sum(bit for kind, bit in EVIDENCE.items() if kind in named)
        return self._evidence[text]

    def midnight(self, text: str) -> int | None:
        """The first second of a day, as seconds since 1970 in UTC; None if it is no day."""
        if text not in self._days:
            day = cells.read_date(text)
            self._days[text] = None if day is None else int(dt.datetime(day.year, day.month, day.day, tzinfo=CHINA).timestamp())
        return self._days[text]

    def moment(self, text: str) -> int | None:
        """2026-10-20 08:15:22 as seconds since 1970 in UTC; None if it is no time."""
        day, _, time = text.partition(" ")
        first, seconds = self.midnight(day), self.seconds(time)
        return None if first is None or seconds is None else first + seconds

    def seconds(self, text: str) -> int | None:
        """Seconds of a day; a day has few of them, so each is read once."""
        if text not in self._times:
            self._times[text] = seconds_of(text)
        return self._times[text]

    def code(self, text: str) -> str:
        """A number of a class as it is compared."""
        if text not in self._codes:
            self._codes[text] = code(text)
        return self._codes[text]


def seconds_of(text: str) -> int | None:
    """18:25:22 or 8:05 as seconds of the day; None if it is no time of day."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() for part in parts):
        return None
    hour, minute, second = (*map(int, parts), 0)[:3]
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else None


def opened(path: Path, city: str = "") -> Delivery:
    """Open a folder. The city is that of the class numbers (4406-2026-001) unless it is given."""
    source = Folder(path, COLUMNS, files.NEEDED)
    found = {code(row["班号"])[:4] for _, row in source.rows("培训班")}
    if not city:
        known = {f"{one}00" for one in found} & set(places.cities())
        if len(known) != 1 or len(found) != 1:
            raise Unusable(f"从《培训班》的班号看不出是哪个城市的（{'、'.join(sorted(found)[:5])}）。请用 --city 写明六位城市代码。")
        city = known.pop()
    elif city not in places.cities():
        raise Unusable(f"没有城市代码 {city}。请写六位代码，如 440600。")
    made = Delivery(source, city)
    for name in RECORDS:
        file = source.find(name)
        if file is not None:
            with file.open("rb") as raw:
                made.digests[name] = hashlib.file_digest(raw, "sha256").hexdigest()
    return made


def classes(made: Delivery) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row, fields of TrainingClass); rows without a number or days are named and left out."""
    for line, row in made.source.rows("培训班"):
        name, first, last = code(row["班号"]), cells.read_date(row["开始日期"]), cells.read_date(row["结束日期"])
        if not name or first is None or last is None or last < first:
            made.source.complain("培训班", line, "班号或开始、结束日期读不出")
            continue
        teachers = dict(part.split(":", 1) for part in _SPLIT.split(row["各单元教师"].replace("：", ":")) if ":" in part)
        yield (
            line,
            {
                "number": name,
                "institution_code": code(row["培训机构信用代码"]),
                "operation": row["操作项目"],
                "kind": KINDS.get(row["培训类别"], "initial"),
                "mode": row["方式"],
                "first_day": first,
                "last_day": last,
                "room": row["教室"],
                "capacity": _whole(row["教室容量"]),
                "longitude": number(row["经度"]),
                "latitude": number(row["纬度"]),
                "plan": list(_plan(row["教学单元与学时"], teachers)),
                "terminals": [part.strip() for part in _SPLIT.split(row["固定考勤终端"]) if part.strip()],
                "planned_hours": cells.read_number(row["总学时"]),
            },
        )


def _plan(text: str, teachers: dict[str, str]) -> Iterator[dict[str, Any]]:
    """U1 安全生产法律法规=12;U2 … as rows. Teachers stay out: their numbers are personal and stand, indexed, in the lessons."""
    for part in _SPLIT.split(text):
        head, _, hours = part.rpartition("=")
        unit, _, title = head.strip().partition(" ")
        if unit:
            yield {"unit": unit, "title": title.strip(), "hours": hours.strip(), "taught": unit in teachers}


def _whole(text: str) -> int | None:
    value = cells.read_number(text)
    return None if value is None else int(value)


def lessons(made: Delivery) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(row, class, fields of Lesson with the teacher's number in clear)."""
    for line, row in made.source.rows("课程表"):
        first, start, end = made.midnight(row["日期"]), clock(row["开始"]), clock(row["结束"])
        if first is None or start is None or end is None or end <= start:
            made.source.complain("课程表", line, "日期或起止时间读不出")
            continue
        day = dt.datetime.fromtimestamp(first, CHINA)
        fields = {
            "day": day.date(),
            "starts_at": day.replace(hour=start.hour, minute=start.minute, second=start.second),
            "ends_at": day.replace(hour=end.hour, minute=end.minute, second=end.second),
            "unit": row["单元"],
            "teacher": made.person(row["教师身份证号码"]),
            "room": row["教室"],
            "capacity": _whole(row["容量"]),
            "merged": row["合班号"],
        }
        yield line, code(row["班号"]), fields


def sign_ins(made: Delivery) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row, fields of a record as they stand in the file; times in seconds since 1970)."""
    for line, row in made.source.rows("签到记录"):
        first, begin = made.midnight(row["日期"]), made.seconds(row["签到时间"])
        if first is None or begin is None:
            made.source.complain("签到记录", line, "日期或签到时间读不出")
            continue
        end = made.seconds(row["签退时间"])
        yield (
            line,
            {
                "number": row["记录号"],
                "study_class": made.code(row["班号"]),
                "person": made.person(row["学员身份证号码"]),
                "unit": row["单元"],
                "day": first,
                "begin": first + begin,
                "end": None if end is None else first + end,
                "evidence": made.evidence(row["凭据"]),
                "device": row["设备号"],
                "room": row["教室"],
                "longitude": number(row["经度"]),
                "latitude": number(row["纬度"]),
                "recorded": made.moment(row["记录时间"]),
                "supplement": row["补录单号"],
            },
        )
