"""Random applications, by the columns of the city's sheet: most are in order, some fail for every reason there is."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from kaopei.law.cells import Written
from kaopei.law.facts import IntakeContext
from kaopei.law.operations import catalogue
from tests.law import tables

FIRST_DAY = date(2026, 12, 7)
OPERATIONS = [name.name for name in catalogue().values()][:12]
CODES = ["91440605MA5Y1YMKLY", "91440608MAXTXDW00Q"]
HOURS = 80


def applicants(random: Random, count: int) -> list[Mapping[str, Written]]:
    """Rows of 学员报名."""
    return [tables.written(row(random, number)) for number in range(1, count + 1)]


def row(random: Random, number: int) -> dict[str, Any]:
    """One row; about one cell in twenty is wrong in one of the ways that people get it wrong."""
    sex = random.choice("男女")
    born = date(1960, 1, 1) + timedelta(days=random.randrange(18_000)) if random.random() < 0.5 else date(1990, 5, 5)
    body = f"440605{born:%Y%m%d}{random.randrange(100):02}{random.randrange(5) * 2 + (sex == '男')}"
    value = body + tables.identity.id_check_digit(body)
    told = {
        "序号": number,
        "姓名": "陈国强",
        "性别": sex,
        "身份证号码": value,
        "手机号": "13800000000",
        "学历": "高中",
        "户籍地": "湖南省永州市",
        "从业地": "广东省佛山市",
        "常住地": "",
        "居住区县": "南海区",
        "培训机构信用代码": CODES[0],
        "操作项目": random.choice(OPERATIONS),
        "申请类型": random.choice(["初次取证", "复审", "延期换证"]),
        "已完成学时": HOURS,
        "培训结束日期": "2023-11-04",
        "在校学生": "否",
        "学校": "",
    }
    wrong: dict[str, list[Any]] = {
        "姓名": ["", "陈*强", " 陈国强 "],
        "性别": ["男", "女", ""],
        "身份证号码": [value[:-1] + "Y", value[:-1] + ("1" if value[-1] != "1" else "2"), f" {value} ", 4.31121198612026e17],
        "学历": ["小学", "初中", ""],
        "从业地": ["", "广东省广州市"],
        "培训机构信用代码": [CODES[1], "", "91440600MATY032TBD"],
        "操作项目": ["叉车司机", ""],
        "已完成学时": [HOURS - 1, "", 7],
        "培训结束日期": ["", "2026-12-31"],
    }
    return told | {column: random.choice(values) for column, values in wrong.items() if random.random() < 0.05}


def context(received_on: date, first_day: date = FIRST_DAY) -> IntakeContext:
    """The intake of Foshan: one institution in order, one deregistered."""
    scope = "、".join(OPERATIONS)
    return tables.context(
        {
            "city": "440600",
            "city_name": "佛山市",
            "first_day": first_day,
            "last_day": first_day + timedelta(days=20),
            "received_on": received_on,
            "培训机构": [
                {"机构名称": "信达", "统一社会信用代码": CODES[0], "业务范围": scope, "登记日期": "2021-03-12", "状态": "已登记"},
                {"机构名称": "华科", "统一社会信用代码": CODES[1], "业务范围": scope, "登记日期": "2021-06-11", "状态": "已注销"},
            ],
            "大纲学时": [{"操作项目": name, "初次培训学时": HOURS, "复审培训学时": 8} for name in OPERATIONS],
        }
    )
