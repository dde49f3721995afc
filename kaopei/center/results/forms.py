"""Forms of results."""

from typing import Any

from django import forms


class ManyFiles(forms.FileField):
    """Several files in one field; each is checked like one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=ManyFilesInput(attrs={"multiple": True}), allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(ManyFiles, self).clean(one, initial) for one in (data or [None])]


class ManyFilesInput(forms.ClearableFileInput):
    """The browser's own field with several files."""

    allow_multiple_selected = True


class ScoringsForm(forms.Form):
    """评分结果: files of `./run vault score`, one a sitting."""

    file = ManyFiles(label="评分结果文件", error_messages={"required": "请选择题库室给出的评分结果文件。"})


class ChosenForm(forms.Form):
    """Whom of the practical list, and why. `whom`: the ticked ones, or everybody whom the filter shows."""

    whom = forms.ChoiceField(choices=[("ticked", "勾选的人"), ("all", "筛选出的全部人")], initial="ticked")
    reason = forms.CharField(label="理由", max_length=500, required=False)
    subject = forms.CharField(required=False)
