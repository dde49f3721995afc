"""Classes, teachers, trainees and honest attendance of a training pack, with near misses that are no findings."""
import datetime as dt

from class_rules import Book

OUTLINE = {"低压电工作业": (104, 8), "高压电工作业": (88, 8), "熔化焊接与热切割作业": (96, 12), "登高架设作业": (72, 8)}
FIRST_UNITS = {104: (12, 24, 36, 24, 8), 88: (8, 20, 28, 24, 8), 96: (8, 20, 36, 24, 8), 72: (8, 16, 24, 16, 8)}
UNIT_NAMES = ["安全生产法律法规", "安全技术基础知识", "专业理论", "实际操作训练", "事故案例与应急处置"]
REFRESH_NAMES = ["法律法规与标准更新", "新工艺新设备新材料", "事故案例分析"]
HOURS_OF_DAY = {"day": (("08:30", "11:45"), ("13:30", "16:45")), "late": (("09:00", "12:15"), ("14:00", "17:15")),
                "night": (("18:30", "21:45"),)}
# pattern, first training or refresher, clean or not, institution, start in days before the exam
PLAN = [("night", 1, 0, 0, 70), ("night", 1, 0, 0, 70), ("day", 1, 0, 1, 69), ("late", 1, 0, 2, 69), ("night", 1, 0, 3, 68),
        ("day", 1, 1, 4, 66), ("night", 1, 1, 5, 66), ("late", 1, 1, 6, 65), ("day", 0, 0, 7, 62), ("late", 0, 0, 8, 62),
        ("night", 0, 0, 1, 62), ("day", 0, 1, 9, 60), ("night", 0, 1, 10, 60), ("online", 0, 0, 2, 60),
        ("online", 0, 0, 6, 58), ("online", 0, 1, 11, 57)]
PAIRS = ["人脸;刷卡", "人脸;动态码", "刷卡;教师确认", "刷卡;动态码", "人脸;教师确认", "人脸;刷卡;教师确认", "人脸;人脸;动态码"]


class Klass:
    def __init__(self, code, pattern, first, clean, inst, start):
        self.code, self.pattern, self.first, self.clean, self.inst, self.start = code, pattern, first, clean, inst, start
        self.online = pattern == "online"
        self.sessions, self.teachers, self.trainees, self.guests = [], {}, [], []
        self.terminals, self.room, self.capacity = [], "线上", 500

    def session_on(self, date):
        return [s for s in self.sessions if s["date"] == date]


