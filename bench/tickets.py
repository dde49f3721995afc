"""How fast admission tickets are printed: `python bench/tickets.py [tickets …]`.

Prints wall and processor seconds for all cores, and the ratio to setting each ticket by itself, as was done before the sheets.
"""

import os
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kaopei.center.allocation.press import SHEET, Job, Press  # noqa: E402

NAMES = ("李㛃", "王䶮", "陈𬭎", "赵堃", "周𠮷", "吴𠅤", "郑㵘", "欧阳修远", "张三丰", "钱学森")
SUBJECTS = ("低压电工作业", "熔化焊接与热切割作业", "高压电工作业", "制冷与空调设备运行操作作业")
SIZES = [600, 6000]


def row(number: int) -> dict[str, Any]:
    """A ticket as papers.ticket gives it."""
    ticket = f"4406261210{number:010d}"
    return {
        "name": NAMES[number % 10], "ticket": ticket, "id_masked": f"440601********{number % 10000:04d}", "subject": SUBJECTS[number % 4],
        "kind": "初次取证", "institution": "佛山市某安全技术培训中心有限公司", "day": "2026-12-07 周一", "time": "09:00–11:00", "part": "理论",
        "room": f"第{number % 5 + 1}考场", "seat": f"{number % 200:03d}", "sitting": "440601-1207-09", "site": "佛山禅城公共考试基地",
        "address": "佛山市禅城区（113.02, 23.02）", "basis": "按二（三）N2.3.2 由市考试机构抽签安排，可用随发的抽签单在门户“我的抽签”重算。",
        "exemption": "", "pseudonym": f"ABCDEFGH{number:08d}", "photo": None, "code": f"KAOPEI/T/{ticket}",
    }  # fmt: skip


def jobs(first: int, count: int, size: int) -> list[Job]:
    """`count` tickets in sheets of `size`."""
    frame = {
        "title": "准考证", "heading": "广东省安全生产资格考试 · 佛山市", "footer": "佛山市考试机构 2026-12-01", "draw": "抽签 440600-2026-12-T1",
        "digest": "ab" * 16, "bring": ["本准考证", "有效身份证件原件"], "mind": ["手机等电子设备不带入考场", "按考试点公布的时间签到"],
        "rehearsal": True, "printed": 1_796_000_000,
    }  # fmt: skip
    return [(str(at), {**frame, "tickets": [row(first + one) for one in range(at, min(at + size, count))]}) for at in range(0, count, size)]


def spent(work: list[Job]) -> tuple[float, float, int]:
    """Wall seconds, processor seconds of all processes, bytes of the single files."""
    before, began, size = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0
    own = time.process_time()
    with Press() as press:
        for _, made in press.print(work):
            size += sum(map(len, made[1:]))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, children + time.process_time() - own, size


def main(sizes: list[int]) -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, CPython {platform.python_version()}, sheets of {SHEET}")
    few = 100
    _, each, _ = spent(jobs(10**6, few, 1))
    print(f"one by one: {each / few * 1000:.1f} ms of processor a ticket")
    for count in sizes:
        wall, processor, size = spent(jobs(0, count, SHEET))
        print(
            f"{count}: {wall:.1f} s, {processor:.1f} s of processor, {processor / count * 1000:.1f} ms a ticket, "
            f"{each / few / (processor / count):.1f} times fewer than one by one, {size / count / 1024:.0f} KiB a file"
        )


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or SIZES)
