"""Writes one city's month of synthetic spreadsheets. Same options, same bytes.

python examples/make_pack.py OUT [--city 440600 --name 佛山 --people 120 --seed 1 --hard]

Everything in it is invented. `--hard` adds what a careless draw gets wrong: a site of an institution whose trainees
apply, an institution tied to a site through a company, a subject that a single attached site can take, a student whose
school has a site, a site whose host is no longer registered, and a suspended site.
"""

import argparse
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import xlsxwriter

LOW, HIGH, WELD, TOP = "低压电工作业", "高压电工作业", "熔化焊接与热切割作业", "高处安装、维护、拆除作业"
HOURS = {LOW: (108, 8), HIGH: (80, 8), WELD: (108, 8), TOP: (108, 8)}
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚桂英华玉兰志国建文琴云飞"
RARE = ["㛃", "䶮", "堃", "𠮷"]
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class City:
    """Draws the rows of all sheets from one seed."""

    def __init__(self, code: str, name: str, people: int, seed: int, hard: bool) -> None:
        self.code, self.name, self.people, self.hard = code[:4], name, people, hard
        self.chance = random.Random(f"{seed}/{code}/{people}/{hard}")
        self.districts = ["东城区", "西城区", "南城区"]
        self.month = date(2026, 12, 1)

    def credit_code(self, number: int) -> str:
        """A code with a right check character (GB 32100)."""
        letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        head = f"91{self.code}01MA" + "".join(self.chance.choice(letters) for _ in range(6)) + letters[number % 31]
        total = sum(letters.index(c) * pow(3, place, 31) for place, c in enumerate(head))
        return head + letters[(31 - total % 31) % 31]

    def id_number(self, born: date, male: bool) -> str:
        """18 digits with a right check digit (GB 11643)."""
        serial = self.chance.randrange(1, 500) * 2 - (1 if male else 0)
        head = f"{self.code}01{born:%Y%m%d}{serial % 1000:03d}"
        return head + "10X98765432"[sum(int(d) * w for d, w in zip(head, WEIGHTS, strict=True)) % 11]

    def institutions(self) -> list[list]:
        everything = "、".join(HOURS)
        rows = []
        for number in range(6):
            status = "已注销" if self.hard and number == 4 else "已登记"
            rows.append(
                [
                    f"{self.name}第{number + 1}安全培训中心",
                    self.credit_code(number),
                    self.districts[number % 3],
                    f"{self.name}{self.districts[number % 3]}学习路{number + 1}号",
                    everything,
                    "2024-03-01",
                    status,
                    f"0757-8{self.chance.randrange(10**6, 10**7)}",
                ]
            )
        self.codes = [row[1] for row in rows]
        self.school = self.credit_code(30)
        return rows

    def sites(self) -> list[list]:
        usual = "、".join([LOW, WELD, TOP])
        rows = [
            self._site(1, "公共考试基地", "", 0, 24, usual),
            self._site(2, "公共考试基地", "", 1, 20, usual),
            self._site(3, "依托培训机构", self.codes[0], 2, 20, usual),
        ]
        if self.hard:
            rows += [
                self._site(4, "依托培训机构", self.codes[1], 0, 20, "、".join([LOW, HIGH])),
                self._site(5, "依托培训机构", self.codes[4], 1, 20, usual),
                self._site(6, "依托培训机构", self.codes[5], 1, 20, usual, "暂停（2026-11-01至2027-03-31）"),
                self._site(7, "校内考试点", self.school, 2, 20, LOW),
            ]
        self.places = rows
        return rows

    def _site(
        self, number: int, kind: str, host: str, district: int, seats: int, able: str, status: str = "正常"
    ) -> list:
        return [
            f"{self.code}{number:02d}",
            f"{self.name}{self.districts[district]}第{number}考试点",
            kind,
            host,
            self.districts[district],
            113.1 + number / 50,
            23.0 + number / 70,
            seats,
            able,
            status,
        ]

    def sittings(self) -> list[list]:
        rows = []
        days = max(3, -(-self.people // 60) + 1)
        for place in self.places:
            for day in range(days):
                on = self.month + timedelta(days=6 + day)
                for hour in (9, 14):
                    rows.append(
                        [
                            f"{place[0]}-{on:%m%d}-{hour:02d}",
                            place[0],
                            on.isoformat(),
                            f"{hour:02d}:00",
                            f"{hour + 2:02d}:00",
                            "理论",
                            place[7],
                            place[8],
                        ]
                    )
        return rows

    def ties(self) -> list[list]:
        company = self.credit_code(20)
        return [
            [company, f"{self.name}某控股有限公司", "控股", self.codes[0], "", 60, "2021-01-01", "", "工商登记"],
            [company, f"{self.name}某控股有限公司", "控股", self.codes[2], "", 80, "2021-01-01", "", "机构申报"],
            [company, f"{self.name}某控股有限公司", "参股", self.codes[3], "", 3, "2021-01-01", "", "工商登记"],
        ]

    def person(self, number: int) -> list:
        c = self.chance
        male = c.random() < 0.7
        born = date(1970, 1, 1) + timedelta(days=c.randrange(32 * 365))
        name = c.choice(SURNAMES) + "".join(c.choice(GIVEN) for _ in range(c.choice((1, 2, 2))))
        if number % 29 == 0:
            name = name[0] + RARE[number // 29 % len(RARE)]
        work = c.choices([LOW, WELD, TOP] + [HIGH] * self.hard, [6, 3, 3] + [1] * self.hard)[0]
        kind = c.choices(["初次取证", "复审", "延期换证"], [7, 2, 1])[0]
        hours = HOURS[work][0 if kind == "初次取证" else 1] + c.randrange(0, 6)
        home = f"广东省{self.name}市"
        ended = self.month - timedelta(days=c.randrange(5, 40))
        return [
            number,
            name,
            "男" if male else "女",
            self.id_number(born, male),
            f"13{c.randrange(10**8, 10**9)}",
            c.choice(["初中", "高中", "中专", "大专"]),
            home,
            home,
            "",
            c.choice(self.districts),
            c.choice(self.codes[:4]),
            work,
            kind,
            hours,
            ended.isoformat(),
            "否",
            "",
        ]

    def applicants(self) -> list[list]:
        rows = [self.person(number) for number in range(1, self.people + 1)]
        if self.hard:
            for row in rows[3:9]:
                row[10:12], row[13] = [self.codes[1], HIGH], 90
            rows[9][11], rows[9][13], rows[9][15], rows[9][16] = (
                LOW,
                110,
                "是",
                f"{self.name}{self.districts[2]}第7考试点",
            )
        spoil = {
            11: (13, 3),
            12: (5, "小学"),
            13: (3, rows[13][3][:-1] + ("0" if rows[13][3][-1] != "0" else "1")),
            14: (1, ""),
            15: (2, "女" if rows[15][2] == "男" else "男"),
            16: (10, "91440000MA0000000X"),
            17: (1, f" {rows[17][1]} "),
        }
        for place, (column, value) in spoil.items():
            rows[place][column] = value
        return rows


HEADS = {
    "培训机构": ["机构名称", "统一社会信用代码", "所在区县", "地址", "业务范围", "登记日期", "状态", "联系电话"],
    "考试点": [
        "考试点编号",
        "名称",
        "类型",
        "依托单位信用代码",
        "所在区县",
        "经度",
        "纬度",
        "理论机位",
        "可考操作项目",
        "状态",
    ],
    "考试计划": ["场次编号", "考试点编号", "日期", "开始", "结束", "科目", "机位", "操作项目"],
    "大纲学时": ["操作项目", "初次培训学时", "复审培训学时"],
    "机构关联": ["主体甲代码", "主体甲名称", "关联类型", "主体乙代码", "主体乙名称", "比例%", "起", "止", "来源"],
    "学员报名": [
        "序号",
        "姓名",
        "性别",
        "身份证号码",
        "手机号",
        "学历",
        "户籍地",
        "从业地",
        "常住地",
        "居住区县",
        "培训机构信用代码",
        "操作项目",
        "申请类型",
        "已完成学时",
        "培训结束日期",
        "在校学生",
        "学校",
    ],
}


def write_book(path: Path, sheets: dict[str, tuple[str, list, list]]) -> None:
    """A workbook of sheets, each title row, header row, data; a fixed creation time keeps the bytes the same."""
    book = xlsxwriter.Workbook(path)
    book.set_properties({"created": datetime(2026, 11, 20, tzinfo=UTC)})
    for name, (title, head, rows) in sheets.items():
        sheet = book.add_worksheet(name[:31])
        for number, row in enumerate([[title], head, *rows]):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value)
                else:
                    sheet.write_number(number, column, value)
    book.close()


def make(
    out: Path, *, code: str = "440600", name: str = "佛山", people: int = 120, seed: int = 1, hard: bool = False
) -> Path:
    """All sheets of one pack into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    city = City(code, name, people, seed, hard)
    sheets = {
        "培训机构": city.institutions(),
        "考试点": city.sites(),
        "考试计划": city.sittings(),
        "机构关联": city.ties(),
        "大纲学时": [[work, *hours] for work, hours in HOURS.items()],
        "学员报名": city.applicants(),
    }
    for sheet, rows in sheets.items():
        write_book(out / f"{sheet}.xlsx", {sheet: (f"{name}市{sheet}（合成数据）", HEADS[sheet], rows)})
    return out


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("out", type=Path)
    options.add_argument("--city", default="440600")
    options.add_argument("--name", default="佛山")
    options.add_argument("--people", type=int, default=120)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--hard", action="store_true")
    chosen = options.parse_args()
    make(chosen.out, code=chosen.city, name=chosen.name, people=chosen.people, seed=chosen.seed, hard=chosen.hard)
