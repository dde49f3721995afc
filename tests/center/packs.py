"""A small city's month, made up row by row, and every careless way of writing it down."""

import csv
import io
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import xlsxwriter

from kaopei.center.applications.pack import COLUMNS

LOW, HIGH, WELD, TOP, CHEM = "低压电工作业", "高压电工作业", "熔化焊接与热切割作业", "高处安装、维护、拆除作业", "氯化工艺作业"
HOURS = {LOW: (108, 8), HIGH: (80, 8), WELD: (108, 8), TOP: (108, 8), CHEM: (108, 8)}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
NAMES = ["王秀英", "李建国", "张㛃", "刘堃", "陈𠮷", "阿卜杜拉·买买提", "欧阳娜", "赵敏", "黄䶮", "周杰"]
CITIES = {
    "440600": ("佛山", ["禅城区", "南海区", "顺德区"]),
    "441900": ("东莞", ["莞城街道", "虎门镇", "长安镇"]),
    "440300": ("深圳", ["福田区", "南山区"]),
}


def id_number(region: str, born: date, male: bool, serial: int = 100) -> str:
    """18 digits with a right check digit."""
    head = f"{region[:4]}01{born:%Y%m%d}{serial * 2 + (1 if male else 0):03d}"
    return head + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(head, WEIGHTS, strict=True)) % 11]


def wrong_check(number: str) -> str:
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def credit_code(city: str, number: int) -> str:
    head = f"91{city[:4]}01MA0000{number:03d}"
    total = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(head))
    return head + ALPHABET[(31 - total % 31) % 31]


class Pack:
    """Rows by workbook as dicts; change them, then `files()`."""

    def __init__(self, city: str = "440600", people: int = 12, seed: int = 1) -> None:
        self.city, (self.name, self.districts) = city, CITIES[city]
        self.chance = random.Random(seed)
        self.codes = [credit_code(city, number) for number in range(4)]
        self.sheets = {
            "培训机构": [self.institution(number) for number in range(4)],
            "考试点": [self.site(1), self.site(2), self.site(3, 类型="依托培训机构", 依托单位信用代码=self.codes[0])],
            "考试计划": [self.sitting(site, day, hour) for site in (1, 2, 3) for day in (7, 8) for hour in (9, 14)],
            "大纲学时": [{"操作项目": name, "初次培训学时": first, "复审培训学时": review} for name, (first, review) in HOURS.items()],
            "学员报名": [self.applicant(number) for number in range(1, people + 1)],
            "机构关联": [self.tie(self.codes[1], self.codes[2])],
        }

    def institution(self, number: int, **more):
        row = {
            "机构名称": f"{self.name}第{number + 1}培训中心", "统一社会信用代码": self.codes[number], "所在区县": self.districts[0],
            "地址": f"学习路{number + 1}号", "业务范围": "、".join(HOURS), "登记日期": "2024-03-01", "状态": "已登记",
            "联系电话": f"0757-8000000{number}",
        }  # fmt: skip
        return row | more

    def site(self, number: int, **more):
        row = {
            "考试点编号": f"{self.city[:4]}{number:02d}", "名称": f"{self.name}第{number}考试点", "类型": "公共考试基地", "依托单位信用代码": "",
            "所在区县": self.districts[number % len(self.districts)], "经度": round(113.1 + number / 100, 2), "纬度": 23.05, "理论机位": 60,
            "可考操作项目": "、".join(HOURS), "状态": "正常",
        }  # fmt: skip
        return row | more

    def sitting(self, site: int, day: int = 7, hour: int = 9, **more):
        number = f"{self.city[:4]}{site:02d}"
        row = {
            "场次编号": f"{number}-12{day:02d}-{hour:02d}", "考试点编号": number, "日期": f"2026-12-{day:02d}", "开始": f"{hour:02d}:00",
            "结束": f"{hour + 2:02d}:00", "科目": "理论", "机位": 60, "操作项目": "、".join(HOURS),
        }  # fmt: skip
        return row | more

    def applicant(self, number: int, **more):
        male = bool(self.chance.randrange(2))
        born = date(1980, 1, 1) + timedelta(days=self.chance.randrange(8000))
        row = {
            "序号": number, "姓名": NAMES[number % len(NAMES)], "性别": "男" if male else "女",
            "身份证号码": id_number("4403", born, male, number % 400), "手机号": f"138{self.chance.randrange(10**8):08d}", "学历": "高中",
            "户籍地": "湖南省永州市", "从业地": f"广东省{self.name}市", "常住地": "", "居住区县": self.districts[number % len(self.districts)],
            "培训机构信用代码": self.codes[number % 4], "操作项目": list(HOURS)[number % 5], "申请类型": "初次取证", "已完成学时": 110,
            "培训结束日期": "2026-11-10", "在校学生": "否", "学校": "",
        }  # fmt: skip
        return row | more

    def tie(self, one: str, other: str, **more):
        row = {
            "主体甲代码": one, "主体甲名称": "甲", "关联类型": "控股", "主体乙代码": other, "主体乙名称": "乙", "比例%": 60, "起": "2020-01-01",
            "止": "", "来源": "机构申报",
        }  # fmt: skip
        return row | more

    def apply(self, place: int, **changed) -> dict:
        """Change cells of an application (from 0) and give the row back."""
        self.sheets["学员报名"][place] |= changed
        return self.sheets["学员报名"][place]

    def files(self, style: "Style | None" = None) -> dict[str, bytes]:
        """File name → bytes of every workbook."""
        style = style or Style()
        return {f"{name}{style.suffix}": style.write(name, rows, f"{self.name}市2026年12月{name}") for name, rows in self.sheets.items()}

    def lay(self, folder, style: "Style | None" = None):
        """Write the files into a folder and give it back."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files(style).items():
            (folder / name).write_bytes(content)
        return folder


@dataclass
class Style:
    """How somebody writes a table: titles above, blank rows, further columns, order, sheet names, file type."""

    titles: int = 1
    blank: int = 0
    extra: bool = False
    shuffled: int = 0
    sheet: str = "Sheet1"
    suffix: str = ".xlsx"
    encoding: str = "utf-8-sig"
    drop: dict[str, str] = field(default_factory=dict)
    formulas: dict[str, tuple[str, object]] = field(default_factory=dict)

    def write(self, name: str, rows: list[dict], title: str) -> bytes:
        columns = [column for column in COLUMNS[name] if self.drop.get(name) != column]
        if self.extra:
            columns.insert(1, "内部备注")
        if self.shuffled:
            random.Random(self.shuffled).shuffle(columns)
        head = [[f"{title}（第{number + 1}行标题）"] for number in range(self.titles)]
        table = [*head, columns]
        for row in rows:
            table += [[]] * self.blank + [[row.get(column, "") for column in columns]]
        return self._csv(table) if self.suffix == ".csv" else self._xlsx(table, name)

    def _csv(self, table: list[list]) -> bytes:
        out = io.StringIO()
        csv.writer(out).writerows(table)
        return out.getvalue().encode(self.encoding)

    def _xlsx(self, table: list[list], name: str) -> bytes:
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
            sheet = book.add_worksheet(self.sheet)
            for row, values in enumerate(table):
                for column, value in enumerate(values):
                    formula = self.formulas.get(str(table[self.titles][column])) if row > self.titles else None
                    if formula:
                        sheet.write_formula(row, column, formula[0], value=formula[1])
                    elif isinstance(value, str):
                        sheet.write_string(row, column, value)
                    else:
                        sheet.write(row, column, value)
        return out.getvalue()
