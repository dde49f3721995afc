"""Online study: counted minutes and findings, straight from the written rules; reads only the pack's files."""
from collections import defaultdict

from common import moment, read_csv

UNIT_MINUTES, HEARTBEAT_LIMIT, IDLE_FINDING, PASS_MARK = 45, 90, 300, 60
THIRDS = ((0, 899), (900, 1799), (1800, 2699))


def covered(parts):
    total, reach = 0, None
    for a, b in sorted(parts):
        if reach is None or a > reach:
            total, reach = total + b - a, b
        elif b > reach:
            total, reach = total + b - reach, b
    return total


class Unit:
    """All events of one trainee in one unit of one class."""

    def __init__(self, key, events):
        self.klass, self.person, self.unit = key
        self.events = sorted(events, key=lambda e: e["t"])
        self.first = self.events[0]["t"]
        self.parts, self.idle_seconds, self.idles, self.plays = [], 0, [], []
        self.speed = False
        by_device = defaultdict(list)
        for event in self.events:
            by_device[event["设备号"]].append(event)
        for device, stream in by_device.items():
            self.follow(device, stream)
        self.minutes = min(UNIT_MINUTES, covered(self.parts) // 60)
        self.idle_minutes = self.idle_seconds // 60
        moving = [e["t"] for e in self.events if e["事件"] in ("play", "pause", "heartbeat")]
        self.start, self.end = min(moving), max(moving)
        self.code = ""

    def follow(self, device, stream):
        playing, focused, before, run = False, True, None, []
        for event in stream:
            if before and playing:
                run = self.interval(before, event, focused, run, device)
            kind = event["事件"]
            if kind == "pause":
                run = self.close(run)
            playing = {"play": True, "pause": False}.get(kind, playing)
            focused = {"blur": False, "focus": True}.get(kind, focused)
            before = event
        self.close(run)

    def interval(self, a, b, focused, run, device):
        seconds, step = (b["t"] - a["t"]).total_seconds(), b["p"] - a["p"]
        if self.plays and self.plays[-1][2] == device and self.plays[-1][1] == a["t"]:
            self.plays[-1][1] = b["t"]
        else:
            self.plays.append([a["t"], b["t"], device])
        if b["事件"] == "seek":
            return self.close(run)
        if not focused or seconds > HEARTBEAT_LIMIT:
            if step > 0:
                self.idle_seconds += step
                run.append((a["t"], b["t"]))
            return run
        if seconds:
            run = self.close(run)
        if step > seconds * 1.1 + 2:
            self.speed = True
        if step > 0:
            self.parts.append((a["p"], b["p"]))
        return run

    def close(self, run):
        if run and sum((b - a).total_seconds() for a, b in run) >= IDLE_FINDING:
            self.idles.append((run[0][0], run[-1][1]))
        return []

    def identity_missing(self):
        spots = [e["p"] for e in self.events if e["事件"] == "identity-check" and e["结果"] == "pass"]
        return any(not any(a <= p <= b for p in spots) for a, b in THIRDS)

    def failed_quiz(self):
        marks = [float(e["结果"]) for e in self.events if e["事件"] == "quiz"]
        return not marks or marks[-1] < PASS_MARK


def load_units(folder):
    groups = defaultdict(list)
    for row in read_csv(folder, "线上学习.csv"):
        row["t"], row["p"] = moment(row["时间"]), int(float(row["位置秒"] or 0))
        groups[row["班号"], row["学员身份证号码"], row["单元"]].append(row)
    return [Unit(key, events) for key, events in groups.items()]


def overlap_of(a, b):
    """First and last moment at which two units play on two devices at once."""
    both = [(max(x[0], y[0]), min(x[1], y[1])) for x in a.plays for y in b.plays
            if x[2] != y[2] and max(x[0], y[0]) < min(x[1], y[1])]
    return (min(s for s, _ in both), max(e for _, e in both)) if both else None


def judge(units):
    """Sets each unit's code; returns findings (kind, object, from, to, clause, units)."""
    found, by_person, by_device = [], defaultdict(list), defaultdict(list)
    for unit in units:
        by_person[unit.person].append(unit)
        for event in unit.events:
            by_device[event["设备号"], event["t"].date()].append((event["t"], unit))
    two, shared = set(), set()
    for mine in by_person.values():
        for n, a in enumerate(mine):
            for b in mine[n + 1:]:
                span = overlap_of(a, b) if a.unit != b.unit or a.klass != b.klass else None
                if span:
                    two.update((a, b))
                    found.append(("two_devices", a.person, *span, "N1.1.5", [a, b]))
    for (device, _), uses in by_device.items():
        if len({u.person for _, u in uses}) >= 3:
            shared.update(u for _, u in uses)
            times = [t for t, _ in uses]
            found.append(("one_device_many", device, min(times), max(times), "N1.3.9", list({u for _, u in uses})))
    for unit in units:
        span = (unit.start, unit.end, "N1.1.5", [unit])
        codes = [("E11", unit.speed), ("E14", unit.identity_missing()), ("E13", unit in two),
                 ("E07", unit in shared), ("E15", unit.failed_quiz())]
        unit.codes = [c for c, yes in codes if yes]
        unit.code = unit.codes[0] if unit.codes else ""
        if unit.speed:
            found.append(("online_speed", unit.person, *span))
        if unit.identity_missing():
            found.append(("identity_missing", unit.person, *span))
        found += [("online_idle", unit.person, a, b, "N1.1.5", [unit]) for a, b in unit.idles]
    return found
