"""Forms of training; what they ask for is decided by the actions."""

import datetime as dt
from typing import Any

from django import forms

from kaopei.center.training.models import FilePart, IdentityCorrection, SyllabusUnit
from kaopei.center.training.models.classes import KINDS
from kaopei.center.training.models.identity import FAULTS
from kaopei.center.training.timetable import MOST_SEATS, MOST_TEXT
from kaopei.office.clock import CHINA

DAY = {"type": "date"}
TIME = {"type": "time", "step": "60"}
NEED = {"required": "请填写。", "invalid": "格式不对，请核对。"}


def _day(label: str, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), error_messages=NEED, **more)


class ReasonForm(forms.Form):
    """A reason in one's own words."""

    reason = forms.CharField(
        label="理由", widget=forms.Textarea(attrs={"rows": 3}), error_messages=NEED, help_text="查了什么、结论是什么；不少于 20 个字。"
    )


class UnitForm(forms.Form):
    """A unit of a syllabus."""

    operation = forms.CharField(label="操作项目", error_messages=NEED)
    kind = forms.ChoiceField(label="培训类别", choices=KINDS)
    code = forms.CharField(label="单元代号", max_length=16, help_text="如 U1；线上单元如 V01", error_messages=NEED)
    title = forms.CharField(label="单元名称", error_messages=NEED)
    hours = forms.DecimalField(label="学时", min_value=0, max_value=2000, max_digits=8, decimal_places=2, error_messages=NEED)
    mode = forms.ChoiceField(label="方式", choices=SyllabusUnit.Mode.choices)
    citation = forms.CharField(label="出处", help_text="文件名称、文号、条目。没有出处的学时不能用来不予认定。", error_messages=NEED)
    day = _day("从哪一天起")


class TeacherForm(forms.Form):
    """A teacher's written report."""

    name = forms.CharField(label="姓名", error_messages=NEED)
    id_number = forms.CharField(label="身份证号码", error_messages=NEED)
    subject = forms.CharField(label="授课科目", error_messages=NEED)
    qualification = forms.CharField(label="资格", required=False)
    until = _day("报告有效至", required=False)
    username = forms.CharField(label="登录名", required=False, help_text="教师用它打开签到页面；没有账号的先请安全管理员建立。")


class TeacherEndForm(forms.Form):
    """He no longer teaches here."""

    last_day = _day("最后任教日")
    reason = forms.CharField(label="原因", help_text="如离职、转岗；以后的课须先改排。", max_length=200, error_messages=NEED)


