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
