"""Online study of a training pack: honest learners, near misses, and the online forgeries."""
import datetime as dt

import online_rules

LENGTH = 2700


class Player:
    """Writes the events of one unit as the player would."""

    def __init__(self, world, k, t, unit, start, device):
        self.world, self.k, self.t, self.unit, self.now, self.device = world, k, t, unit, start, device
        self.pos, self.events, self.ip = 0, [], t["ip"]
        self.checks = []

    def emit(self, kind, result="", wait=0):
        self.now += dt.timedelta(seconds=wait)
        self.events.append({"k": self.k, "person": self.t["id"], "row": self.t["row"], "单元": self.unit, "t": self.now,
                            "事件": kind, "p": int(self.pos), "结果": str(result), "设备号": self.device, "ip": self.ip})
        return self

    def watch(self, to, rate=1.0, beat=60):
        since = 0.0
        while self.pos < to:
            check = next((c for c in self.checks if self.pos < c[0] <= to), None)
            ahead = min(beat - since, (to - self.pos) / rate, (check[0] - self.pos) / rate if check else 1e9)
            step = max(1, round(ahead))
            self.now += dt.timedelta(seconds=step)
            self.pos = min(to, self.pos + step * rate)
            since += step
            if check and self.pos >= check[0]:
                self.checks.remove(check)
                self.emit("identity-check", check[1])
            elif since >= beat:
                self.emit("heartbeat")
                since = 0.0
        return self

    def leap(self, seconds, step):
        """No heartbeat for some seconds while the position moves by step."""
        if self.events[-1]["t"] != self.now:
            self.emit("heartbeat")
        self.now += dt.timedelta(seconds=seconds)
        self.pos += step
        return self.emit("heartbeat")


def checks(rng, thirds=(0, 1, 2), fail=.15):
    found = []
    for third in thirds:
        spot = third * 900 + rng.randint(40, 850)
        if rng.random() < fail:
            found.append((spot - 2, "fail"))
        found.append((spot, "pass"))
    return found


