"""一（一） Conditions of institutions: premises, teachers, online platforms; by the standard in force on the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kaopei.law import numbers
from kaopei.law.rules import rule
from kaopei.law.verdict import Reason, Verdict, allow, refuse

# Items of the standards, by edition. Of the 2023 edition only clause numbers are at hand.
ITEMS_2016 = {"3.1.1": "ti.managers", "3.1.5": "ti.capacity"}
ONLINE_CONTROLS = {"information": "信息管理", "courses": "课程管理", "process": "过程控制", "quality": "质量评估"}


@rule("N1.1.1")
def conditions_are_met(counts: Mapping[str, int], checked: Mapping[str, bool], day: date) -> Verdict:
    """一（一） Premises and staff meet the standard in force; an item that nobody has entered fails nobody.

    `counts` are figures by number key (`ti.capacity`), `checked` what a person found, by clause of the standard.
    """
    for clause, met in sorted(checked.items()):
        if not met:
            return refuse("N1.1.1", f"标准第 {clause} 条不符合", "condition_unmet")
    notes = []
    for clause, key in ITEMS_2016.items():
        number = numbers.of(key, day)
        if number.value is None:
            notes.append(Reason("N1.1.1", f"{number.title}：现行标准的数值尚未录入，不据此判定", "not_entered"))
        elif counts.get(key, 0) < number.value:
            text = f"标准第 {clause} 条：{number.title}至少 {number.value}，现有 {counts.get(key, 0)}"
            return refuse("N1.1.1", text, "condition_unmet")
    return allow().with_notes(notes)


@rule("N1.1.2")
def teacher_is_qualified(years_of_practice: int | None, day: date) -> Verdict:
    """一（一） A teacher has the years of practice that the standard in force asks for."""
    number = numbers.of("ti.teacher_years", day)
    if number.value is None:
        note = Reason("N1.1.2", "现行标准的教师年限尚未录入，不据此判定", "not_entered")
        return allow().with_notes((note,))
    if years_of_practice is None or years_of_practice < number.value:
        shown = "未填写" if years_of_practice is None else f"{years_of_practice} 年"
        return refuse("N1.1.2", f"教师须有 {number.value} 年以上本专业实践经验（{shown}）", "teacher_unqualified")
    return allow()


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """An online platform: registered or not, and the day on which each of the four controls was last shown."""

    registered: bool
    controls: Mapping[str, date]


@rule("N1.1.4")
def platform_may_deliver(platform: PlatformFacts) -> Verdict:
    """一（一） Hours from a platform count only if it is registered and shows all four internal controls."""
    if not platform.registered:
        return refuse("N1.1.4", "网络培训平台没有登记，所记学时不计", "platform_not_registered")
    missing = [label for control, label in ONLINE_CONTROLS.items() if control not in platform.controls]
    if missing:
        return refuse("N1.1.4", f"平台缺少内部管理记录：{'、'.join(missing)}", "platform_controls")
    return allow()
