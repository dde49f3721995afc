"""Usage: training_pack.py SEED DIR [--dense]   writes a whole pack (training, staff, sites) with its truths."""
import datetime as dt
import os
import random
import sys
from collections import Counter

import site_day
import staff_rules
from city import City
from class_plants import Plants
from class_rules import Book
from class_world import OUTLINE, World
from common import norm, stamp, write_csv, write_xlsx
from online_world import Online
from staff_pack import Staff, exam_days

EXAM_DAYS = {0: dt.date(2026, 12, 21), 1: dt.date(2026, 11, 16), 2: dt.date(2027, 1, 11)}


def clock(moment):
    return moment.strftime("%H:%M:%S") if moment else ""


def write_classes(folder, w):
    rows, lessons, roster = [], [], []
    for k in w.classes:
        last = k.sessions[-1]["date"] if k.sessions else k.start + dt.timedelta(30)
        units = ";".join("%s %s=%d" % u for u in k.units)
        teachers = ";".join("%s:%s" % item for item in k.teachers.items())
        rows.append([k.code, k.inst, k.item, "初训" if k.first else "复审", "线上" if k.online else "线下", str(k.start), str(last),
                     k.room, k.capacity, k.lon, k.lat, units, teachers, ";".join(k.terminals) or None,
                     sum(u[2] for u in k.units), len(k.trainees) + len(k.guests)])
        for s in k.sessions:
            lessons.append([k.code, s["no"], str(s["date"]), clock(s["from"])[:5], clock(s["to"])[:5], s["unit"], 4,
                            s["teacher"], s["room"], s["cap"], s["merge"]])
        roster += [[k.code, t["row"], t["id"], t["name"]] for t in k.trainees]
        roster += [[k.code, "", t["id"], t["name"]] for t in k.guests]
    write_xlsx(folder, "培训班.xlsx", "培训班备案表", "班号 培训机构信用代码 操作项目 培训类别 方式 开始日期 结束日期 教室 教室容量 经度 纬度"
               " 教学单元与学时 各单元教师 固定考勤终端 总学时 名册人数".split(), rows)
    write_csv(folder, "课程表.csv", "班号 节次 日期 开始 结束 单元 学时 教师身份证号码 教室 容量 合班号".split(), lessons)
    write_csv(folder, "培训班名册.csv", "班号 报名序号 学员身份证号码 姓名".split(), roster)
    write_xlsx(folder, "教师.xlsx", "培训机构教师书面报告情况表", "培训机构信用代码 姓名 身份证号码 授课科目 资格 书面报告日期 截止".split(), w.teachers)
    write_csv(folder, "他处培训证明.csv", "身份证号码 姓名 培训机构 城市 操作项目 培训形式 开始日期 结束日期 学时 证明编号".split(), w.certificates)
    write_xlsx(folder, "大纲学时.xlsx", "培训大纲学时（示例值，非官方）", "操作项目 初次培训学时 复审培训学时".split(),
               [[item, *hours] for item, hours in OUTLINE.items()])


def write_records(folder, w):
    rows = []
    for n, r in enumerate(sorted(w.records, key=lambda r: (r["in"], r["person"])), 1):
        rows.append(["Q%06d" % n, r["class"].code, r["row"], r["person"], str(r["in"].date()), r["unit"], clock(r["in"]),
                     clock(r["out"]), r["proof"], r["device"], r["room"], r["lon"], r["lat"], r["teacher"],
                     stamp(r["logged"]), r["approval"]])
    write_csv(folder, "签到记录.csv", "记录号 班号 报名序号 学员身份证号码 日期 单元 签到时间 签退时间 凭据 设备号 教室 经度 纬度"
              " 教师身份证号码 记录时间 补录单号".split(), rows)