class Online:
    def __init__(self, world):
        self.world, self.rng = world, world.rng
        self.players, self.planted, self.used = {}, [], set()
        for k in [c for c in world.classes if c.online]:
            shared_ip = "14.%d.8.8" % self.rng.randint(10, 90)
            for t in k.trainees:
                t["ip"] = shared_ip if self.rng.random() < .3 else "113.%d.%d.%d" % tuple(self.rng.randint(2, 250) for _ in "abc")
                t["device"] = "PC-%010x" % self.rng.getrandbits(40)
                self.study(k, t)

    def study(self, k, t):
        date, left = k.start + dt.timedelta(self.rng.randint(0, 3)), [u[0] for u in k.units[:self.rng.randint(9, 12)]]
        while left:
            now = dt.datetime.combine(date, dt.time(self.rng.randint(7, 14), self.rng.randint(0, 59), self.rng.randint(0, 59)))
            for unit in left[:self.rng.randint(2, 6)]:
                player = self.unit(k, t, unit, now)
                now = player.now + dt.timedelta(seconds=self.rng.randint(90, 500))
                left = left[1:]
            date += dt.timedelta(self.rng.randint(1, 3))

    def unit(self, k, t, unit, start, device=None, style=None):
        p = Player(self.world, k, t, unit, start, device or t["device"])
        p.checks = checks(self.rng)
        style = style or self.rng.choice(["plain"] * 5 + ["pause", "again", "switch", "stall", "lost", "drag", "fail", "almost"])
        getattr(self, "do_" + style)(p)
        p.emit("pause", wait=1)
        marks = {"fail": [80, 40], "almost": [50, 60]}.get(style, [self.rng.choice([60, 70, 80, 90, 100])])
        for mark in marks:
            p.emit("quiz", mark, wait=self.rng.randint(40, 120))
        self.players[k.code, t["id"], unit] = p
        return p

    def do_plain(self, p):
        p.emit("play").watch(LENGTH)

    do_fail = do_plain      # last quiz below 60: not counted, no finding
    do_almost = do_plain    # the last of two quizzes is good

    def do_pause(self, p):
        p.emit("play").watch(1441).emit("pause").emit("play", wait=self.rng.randint(300, 1500)).watch(LENGTH)

    def do_again(self, p):
        p.emit("play").watch(1561).emit("pause")
        p.pos = 1260
        p.emit("seek", wait=2).emit("play", wait=1).watch(LENGTH)

    def do_switch(self, p):
        """The rest of the unit on the telephone."""
        p.emit("play").watch(1350).emit("pause")
        p.device = "SJ" + p.device[2:]
        p.emit("play", wait=240).watch(LENGTH)

    def do_stall(self, p):
        """The network fails and the player stands still: nothing to count, nothing to find."""
        p.emit("play").watch(1200).leap(420, 0).watch(LENGTH)

    def do_lost(self, p):
        """Heartbeats lost twice, each time for less than 300 seconds; a gap of exactly 90 still counts."""
        p.checks = [(450, "pass"), (1100, "pass"), (2300, "pass")]
        p.emit("play").watch(1320).leap(90, 90).leap(180, 180).watch(1900).leap(110, 110).watch(LENGTH)

    def do_drag(self, p):
        """Dragged back while playing: the last piece before it does not count, but is watched again."""
        p.emit("play").watch(1500)
        p.now += dt.timedelta(seconds=21)
        p.pos = 1300
        p.emit("seek").watch(LENGTH)

    # ---- forgeries ------------------------------------------------------------------------------------------

    def pick(self, k, units=1):
        """A learner of the class not used before and some of that learner's units."""
        free = [t for t in k.trainees if t["id"] not in self.used]
        t = self.rng.choice(free)
        self.used.add(t["id"])
        mine = [p for (c, i, _), p in self.players.items() if (c, i) == (k.code, t["id"])]
        return t, self.rng.sample(mine, units)

    def again(self, p, style):
        start = p.events[0]["t"]
        return self.unit(p.k, p.t, p.unit, start, None, style)

    def forge(self, times):
        for k in [c for c in self.world.classes if c.online and not c.clean]:
            for n in range(times):
                for style, kind in (("speed", "online_speed"), ("blur", "online_idle"), ("silent", "online_idle"),
                                    ("unknown", "identity_missing")):
                    if style == "silent" and n % 2:
                        continue
                    t, players = self.pick(k)
                    self.again(players[0], style)
                    self.planted.append((kind, t["id"]))
                if n % 2 == 0:
                    self.two_screens(k)
                    self.long_day(k)
            self.shared_machine(k, 3 if times < 3 else 4)
            self.couple(k)

    def do_speed(self, p):
        p.emit("play").watch(self.rng.choice([300, 900])).watch(LENGTH, self.rng.choice([1.25, 1.5, 2.0]))

    def do_blur(self, p):
        p.emit("play").watch(1260).emit("blur").watch(1260 + self.rng.choice([300, 540, 720])).emit("focus").watch(LENGTH)

    def do_silent(self, p):
        p.emit("play").watch(1020)
        p.checks = [c for c in p.checks if c[0] > 1400] + [(1500, "pass")]
        p.checks.sort()
        p.leap(300, 300).watch(LENGTH)

    def do_unknown(self, p):
        p.checks = checks(self.rng, self.rng.choice([(0, 1), (1, 2), (0, 2)]), 0)
        if self.rng.random() < .5:
            missing = ({0, 1, 2} - {c[0] // 900 for c in p.checks}).pop()
            p.checks = sorted(p.checks + [(missing * 900 + 450, "fail")])
        p.emit("play").watch(LENGTH)

    def two_screens(self, k):
        t, players = self.pick(k, 2)
        a, b = sorted(players, key=lambda p: p.unit)
        self.again(a, "plain")
        start = a.events[0]["t"] + dt.timedelta(seconds=self.rng.randint(200, 1500))
        self.unit(k, t, b.unit, start, "SJ" + t["device"][2:], "plain")
        self.planted.append(("two_devices", t["id"]))

    def long_day(self, k):
        """Eleven units in one day: 495 minutes."""
        t, _ = self.pick(k)
        now = dt.datetime.combine(k.start + dt.timedelta(20 + len(self.used) % 5), dt.time(7, 5, 11))
        for unit in [u[0] for u in k.units[:11]]:
            now = self.unit(k, t, unit, now, None, "plain").now + dt.timedelta(seconds=77)
        self.players.pop((k.code, t["id"], "V12"), None)
        self.planted.append(("over_8h_day", t["id"]))

    def shared_machine(self, k, people):
        device, date = "PC-%010x" % self.rng.getrandbits(40), k.start + dt.timedelta(26)
        for n in range(people):
            t, players = self.pick(k)
            start = dt.datetime.combine(date, dt.time(8 + 2 * n, 10, n))
            self.unit(k, t, players[0].unit, start, device, "plain")
        self.planted.append(("one_device_many", device))

    def couple(self, k):
        """Two learners on one machine on one day: allowed."""
        device = "PC-%010x" % self.rng.getrandbits(40)
        for n in range(2):
            t, players = self.pick(k)
            start = dt.datetime.combine(k.start + dt.timedelta(27), dt.time(9 + 3 * n, 20, 5))
            self.unit(k, t, players[0].unit, start, device, "plain")

    def minutes(self):
        units = [online_rules.Unit(key, list(p.events)) for key, p in self.players.items()]
        online_rules.judge(units)
        total = {}
        for u in units:
            if not u.code:
                total[u.klass, u.person] = total.get((u.klass, u.person), 0) + u.minutes
        return total

    def rows(self):
        events = [e for p in self.players.values() for e in p.events]
        events.sort(key=lambda e: e["t"])
        return [[e["k"].code, e["row"], e["person"], e["单元"], e["t"].strftime("%Y-%m-%d %H:%M:%S"), e["事件"], e["p"],
                 e["结果"], e["设备号"], e["ip"]] for e in events]
