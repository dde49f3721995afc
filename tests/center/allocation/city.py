"""A small city whose month is full of traps for a careless draw. Everything in it is invented.

Own sites, ties through a company, a sole attached site for one subject, students of a school with its own site, a site whose host is
no longer registered, a suspended site with sittings.
"""

import csv
import io
from dataclasses import dataclass, field
from datetime import date, timedelta

LOW, WELD, HIGH = "低压电工作业", "熔化焊接与热切割作业", "高压电工作业"
BATCH = "440600-2026-12"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(number: int) -> str:
    """A code with a right check character."""
    head = f"91440600MA{number:07d}"
    total = sum(LETTERS.index(c) * pow(3, place, 31) for place, c in enumerate(head))
    return head + LETTERS[(31 - total % 31) % 31]


def id_number(serial: int) -> str:
    """A man born in 1990 with a right check digit."""
    head = f"440601{date(1990, 1, 1) + timedelta(days=serial // 400):%Y%m%d}{serial % 400 * 2 + 1:03d}"
    return head + "10X98765432"[sum(int(d) * w for d, w in zip(head, WEIGHTS, strict=True)) % 11]


OWNER, TIED, FREE, GONE, HOST, SCHOOL = (credit_code(number) for number in range(1, 7))
COMPANY = credit_code(9)
BODIES = {
    OWNER: ("佛山甲安全培训中心", "已登记"),
    TIED: ("佛山乙安全培训中心", "已登记"),
    FREE: ("佛山丙安全培训中心", "已登记"),
    GONE: ("佛山丁安全培训中心", "已注销"),
    HOST: ("佛山戊安全培训中心", "已登记"),
    SCHOOL: ("佛山市己技师学院", "已登记"),
}
BASE, BASE2, OWN, SHUT, ORPHAN, CAMPUS = "440601", "440602", "440605", "440606", "440610", "440615"
SITES = {
    BASE: ("公共考试基地", "", "禅城区", (LOW, WELD), "正常"),
    BASE2: ("公共考试基地", "", "南海区", (LOW, WELD), "正常"),
    OWN: ("依托培训机构", OWNER, "南海区", (LOW, WELD, HIGH), "正常"),
    SHUT: ("依托培训机构", HOST, "三水区", (LOW, WELD), "暂停（2026-10-15至2027-01-14）"),
    ORPHAN: ("依托培训机构", GONE, "高明区", (LOW, WELD), "正常"),
    CAMPUS: ("校内考试点", SCHOOL, "禅城区", (LOW,), "正常"),
}


