"""From the cells of a city's spreadsheets to facts. The columns are those of the pack; sheets are read elsewhere."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from kaopei.law import cells, identity, operations, places
from kaopei.law.cells import Written
from kaopei.law.facts import ApplicationFacts, InstitutionFacts, SyllabusFacts

BLANK = Written("", "empty")


def application(row: Mapping[str, Written]) -> ApplicationFacts:
    """One row of 学员报名."""
    id_cell = row.get("身份证号码", BLANK)
    number = identity.read_id_number(id_cell.text, stored_as_number=id_cell.kind == "number")
    whole = number.fault in ("", "checksum")
    hours_text = _plain(row, "已完成学时")
    household, work, residence = (_plain(row, column) for column in ("户籍地", "从业地", "常住地"))
    education = _plain(row, "学历")
    return ApplicationFacts(
        serial=serial(row.get("序号", BLANK)),
        name=identity.read_name(row.get("姓名", BLANK).text),
        id_number=number,
        born=identity.birth_date(number.value) if whole else None,
        id_sex=identity.id_sex(number.value) if whole else "",
        sex=cells.read_sex(_plain(row, "性别")),
        mobile=identity.read_mobile(_plain(row, "手机号")),
        education=cells.read_education(education),
        education_text=education,
        household_city=places.city_code(household),
        work_city=places.city_code(work),
        residence_city=places.city_code(residence),
        places_text=_places(household, work, residence),
        district=_plain(row, "居住区县"),
        institution=_credit_code(_plain(row, "培训机构信用代码")),
        operation=operations.canonical(_plain(row, "操作项目")),
        kind=cells.read_application_kind(_plain(row, "申请类型")),
        hours=cells.read_number(hours_text),
        hours_text=hours_text,
        trained_until=day(row.get("培训结束日期", BLANK)),
        is_student=cells.read_yes(_plain(row, "在校学生")) is True,
        school=_plain(row, "学校"),
    )


def institution(row: Mapping[str, Written], known: frozenset[str] = frozenset()) -> InstitutionFacts:
    """One row of 培训机构; `known` are operations of the city's own sheets beyond the catalogue."""
    return InstitutionFacts(
        code=_credit_code(_plain(row, "统一社会信用代码")),
        name=_plain(row, "机构名称"),
        standing=cells.read_standing(_plain(row, "状态")),
        registered_on=day(row.get("登记日期", BLANK)),
        scope=frozenset(operations.split(row.get("业务范围", BLANK).text, known)),
        district=_plain(row, "所在区县"),
    )


def syllabus(row: Mapping[str, Written]) -> SyllabusFacts:
    """One row of 大纲学时."""
    return SyllabusFacts(
        operation=operations.canonical(_plain(row, "操作项目")),
        first=cells.read_number(_plain(row, "初次培训学时")),
        review=cells.read_number(_plain(row, "复审培训学时")),
    )


def serial(cell: Written) -> str:
    """The 序号 as people see it: 12, not 12.0."""
    text = cell.text.strip()
    return text.removesuffix(".0") if cell.kind == "number" else text


def day(cell: Written) -> date | None:
    """The day in a cell, however it is stored."""
    return cells.read_date(cell.text)


def _plain(row: Mapping[str, Written], column: str) -> str:
    return row.get(column, BLANK).text.strip()


@lru_cache(maxsize=4096)
def _credit_code(text: str) -> str:
    return identity.read_credit_code(text).value


@lru_cache(maxsize=4096)
def _places(household: str, work: str, residence: str) -> str:
    named = (("户籍", household), ("从业", work), ("常住", residence))
    return "，".join(f"{label}{text}" for label, text in named if text)
