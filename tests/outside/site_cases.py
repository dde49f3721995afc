"""The faults of an exam day. Sites are used in turn; the last open one and the closed one stay clean."""
import datetime as dt

SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)


class Cases:
    def __init__(self, plan):
        self.p, self.rng, self.planted = plan, plan.rng, []
        self.dirty = plan.open_sites[1:-1]       # the first has the near miss of the seal, the last stays clean as well
        self.turn, self.used = 0, set()

    def site(self):
        self.turn += 1
        return self.dirty[self.turn % len(self.dirty)]

    def note(self, kind, site, what):
        self.planted.append((kind, "%s/%s" % (site, what)))

    def seat(self, site):
        free = [r for r in self.p.live(site, "终端") if r[4] not in self.used and r[6].isdigit() and not r[9]]
        row = self.rng.choice(free)
        self.used.add(row[4])
        return row

    def camera(self, site):
        free = [c for s, c in self.p.states if s == site and (s, c) not in self.used]
        name = self.rng.choice(free or [c for s, c in self.p.states if s == site])
        self.used.add((site, name))
        return name

    def claim(self, site, mac, ip, kind="arp", text="is-at", times=4):
        start = self.p.at("08:20", self.rng.randint(0, 25000))
        for n in range(times):
            self.p.see(start + n * self.rng.randint(60, 600) * SECOND, site, kind, mac, ip, text)

    def net(self, site):
        return self.p.live(site)[0][5].rsplit(".", 1)[0] + "."

    # ---- network ----

    def strangers(self):
        p = self.p
        for kind, ip, text in (("arp", 201, "is-at"), ("link", None, "up"), ("mdns", 202, "_workstation._tcp")):
            s, mac = self.site(), p.any_mac("DA:11:22")
            self.claim(s, mac, self.net(s) + str(ip) if ip else "", kind, text)
            self.note("stranger_device", s, mac)
        s = self.site()                          # the card taken out of service on the exam day
        old = next(r for r in p.gear[s] if r[8] == str(p.day))
        self.claim(s, old[4], self.net(s) + "203")
        self.note("stranger_device", s, old[4])
        s = self.site()                          # accepted only the day after
        new = p.device(s, "第1考场", "终端", "8C:EC:4B", self.net(s) + "145", "备9", since=p.day + dt.timedelta(1))
        self.claim(s, new[4], new[5])
        self.note("stranger_device", s, new[4])

    def addresses(self):
        p = self.p
        for ip in ("160", "205"):
            s = self.site()
            row = self.seat(s)
            self.claim(s, row[4], self.net(s) + ip)
            self.note("ip_changed", s, row[4])
        s = self.site()                          # a known seat takes another's address
        a, b = self.seat(s), self.seat(s)
        self.claim(s, a[4], b[5])
        self.note("ip_changed", s, a[4]), self.note("duplicate_ip", s, b[5])
        s, mac = self.site(), p.any_mac("DA:33:44")   # a stranger takes a seat's address
        victim = self.seat(s)
        self.claim(s, mac, victim[5])
        self.note("stranger_device", s, mac), self.note("duplicate_ip", s, victim[5])
        s = self.site()                          # the moved seat still uses its old address
        moved = next(r for r in p.gear[s] if r[9] and r[9].endswith("-01") and r[8])
        self.claim(s, moved[4], moved[5])
        self.note("ip_changed", s, moved[4])

    def gateways(self):
        p = self.p
        for ip in (None, "192.168.1.1", "169.254.7.9"):
            s = self.site()
            row = self.seat(s)
            self.claim(s, row[4], ip or self.net(s) + "254", times=1 if ip == "169.254.7.9" else 4)
            self.note("second_gateway", s, row[4])
        s, mac = self.site(), p.any_mac("DA:55:66")
        self.claim(s, mac, self.net(s) + "254")
        self.claim(s, mac, "0.0.0.0", "dhcp", "offer")
        for kind in ("second_gateway", "stranger_device", "dhcp_server"):
            self.note(kind, s, mac)
        s = self.site()
        row = self.seat(s)
        self.claim(s, row[4], row[5], "dhcp", "ack", 1)
        self.note("dhcp_server", s, row[4])
        s = self.site()
        server = p.live(s, "服务器")[0]
        self.claim(s, server[4], server[5], "dhcp", "offer", 2)
        self.note("dhcp_server", s, server[4])

    # ---- cameras ----

    def rows(self, site, camera):
        return self.p.states[site, camera]

    def span(self, site, number=0):
        s = self.p.sittings[site][number]
        return self.p.at(s[3]), self.p.at(s[4])

    def late(self, minutes, seconds=0):
        s = self.site()
        c = self.camera(s)
        start = self.span(s)[0] - 15 * MINUTE
        first = min((r for r in self.rows(s, c) if r[1] == "on"), key=lambda r: r[0])
        first[0] = start + minutes * MINUTE + seconds * SECOND
        self.note("camera_late", s, c)

    def insert(self, site, camera, start, length, state):
        rows = self.rows(site, camera)
        rows.append([start, state, ""])
        if length:
            rows.append([start + length * SECOND, "on", ""])

    def off_mid(self, length):
        s = self.site()
        c = self.camera(s)
        start, end = self.span(s)
        if length:
            self.insert(s, c, start + self.rng.randint(600, 4000) * SECOND, length, "off")
        else:                                    # never on again for this sitting
            rows = self.rows(s, c)
            rows[:] = [r for r in rows if not (r[1] == "off" and end < r[0] < end + 15 * MINUTE)]
            if not any(r[1] == "on" and end < r[0] for r in rows):
                self.insert(s, c, end + 600 * SECOND, 0, "on")
            self.insert(s, c, end - 900 * SECOND, 0, "off")
        self.note("camera_off_mid", s, c)

    def frozen(self, length):
        s = self.site()
        c = self.camera(s)
        self.insert(s, c, self.span(s)[0] + self.rng.randint(300, 4000) * SECOND, length, "frozen")
        if length >= 60:
            self.note("camera_frozen", s, c)

    def offset(self, *values):
        s = self.site()
        c = self.camera(s)
        checks = [r for r in self.rows(s, c) if r[1] == "offset"]
        for row, value in zip(checks, values):
            row[2] = value
        self.note("clock_offset", s, c)

    def gap(self, clock, lost, extra=0):
        """Heartbeats lost; extra seconds move the next one."""
        s = self.site()
        beats, start = self.p.beats[s], self.p.at(clock)
        n = next(i for i, t in enumerate(beats) if t >= start)
        del beats[n:n + lost]
        beats[n] += extra * SECOND
        self.note("recorder_gap", s, "R1")

    def before_recording(self):
        more = self.p.dense
        self.strangers(), self.addresses(), self.gateways()
        for minutes in (1, 17) + ((40,) if more else ()):
            self.late(minutes)
        self.late(0, 1)
        for length in (40, 500, 0) + ((1, 900) if more else ()):
            self.off_mid(length)
        for length in (59, 60, 900) + ((61, 300) if more else ()):
            self.frozen(length)
        self.offset(31), self.offset(12, -31)
        for clock, lost, extra in (("02:10", 3, 0), ("09:15", 6, 0), ("20:00", 1, 1)):
            self.gap(clock, lost, extra)
        self.gap("15:40", 2)
        self.near_misses()

    def near_misses(self):
        """On the clean sites: frozen for 59 seconds, frozen between sittings, a long night without sittings."""
        for s in (self.p.open_sites[0], self.p.open_sites[-1]):
            cameras = [c for x, c in self.p.states if x == s]
            self.insert(s, cameras[0], self.span(s)[0] + 1000 * SECOND, 59, "frozen")
            rows = self.rows(s, cameras[1])
            end = self.span(s)[1]
            if not any(r[1] == "off" and r[0] < end + 30 * MINUTE for r in rows):
                self.insert(s, cameras[1], end + 2 * MINUTE, 240, "frozen")

    # ---- recordings and rooms ----

    def cut(self, site, camera, start, length):
        films = self.p.films[site, camera]
        films[:] = self.p.without(films, [(start, start + length * SECOND)])

    def recordings(self):
        for length in (6, 150, 1800) if self.p.dense else (6, 150):
            s = self.site()
            c = self.camera(s)
            self.cut(s, c, self.whole(s, c, length), length)
            self.note("recording_missing", s, c)
        for s in (self.p.open_sites[0], self.p.open_sites[-1]):     # five seconds, and ten minutes outside the window
            c = [x for y, x in self.p.states if y == s][0]
            self.cut(s, c, self.whole(s, c, 5), 5)
            self.cut(s, c, self.span(s, -1)[1] + 5 * SECOND, 600)

    def whole(self, site, camera, length):
        """A moment in the first window inside one piece, so that no other gap touches the cut."""
        start = self.span(site)[0]
        pieces = [(a, b) for a, b in self.p.films[site, camera] if start + 5 * MINUTE < b and a < start + 60 * MINUTE]
        a, b = max(pieces, key=lambda p: p[1] - p[0])
        return max(a, start) + min(300, max(60, ((b - max(a, start)).seconds - length) // 2)) * SECOND

    def prep_rows(self, site, room="第1考场"):
        return [r for r in self.p.prep if r[0] == site and r[1] == room]

    def rooms(self):
        midnight = dt.datetime.combine(self.p.day, dt.time())
        s = self.site()
        self.prep_rows(s)[3][8] = midnight + 6 * 60 * MINUTE       # one item finished on the day
        self.note("prep_same_day", s, "第1考场")
        s = self.site()
        for row in self.prep_rows(s):
            row[10] = midnight + SECOND                            # sealed one second late
        self.note("prep_same_day", s, "第1考场")
        s = self.site()
        row = self.rng.choice(self.prep_rows(s))
        row[4] = None                                              # row without a result
        self.note("prep_missing_item", s, "第1考场/" + row[3])
        s = self.site()
        row = self.rng.choice(self.prep_rows(s))
        self.p.prep.remove(row)                                    # no row
        self.note("prep_missing_item", s, "第1考场/" + row[3])
        for minutes, seconds in ((60, 1), (95, 0)):
            s = self.site()
            for row in self.prep_rows(s):
                row[11] = self.span(s)[0] - minutes * MINUTE - seconds * SECOND
            self.note("unsealed_early", s, "第1考场")
        for code in ("R1", "R2"):
            self.tied(code)

    def tied(self, code):
        for s in self.dirty[self.turn % len(self.dirty):] + self.dirty:
            who = self.p.inspector(s, code)
            if who and who[1] not in self.used:
                row = self.prep_rows(s)[0]
                row[5], row[6] = who[1], who[0]
                self.used.add(who[1])
                self.turn += 1
                return self.note("prep_tied_person", s, who[1])

    def after_recording(self):
        self.recordings()
        self.rooms()