@dataclass
class City:
    """A month's pack; `trained` = how many candidates (institution, subject, student)."""

    seats: int = 10
    days: int = 2
    # With practical sittings at the public bases in the week after
    practical: bool = False
    trained: dict[tuple[str, str, bool], int] = field(
        default_factory=lambda: {
            (OWNER, LOW, False): 24,
            (OWNER, HIGH, False): 6,
            (TIED, LOW, False): 20,
            (TIED, WELD, False): 8,
            (FREE, WELD, False): 20,
            (FREE, HIGH, False): 4,
            (HOST, LOW, False): 12,
            (SCHOOL, LOW, True): 9,
            (SCHOOL, LOW, False): 5,
        }
    )

    def files(self) -> dict[str, bytes]:
        """The pack as CSV files by name."""
        return {f"{name}.csv": sheet(rows) for name, rows in self.tables().items()}

    def tables(self) -> dict[str, list[list[object]]]:
        more = {"考试计划_实操": self.practical_plan()} if self.practical else {}
        return more | {
            "培训机构": self.institutions(),
            "考试点": self.sites(),
            "考试计划": self.plan(),
            "大纲学时": [["操作项目", "初次培训学时", "复审培训学时"], *([name, 80, 8] for name in (LOW, WELD, HIGH))],
            "学员报名": self.applications(),
            "机构关联": self.ties(),
        }

    def institutions(self) -> list[list[object]]:
        header = ["机构名称", "统一社会信用代码", "所在区县", "地址", "业务范围", "登记日期", "状态", "联系电话"]
        work = "、".join((LOW, WELD, HIGH))
        return [
            header,
            *([name, code, "南海区", "学习路1号", work, "2024-01-01", state, ""] for code, (name, state) in BODIES.items()),
        ]

    def sites(self) -> list[list[object]]:
        header = [
            "考试点编号", "名称", "类型", "依托单位信用代码", "所在区县", "经度", "纬度", "理论机位", "可考操作项目", "状态",
        ]  # fmt: skip
        rows = [
            [code, self.site_name(code), kind, host, district, f"113.{code[-2:]}", f"23.{code[-2:]}", 60, "、".join(work), state]
            for code, (kind, host, district, work, state) in SITES.items()
        ]
        return [header, *rows]

    def site_name(self, code: str) -> str:
        return "佛山禅城己技师学院考试点" if code == CAMPUS else f"佛山第{code[-2:]}考试点"

    def plan(self) -> list[list[object]]:
        header = ["场次编号", "考试点编号", "日期", "开始", "结束", "科目", "机位", "操作项目"]
        rows = []
        for code, (_, _, _, work, _) in SITES.items():
            for day in range(self.days):
                on = date(2026, 12, 7) + timedelta(days=day)
                for start, end in (("09:00", "11:00"), ("14:00", "16:00")):
                    number = f"{code}-{on:%m%d}-{start[:2]}"
                    rows.append([number, code, on, start, end, "理论", self.seats, "、".join(work)])
        return [header, *rows]

    def practical_plan(self) -> list[list[object]]:
        rows: list[list[object]] = [["场次编号", "考试点编号", "日期", "开始", "结束", "科目", "机位", "操作项目"]]
        for code in (BASE, BASE2):
            for day in (11, 15, 16):
                on = date(2026, 12, day)
                rows.append([f"{code}-{on:%m%d}-P", code, on, "14:00", "17:00", "实操", self.seats, "、".join((LOW, WELD))])
        return rows

    def applications(self) -> list[list[object]]:
        header = [
            "序号", "姓名", "性别", "身份证号码", "手机号", "学历", "户籍地", "从业地", "常住地", "居住区县", "培训机构信用代码",
            "操作项目", "申请类型", "已完成学时", "培训结束日期", "在校学生", "学校",
        ]  # fmt: skip
        rows: list[list[object]] = []
        home = "广东省佛山市"
        for (code, work, student), count in self.trained.items():
            for _ in range(count):
                serial = len(rows) + 1
                name = ("李㛃", "王䶮", "陈𬭎", "赵堃", "周𠮷", "吴𠅤", "郑㵘")[serial % 7]
                kind, hours = ("初次取证", 80) if serial % 3 else ("复审", 8)
                rows.append(
                    [
                        serial, name, "男", id_number(serial), f"138{serial:08d}", "高中", home, home, home,
                        ("禅城区", "南海区", "三水区")[serial % 3], code, work, kind, hours,
                        date(2026, 11, 20) - timedelta(days=serial % 5), "是" if student else "否",
                        "佛山市己技师学院" if student else "",
                    ]
                )  # fmt: skip
        return [header, *rows]

    def ties(self) -> list[list[object]]:
        header = ["主体甲代码", "主体甲名称", "关联类型", "主体乙代码", "主体乙名称", "比例%", "起", "止", "来源"]
        company = [COMPANY, "佛山某控股有限公司"]
        return [
            header,
            [*company, "控股", OWNER, BODIES[OWNER][0], 60, "2021-01-01", "", "工商登记"],
            [*company, "控股", TIED, BODIES[TIED][0], 80, "2021-01-01", "", "机构申报"],
            [*company, "参股", FREE, BODIES[FREE][0], 3, "2021-01-01", "", "工商登记"],
            [*company, "控股", HOST, BODIES[HOST][0], 90, "2021-01-01", "2026-12-06", "工商登记"],
        ]


def sheet(rows: list[list[object]]) -> bytes:
    """CSV as people save it, with a byte-order mark."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")