class World:
    def __init__(self, rng, city, exam_day, dense):
        self.rng, self.city, self.exam_day, self.dense = rng, city, exam_day, dense
        self.records, self.teachers, self.certificates = [], [], []
        self.applications, self.numbers = [], rng.sample(range(1, 1400), 1300)
        self.spots = {i: (round(city.lon + rng.uniform(-.25, .25), 6), round(city.lat + rng.uniform(-.25, .25), 6))
                      for i in city.institutions}
        self.classes = [self.klass(n, *row) for n, row in enumerate(PLAN, 1)]
        self.merge(self.classes[0], self.classes[1])
        self.by = {}
        for k in self.classes:
            if not k.online:
                self.attend(k)

    def klass(self, number, pattern, first, clean, inst, before):
        code = "%s-%d-%03d" % (self.city.prefix, self.exam_day.year, number)
        k = Klass(code, pattern, first, clean, self.city.institutions[inst], self.exam_day - dt.timedelta(before))
        k.lon, k.lat = self.spots[k.inst]
        k.item = list(OUTLINE)[0 if number < 3 else number % 4]
        for _ in range(self.rng.randint(22, 30)):
            ident = self.city.people.ident(self.city.local_prefixes() + HOME, 1970, 2004)
            k.trainees.append(dict(id=ident, name=self.city.people.name(), row=self.numbers.pop()))
        if k.online:
            k.units = [("V%02d" % n, "线上复审第%d课" % n, 1) for n in range(1, 13)]
            k.teachers = {u[0]: self.teacher(k.inst, "线上辅导") for u in k.units[:1]}
            return k
        k.room, k.capacity = "%d教室" % (100 + 7 * number), 45
        k.terminals = ["KQ-%02d-1" % inst, "KQ-%02d-2" % inst]
        hours = FIRST_UNITS[OUTLINE[k.item][0]] if first else (4, 4, 4)
        names = UNIT_NAMES if first else REFRESH_NAMES
        k.units = [(("U%d" if first else "F%d") % (n + 1), names[n], h) for n, h in enumerate(hours)]
        k.teachers = {u: self.teacher(k.inst, name) for u, name, _ in k.units}
        self.timetable(k)
        return k

    def teacher(self, inst, subject):
        ident = self.city.people.ident(self.city.local_prefixes(), 1962, 1990)
        told = self.exam_day - dt.timedelta(self.rng.randint(100, 260))
        self.teachers.append([inst, self.city.people.name(), ident, subject, self.rng.choice(["工程师", "高级技师", "讲师"]),
                              str(told), "%d-12-31" % (self.exam_day.year + 1)])
        return ident

    def timetable(self, k):
        units = [u for u, _, hours in k.units for _ in range(hours // 4)]
        date, slots = k.start, []
        while len(slots) < len(units):
            if date.weekday() < 6:
                slots += [(date, *hours) for hours in HOURS_OF_DAY[k.pattern]]
            date += dt.timedelta(1)
        for number, (unit, slot) in enumerate(zip(units, slots), 1):
            start, end = [dt.datetime.fromisoformat("%s %s:00" % (slot[0], h)) for h in slot[1:]]
            k.sessions.append({"no": number, "date": slot[0], "from": start, "to": end, "unit": unit,
                               "teacher": k.teachers[unit], "room": k.room, "cap": k.capacity, "merge": ""})

    def merge(self, a, b):
        """Two sittings taught to both classes in one big room."""
        for number, index in enumerate((4, 9), 1):
            for k in (a, b):
                k.sessions[index].update(room="阶梯教室", cap=90, merge="HB-%02d" % number,
                                         teacher=a.sessions[index]["teacher"])

    def attend(self, k):
        for t in k.trainees:
            t["device"] = "SJ-%010x" % self.rng.getrandbits(40)
            for s in k.sessions:
                if self.rng.random() < .975:
                    self.sign(k, t, s)

    def sign(self, k, t, s, start=None, end=None):
        """One honest record; start and end replace the usual times."""
        rng, second = self.rng, lambda a, b: dt.timedelta(seconds=self.rng.randint(a, b))
        mood = rng.random()
        start = start or s["from"] + (second(900, 3000) if mood < .03 else -second(30, 1200))
        end = end or s["to"] + (-second(900, 3000) if mood > .98 else second(0, 700))
        mobile = rng.random() < .5
        r = {"class": k, "person": t["id"], "row": t["row"] if t in k.trainees else "", "session": s, "unit": s["unit"],
             "in": start, "out": end, "proof": rng.choice(PAIRS), "approval": "", "teacher": s["teacher"],
             "device": t["device"] if mobile else rng.choice(k.terminals), "room": "" if mobile else s["room"],
             "lon": round(k.lon + rng.uniform(-.0005, .0005), 6) if mobile else "",
             "lat": round(k.lat + rng.uniform(-.0005, .0005), 6) if mobile else ""}
        r["logged"] = end + second(2, 50)
        if mood > .996:
            r["out"], r["logged"] = None, start + second(2, 9)
        self.records.append(r)
        self.by[k.code, s["no"], t["id"]] = r
        return r

    def guest(self, k, t):
        if t not in k.guests and t not in k.trainees:
            k.guests.append(t)

    def full(self, k, index):
        """Records of one session with an ordinary sign-out."""
        rows = [self.by.get((k.code, k.sessions[index]["no"], t["id"])) for t in k.trainees]
        return [r for r in rows if r and r["out"]]

    # ---- near misses: none of these is a finding ------------------------------------------------------------

    def near_misses(self):
        for k in [c for c in self.classes if not c.online]:
            self.near_times(k)
            rows = self.full(k, 1)
            for r in rows[:4]:                                   # four alike, five would be a batch
                r["in"], r["out"] = rows[0]["in"], rows[0]["out"]
            for r in rows[5:7]:                                  # two on one telephone, three would be too many
                r.update(device=rows[5]["device"], room="")
            for r in rows[8:14]:                                 # many on the fixed terminal
                r.update(device=k.terminals[0], lon="", lat="")
            if k.first:                                          # exactly full
                k.sessions[1]["cap"] = len({r["person"] for r in self.records if r["session"] is k.sessions[1]})
            for r in self.full(k, 2)[:6]:                        # uploaded late with an approval
                r["logged"] = k.sessions[2]["to"] + dt.timedelta(hours=4, seconds=self.rng.randint(0, 90))
                r["approval"] = "BL-%d-%03d" % (self.exam_day.year, self.rng.randint(100, 999))
        self.full_day_but_not_over(self.classes[5], self.classes[6])
        self.same_room(self.classes[0], self.classes[1])
        self.harmless_certificates()

    def near_times(self, k):
        minute, s = dt.timedelta(minutes=1), k.sessions[0]
        rows = self.full(k, 0)
        for r, late in zip(rows[:4], (10 * 60, 10 * 60 + 1, 0, 15 * 60)):
            r["in"] = s["from"] + dt.timedelta(seconds=late)
        for r, early in zip(rows[4:7], (10 * 60, 10 * 60 + 1, 60)):
            r["out"] = s["to"] - dt.timedelta(seconds=early)
            r["logged"] = r["out"] + minute
        rows[7]["out"], rows[7]["logged"] = s["to"] + 5 * minute, s["to"] + 30 * minute     # exactly 30 minutes
        self.split_at_break(rows[8], 90)
        rows[9]["out"], rows[9]["logged"] = rows[9]["in"] - minute, rows[9]["in"]           # signed out before in: N1
        rows[10]["in"], rows[10]["out"] = s["from"] - minute, s["from"] + 110 * minute      # left early
        rows[10]["logged"] = rows[10]["out"] + minute

    def split_at_break(self, r, seconds):
        """Out and in again at the break, 1.5 km apart by GPS: below 2 km, so no journey."""
        again = dict(r)
        r["lon"], r["lat"], k = r["class"].lon, r["class"].lat, r["class"]
        r["out"] = r["session"]["from"] + dt.timedelta(minutes=96)
        again["in"] = r["out"] + dt.timedelta(seconds=seconds)
        r["logged"] = r["out"] + dt.timedelta(seconds=3)
        again.update(lon=k.lon, lat=round(k.lat + .0135, 6))
        self.records.append(again)

    def full_day_but_not_over(self, a, b):
        """Two lessons by day and 120 minutes of an evening one elsewhere: exactly 480."""
        for t in a.trainees[:3]:
            for s in b.sessions:
                mine = [self.by.get((a.code, x["no"], t["id"])) for x in a.session_on(s["date"])]
                if len(mine) == 2 and all(r and r["out"] for r in mine) and s["no"] > 3:
                    for r in mine:
                        r["in"], r["out"] = r["session"]["from"] - dt.timedelta(seconds=77), r["session"]["to"] + dt.timedelta(seconds=95)
                        r["logged"] = r["out"] + dt.timedelta(seconds=9)
                    self.guest(b, t)
                    self.sign(b, t, s, s["from"] + dt.timedelta(minutes=60), s["to"] + dt.timedelta(seconds=40))
                    break

    def same_room(self, a, b):
        """In both registers of a merged lesson: one room, so not two places."""
        s, t = b.sessions[4], a.trainees[3]
        self.guest(b, t)
        self.sign(b, t, s, s["from"] - dt.timedelta(seconds=100), s["to"] + dt.timedelta(seconds=30))

    def harmless_certificates(self):
        clean = [k for k in self.classes if k.clean]
        for k in clean[:3]:
            first, last = k.sessions[0]["date"], k.sessions[-1]["date"]
            day = dt.timedelta(1)
            self.certificate(k.trainees[0], "线上", first, last)
            self.certificate(k.trainees[1], "线下", first - 6 * day, first - day)
            self.certificate(k.trainees[2], "线下", last + day, last + 5 * day)
        self.certificate(clean[-1].trainees[3], "线下", clean[-1].start, clean[-1].start + dt.timedelta(9))
        stranger = dict(id=self.city.people.ident(HOME), name=self.city.people.name())
        self.certificate(stranger, "线下", clean[0].start, clean[0].start + dt.timedelta(5))

    def certificate(self, t, form, start, end):
        self.certificates.append([t["id"], t["name"], "外市正安培训学校", self.rng.choice(["衡阳市", "赣州市"]), "叉车司机", form,
                                  str(start), str(end), 8 * ((end - start).days + 1), "PX%08d" % self.rng.randint(1, 10 ** 8 - 1)])

    # ---- claims ---------------------------------------------------------------------------------------------

    def honest_claims(self, online_minutes):
        minutes = dict(online_minutes)
        for r in self.records:
            if r["out"] and r["out"] >= r["in"]:
                parts = Book.counted(r)
                key = (r["class"].code, r["person"])
                minutes[key] = minutes.get(key, 0) + int(sum((b - a).total_seconds() for a, b in parts) // 60)
        for k in self.classes:
            wanted = OUTLINE[k.item][0 if k.first else 1]
            for t in k.trainees:
                hours = max(0, minutes.get((k.code, t["id"]), 0)) // 45
                t["claim"] = hours if self.rng.random() < .4 else min(hours, wanted)


HOME = ["430521", "450981", "360830", "520123", "422801", "500235", "350881"]
