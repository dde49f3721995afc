"""The forgeries of classes held in a room. Each function makes one case and notes (kind, object)."""
import datetime as dt

from class_rules import kilometres

MINUTE = dt.timedelta(minutes=1)


class Plants:
    def __init__(self, world):
        self.w, self.rng = world, world.rng
        self.dirty = [k for k in world.classes if not k.clean and not k.online]
        self.used, self.planted = set(), []
        self.taken = {(k.code, no) for k in world.classes[:2] for no in (5, 10)}

    def note(self, kind, subject):
        self.planted.append((kind, subject))

    def someone(self, k, sessions=()):
        """A trainee not used so far; dense packs now and then take one again. Present in the given sessions."""
        for _ in range(400):
            t = self.rng.choice(k.trainees)
            again = self.w.dense and self.rng.random() < .1
            rows = [self.w.by.get((k.code, s["no"], t["id"])) for s in sessions]
            if (t["id"] not in self.used or again) and all(r and r["out"] and r["out"] > r["in"] for r in rows):
                self.used.add(t["id"])
                return t, rows
        return None, []

    def lesson(self, k):
        """A session with no other case in it (the first three hold the near misses)."""
        free = [s for s in k.sessions if (k.code, s["no"]) not in self.taken and (s["no"] > 3 or not k.first)]
        s = self.rng.choice(free or k.sessions)
        self.taken.add((k.code, s["no"]))
        return s

    def any_first(self):
        return self.rng.choice([k for k in self.dirty if k.first])

    def outside_class_time(self, n):
        k = self.rng.choice([k for k in self.dirty if k.first and k.pattern != "night"])
        s = self.lesson(k)
        t, rows = self.someone(k, [s])
        if not t:
            return
        row = rows[0]
        if n % 3 == 2:                       # in class time, but for a unit not taught then
            row["unit"] = next(u for u, _, _ in k.units if u not in {x["unit"] for x in k.session_on(s["date"])})
        else:
            evening = dt.datetime.combine(s["date"], dt.time(19, 5)) + dt.timedelta(seconds=self.rng.randint(0, 900))
            extra = self.w.sign(k, t, s, evening, evening + dt.timedelta(hours=3, seconds=100))
            extra["logged"], extra["out"] = evening + dt.timedelta(hours=3, seconds=120), evening + dt.timedelta(hours=3, seconds=100)
        self.note("outside_class_time", t["id"])

    def after_close(self, n):
        k = self.any_first()
        s = self.lesson(k)
        t, rows = self.someone(k, [s])
        if not t:
            return
        row = rows[0]
        late = [30 * MINUTE + dt.timedelta(seconds=1), 200 * MINUTE, 26 * 60 * MINUTE][n % 3]
        row["out"] = min(row["out"], s["to"] + 20 * MINUTE)
        row["logged"], row["approval"] = s["to"] + late, ""
        self.note("after_close", t["id"])

    def evidence_insufficient(self, n):
        k = self.rng.choice(self.dirty)
        s = self.lesson(k)
        t, rows = self.someone(k, [s])
        if not t:
            return
        row = rows[0]
        row["proof"] = ["人脸", "刷卡;刷卡", "教师确认", "", "动态码;动态码;动态码"][n % 5]
        self.note("evidence_insufficient", t["id"])

    def batch_identical(self, n):
        k = self.any_first()
        s = self.lesson(k)
        rows = self.several(k, s, [5, 8, 12][n % 3])
        for r in rows:
            r.update({"in": rows[0]["in"], "out": rows[0]["out"]})
            r["logged"] = r["out"] + dt.timedelta(seconds=self.rng.randint(2, 60))
        self.note("batch_identical", k.code)

    def several(self, k, s, many):
        """Records of several trainees in one session; they may be used again for other sessions."""
        rows = [r for r in self.w.full(k, k.sessions.index(s)) if r["out"] > r["in"] and r["person"] not in self.used]
        return self.rng.sample(rows, many)

    def one_device_many(self, n):
        k = self.any_first()
        s, device = self.lesson(k), "SJ-%010x" % self.rng.getrandbits(40)
        for r in self.several(k, s, [3, 5, 3, 7][n % 4]):
            r.update(device=device, room="", lon=k.lon, lat=k.lat)
        self.note("one_device_many", device)

    def device_over_two_registers(self, _):
        """Two from one class and one from the other in one merged lesson: three in the same lesson."""
        a, b = self.w.classes[:2]
        device = "SJ-%010x" % self.rng.getrandbits(40)
        for k, many in ((a, 2), (b, 1)):
            for r in self.several(k, k.sessions[9], many):
                r.update(device=device, room="", lon=k.lon, lat=k.lat)
        self.note("one_device_many", device)

    def meetings(self, least_km=0):
        """Pairs of lessons of two classes that overlap by at least an hour in different rooms."""
        found = []
        for a in self.dirty:
            for b in self.dirty:
                if a is not b and kilometres((a.lon, a.lat), (b.lon, b.lat)) >= least_km:
                    found += [(a, x, b, y) for x in a.sessions for y in b.sessions if x["date"] == y["date"]
                              and x["room"] != y["room"] and x["from"] <= y["from"] < x["to"] - 60 * MINUTE and x["no"] > 3
                              and (y["no"] > 3 or not b.first)]
        self.rng.shuffle(found)
        return found

    def overlap_two_places(self, _):
        for a, x, b, y in self.meetings():
            t, rows = self.someone(a, [x])
            if t:
                self.w.guest(b, t)
                rows[0]["out"] = max(rows[0]["out"], y["from"] + 20 * MINUTE)
                rows[0]["logged"] = rows[0]["out"] + dt.timedelta(seconds=5)
                self.w.sign(b, t, y, y["from"] + dt.timedelta(seconds=self.rng.randint(-200, 300)), y["to"])
                self.last_pair, self.last_day = (a.code,), x["date"]
                return self.note("overlap_two_places", t["id"])

    def impossible_travel(self, n):
        if n % 3 == 2:
            return self.far_by_gps()
        for a, x, b, y in self.meetings(least_km=8):
            t, rows = self.someone(a, [x])
            far = kilometres((a.lon, a.lat), (b.lon, b.lat))
            if t:
                rows[0]["out"] = max(y["from"], x["from"] + 40 * MINUTE, rows[0]["in"] + 20 * MINUTE)
                rows[0]["logged"] = rows[0]["out"] + dt.timedelta(seconds=6)
                self.w.guest(b, t)
                arrive = rows[0]["out"] + dt.timedelta(hours=far / self.rng.choice([135, 170, 400]))
                row = self.w.sign(b, t, y, arrive, y["to"] + MINUTE)
                for r, k in ((row, b), (rows[0], a)):
                    r.update(lon="", lat="", room=r["session"]["room"], device=k.terminals[0])
                self.last_pair, self.last_day = (a.code,), x["date"]
                return self.note("impossible_travel", t["id"])

    def far_by_gps(self):
        """Same class, afternoon signed 400 km away."""
        k = self.rng.choice([k for k in self.dirty if k.first and k.pattern != "night"])
        both = k.session_on(self.lesson(k)["date"])
        t, rows = self.someone(k, both)
        if len(rows) == 2 and t:
            rows[1].update(lon=round(k.lon + 4, 6), lat=k.lat, room="", device=t["device"])
            self.note("impossible_travel", t["id"])

    def elsewhere_certified(self, _):
        k = self.any_first()
        s = self.lesson(k)
        t, _ = self.someone(k, [s])
        if not t:
            return
        self.w.certificate(t, "线下", s["date"] - dt.timedelta(self.rng.randint(0, 3)), s["date"] + dt.timedelta(self.rng.randint(0, 3)))
        self.note("elsewhere_certified", t["id"])

    def over_8h_day(self, n):
        """Two lessons by day and a whole or most of an evening lesson of another class."""
        pairs = [(a, s, b) for a in self.dirty if a.pattern in ("day", "late") for b in self.dirty if b.pattern == "night"
                 for s in b.sessions if len(a.session_on(s["date"])) == 2 and not s["merge"] and (s["no"] > 3 or not b.first)
                 and kilometres((a.lon, a.lat), (b.lon, b.lat)) < 90]
        self.rng.shuffle(pairs)
        for a, s, b in pairs:
            t, rows = self.someone(a, a.session_on(s["date"]))
            if t and all(r["session"]["no"] > 3 or not a.first for r in rows):
                for r in rows:
                    r["in"], r["out"] = r["session"]["from"] - 3 * MINUTE, r["session"]["to"] + 2 * MINUTE
                    r["logged"] = r["out"] + dt.timedelta(seconds=8)
                self.w.guest(b, t)
                late = 59 * MINUTE if n % 3 == 2 else -MINUTE      # 59 minutes late leaves 121: one too many
                self.w.sign(b, t, s, s["from"] + late, s["to"] + MINUTE)
                return self.note("over_8h_day", t["id"])

    def two_faults(self, _):
        """Dense packs: a second fault on the same record, or next to it. The first code in the order counts."""
        k = self.any_first()
        s = self.lesson(k)
        t, rows = self.someone(k, [s])
        if t:                                                          # too late and too little: E03 before E01
            rows[0].update(proof="刷卡", logged=s["to"] + 90 * MINUTE, approval="")
            rows[0]["out"] = min(rows[0]["out"], s["to"] + 20 * MINUTE)
            self.note("after_close", t["id"]), self.note("evidence_insufficient", t["id"])
        for case in (self.overlap_two_places, self.impossible_travel):   # E04 and E05 look at excluded records too
            before = len(self.planted)
            case(0)
            if len(self.planted) > before:
                who = self.planted[-1][1]
                first = [r for r in self.w.records if r["person"] == who and r["class"].code in self.last_pair
                         and r["session"]["date"] == self.last_day][0]
                first["proof"] = "人脸"
                self.note("evidence_insufficient", who)

    def merged_too_full(self):
        """Dense packs: more than the room holds, counted over both registers."""
        a, b = self.w.classes[:2]
        present = {r["person"] for r in self.w.records if r["session"] in (a.sessions[4], b.sessions[4]) and r["out"]}
        for k in (a, b):
            k.sessions[4]["cap"] = len(present) - 2
            self.note("room_over_capacity", k.code)

    def room_over_capacity(self, n):
        k = self.any_first()
        s = self.lesson(k)
        if s["merge"]:
            return
        s["cap"] = len({r["person"] for r in self.w.records if r["session"] is s and r["out"]}) - [1, 7, 3][n % 3]
        self.note("room_over_capacity", k.code)

    def teacher_two_classes(self, _):
        for a, x, b, y in self.meetings():
            if not x["merge"] and not y["merge"] and x["teacher"] != y["teacher"] and (b.code, y["no"]) not in self.taken:
                self.taken |= {(a.code, x["no"]), (b.code, y["no"])}
                y["teacher"] = x["teacher"]
                for r in self.w.records:
                    r["teacher"] = r["session"]["teacher"]
                known = next(row for row in self.w.teachers if row[2] == x["teacher"])
                if b.inst != a.inst:
                    self.w.teachers.append([b.inst, *known[1:]])       # reported at both institutions
                return self.note("teacher_two_classes", x["teacher"])

    def teacher_unreported(self, n):
        k = self.dirty[n % len(self.dirty)]
        mine = [row for row in self.w.teachers if row[0] == k.inst and row[2] in k.teachers.values()]
        row = self.rng.choice([r for r in mine if ("t", r[2]) not in self.taken and any(s["teacher"] == r[2] for s in k.sessions)])
        self.taken.add(("t", row[2]))
        days = [s["date"] for s in k.sessions if s["teacher"] == row[2]]
        if n % 4 == 0:
            row[5] = row[6] = None
        elif n % 4 == 1:
            row[5] = str(days[-1] + dt.timedelta(1))                   # told the day after
        elif n % 4 == 2:
            row[6] = str(days[-1] - dt.timedelta(1))                   # run out the day before
        else:
            row[0] = self.w.city.institutions[11]                      # told for another institution only
        self.note("teacher_unreported", row[2])

    def teacher_near_misses(self):
        """Told on the very day, valid until the very day, and a renewal that closes the gap: no findings."""
        for k in [k for k in self.w.classes if k.clean and not k.online][:3]:
            rows = [row for row in self.w.teachers if row[2] in k.teachers.values()]
            days = {row[2]: [str(s["date"]) for s in k.sessions if s["teacher"] == row[2]] for row in rows}
            rows[0][5] = days[rows[0][2]][0]
            rows[1][6] = days[rows[1][2]][-1]
            again = list(rows[2])
            rows[2][6] = days[rows[2][2]][0]
            again[5] = days[rows[2][2]][0]
            self.w.teachers.append(again)

    def overclaim(self, _):
        k = self.rng.choice(self.dirty)
        t, _ = self.someone(k)
        if not t:
            return
        t["claim"] = t["claim"] + 8 + self.rng.randint(1, 20)
        self.note("hours_overclaimed", t["id"])

    def run(self, times):
        self.teacher_near_misses()
        kinds = [self.outside_class_time, self.after_close, self.evidence_insufficient, self.overlap_two_places,
                 self.impossible_travel, self.elsewhere_certified, self.over_8h_day, self.overclaim]
        self.device_over_two_registers(0)
        for n in range(max(3, times // 2)):
            self.batch_identical(n)
            self.one_device_many(n)
        for n in range(times):
            for kind in kinds:
                kind(n)
        for n in range(max(3, times // 2)):
            self.teacher_two_classes(n)
            self.teacher_unreported(n)
        for n in range(max(2, times // 3)):
            self.room_over_capacity(n)
        if self.w.dense:
            self.merged_too_full()
            for n in range(3):
                self.two_faults(n)
