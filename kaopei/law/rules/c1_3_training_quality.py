"""一（三） Hours as the syllabus asks, and personal data checked before anybody applies."""

from collections.abc import Iterator
from decimal import Decimal

from kaopei.law.facts import ApplicationFacts, IntakeContext
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason


@rule("N1.3.11")
def identity_reasons(application: ApplicationFacts) -> Iterator[Reason]:
    """一（三） Name and identity number are complete and agree with their own check digit."""
    if application.name.fault == "missing":
        yield Reason("N1.3.11", "没有填写姓名", "name_missing")
    elif application.name.fault:
        yield Reason("N1.3.11", f"姓名“{application.name.value}”里有丢失或遮盖的字", "name_missing")
    number = application.id_number
    if number.fault == "mangled":
        text = "身份证号码不是 18 位：可能被表格软件存成了数字而丢失末位，请按文本格式重新填写"
        yield Reason("N1.3.11", text, "id_mangled")
    elif number.fault == "checksum":
        cut = "，末三位都是 0，可能被表格软件截断" if number.value.endswith("000") else ""
        yield Reason("N1.3.11", f"身份证号码的校验位或出生日期不对{cut}，请与证件核对", "id_checksum")


@rule("N1.3.11", "N1.3.12")
def sex_reasons(application: ApplicationFacts) -> Iterator[Reason]:
    """一（三） The sex on the form agrees with the number; if not, a person looks, nobody is refused for it."""
    if application.id_number.fault or application.sex == application.id_sex:
        return
    written = application.sex or "空白"
    text = f"填写的性别是{written}，身份证号码的性别位是{application.id_sex}，须由人核实"
    yield Reason("N1.3.11", text, "sex_mismatch")


@rule("N1.3.2")
def hours_reasons(application: ApplicationFacts, context: IntakeContext) -> Iterator[Reason]:
    """一（三） Training is finished and has the hours of the city's own syllabus sheet."""
    if application.hours is None:
        shown = application.hours_text or "空白"
        yield Reason("N1.3.2", f"看不出已完成学时（填写的是“{shown}”）", "hours")
    else:
        needed = needed_hours(application, context)
        if needed is not None and application.hours < needed:
            text = f"{application.operation}要求 {needed:f} 学时，已完成 {application.hours:f} 学时"
            yield Reason("N1.3.2", text, "hours")
    if application.trained_until is None:
        yield Reason("N1.3.2", "没有写明培训结束日期，不能认定培训已完成", "hours")
    elif application.trained_until >= context.last_day:
        text = f"培训到 {application.trained_until} 才结束，本期考试 {context.last_day} 已结束"
        yield Reason("N1.3.2", text, "hours")


def needed_hours(application: ApplicationFacts, context: IntakeContext) -> Decimal | None:
    """Hours asked for: first time by the sheet; review and renewal by the sheet, never under the national minimum.

    None if the city has not entered the operation: nobody is refused by a number that nobody has entered.
    """
    syllabus = context.syllabus.get(application.operation)
    if application.kind not in ("review", "renewal"):
        return syllabus.first if syllabus else None
    least = context.number("h.so_review")
    floor = Decimal(least.value) if least.may_refuse else None
    entered = syllabus.review if syllabus else None
    return max((hours for hours in (floor, entered) if hours is not None), default=None)
