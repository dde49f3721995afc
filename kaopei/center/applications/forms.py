"""Forms of the intake; what they ask for is decided by the actions."""

from django import forms

from kaopei.center.applications.pack import KINDS, MOST_BYTES


class ManyFiles(forms.ClearableFileInput):
    """Several files at once; the input itself is the place to drop them on."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """A list of uploaded files."""

    def clean(self, data, initial=None):
        files = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(file, initial) for file in files if file or self.required]


class PackForm(forms.Form):
    """All workbooks of a month, or one ZIP; for a correction only those that changed."""

    files = ManyFilesField(
        label="表格文件",
        widget=ManyFiles(attrs={"class": "drop", "accept": ",".join([*KINDS, ".zip"])}),
        error_messages={"required": "请选择文件。", "empty": "文件是空的，请检查是否没有保存。"},
    )
    batch = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_files(self):
        """Sizes before contents: what is too big is not read."""
        files = self.cleaned_data["files"]
        if sum(file.size for file in files) > MOST_BYTES:
            raise forms.ValidationError(f"文件合计超过 {MOST_BYTES >> 20} MB，请检查是否选错。")
        return files

    def delivery(self) -> dict[str, bytes]:
        """File name → bytes."""
        return {file.name: file.read() for file in self.cleaned_data["files"]}


class RulingForm(forms.Form):
    """A person's decision of a held row."""

    decision = forms.ChoiceField(
        label="决定", choices=[("accept", "受理"), ("refuse", "不予受理")], widget=forms.RadioSelect, error_messages={"required": "请选择决定。"}
    )
    reason = forms.CharField(
        label="核实情况和理由", min_length=10, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不少于 10 个字：查了什么、向谁核实、结论是什么。",
        error_messages={"required": "请写明理由。", "min_length": "理由不少于 10 个字。"},
    )  # fmt: skip


class StepForm(forms.Form):
    """What happened to a decision: service, statement, review."""

    kind = forms.ChoiceField(label="记录什么", choices=[("service", "送达"), ("statement", "陈述申辩"), ("review", "复核")])
    on = forms.DateField(
        label="日期", widget=forms.DateInput(attrs={"type": "date"}), error_messages={"required": "请填写日期。", "invalid": "日期写成 2026-12-07。"}
    )  # fmt: skip
    text = forms.CharField(
        label="内容", widget=forms.Textarea(attrs={"rows": 3}), help_text="送达：用什么方式送给谁；陈述：本人的原话；复核：看了什么，为什么。",
        error_messages={"required": "请写明内容。"},
    )  # fmt: skip
    proof = forms.CharField(label="送达凭证编号", required=False, max_length=80, help_text="只有送达需要：短信回执、签收单或邮件单号。")
    upheld = forms.TypedChoiceField(
        label="复核结果", required=False, choices=[("", "（不是复核）"), ("yes", "维持"), ("no", "不维持，须另作决定")],
        coerce=lambda value: value == "yes", empty_value=None,
    )  # fmt: skip
