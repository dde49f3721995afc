"""Words of the intake in templates: `{% reason_word code %}`, `{{ values|item:key }}`."""

from typing import Any

from django import template

from kaopei.center.applications.cards import CODES, ENGLISH

register = template.Library()


@register.simple_tag(takes_context=True)
def reason_word(context: template.Context, code: str) -> str:
    """A reason in few words."""
    return (ENGLISH if context.get("lang") == "en" else CODES).get(code, code)


COLUMNS = {
    "序号": "No.", "姓名": "Name", "性别": "Sex", "身份证号码": "ID number", "手机号": "Mobile", "学历": "Education", "户籍地": "Household",
    "从业地": "Work", "常住地": "Residence", "居住区县": "District", "培训机构信用代码": "Institution code", "操作项目": "Operation",
    "申请类型": "Kind", "已完成学时": "Hours", "培训结束日期": "Trained until", "在校学生": "Student", "学校": "School",
}  # fmt: skip


@register.simple_tag(takes_context=True)
def column_word(context: template.Context, column: str) -> str:
    """A column of 学员报名 in the language of the page."""
    return COLUMNS.get(column, column) if context.get("lang") == "en" else column


@register.filter
def item(values: Any, key: str) -> Any:
    """`values[key]`, 0 if missing."""
    return values.get(key, 0)
