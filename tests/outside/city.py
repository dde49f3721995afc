"""A synthetic city: institutions, companies, exam sites, links, exam plan and duty needs."""
import datetime as dt
import math

from common import People, credit_code, write_csv, write_xlsx

ITEMS = ["低压电工作业", "高压电工作业", "熔化焊接与热切割作业", "登高架设作业", "高处安装、维护、拆除作业",
         "制冷与空调设备运行操作作业", "氯化工艺作业"]
CITIES = [("4402", "韶关", "武江区 浈江区 曲江区 仁化县", 113.60, 24.81),
          ("4418", "清远", "清城区 清新区 佛冈县 英德市", 113.05, 23.70),
          ("4413", "惠州", "惠城区 惠阳区 博罗县 惠东县", 114.42, 23.11),
          ("4414", "梅州", "梅江区 梅县区 兴宁市 蕉岭县", 116.12, 24.29)]


class City:
    def __init__(self, rng, index, days, dense=False, tight=False):
        self.rng, self.days, self.dense, self.tight = rng, days, dense, tight
        self.prefix, self.name, districts, self.lon, self.lat = CITIES[index % len(CITIES)]
        self.districts = districts.split()
        self.people = People(rng)
        self.region = self.prefix + "02"
        self.names = {}
        self._institutions()
        self._companies()
        self._sites()
        self._links()
        self._plan()

    def local_prefixes(self):
        return [self.prefix + "%02d" % n for n in range(2, 6)]

    def _institutions(self):
        self.institutions = []
        for number in range(13):
            kind = self.rng.choice(["91", "91", "52"])
            code = credit_code(self.rng, kind, self.prefix + "%02d" % self.rng.randint(2, 5))
            tail = "职业培训学校" if kind == "52" else self.rng.choice(["安全培训中心", "安全技术服务有限公司"])
            self.names[code] = self.name + "甲乙丙丁戊己庚辛壬癸子丑寅"[number] + self.rng.choice("安信泰") + tail
            self.institutions.append(code)
        self.closed = self.institutions[-1]

    def _companies(self):
        self.companies = [credit_code(self.rng, "91", self.region) for _ in range(14)]
        for number, code in enumerate(self.companies):
            self.names[code] = self.name + "东南西北金木水火土日月星辰海"[number] + self.rng.choice(["源物业管理有限公司", "达科技有限公司"])

    def _sites(self):
        self.sites = []   # code, name, type, host, district, lon, lat, seats, state
        for number in range(1, 11):
            code, host, kind = self.prefix + "%02d" % number, "", "公共考试基地"
            district = self.districts[number % 4]
            name = self.name + district + "公共考试基地"
            if 4 <= number <= 9:
                host, kind, name = self.institutions[number - 4], "依托培训机构", "%s第%d考试点" % (self.name, number)
            if number == 10:
                host, kind, name = credit_code(self.rng, "12", self.region), "校内考试点", self.name + "技师学院考试点"
                self.names[host] = self.name + "技师学院"
            self.names[code] = name
            seats = self.rng.choice([30, 30, 31, 45, 60, 61] if number > 3 else [60, 75, 90])
            if self.tight:
                seats = self.rng.choice([91, 105, 121, 135])
            where = (round(self.lon + self.rng.uniform(-.3, .3), 6), round(self.lat + self.rng.uniform(-.3, .3), 6))
            state = "暂停" if number == 9 else "正常"
            self.sites.append(dict(code=code, name=name, kind=kind, host=host, district=district, lon=where[0],
                                   lat=where[1], seats=seats, state=state))

    def _links(self):
        inst, comp, rows = self.institutions, self.companies, []
        mid = self.days[len(self.days) // 2]

        def link(a, kind, b, share=None, start=None, end=None):
            start = start or dt.date(self.rng.randint(2018, 2023), self.rng.randint(1, 12), self.rng.randint(1, 28))
            rows.append([a, self.names[a], kind, b, self.names[b], share, str(start), str(end) if end else None,
                         self.rng.choice(["现场核查", "机构申报", "企业信用公示"])])

        for n in range(6):
            link(comp[n], "控股", inst[n], self.rng.randint(51, 99))
        link(comp[6], "控股", comp[0], 70)            # 2 links to inst[0]
        link(comp[7], "控股", comp[6], 66)            # 3 links to inst[0]: too far
        link(comp[8], "同一法定代表人", comp[1])      # 2 links to inst[1]
        link(comp[9], "参股", inst[6], 4.99)          # below 5 %
        link(comp[9], "参股", inst[7], 5)             # exactly 5 %
        link(comp[10], "参股", inst[8], 12)
        link(inst[7], "同一地址", inst[8])
        link(inst[9], "同一电话", inst[10])
        link(inst[6], "场地共用", self.sites[0]["code"])
        link(comp[2], "场地出租", self.sites[1]["code"])
        link(self.sites[2]["code"], "场地共用", inst[11])   # the other way round
        link(inst[2], "同一地址", inst[3], end=self.days[0] - dt.timedelta(1))   # just over
        link(comp[11], "控股", inst[9], 80, end=mid)         # ends within the month
        link(comp[12], "控股", inst[10], 80, start=mid)      # begins within the month
        link(inst[11], "同一电话", comp[13], start=self.days[-1] + dt.timedelta(1))   # not yet
        if self.dense:
            link(inst[4], "同一法定代表人", inst[9])
            link(comp[3], "场地出租", self.sites[9]["code"])
            link(comp[13], "控股", inst[5], 100)
            link(comp[5], "同一电话", comp[4])
        self.links = rows

    def _plan(self):
        slots = [("08:30", "10:30"), ("15:00", "17:00")]
        if self.dense:
            slots.insert(1, ("11:00", "13:00"))
        self.theory, self.practical = [], []
        for number, date in enumerate(self.days):
            for site in self.sites:
                if site["state"] != "正常" or (site["host"] and number % 3 == 2 and not self.dense):
                    continue
                for start, end in slots:
                    self.theory.append(self._sitting(site, date, start, end, "理论", site["seats"], start[:2]))
        for date in list(self.days) + [self.days[-1] + dt.timedelta(1)]:
            for site in self.sites[:3]:
                seats = self.rng.choice([8, 10, 11, 20])
                self.practical.append(self._sitting(site, date, "14:30", "17:30", "实操", seats, "P"))
        self.sittings = self.theory + self.practical
        self.takers = []
        for sitting in self.sittings:
            for code in self.rng.sample(self.institutions[:12], self.rng.choice([0, 1, 2, 3, 3, 4])):
                self.takers.append([sitting[0], code, self.rng.randint(3, 20)])

    def _sitting(self, site, date, start, end, subject, seats, tail):
        number = "%s-%s-%s" % (site["code"], date.strftime("%m%d"), tail)
        return [number, site["code"], str(date), start, end, subject, seats, "、".join(ITEMS[:5])]

    def duty_needs(self):
        rows, first = [], {}
        for s in sorted(self.sittings, key=lambda s: (s[2], s[3])):
            first.setdefault((s[1], s[2]), s[0])
        for s in sorted(self.sittings, key=lambda s: (s[2], s[1], s[3])):
            if s[5] == "理论":
                rows.append([*s[:5], "监考", 2 * math.ceil(s[6] / 30), "每 30 机位 2 人"])
            else:
                rows.append([*s[:5], "考评", 2 if s[6] > 10 else 1, "实操至少 1 人"])
            if first[s[1], s[2]] == s[0]:
                for post in ("巡考", "系统维护"):
                    rows.append([s[0], s[1], s[2], "08:00", "18:00", post, 1, "每点每日 1 人"])
        return rows

    def write(self, folder):
        write_xlsx(folder, "培训机构.xlsx", self.name + "市安全生产培训机构登记表",
                   "机构名称 统一社会信用代码 所在区县 地址 业务范围 登记日期 状态 联系电话".split(),
                   [[self.names[c], c, self.districts[n % 4], "%s兴业路%d号" % (self.districts[n % 4], 10 + n),
                     "、".join(ITEMS), "2023-05-%02d" % (n + 1), "已注销" if c == self.closed else "已登记",
                     "0751-8%07d" % (1234 * (n + 11))] for n, c in enumerate(self.institutions)])
        write_xlsx(folder, "考试点.xlsx", self.name + "市考试点一览表",
                   "考试点编号 名称 类型 依托单位信用代码 所在区县 经度 纬度 理论机位 可考操作项目 状态".split(),
                   [[s["code"], s["name"], s["kind"], s["host"] or None, s["district"], s["lon"], s["lat"],
                     s["seats"], "、".join(ITEMS[:5]), s["state"]] for s in self.sites])
        plan = "场次编号 考试点编号 日期 开始 结束 科目 机位 操作项目".split()
        write_xlsx(folder, "考试计划.xlsx", self.name + "市考试计划（理论）", plan, self.theory)
        write_xlsx(folder, "考试计划_实操.xlsx", self.name + "市考试计划（实操）", plan, self.practical)
        write_xlsx(folder, "机构关联.xlsx", "培训机构、考试点与企业关联关系表",
                   "主体甲代码 主体甲名称 关联类型 主体乙代码 主体乙名称 比例% 起 止 来源".split(), self.links)
        write_csv(folder, "场次考生机构.csv", "场次编号 培训机构信用代码 考生人数".split(), self.takers)
        write_xlsx(folder, "值班需求.xlsx", "各场次考务人员需求表",
                   "场次编号 考试点编号 日期 开始 结束 岗位 人数 依据".split(), self.duty_needs())
