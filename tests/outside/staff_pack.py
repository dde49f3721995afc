"""Usage: staff_pack.py SEED DIR [--dense]   writes a staff and duty-roster pack with its truths."""
import datetime as dt
import os
import random
import sys
from collections import Counter

import staff_rules
from city import City
from common import write_csv, write_xlsx

POSTS = ["监考"] * 48 + ["巡考"] * 20 + ["系统维护"] * 20 + ["考评"] * 12
TIGHT_POSTS = ["监考"] * 57 + ["巡考"] * 6 + ["系统维护"] * 9 + ["考评"] * 19   # 91: no factor in common with 38
STAFF_HEADER = "姓名 身份证号码 岗位 专职 关联培训机构信用代码 最近培训日期 年度考核 责任书 保密协议".split()
TIE_HEADER = "姓名 身份证号码 关系类型 机构或考试点代码 机构或考试点名称 比例% 起 止 本人申报 备注".split()


def years_back(date, years):
    return date.replace(year=date.year - years)


class Staff:
    def __init__(self, rng, city, size, dense):
        self.rng, self.city, self.dense = rng, city, dense
        self.year, self.first, self.last = city.days[0].year, city.days[0], city.days[-1]
        self.mid = city.days[len(city.days) // 2]
        self.rows, self.ties = [], []
        posts = TIGHT_POSTS if dense else POSTS
        for number in range(size):
            self.rows.append(self.person(posts[number * 38 % len(posts)]))
        self.spoil_gates()
        self.add_ties()

    def person(self, post):
        trained = dt.date(self.year, 1, 1) + dt.timedelta(self.rng.randint(0, (self.first - dt.date(self.year, 1, 1)).days - 1))
        return [self.city.people.name(), self.city.people.ident(self.city.local_prefixes()), post,
                self.rng.choice("是否"), None, str(trained), "%d合格" % (self.year - 1), "有", "有"]

    def spoil_gates(self):
        """Two people (four when dense) for each way in which a gate can fail, and the nearest good cases."""
        bad = [(5, None), (5, "%d-12-31" % (self.year - 1)), (6, None), (6, "%d不合格" % (self.year - 1)),
               (7, "无"), (7, None), (8, "无"), (8, None)]
        times = 3 if self.dense else 1
        picks = self.rng.sample(self.rows, len(bad) * times + 5)
        for number, row in enumerate(picks[5:]):
            column, value = bad[number % len(bad)]
            row[column] = value
        picks[0][5] = "%d-01-01" % self.year       # good: the first day of the year
        for column in (5, 6, 7, 8):                # one person with every gate failing
            picks[1][column] = None
        picks[2][5], picks[2][8] = None, "无"
        self.fine = picks[3:5]

    def tie(self, row, kind, subject, share=None, start=None, end=None, declared="是", note=None):
        start = start or dt.date(self.rng.randint(2015, 2022), self.rng.randint(1, 12), 1)
        self.ties.append([row[0], row[1], kind, subject, self.city.names.get(subject, "外地某公司"), share,
                          str(start), str(end) if end else None, declared, note])

    def cases(self):
        """Each entry: kind, subject, share, start, end. The comments say what the rules make of it."""
        inst, comp, sites = self.city.institutions, self.city.companies, self.city.sites
        one, back = dt.timedelta(1), years_back
        return [
            ("任职", inst[0], None, None, None),
            ("兼职", inst[1], None, None, back(self.mid, 2)),                 # counts up to and on the middle day
            ("任职", inst[2], None, None, back(self.first, 2) - one),         # two years over before the first day
            ("曾任", inst[3], None, None, back(self.last, 2)),                # counts on every day
            ("曾任", inst[4], None, None, None),                              # no end: until today
            ("兼职", inst[5], None, self.mid, None),                          # begins on the middle day
            ("任职", inst[6], None, self.last + one, None),                   # not yet
            ("持股", inst[7], 4.99, None, None),                              # below 5 %
            ("持股", inst[8], 5, None, None),
            ("持股", inst[9], 30, None, self.mid),                            # over after the middle day
            ("持股", inst[10], 60, None, self.first - one),                   # over, no two years
            ("亲属", inst[11], None, None, None),
            ("亲属", inst[0], None, None, self.first - one),                  # over
            ("场地出租", inst[1], None, None, back(self.first, 1)),           # over
            ("场地出租", sites[1]["code"], None, None, None),                 # the site itself
            ("任职", sites[9]["host"], None, None, None),                     # the site's host, no institution
            ("任职", inst[2], None, None, None),                              # host of site 6
            ("亲属", comp[0], None, None, None),                              # one link
            ("任职", comp[6], None, None, None),                              # two links
            ("任职", comp[7], None, None, None),                              # three links to inst 0
            ("持股", comp[8], 51, None, None),                                # two links to inst 1
            ("持股", comp[9], 20, None, None),                                # 4.99 % edge out, 5 % edge in, then address
            ("兼职", comp[2], None, None, None),                              # one link to a site and to inst 2
            ("任职", comp[10], None, None, back(self.first, 1)),              # former, still counts, then one link
            ("亲属", inst[6], None, None, None),                              # one link to site 1
            ("任职", comp[11], None, None, None),                             # link ends within the month
            ("持股", comp[12], 40, None, None),                               # link begins within the month
            ("任职", inst[12], None, None, None),                             # institution struck off
        ]

    def add_ties(self):
        for row in self.rng.sample(self.rows, len(self.rows) // (6 if self.dense else 9)):
            row[4] = self.rng.choice(self.city.institutions[:12])
        cases = self.cases() * (3 if self.dense else 1)
        people = self.rng.sample([r for r in self.rows if r not in self.fine], len(cases))
        for number, (row, case) in enumerate(zip(people, cases)):
            kind, subject, share, start, end = case
            note = self.rng.choice(["配偶任校长", "父亲任法定代表人", "兄弟任股东"]) if kind == "亲属" else None
            declared = "否" if number % 5 == 3 and self.counts_now(number % 28) else "是"
            self.tie(row, kind, subject, share, start, end, declared, note)
        self.twice(people)
        self.rng.shuffle(self.ties)
        self.dirt()

    def counts_now(self, number):
        """Undeclared rows are only planted where the tie counts on some day of the month."""
        return number not in (2, 6, 7, 10, 12, 13)

    def twice(self, people):
        """The same subject in both files, a past and a present tie to one institution, a shared relative."""
        both = self.rng.choice([r for r in self.rows if r[4]])
        self.tie(both, "任职", both[4])
        self.tie(people[2], "亲属", self.city.institutions[2], note="姐姐任教务主任")
        for row in self.rng.sample(people, 3):
            self.tie(row, "亲属", self.city.institutions[3], note="同一亲属任法定代表人")

    def dirt(self):
        """Blanks, full-width figures and a small x; the truths use the cleaned form."""
        wide = str.maketrans("0123456789", "０１２３４５６７８９")
        for number, row in enumerate(self.rng.sample(self.ties, 6 if self.dense else 3)):
            if number % 3 == 0:
                row[1], row[3] = row[1][:6] + " " + row[1][6:], row[3] + " "
            elif number % 3 == 1:
                row[1] = row[1].translate(wide)
            else:
                row[3] = " " + row[3].lower()
        for row in [r for r in self.rows if r[1].endswith("X")][:2]:
            row[1] = row[1][:-1] + "x"
        for row in self.rng.sample([r for r in self.rows if r[4]], 2):
            row[4] = row[4] + "　"

    def write(self, folder):
        title = self.city.name + "市考务人员信息表"
        write_xlsx(folder, "考务人员.xlsx", title, STAFF_HEADER, self.rows)
        write_xlsx(folder, "考务人员关系.xlsx", "考务人员与培训机构、考试点关系登记表", TIE_HEADER, self.ties)


def exam_days(first, count):
    days, date = [], first
    while len(days) < count:
        if date.weekday() < 6:
            days.append(date)
        date += dt.timedelta(1)
    return days


def make(seed, folder, dense):
    rng = random.Random(seed)
    os.makedirs(folder, exist_ok=True)
    first = dt.date(2027, 3, 8) if seed % 2 else dt.date(2026, 11, 9)
    city = City(rng, seed - 1, exam_days(first, 7 if dense else 10), dense, tight=dense)
    staff = Staff(rng, city, 150 if dense else 180, dense)
    city.write(folder)
    staff.write(folder)
    return staff_rules.write_truth(folder, write_csv)


def main():
    rows, unclear, findings = make(int(sys.argv[1]), sys.argv[2], "--dense" in sys.argv)
    print("rows", len(rows), "barred", sum(1 for r in rows if not r[2]), "unclear", len(unclear))
    print(sorted(Counter(c for r in rows for c in r[3].split(";") if c).items()))
    print(sorted(Counter(r[4] for r in unclear).items()), sorted(Counter(f[0] for f in findings).items()))


if __name__ == "__main__":
    main()
