"""Hours at scale: `python bench/training.py [--sign-ins 1000000] [--events 10000000] [--keep DIR]`.

Writes a city's month (one file of presence, one of study, one event a line), takes it in as `./run training import` does, and prints
seconds and memory of each step, the ratio to a baseline (reading the two files line by line in the same run), and the milliseconds of one
trainee's page. Nothing is asserted.
"""

import argparse
import csv
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from kaopei.office.sheets import write_xlsx  # noqa: E402

CLASS = (
    "班号", "培训机构信用代码", "操作项目", "培训类别", "方式", "开始日期", "结束日期", "教室", "教室容量", "经度", "纬度", "教学单元与学时",
    "各单元教师", "固定考勤终端", "总学时", "名册人数",
)  # fmt: skip
SIGN_IN = [
    "记录号",
    "班号",
    "报名序号",
    "学员身份证号码",
    "日期",
    "单元",
    "签到时间",
    "签退时间",
    "凭据",
    "设备号",
    "教室",
    "经度",
    "纬度",
    "教师身份证号码",
    "记录时间",
    "补录单号",
]
STUDY = ["班号", "报名序号", "学员身份证号码", "单元", "时间", "事件", "位置秒", "结果", "设备号", "IP"]
LESSON = ["班号", "节次", "日期", "开始", "结束", "单元", "学时", "教师身份证号码", "教室", "容量", "合班号"]
SEATS, LESSONS = 40, 28
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def person(nth: int) -> str:
    """An invented identity number with its check digit."""
    body = f"440604{1960 + nth // 336000:04d}{1 + nth // 28000 % 12:02d}{1 + nth // 1000 % 28:02d}{nth % 1000:03d}"
    return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def write(folder: Path, sign_ins: int, events: int) -> None:
    """Classes of 40 with 28 lessons; study units of 50 events, by learner, unit after unit."""
    classes = -(-sign_ins // (SEATS * LESSONS))
    units = max(1, -(-events // (classes * SEATS * 50)))
    rows, at = [], 0
    with (folder / "课程表.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(LESSON)
        for nth in range(classes):
            name, month = f"4406-2026-{nth:04d}", 1 + nth % 9
            days = [f"2026-{month:02d}-01", f"2026-{month:02d}-28"]
            rows.append([name, f"91440606MAX{nth % 200:07d}", "低压电工作业", "初训", "线下", *days, "101", SEATS]
                        + [113.2 + nth % 50 / 100, 22.7, "U1 理论=112", "", f"KQ-{nth}", 112, SEATS])  # fmt: skip
            for place in range(LESSONS):
                times = ("09:00", "12:15") if place % 2 == 0 else ("14:00", "17:15")
                out.writerow([name, place + 1, f"2026-{month:02d}-{1 + place // 2:02d}", *times]
                             + ["U1", 4, "", "101", SEATS, ""])  # fmt: skip
    (folder / "培训班.xlsx").write_bytes(write_xlsx("培训班", CLASS, rows))
    (folder / "学员报名.xlsx").write_bytes(write_xlsx("报名", ("序号", "已完成学时"), [["1", "112"]]))
    with (folder / "培训班名册.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["班号", "报名序号", "学员身份证号码", "姓名"])
        out.writerows([f"4406-2026-{nth:04d}", "", person(nth * SEATS + seat), f"学员{seat}"] for nth in range(classes) for seat in range(SEATS))
    with (folder / "签到记录.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(SIGN_IN)
        for place in range(LESSONS):
            begin, end, hour = ("08", "12", 12) if place % 2 == 0 else ("13", "17", 17)
            for nth in range(classes):
                day = f"2026-{1 + nth % 9:02d}-{1 + place // 2:02d}"
                for seat in range(SEATS):
                    at += 1
                    if at > sign_ins:
                        break
                    second, minute = (seat * 7 + nth) % 60, 50 + seat % 9
                    out.writerow([f"Q{at:08d}", f"4406-2026-{nth:04d}", "", person(nth * SEATS + seat), day, "U1", f"{begin}:{minute}:{second:02d}",
                                  f"{end}:{15 + seat % 20}:{second:02d}", "刷卡;动态码", f"SJ-{nth}-{seat}", "", "", "", "",
                                  f"{day} {hour}:{36 + seat % 9}:00", ""])  # fmt: skip
    with (folder / "线上学习.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(STUDY)
        made = 0
        for nth in range(classes):
            month = 1 + nth % 9
            for seat in range(SEATS):
                for unit in range(units):
                    day = f"2026-{month:02d}-{16 + unit % 12:02d}"
                    made += _unit(out, f"4406-2026-{nth:04d}", person(nth * SEATS + seat), unit, day, f"PC-{nth}-{seat}")
                    if made >= events:
                        return


def _unit(out, name: str, who: str, unit: int, day: str, device: str) -> int:
    hour = 19 + unit // 12 % 4
    beats = [(f"{hour}:{minute:02d}:00", "heartbeat", minute * 60, "") for minute in range(1, 45)]
    checks = [(f"{hour}:{minute:02d}:30", "identity-check", minute * 60 + 30, "pass") for minute in (5, 20, 35)]
    rows = [(f"{hour}:00:00", "play", 0, ""), *sorted(beats + checks), (f"{hour}:45:00", "pause", 2700, ""), (f"{hour}:46:00", "quiz", 2700, "85")]
    head, tail = [name, "", who, f"V{unit:02d}"], [device, "113.84.1.1"]
    out.writerows([*head, f"{day} {moment}", kind, position, result, *tail] for moment, kind, position, result in rows)
    return len(rows)


def cpu() -> tuple[float, float]:
    """Seconds of this process and of the server process of its line."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        words = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rpartition(")")[2].split()
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime, (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def take_in(folder: Path, data: Path) -> None:
    """As `./run training import`, with the seconds of its two halves."""
    from kaopei.center import commands

    with commands.up(data):
        from django.db import transaction

        from kaopei.center.training import delivery, recount
        from kaopei.center.training.actions import imports
        from kaopei.office import clock, scope
        from kaopei.office.accounts.roles import SYSTEM

        marks = [(time.perf_counter(), cpu())]
        made = delivery.opened(folder)
        with scope.entered(made.city), transaction.atomic():
            taken = imports.take(made, source="bench", by=SYSTEM, at=clock.now())
        marks.append((time.perf_counter(), cpu()))
        with scope.entered(made.city):
            result, _ = recount.recount(made.city, by=SYSTEM, at=clock.now())
        marks.append((time.perf_counter(), cpu()))
        for name, (was, then), (now, used) in (("take", *marks[:2]), ("hours", *marks[1:])):
            print(f"{name} {now - was:.1f} s wall, CPU {used[0] - then[0]:.1f} + database {used[1] - then[1]:.1f} s")
        print(taken.counts, result.learners, "learners,", len(result.findings), "leads")


def read_pages(data: Path) -> None:
    """The trainee's page as its view makes it, for 200 trainees."""
    from kaopei.center import commands

    with commands.up(data):
        from django.template.loader import render_to_string

        from kaopei.center.training import live
        from kaopei.center.training.models import Device, Trainee
        from kaopei.office import clock, scope

        times, used = [], time.process_time()
        with scope.entered("440600"):
            for one in list(Trainee.objects.all()[:: max(1, Trainee.objects.count() // 200)]):
                begin, at = time.perf_counter(), clock.now()
                render_to_string(
                    "training/phone_home.html", {"courses": live.page(one, at), "name": one.name, "device": Device(number="x"), "at": at}
                )
                times.append(1000 * (time.perf_counter() - begin))
        times.sort()
        print(
            f"page median {times[len(times) // 2]:.1f} ms, p95 {times[len(times) * 95 // 100]:.1f} ms of {len(times)} trainees,"
            f" CPU {1000 * (time.process_time() - used) / len(times):.1f} ms each without the database"
        )


def step(what: str, folder: Path, data: Path) -> None:
    """One step in a process of its own, with its memory."""
    if what == "import":
        take_in(folder, data)
    elif what == "check":
        from kaopei.center import commands

        commands.training_check(data=data)
    else:
        read_pages(data)
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "MiB")


def baseline(folder: Path) -> float:
    """Seconds to read both files once, cell by cell."""
    start = time.perf_counter()
    for name in ("签到记录", "线上学习"):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for _ in csv.reader(file):
                pass
    return time.perf_counter() - start


def main() -> None:
    """Write, take in, count, check, read."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sign-ins", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--page", action="store_true", help="only the page, on what --keep holds")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.step:
        step(chosen.step, chosen.keep / "pack", chosen.keep / "data")
        return
    print(platform.platform(), platform.processor() or platform.machine(), os.cpu_count(), "cores, python", platform.python_version())
    home = chosen.keep or Path(tempfile.mkdtemp(prefix="kaopei-bench-"))
    folder = home / "pack"
    if not folder.exists():
        folder.mkdir(parents=True)
        start = time.perf_counter()
        write(folder, chosen.sign_ins, chosen.events)
        print(f"wrote {chosen.sign_ins} sign-ins and about {chosen.events} study events in {time.perf_counter() - start:.0f} s")
    base = baseline(folder)
    print(f"baseline: both files read once by the csv reader: {base:.1f} s")
    for what in ("page",) if chosen.page else ("import", "check", "page"):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, __file__, "--step", what, "--keep", str(home)], cwd=ROOT, capture_output=True, text=True)
        took = time.perf_counter() - start
        print(f"{what}: {took:.1f} s ({took / base:.1f} × baseline): {done.stdout.strip().replace(chr(10), ' | ')}{done.stderr[-1500:]}")
    print("largest child", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, "MiB")


if __name__ == "__main__":
    main()
