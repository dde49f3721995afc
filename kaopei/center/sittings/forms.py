"""Forms of the conduct of sittings. They read; what may be done is decided by the actions."""

from typing import Any

from django import forms

PIN = forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
CODE = {"autocomplete": "off", "spellcheck": "false"}
CHALLENGE = forms.TextInput(attrs={"placeholder": "123456-123456-123456", **CODE})
REASON = forms.Textarea(attrs={"rows": 2})


class Several(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class RequestForm(forms.Form):
    """A machine's request and the two who will accept it."""

    file = forms.FileField(label="登记申请文件")
    acceptor1 = forms.ChoiceField(label="验收人一")
    acceptor2 = forms.ChoiceField(label="验收人二")

    def __init__(self, *args: Any, people: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        for name in ("acceptor1", "acceptor2"):
            self.fields[name].choices = people


class PinForm(forms.Form):
    """One's own signature."""

    pin = forms.CharField(label="签名口令", widget=PIN)


class OrderForm(forms.Form):
    """How many of the next sittings to order."""

    count = forms.IntegerField(label="按时间先后", min_value=1, max_value=200, initial=1)


class UploadForm(forms.Form):
    """Files from the vault or from a site."""

    files = forms.FileField(label="文件", widget=Several(attrs={"multiple": True}))


class DevicesForm(forms.Form):
    """Lists of machines, and inventories of certificate authorities."""

    files = forms.FileField(label="设备基线表（XLSX 或 CSV）、考点证书机构的 devices.json，可同时选几个", widget=Several(attrs={"multiple": True}))


class TrialForm(forms.Form):
    """When and where a trial package is opened."""

    site = forms.ChoiceField(label="考试点")
    date = forms.DateField(label="日期", widget=forms.DateInput(attrs={"type": "date"}))
    start = forms.TimeField(label="时间", widget=forms.TimeInput(attrs={"type": "time"}))

    def __init__(self, *args: Any, sites: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["site"].choices = [(one, one) for one in sites]


class ScanForm(forms.Form):
    """What a scanner read from the codes of a slip."""

    texts = forms.CharField(label="扫描内容", widget=forms.Textarea(attrs={"rows": 8, **CODE}))


class SeatingForm(forms.Form):
    """The staff of a sitting, as a file or typed in."""

    staff = forms.FileField(label="人员表（CSV 或 XLSX）", required=False)
    staff_text = forms.CharField(
        label="或者直接填写：第一行是表头",
        required=False,
        widget=forms.Textarea(attrs={"rows": 7, "placeholder": "姓名,岗位,口令,签名人", **CODE}),
    )


class ReleaseForm(forms.Form):
    """What the site says when it asks for the key."""

    challenge = forms.CharField(label="考点口令（三组数字）", max_length=40, widget=CHALLENGE)
    stage = forms.TypedChoiceField(label="放行", choices=[(1, "试卷密钥（开考前）"), (2, "答案密钥（收场小条之后）")], coerce=int, initial=1)
    machine = forms.ChoiceField(label="出示口令的考试服务器", required=False)
    cameras = forms.BooleanField(label="摄像头已全部打开并正常（N2.4.9）", required=False)
    waiver = forms.CharField(label="摄像头有不正常的，写明情况和理由", max_length=400, required=False, widget=REASON)
    unslipped = forms.CharField(label="启封前小条送不出来的原因（网络中断、只有电话时才填）", max_length=400, required=False, widget=REASON)
    reason = forms.CharField(label="再次放行的理由（首次不填）", max_length=500, required=False, widget=REASON)

    def __init__(self, *args: Any, machines: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["machine"].choices = [("", "本场唯一的一台"), *((serial, serial) for serial in machines)]


class ReserveForm(forms.Form):
    """The province's reserve share, with the site's challenge."""

    challenge = forms.CharField(label="考点口令（三组数字）", max_length=40, widget=CHALLENGE)
    digits = forms.CharField(label="备用信封里的十组数字", max_length=120, widget=forms.Textarea(attrs={"rows": 2, "inputmode": "numeric", **CODE}))
    machine = forms.ChoiceField(label="出示口令的考试服务器", required=False)
    reason = forms.CharField(label="密钥服务为什么不能用", max_length=400, widget=REASON)
    unslipped = forms.CharField(label="启封前小条送不出来的原因（没有送到时填）", max_length=400, required=False, widget=REASON)

    def __init__(self, *args: Any, machines: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["machine"].choices = [("", "本场唯一的一台"), *((serial, serial) for serial in machines)]


class ReportForm(forms.Form):
    """How the reserve came to be used."""

    text = forms.CharField(label="经过、在场人员、信封编号", max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))


class HandForm(forms.Form):
    """Who takes a share."""

    receiver = forms.CharField(label="领取人姓名", max_length=60)