def write_applications(folder, w, rng):
    """One row per trainee; identity numbers with the blanks and full-width figures the rules speak of."""
    rows, wide = [], str.maketrans("0123456789X", "０１２３４５６７８９ｘ")
    for k in w.classes:
        last = (k.sessions[-1]["date"] if k.sessions else k.start + dt.timedelta(30)) + dt.timedelta(rng.randint(0, 4))
        for t in k.trainees:
            ident, dirt = t["id"], rng.random()
            if dirt < .02:
                ident = ident[:6] + " " + ident[6:14] + " " + ident[14:]
            elif dirt < .04:
                ident = ident.translate(wide)
            elif dirt < .3:
                ident = ident.lower()
            sex = "男" if int(t["id"][16]) % 2 else "女"
            rows.append([t["row"], t["name"], sex, ident, "13%09d" % rng.randint(0, 10 ** 9 - 1), "高中", "湖南省邵阳市",
                         "广东省%s市" % w.city.name, None, w.city.districts[0], k.inst, k.item,
                         "初次取证" if k.first else "复审", t["claim"], str(last), "否", None])
    rows.sort(key=lambda r: r[0])
    write_xlsx(folder, "学员报名.xlsx", "特种作业考试报名汇总表", "序号 姓名 性别 身份证号码 手机号 学历 户籍地 从业地 常住地 居住区县"
               " 培训机构信用代码 操作项目 申请类型 已完成学时 培训结束日期 在校学生 学校".split(), rows)


def training_truth(folder, planted):
    book = Book(folder)
    book.write_hours(folder)
    marked, rows, open_rows, hit = Counter(planted), [], [], {c: set() for c in book.classes}
    for kind, subject, start, end, clause, classes, records, people, unclear in book.findings:
        origin = "derived" if kind == "hours_overclaimed" else "planted" if (kind, subject) in marked else "derived"
        row = [kind, subject, stamp(start), stamp(end), clause, ";".join(classes), ";".join(records), ";".join(people), origin, unclear]
        rows.append(row)
        if unclear:
            open_rows.append(row)
    touched = {r[1] for r in rows} | {p for r in rows for p in r[7].split(";") if p}
    for code in book.classes:
        people = {norm(r["学员身份证号码"]) for r in book.roster if r["班号"] == code}
        people |= {s["教师身份证号码"] for s in book.sessions if s["班号"] == code}
        if not people & touched and code not in touched and not any(code in r[5].split(";") for r in rows):
            rows.append(["clean", code, "", "", "", code, "", ";".join(sorted(people)), "", ""])
    header = "kind object from to clause class rows people origin note".split()
    write_csv(folder, "truth_training.csv", header, sorted(rows))
    write_csv(folder, "unclear_training.csv", header, sorted(open_rows))
    found = {(r[0], r[1]) for r in rows}
    print("planted but not found:", sorted(set(planted) - found))
    print("found but not planted:", sorted(x for x in found - set(planted) if x[0] not in ("clean", "hours_overclaimed")))
    return Counter(r[0] for r in rows), book


def make(seed, folder, dense):
    rng = random.Random(1000 + seed)
    os.makedirs(folder, exist_ok=True)
    exam_day = EXAM_DAYS[seed % 3]
    city = City(rng, seed, exam_days(exam_day, 5), dense)
    staff = Staff(rng, city, 150, dense)
    world = World(rng, city, exam_day, dense)
    online = Online(world)
    world.near_misses()
    world.honest_claims(online.minutes())
    plants = Plants(world)
    plants.run(12 if dense else 5)
    online.forge(3 if dense else 2)
    city.write(folder)
    write_classes(folder, world)
    write_records(folder, world)
    write_csv(folder, "线上学习.csv", "班号 报名序号 学员身份证号码 单元 时间 事件 位置秒 结果 设备号 IP".split(), online.rows())
    write_applications(folder, world, rng)
    kinds, book = training_truth(folder, plants.planted + online.planted)
    print(sorted(kinds.items()))
    print("records", len(book.records), "units", len(book.units), "excluded",
          sorted(Counter(p.split(":")[0] for h in book.hours for p in h[8].split(";") if p).items()))
    staff.write(folder)
    staff_rules.write_truth(folder, write_csv)
    site_day.truth(folder, site_day.make(rng, city, staff, exam_day, folder, dense))


if __name__ == "__main__":
    make(int(sys.argv[1]), sys.argv[2], "--dense" in sys.argv)