class ClassForm(forms.Form):
    """A class to be reported."""

    operation = forms.ChoiceField(label="操作项目")
    kind = forms.ChoiceField(label="培训类别", choices=KINDS)
    first_day = _day("开始日期")
    last_day = _day("结束日期")
    room = forms.CharField(label="教室", error_messages=NEED)
    capacity = forms.IntegerField(label="教室容量", min_value=1, max_value=2000, error_messages=NEED)
    longitude = forms.FloatField(label="经度", required=False, min_value=-180, max_value=180)
    latitude = forms.FloatField(label="纬度", required=False, min_value=-90, max_value=90)

    def __init__(self, *args: Any, scope: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["operation"].choices = [(one, one) for one in scope]


class LessonForm(forms.Form):
    """One lesson: day, times, unit, teacher, room."""

    day = _day("日期")
    start = forms.TimeField(label="开始", widget=forms.TimeInput(attrs=TIME, format="%H:%M"), error_messages=NEED)
    end = forms.TimeField(label="结束", widget=forms.TimeInput(attrs=TIME, format="%H:%M"), error_messages=NEED)
    unit = forms.CharField(label="教学单元", max_length=MOST_TEXT, error_messages=NEED)
    teacher = forms.ChoiceField(label="教师")
    room = forms.CharField(label="教室", error_messages=NEED)
    capacity = forms.IntegerField(label="容量", min_value=1, max_value=MOST_SEATS, error_messages=NEED)

    def __init__(self, *args: Any, teachers: list[Any], **options: Any) -> None:
        super().__init__(*args, **options)
        self._teachers = {str(one.pk): one for one in teachers}
        self.fields["teacher"].choices = [(key, f"{one.name}（{one.subject}）") for key, one in self._teachers.items()]

    def row(self) -> dict[str, Any]:
        """As actions take it."""
        said = self.cleaned_data
        starts, ends = (dt.datetime.combine(said["day"], said[name], CHINA) for name in ("start", "end"))
        chosen = self._teachers[said["teacher"]]
        return {"starts_at": starts, "ends_at": ends, "unit": said["unit"], "teacher": chosen, "room": said["room"], "capacity": said["capacity"]}


class LessonSheetForm(forms.Form):
    """A timetable as a spreadsheet."""

    file = forms.FileField(label="课程表文件（xlsx、xls、ods、csv）", allow_empty_file=True, error_messages=NEED)


class ChangeForm(LessonForm):
    """Move or repeat a lesson."""

    reason = forms.CharField(label="原因", widget=forms.Textarea(attrs={"rows": 2}), error_messages=NEED, help_text="学员会看到；不少于 20 个字。")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        del self.fields["unit"]

    def row(self) -> dict[str, Any]:
        """As actions take it; the unit is that of the lesson."""
        self.cleaned_data.setdefault("unit", "")
        return super().row()


class RosterForm(forms.Form):
    """People to be enrolled, a line each."""

    people = forms.CharField(
        label="学员（每行一人）", widget=forms.Textarea(attrs={"rows": 6, "placeholder": "姓名 身份证号码 卡号（可空）"}), error_messages=NEED,
        help_text="姓名、身份证号码、卡号之间用空格或逗号隔开。有一行不对，整份不登记。",
    )  # fmt: skip

    def rows(self) -> list[tuple[str, str, str]]:
        """(name, number, card)"""
        found = []
        for line in self.cleaned_data["people"].splitlines():
            parts = line.replace("，", " ").replace(",", " ").replace("\t", " ").split()
            if parts:
                found.append((parts[0], parts[1] if len(parts) > 1 else "", parts[2] if len(parts) > 2 else ""))
        return found


class CorrectionForm(forms.Form):
    """A counter-entry that is asked for."""

    begin = forms.TimeField(label="更正后的签到时间", required=False, widget=forms.TimeInput(attrs={"type": "time", "step": "1"}))
    end = forms.TimeField(
        label="更正后的签退时间", required=False, widget=forms.TimeInput(attrs={"type": "time", "step": "1"}), help_text="两个都空：作废这条记录。"
    )
    reason = forms.CharField(
        label="原因和依据", widget=forms.Textarea(attrs={"rows": 3}), error_messages=NEED,
        help_text="为什么要更正、凭什么（监控、纸质签到表等）；不少于 20 个字。",
    )  # fmt: skip


class ContestForm(ReasonForm):
    """The clerk's answer to a contest."""

    decision = forms.ChoiceField(
        label="决定", choices=[("granted", "异议成立，恢复学时"), ("dismissed", "维持不计")], widget=forms.RadioSelect, error_messages=NEED
    )


class ConsequenceForm(ReasonForm):
    """What becomes of an application or a certificate."""

    decision = forms.ChoiceField(
        label="决定", choices=[("stands", "不受影响"), ("reopen", "退回重审"), ("withdraw", "提请撤销")], widget=forms.RadioSelect,
        error_messages=NEED,
    )  # fmt: skip


class PartForm(forms.Form):
    """A paper for the file of a class."""

    part = forms.ChoiceField(label="材料", choices=FilePart.Part.choices)
    file = forms.FileField(label="文件", help_text="PDF、JPEG、PNG 或 Office 文件，不超过 10 MB。", error_messages=NEED)


class SealForm(forms.Form):
    """Why a file is sealed without some of its parts."""

    reason = forms.CharField(label="缺项的理由", required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="不少于 20 个字。")


class VisitForm(forms.Form):
    """What an inspector saw."""

    heads = forms.IntegerField(
        label="教室里实际多少名学员", min_value=0, max_value=2000, error_messages=NEED, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )
    differs = forms.BooleanField(label="与报告不符（没有上课、不是这个班或这位教师）", required=False)
    note = forms.CharField(label="看到的情况", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    photo = forms.FileField(label="照片（可不拍）", required=False, widget=forms.FileInput(attrs={"accept": "image/*", "capture": "environment"}))


class IdentityForm(forms.Form):
    """A datum that is wrong, and what proves it."""

    field = forms.ChoiceField(label="哪一项", choices=IdentityCorrection.Field.choices)
    new = forms.CharField(label="正确的内容", max_length=60, error_messages=NEED)
    fault = forms.ChoiceField(label="谁的差错", choices=FAULTS, widget=forms.RadioSelect, error_messages=NEED)
    evidence = forms.CharField(
        label="哪里错了、凭什么证件", widget=forms.Textarea(attrs={"rows": 3}), error_messages=NEED, help_text="不少于 20 个字。"
    )
    attachment = forms.FileField(label="证件照片（可不交）", required=False, help_text="JPEG、PNG 或 PDF，不超过 4 MB。")


class DecideIdentityForm(forms.Form):
    """Whose error it was, and what is done about it or why not."""

    fault = forms.ChoiceField(label="核对后认定谁的差错", choices=FAULTS, widget=forms.RadioSelect, error_messages=NEED)
    text = forms.CharField(
        label="处理（机构差错必填）或不同意的理由", required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="如：约谈机构负责人、责令整改、记入监管台账；不同意的写明理由，不少于 20 个字。",
    )  # fmt: skip


class ConditionForm(forms.Form):
    """A figure or a finding for one clause of the standard."""

    clause = forms.ChoiceField(label="第几条")
    figure = forms.IntegerField(label="数量（按数量要求的）", required=False, min_value=0, max_value=1_000_000)
    met = forms.ChoiceField(label="是否符合（按内容要求的）", required=False, choices=[("", "—"), ("yes", "符合"), ("no", "不符合")])
    note = forms.CharField(
        label="凭什么", widget=forms.Textarea(attrs={"rows": 2}), error_messages=NEED, help_text="台账、现场、证书编号等；不少于 20 个字。"
    )

    def __init__(self, *args: Any, clauses: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["clause"].choices = [(clause, f"{clause} {title}") for clause, title in clauses]


class RevokeForm(ReasonForm):
    """A proof that does not hold."""

    is_false = forms.BooleanField(label="属于虚假证明（培训没有进行或记录造假）", required=False)
