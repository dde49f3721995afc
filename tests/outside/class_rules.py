"""Class hours and training findings, straight from the written rules; reads only the pack's files."""
import datetime as dt
import math
from collections import defaultdict

import online_rules
from common import day, norm, read_csv, read_xlsx, write_csv

GRACE, LATE_UPLOAD, DAY_LIMIT, HOUR = dt.timedelta(minutes=10), dt.timedelta(minutes=30), 480, 45
ORDER = ["N1", "E02", "E03", "E01", "E06", "E07", "E04", "E05", "E10"]
EVIDENCE = {"人脸", "动态码", "刷卡", "教师确认"}
KIND_OF = {"E02": "outside_class_time", "E03": "after_close", "E01": "evidence_insufficient"}


def at(date, clock):
    return dt.datetime.fromisoformat("%s %s" % (date, clock if len(clock) > 5 else clock + ":00"))


def kilometres(a, b):
    (x1, y1), (x2, y2) = [(math.radians(p[0]), math.radians(p[1])) for p in (a, b)]
    h = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(h))


def shared_time(a, b):
    return max(dt.timedelta(0), min(a[1], b[1]) - max(a[0], b[0]))


class Book:
    """Everything read from one folder, with every record judged."""

    def __init__(self, folder):
        self.classes = {r["班号"]: r for r in read_xlsx(folder, "培训班.xlsx")}
        self.roster = read_csv(folder, "培训班名册.csv")
        self.claims = {str(r["序号"]): r["已完成学时"] for r in read_xlsx(folder, "学员报名.xlsx")}
        self.teachers = read_xlsx(folder, "教师.xlsx")
        self.certificates = read_csv(folder, "他处培训证明.csv")
        self.fixed = {d for r in self.classes.values() for d in str(r["固定考勤终端"]).split(";") if d}
        self.load_sessions(folder)
        self.load_records(folder)
        self.units = online_rules.load_units(folder)
        self.findings = []   # kind, object, from, to, clause, classes, record numbers, people, open question
        self.judge_records()
        self.judge_online()
        self.judge_days()
        self.judge_sessions()
        self.judge_hours()

    def load_sessions(self, folder):
        self.sessions, self.by_day = [], defaultdict(list)
        for row in read_csv(folder, "课程表.csv"):
            row["from"], row["to"] = at(row["日期"], row["开始"]), at(row["日期"], row["结束"])
            row["key"] = (row["合班号"], row["from"]) if row["合班号"] else (row["班号"], row["节次"])
            self.sessions.append(row)
            self.by_day[row["班号"], row["日期"], row["单元"]].append(row)

    def load_records(self, folder):
        self.records = read_csv(folder, "签到记录.csv")
        for r in self.records:
            r["in"] = at(r["日期"], r["签到时间"])
            r["out"] = at(r["日期"], r["签退时间"]) if r["签退时间"] else None
            r["codes"], r["session"], r["minutes"] = set(), None, 0
            if not r["out"] or r["out"] < r["in"]:
                r["codes"].add("N1")
                r["out"] = None
                continue
            best = dt.timedelta(0)
            for s in self.by_day[r["班号"], r["日期"], r["单元"]]:
                shared = shared_time((r["in"], r["out"]), (s["from"], s["to"]))
                if shared > best:
                    best, r["session"] = shared, s
            if r["session"]:
                r["minutes"] = int(sum(x.total_seconds() for x in map(lambda p: p[1] - p[0], self.counted(r))) // 60)

    @staticmethod
    def counted(r):
        s = r["session"]
        start = s["from"] if r["in"] <= s["from"] + GRACE else r["in"]
        end = s["to"] if r["out"] >= s["to"] - GRACE else r["out"]
        half = dt.timedelta(minutes=90)
        lessons = ((s["from"], s["from"] + half), (s["from"] + half + dt.timedelta(minutes=15), s["to"]))
        parts = [(max(start, a), min(end, b)) for a, b in lessons]
        return [(a, b) for a, b in parts if a < b]

    def add(self, kind, subject, start, end, clause, records=(), people=None, classes=None, unclear=""):
        people = people if people is not None else sorted({r["学员身份证号码"] for r in records})
        classes = classes or list(dict.fromkeys(r["班号"] for r in records))
        self.findings.append((kind, subject, start, end, clause, classes, [r["记录号"] for r in records], people, unclear))

    def judge_records(self):
        whole = [r for r in self.records if r["out"]]
        for r in whole:
            if not r["session"]:
                r["codes"].add("E02")
            elif at(*r["记录时间"].split(" ")) > r["session"]["to"] + LATE_UPLOAD and not r["补录单号"]:
                r["codes"].add("E03")
            if len({e for e in r["凭据"].split(";")} & EVIDENCE) < 2:
                r["codes"].add("E01")
        self.groups(whole)
        self.places(whole)
        self.elsewhere(whole)
        for r in self.records:
            r["code"] = next((c for c in ORDER if c in r["codes"]), "")
            for code, kind in KIND_OF.items():
                if code in r["codes"]:
                    note = "" if r["code"] == code else code + " behind " + r["code"]
                    self.add(kind, r["学员身份证号码"], r["in"], r["out"], "N1.3.9", [r], unclear=note)

    def groups(self, whole):
        same, device = defaultdict(list), defaultdict(list)
        for r in whole:
            if r["session"]:
                same[r["班号"], r["session"]["key"], r["in"], r["out"]].append(r)
                if r["设备号"] and r["设备号"] not in self.fixed:
                    device[r["设备号"], r["session"]["key"]].append(r)
        for (klass, _, start, end), rows in same.items():
            if len({r["学员身份证号码"] for r in rows}) >= 5:
                [r["codes"].add("E06") for r in rows]
                self.add("batch_identical", klass, start, end, "N1.3.13", rows)
        for (name, _), rows in device.items():
            if len({r["学员身份证号码"] for r in rows}) >= 3:
                [r["codes"].add("E07") for r in rows]
                self.add("one_device_many", name, min(r["in"] for r in rows), max(r["out"] for r in rows), "N1.3.9", rows)

    def room(self, r):
        return r["session"]["教室"] if r["session"] else r["教室"] or self.classes[r["班号"]]["教室"]

    def spot(self, r):
        source = r if r["经度"] and r["纬度"] else self.classes[r["班号"]]
        return float(source["经度"]), float(source["纬度"])

    def places(self, whole):
        by_person = defaultdict(list)
        for r in whole:
            by_person[r["学员身份证号码"]].append(r)
        for person, rows in by_person.items():
            rows.sort(key=lambda r: (r["in"], r["out"]))
            for n, a in enumerate(rows):
                for b in rows[n + 1:]:
                    if b["in"] < a["out"] and a["班号"] != b["班号"] and self.room(a) != self.room(b):
                        a["codes"].add("E04"), b["codes"].add("E04")
                        self.add("overlap_two_places", person, b["in"], min(a["out"], b["out"]), "N1.3.9", [a, b])
            for a, b in zip(rows, rows[1:]):
                far = kilometres(self.spot(a), self.spot(b))
                gap = (b["in"] - a["out"]).total_seconds() / 3600
                if gap >= 0 and far >= 2 and (gap == 0 or far / gap > 120):
                    b["codes"].add("E05")
                    self.add("impossible_travel", person, a["out"], b["in"], "N1.3.9", [a, b])

    def elsewhere(self, whole):
        for c in self.certificates:
            if c["培训形式"] != "线下":
                continue
            rows = [r for r in whole if r["学员身份证号码"] == norm(c["身份证号码"])
                    and c["开始日期"] <= r["日期"] <= c["结束日期"]]
            if rows:
                [r["codes"].add("E10") for r in rows]
                self.add("elsewhere_certified", norm(c["身份证号码"]), at(c["开始日期"], "00:00"),
                         at(c["结束日期"], "23:59:59"), "N1.3.13", rows)

    def judge_online(self):
        for kind, subject, start, end, clause, units in online_rules.judge(self.units):
            self.add(kind, subject, start, end, clause, people=sorted({u.person for u in units}),
                     classes=sorted({u.klass for u in units}))

    def judge_days(self):
        """Minutes of each roster row, and what goes beyond 480 minutes a day."""
        self.sums = defaultdict(lambda: dict(records=0, gross=0, effective=0, out=defaultdict(int), items=[]))
        days = defaultdict(list)
        lessons = defaultdict(list)
        for r in self.records:
            mine = self.sums[r["班号"], r["学员身份证号码"]]
            mine["records"] += 1
            if r["code"]:
                mine["out"][r["code"]] += r["minutes"]
            lessons[r["班号"], r["学员身份证号码"], r["session"]["key"] if r["session"] else r["记录号"]].append(r)
        for (klass, person, _), rows in lessons.items():
            mine, good = self.sums[klass, person], [r for r in rows if not r["code"]]
            mine["gross"] += self.union(rows)
            if good:
                days[person, good[0]["日期"]].append((min(r["in"] for r in good), max(r["out"] for r in good),
                                                      self.union(good), klass, [r for r in good]))
        for u in self.units:
            mine = self.sums[u.klass, u.person]
            mine["records"] += 1
            mine["gross"] += u.minutes + u.idle_minutes
            if u.idle_seconds:
                mine["out"]["E12"] += u.idle_minutes
            if u.code:
                mine["out"][u.code] += u.minutes
            else:
                days[u.person, str(u.first.date())].append((u.first, u.end, u.minutes, u.klass, []))
        for (person, _), items in days.items():
            self.one_day(person, sorted(items, key=lambda i: i[0]))

    def union(self, rows):
        parts = [p for r in rows if r["session"] for p in self.counted(r)]
        base = dt.datetime(2000, 1, 1)
        return int(online_rules.covered([((a - base).total_seconds(), (b - base).total_seconds()) for a, b in parts]) // 60)

    def one_day(self, person, items):
        total = 0
        for _, _, minutes, klass, _ in items:
            kept = max(0, min(minutes, DAY_LIMIT - total))
            total += minutes
            self.sums[klass, person]["effective"] += kept
            if kept < minutes:
                self.sums[klass, person]["out"]["E09"] += minutes - kept
        if total > DAY_LIMIT:
            rows = [r for i in items for r in i[4]]
            self.add("over_8h_day", person, items[0][0], max(i[1] for i in items), "N1.3.10", rows, people=[person],
                     classes=list(dict.fromkeys(i[3] for i in items)))

    def judge_sessions(self):
        present = defaultdict(list)
        for r in self.records:
            if r["session"]:
                present[r["session"]["key"]].append(r)
        rooms = defaultdict(list)
        for s in self.sessions:
            rooms[s["key"]].append(s)
        for key, rows in rooms.items():
            people = sorted({r["学员身份证号码"] for r in present[key]})
            if len(people) > int(rows[0]["容量"]):
                for s in rows:
                    self.add("room_over_capacity", s["班号"], s["from"], s["to"], "N1.1.1", present[key], people=[],
                             classes=[s["班号"]], unclear="merged classes" if len(rows) > 1 else "")
        by_teacher = defaultdict(list)
        for s in self.sessions:
            by_teacher[s["教师身份证号码"]].append(s)
        for teacher, rows in by_teacher.items():
            self.teacher(teacher, sorted(rows, key=lambda s: s["from"]))

    def teacher(self, teacher, rows):
        for n, a in enumerate(rows):
            for b in rows[n + 1:]:
                merged = a["合班号"] and a["合班号"] == b["合班号"]
                if shared_time((a["from"], a["to"]), (b["from"], b["to"])) and a["教室"] != b["教室"] and not merged:
                    self.add("teacher_two_classes", teacher, b["from"], min(a["to"], b["to"]), "N1.3.13",
                             people=[], classes=[a["班号"], b["班号"]])
        bad = [s for s in rows if not self.reported(teacher, self.classes[s["班号"]]["培训机构信用代码"], s["from"].date())]
        if bad:
            self.add("teacher_unreported", teacher, bad[0]["from"], bad[-1]["to"], "N1.3.7", people=[],
                     classes=sorted({s["班号"] for s in bad}))

    def reported(self, teacher, institution, date):
        for t in self.teachers:
            if norm(t["身份证号码"]) == teacher and t["培训机构信用代码"] == institution:
                told, until = day(t["书面报告日期"]), day(t["截止"])
                if told and told <= date and (not until or date <= until):
                    return True
        return False

    def judge_hours(self):
        self.hours = []
        for row in self.roster:
            person = norm(row["学员身份证号码"])
            mine = self.sums[row["班号"], person]
            hours, claimed = mine["effective"] // HOUR, self.claims.get(row["报名序号"], "")
            out = ";".join("%s:%d" % (c, mine["out"][c]) for c in sorted(mine["out"]))
            self.hours.append((row["班号"], row["报名序号"], person, mine["records"], mine["gross"], mine["effective"],
                               hours, claimed, out, 0 if out else 1))
            if claimed != "" and float(claimed) > hours:
                self.add("hours_overclaimed", person, None, None, "N1.3.10", people=[person], classes=[row["班号"]])

    def write_hours(self, folder):
        write_csv(folder, "truth_hours.csv", "class row_no id records gross_minutes effective_minutes hours claimed"
                  " excluded clean".split(), self.hours)
