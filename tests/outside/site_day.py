"""Writes one exam day of site monitoring; site_cases.py adds the faults, site_rules.py derives the truths."""
import datetime as dt
from collections import Counter, defaultdict

from common import stamp, write_csv, write_xlsx
from site_cases import Cases
from site_rules import Day
from staff_rules import Recusal

SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)


def mac_text(rng, mac):
    return rng.choice([mac, mac.lower(), mac.replace(":", "-"), mac.replace(":", "").lower(), mac.replace(":", "-").lower()])


class SiteDay:
    def __init__(self, rng, city, staff, exam_day, folder, dense):
        self.rng, self.city, self.staff, self.day, self.folder, self.dense = rng, city, staff, exam_day, folder, dense
        self.baseline, self.seen, self.prep = [], [], []
        self.gear = defaultdict(list)            # site: baseline rows
        self.beats, self.films, self.states = {}, {}, {}
        self.sittings = {s["code"]: [r for r in city.theory if r[1] == s["code"] and r[2] == str(exam_day)] for s in city.sites}
        self.open_sites = [s["code"] for s in city.sites if self.sittings[s["code"]]]
        for number, site in enumerate(city.sites, 1):
            self.install(number, site)
            self.traffic(site)
            self.watch(site)
            if self.sittings[site["code"]]:
                self.check_rooms(site)

    def at(self, clock, seconds=0):
        return dt.datetime.fromisoformat("%s %s:00" % (self.day, clock)) + seconds * SECOND

    def any_mac(self, maker):
        return maker + "".join(":%02X" % self.rng.randint(0, 255) for _ in range(3))

    # ---- what is installed ----

    def device(self, site, room, kind, maker, ip, seat=None, mac=None, serial=None, since=None, gone=None, paper=None):
        row = [site, room, kind, serial or "SN%08X" % self.rng.getrandbits(32), mac or self.any_mac(maker), ip, seat,
               str(since or self.day - dt.timedelta(500)), str(gone) if gone else None, paper]
        self.baseline.append(row)
        self.gear[site].append(row)
        return row

    def install(self, number, site):
        code, net = site["code"], "172.%d.%d." % (16 + number, 30 + number)
        rooms = self.rooms_of(site)
        self.device(code, "机房", "交换机", "58:6A:B1", net + "254")
        for n, room in enumerate(rooms):
            self.device(code, room, "交换机", "58:6A:B1", net + str(253 - n))
        main = self.device(code, "机房", "服务器", "94:18:82", net + "2", "主")
        spare = self.device(code, "机房", "服务器", "94:18:82", net + "3", "备")
        for row in (main, spare):
            self.device(code, "机房", "服务器", "", net + "4", "虚拟地址", row[4], row[3])
        for n in range(min(site["seats"], 60)):
            self.device(code, rooms[n % len(rooms)], "终端", "8C:EC:4B", net + str(11 + n), "%03d" % (n + 1))
        for n, room in enumerate(rooms):
            self.device(code, room, "终端", "8C:EC:4B", net + str(151 + n), "监考%d" % (n + 1))
        for n, room in enumerate([*rooms, "机房", "走廊"], 1):
            self.device(code, room, "摄像头", "44:19:B6", net + str(170 + n), "C%02d" % n)
        self.device(code, "机房", "录像机", "BC:AD:28", net + "190", "R1")
        self.change(code, net)

    def change(self, code, net):
        """One seat given another address, one another network card, with papers; the last one on the exam day itself."""
        seats = [r for r in self.gear[code] if r[2] == "终端" and r[6].isdigit()]
        moved, swapped = seats[3], seats[7]
        when = self.day - dt.timedelta(20)
        for row, ip, mac, since, paper in ((moved, net + "140", moved[4], when, "01"), (swapped, swapped[5], None, self.day, "02")):
            row[8], row[9] = str(since), "BG-%s-%s" % (code, paper)
            self.device(code, row[1], "终端", "8C:EC:4B", ip, row[6], mac, row[3], since, None, row[9])

    @staticmethod
    def rooms_of(site):
        return ["第1考场", "第2考场"] if site["seats"] >= 60 else ["第1考场"]

    def live(self, code, kind=None):
        return [r for r in self.gear[code] if not r[8] and (kind is None or r[2] == kind)]

    # ---- network ----

    def see(self, time, site, kind, mac, ip, text):
        port = "SW%d/0/%d" % (self.rng.randint(1, 3), self.rng.randint(1, 48))
        self.seen.append((time, site, kind, mac_text(self.rng, mac), ip, port, text))

    def traffic(self, site):
        code = site["code"]
        if not self.sittings[code]:
            return
        for row in self.live(code):
            for _ in range(self.rng.randint(2, 4)):
                self.see(self.at("07:50", self.rng.randint(0, 34000)), code, "arp", row[4], row[5], "is-at")
            if row[2] == "终端":
                self.see(self.at("07:30", self.rng.randint(0, 1100)), code, "link", row[4], "", "up")
                self.see(self.at("17:40", self.rng.randint(0, 1100)), code, "link", row[4], "", "down")
                if self.rng.random() < .1:       # a client that asks is normal
                    for text in ("discover", "request"):
                        self.see(self.at("07:55", self.rng.randint(0, 900)), code, "dhcp", row[4], "0.0.0.0", text)
            if row[2] == "摄像头":
                self.see(self.at("08:00", self.rng.randint(0, 30000)), code, "mdns", row[4], row[5], "_rtsp._tcp")

    # ---- cameras ----

    def watch(self, site):
        code = site["code"]
        start = self.at("00:00", self.rng.randint(0, 29))
        self.beats[code] = [start + n * 30 * SECOND for n in range(2880)]
        del self.beats[code][700]                # one heartbeat lost: 60 seconds, no finding
        spans = [(self.at(s[3]) - 15 * MINUTE, self.at(s[4])) for s in self.sittings[code]]
        if code in [s["code"] for s in self.city.sites[:3]] and spans:
            spans = [spans[0], (self.at("14:15"), self.at("17:30"))] if len(spans) == 2 else [spans[0], spans[1], (self.at("14:15"), self.at("17:30"))]
        for row in self.live(code, "摄像头"):
            self.states[code, row[6]] = self.camera_day(spans)

    def camera_day(self, spans):
        """[time, state, offset] of one camera; some stay on between sittings."""
        rows, stays = [], self.rng.random() < .3
        for n, (start, end) in enumerate(spans):
            if not (stays and n):
                early = 0 if self.rng.random() < .15 else self.rng.randint(20, 480)    # exactly in time is in time
                rows.append([start - early * SECOND, "on", ""])
            if not stays or n == len(spans) - 1:
                rows.append([end + self.rng.randint(30, 500) * SECOND, "off", ""])
        for start, _ in spans:
            rows.append([start + 13 * MINUTE, "offset", self.rng.choice([0, 1, -2, 8, 30, -30])])
        return rows

    def record(self, code, camera):
        """Pieces of half an hour while the camera is on and the recorder runs."""
        gaps = [(a, b) for a, b in zip(self.beats[code], self.beats[code][1:]) if (b - a).total_seconds() > 60]
        pieces, began = [], None
        for time, state, _ in sorted(self.states[code, camera], key=lambda r: r[0]):
            if state == "on" and not began:
                began = time + 2 * SECOND
            elif state == "off" and began:
                while began < time:
                    until = min(began + 30 * MINUTE, time)
                    pieces += self.without([(began, until)], gaps)
                    began = until + self.rng.choice([0, 0, 1, 5]) * SECOND
                began = None
        self.films[code, camera] = pieces

    @staticmethod
    def without(pieces, holes):
        for a, b in holes:
            pieces = [p for x, y in pieces for p in ((x, min(y, a)), (max(x, b), y)) if p[0] < p[1]]
        return pieces

    # ---- rooms ----

    def check_rooms(self, site):
        code, before = site["code"], self.day - dt.timedelta(1)
        first = min(self.at(s[3]) for s in self.sittings[code])
        for room in self.rooms_of(site):
            now = dt.datetime.combine(before, dt.time(14, self.rng.randint(0, 59)))
            seal, opener = "FT%06d" % self.rng.randint(1, 999999), self.inspector(code)
            rows = []
            for item in ("网络", "服务器", "监控", "终端"):
                who, done = self.inspector(code), now + self.rng.randint(6, 15) * MINUTE
                rows.append([code, room, str(self.day), item, self.rng.choice(["正常", "正常", "异常已处理"]), who[1], who[0],
                             now, done, seal, None, first - self.rng.choice([60, 55, 40, 33]) * MINUTE, opener[0]])
                now = done
            for row in rows:
                row[10] = now + 7 * MINUTE
            self.prep += rows
        if code == self.open_sites[0]:           # sealed at 24:00 sharp: still the day before
            for row in rows:
                row[10] = dt.datetime.combine(self.day, dt.time())

    def inspector(self, code, tied=None):
        """A member of staff without a tie to the site on the day of the check, or one with the wanted tie."""
        if not hasattr(self, "recusal"):
            self.recusal = Recusal(self.folder)
            self.codes = {}
        before = self.day - dt.timedelta(1)
        if code not in self.codes:
            self.codes[code] = [(sorted(self.recusal.site_codes(p, code, before)), row)
                                for p, row in zip(self.recusal.staff, self.staff.rows)]
        fitting = [row for found, row in self.codes[code] if (found == [tied] if tied else not found)]
        return self.rng.choice(fitting) if fitting else None

    def write(self):
        folder = self.folder
        write_xlsx(folder, "设备基线.xlsx", "考试点设备验收基线", "考试点编号 考场 类别 序列号 MAC IP 座位号 验收日期 停用日期 变更批准单".split(), self.baseline)
        write_csv(folder, "局域网观察.csv", "时间 考试点编号 类别 MAC IP 端口 内容".split(),
                  [[stamp(r[0]), *r[1:]] for r in sorted(self.seen)])
        states = sorted([(t, code, camera, s, o) for (code, camera), rows in self.states.items() for t, s, o in rows], key=lambda r: r[:3])
        write_csv(folder, "摄像头事件.csv", "时间 考试点编号 摄像头 状态 偏差秒".split(), [[stamp(r[0]), *r[1:]] for r in states])
        beats = sorted((t, code) for code, times in self.beats.items() for t in times)
        write_csv(folder, "录像机心跳.csv", "时间 考试点编号 录像机 录像路数 磁盘剩余GB".split(),
                  [[stamp(t), code, "R1", len(self.live(code, "摄像头")), 3000] for t, code in beats])
        write_csv(folder, "录像清单.csv", "考试点编号 摄像头 开始 结束 字节 摘要".split(),
                  [[*key, stamp(a), stamp(b), int((b - a).total_seconds()) * 260000, "%032x" % self.rng.getrandbits(128)]
                   for key, pieces in sorted(self.films.items()) for a, b in pieces])
        write_xlsx(folder, "考场准备.xlsx", "%s 考场考前检查与封闭记录" % self.day,
                   "考试点编号 考场 考试日期 检查项目 结果 检查人身份证号码 检查人 开始时间 完成时间 封条号 封闭时间 启封时间 启封人".split(),
                   [[stamp(v) if isinstance(v, dt.datetime) else v for v in row] for row in self.prep])


def make(rng, city, staff, exam_day, folder, dense):
    plan = SiteDay(rng, city, staff, exam_day, folder, dense)
    cases = Cases(plan)
    cases.before_recording()
    for code, camera in plan.states:
        plan.record(code, camera)
    cases.after_recording()
    plan.write()
    return cases.planted


def truth(folder, planted):
    found = Day(folder)
    marked = set(planted)
    rows = [[k, w, stamp(a), stamp(b), clause, site, "planted" if (k, w) in marked else "derived", note]
            for k, w, a, b, clause, site, note in found.findings]
    bad = {r[5] for r in rows}
    rows += [["clean", s, "", "", "", s, "", "no violation of any kind" if found.sittings[s] else "no sitting on this day"]
             for s in found.sites if s not in bad]
    write_csv(folder, "truth_sites.csv", "kind object from to clause site origin note".split(), sorted(rows))
    seen = {(r[0], r[1]) for r in rows}
    print("sites", sorted(Counter(r[0] for r in rows).items()))
    print("planted but not found:", sorted(marked - seen))
    print("found but not planted:", sorted(x for x in seen - marked if x[0] != "clean"))
