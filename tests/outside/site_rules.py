"""Findings of one exam day at the sites, straight from the written rules; reads only the pack's files."""
import datetime as dt
import re
from collections import defaultdict

from common import day, moment, norm, read_csv, read_xlsx
from staff_rules import Recusal

ITEMS = ("网络", "服务器", "监控", "终端")
QUARTER, HOUR = dt.timedelta(minutes=15), dt.timedelta(hours=1)


def mac(text):
    bare = re.sub("[^0-9A-F]", "", text.upper())
    return ":".join(bare[i:i + 2] for i in range(0, 12, 2))


def net(ip):
    return ip.rsplit(".", 1)[0]


class Day:
    def __init__(self, folder):
        self.folder, self.findings = folder, []
        self.prep = read_xlsx(folder, "考场准备.xlsx")
        self.date = day(self.prep[0]["考试日期"])
        self.sites = [str(r["考试点编号"]) for r in read_xlsx(folder, "考试点.xlsx")]
        self.sittings = defaultdict(list)
        for r in read_xlsx(folder, "考试计划.xlsx"):
            if day(r["日期"]) == self.date:
                self.sittings[str(r["考试点编号"])].append((self.at(r["开始"]), self.at(r["结束"])))
        self.windows = {s: sorted((a - QUARTER, b) for a, b in rows) for s, rows in self.sittings.items()}
        self.network()
        self.cameras()
        self.rooms()

    def at(self, clock):
        return dt.datetime.fromisoformat("%s %s:00" % (self.date, clock))

    def add(self, kind, site, what, start, end, clause, note=""):
        self.findings.append((kind, "%s/%s" % (site, what), start, end, clause, site, note))

    # ---- network ----

    def baseline(self):
        table = defaultdict(list)
        for r in read_xlsx(self.folder, "设备基线.xlsx"):
            gone = day(r["停用日期"])
            if day(r["验收日期"]) <= self.date and (not gone or gone > self.date):
                table[str(r["考试点编号"])].append(r)
        return table

    def network(self):
        seen, table = defaultdict(list), self.baseline()
        for r in read_csv(self.folder, "局域网观察.csv"):
            seen[r["考试点编号"]].append((moment(r["时间"]), r["类别"], mac(r["MAC"]), r["IP"], r["内容"]))
        for site, rows in seen.items():
            self.one_network(site, rows, table[site])

    def one_network(self, site, rows, known):
        pairs = {(mac(r["MAC"]), r["IP"]) for r in known}
        macs, subnet = {m for m, _ in pairs}, net(known[0]["IP"])
        gateway = next(r["IP"] for r in known if r["类别"] == "交换机" and r["考场"] == "机房" and r["IP"].endswith(".254"))
        core = {m for m, ip in pairs if ip == gateway}
        cases, claims = defaultdict(list), defaultdict(lambda: defaultdict(list))
        for time, kind, who, ip, text in rows:
            if who not in macs:
                cases["stranger_device", who, "N3.2.5a"].append(time)
            if kind == "dhcp" and text in ("offer", "ack"):
                cases["dhcp_server", who, "N2.4.15"].append(time)
            if kind != "arp":
                continue
            claims[ip][who].append(time)
            inside = net(ip) == subnet
            if not inside or (ip == gateway and who not in core):
                cases["second_gateway", who, "N2.4.16"].append(time)
            if who in macs and inside and ip != gateway and (who, ip) not in pairs:
                cases["ip_changed", who, "N3.2.5b"].append(time)
        for ip, owners in claims.items():
            odd = [t for who, times in owners.items() if (who, ip) not in pairs for t in times]
            if len(owners) > 1 and odd and ip != gateway:
                cases["duplicate_ip", ip, "N3.2.5b"] += odd
        for (kind, what, clause), times in cases.items():
            self.add(kind, site, what, min(times), max(times), clause)

    # ---- cameras and recorders ----

    def cameras(self):
        events, beats, films = defaultdict(list), defaultdict(list), defaultdict(list)
        for r in read_csv(self.folder, "摄像头事件.csv"):
            events[r["考试点编号"], r["摄像头"]].append((moment(r["时间"]), r["状态"], r["偏差秒"]))
        for r in read_csv(self.folder, "录像机心跳.csv"):
            beats[r["考试点编号"], r["录像机"]].append(moment(r["时间"]))
        for r in read_csv(self.folder, "录像清单.csv"):
            films[r["考试点编号"], r["摄像头"]].append((moment(r["开始"]), moment(r["结束"])))
        self.gaps = defaultdict(list)
        for (site, recorder), times in beats.items():
            times.sort()
            for a, b in zip(times, times[1:]):
                if (b - a).total_seconds() > 60:
                    self.gaps[site].append((a, b))
                    self.add("recorder_gap", site, recorder, a, b, "N2.4.8")
        for (site, camera), rows in events.items():
            self.one_camera(site, camera, sorted(rows), films[site, camera])

    def one_camera(self, site, camera, rows, films):
        off = [(t, int(d)) for t, s, d in rows if s == "offset" and abs(int(d)) > 30]
        if off:
            self.add("clock_offset", site, camera, off[0][0], off[-1][0], "N2.4.11", "%d s" % off[0][1])
        changes = [(t, s) for t, s, _ in rows if s != "offset"]
        spells = []    # (state, from, to)
        for n, (t, s) in enumerate(changes):
            until = changes[n + 1][0] if n + 1 < len(changes) else self.at("23:59")
            spells.append((s, t, until))
        for start, end in self.windows.get(site, []):
            self.window(site, camera, spells, films, start, end)

    def window(self, site, camera, spells, films, start, end):
        state = next((s for s, a, b in spells if a <= start < b), "off")
        if state == "off":
            later = [a for s, a, _ in spells if s != "off" and start < a <= end]
            if later:
                self.add("camera_late", site, camera, start, later[0], "N2.4.9")
        before = state
        for s, a, b in spells:
            if not start < a < end:
                continue
            if s == "off" and before != "off":
                self.add("camera_off_mid", site, camera, a, min(b, end), "N3.2.5c")
            before = s
        for s, a, b in spells:
            if s == "frozen" and (min(b, end) - max(a, start)).total_seconds() >= 60:
                self.add("camera_frozen", site, camera, a, b, "N2.4.11")
        for s, a, b in merge_on(spells):
            self.missing(site, camera, max(a, start), min(b, end), films)

    def missing(self, site, camera, start, end, films):
        if start >= end:
            return
        left = [(start, end)]
        for a, b in films + self.gaps[site]:
            left = [p for x, y in left for p in ((x, min(y, a)), (max(x, b), y)) if p[0] < p[1]]
        for a, b in left:
            if (b - a).total_seconds() > 5:
                self.add("recording_missing", site, camera, a, b, "N3.2.2c")

    # ---- rooms ----

    def rooms(self):
        recusal, rooms = Recusal(self.folder), defaultdict(list)
        people = {norm(p["身份证号码"]): p for p in recusal.staff}
        for r in self.prep:
            rooms[str(r["考试点编号"]), r["考场"]].append(r)
            who = norm(r["检查人身份证号码"])
            if r["开始时间"] and who in people:
                if recusal.site_codes(people[who], str(r["考试点编号"]), moment(r["开始时间"]).date()):
                    self.add("prep_tied_person", str(r["考试点编号"]), who, moment(r["开始时间"]), moment(r["完成时间"]), "N2.4.7",
                             r["考场"] + r["检查项目"])
        midnight = dt.datetime.combine(self.date, dt.time())
        for (site, room), rows in rooms.items():
            done = [moment(r["完成时间"]) for r in rows if r["完成时间"]]
            begun = [moment(r["开始时间"]) for r in rows if r["开始时间"]]
            sealed = [moment(r["封闭时间"]) for r in rows if r["封闭时间"]]
            opened = [moment(r["启封时间"]) for r in rows if r["启封时间"]]
            if max(done + sealed) > midnight:
                self.add("prep_same_day", site, room, min(begun), max(done), "N2.4.4")
            for item in ITEMS:
                if not any(r["检查项目"] == item and str(r["结果"]).strip() for r in rows):
                    self.add("prep_missing_item", site, "%s/%s" % (room, item), None, None, "N2.4.5")
            due = min(a for a, _ in self.sittings[site]) - HOUR if self.sittings[site] else None
            if due and opened and min(opened) < due:
                self.add("unsealed_early", site, room, min(opened), due, "N2.4.6")


def merge_on(spells):
    """on and frozen both count as open."""
    joined = []
    for s, a, b in spells:
        if s != "off":
            if joined and joined[-1][2] == a:
                joined[-1] = ("on", joined[-1][1], b)
            else:
                joined.append(("on", a, b))
    return joined
