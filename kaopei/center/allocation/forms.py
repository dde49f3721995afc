"""Forms of sittings and draws. They read; what may be done is decided by the actions."""

from typing import Any

from django import forms

from kaopei.center.allocation.models import LateChange, Party, ThinDecision
from kaopei.center.allocation.sources import SOURCES

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
PIN = forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"})
HEX = {"class": "digest", "autocomplete": "off", "spellcheck": "false"}
THIRD = [
    (Party.Interest.NOTARY.value, Party.Interest.NOTARY.label),
    (Party.Interest.INSTITUTION.value, Party.Interest.INSTITUTION.label),
]


class TakePlanForm(forms.Form):
    """Which batch's plan becomes sittings."""

    batch = forms.ChoiceField(label="批次")

    def __init__(self, *args: Any, batches: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["batch"].choices = [(number, number) for number in batches]


class AnnounceForm(forms.Form):
    """The announcement of a draw; `follows` makes it an incremental one."""

    follows = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    batch = forms.ChoiceField(label="批次")
    part = forms.ChoiceField(label="考试内容", choices=[("T", "理论"), ("P", "实操")])
    rule_document = forms.CharField(label="本市交叉考试实施办法（名称、文号）", max_length=200)
    rule_published_on = forms.DateField(label="实施办法公布日期", widget=DATE)
    own_school_allowed = forms.BooleanField(label="在校学生可以在本校考试点考试（N2.3.6）", required=False, initial=True)
    objections_until = forms.DateTimeField(label="异议截止", widget=MOMENT)
    public_source = forms.ChoiceField(label="公共值来源", choices=[(one.key, f"{one.title}：{one.how}") for one in SOURCES.values()])
    public_at = forms.DateTimeField(label="公共值的约定时刻", widget=MOMENT)
    party_city = forms.ChoiceField(label="承诺方：市考试机构")
    party_province = forms.ChoiceField(label="承诺方：省考试机构")
    third_interest = forms.ChoiceField(label="第三方", choices=THIRD)
    party_third = forms.ChoiceField(label="第三方经办人")

    def __init__(self, *args: Any, batches: list[str], people: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["batch"].choices = [(number, number) for number in batches]
        for name in ("party_city", "party_province", "party_third"):
            self.fields[name].choices = people

    def parties(self) -> tuple[tuple[str, str], ...]:
        """(interest, username) of the three parties."""
        said = self.cleaned_data
        third = (said["third_interest"], said["party_third"])
        return (("city", said["party_city"]), ("province", said["party_province"]), third)


class CommitForm(forms.Form):
    """A commitment with its deposit."""

    commitment = forms.CharField(label="承诺值", max_length=64, required=False, widget=forms.TextInput(attrs=HEX))
    secret = forms.CharField(label="密值（仅演练：由系统密封代管）", max_length=64, required=False, widget=forms.TextInput(attrs=HEX))
    share_1 = forms.CharField(label="第一份分持件的摘要", max_length=64, required=False, widget=forms.TextInput(attrs=HEX))
    share_2 = forms.CharField(label="第二份分持件的摘要", max_length=64, required=False, widget=forms.TextInput(attrs=HEX))
    share_3 = forms.CharField(label="第三份分持件的摘要", max_length=64, required=False, widget=forms.TextInput(attrs=HEX))
    pin = forms.CharField(label="签名口令", widget=PIN)

    def shares(self) -> list[str]:
        """The digests that were filled in."""
        return [self.cleaned_data[f"share_{number}"] for number in (1, 2, 3) if self.cleaned_data[f"share_{number}"]]


class ChangeForm(forms.Form):
    """One change since the draw before."""

    kind = forms.ChoiceField(
        label="变更",
        choices=[(one.value, one.label) for one in LateChange.Kind if one not in (LateChange.Kind.SITE, LateChange.Kind.LATE)],
    )
    about = forms.CharField(label="场次编号或抽签代号", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    reason = forms.CharField(label="理由（不少于 10 个字，不写姓名）", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ExceptionForm(forms.Form):
    """Ask that a site may be used although its host has left the register."""

    site = forms.ChoiceField(label="考试点")
    reason = forms.CharField(label="理由（不少于 20 个字）", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    from_day = forms.DateField(label="自", widget=DATE)
    to_day = forms.DateField(label="至", widget=DATE)
    attachment = forms.FileField(label="证明材料")

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["site"].choices = sites


class ThinForm(forms.Form):
    """What follows from the list of those with too few sites."""

    choice = forms.ChoiceField(label="处理", choices=ThinDecision.Choice.choices)
    reason = forms.CharField(label="理由（不少于 10 个字）", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class RevealForm(forms.Form):
    """A party's secret."""

    secret = forms.CharField(label="密值", max_length=64, widget=forms.TextInput(attrs=HEX))


class EscrowForm(forms.Form):
    """A keeper's part in opening a deposit."""

    party = forms.ChoiceField(label="承诺方")
    share = forms.CharField(label="分持件（代管的密值不用填）", max_length=80, required=False, widget=forms.TextInput(attrs=HEX))
    reason = forms.CharField(label="原因", max_length=200)

    def __init__(self, *args: Any, parties: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["party"].choices = parties


class ValueForm(forms.Form):
    """The public value, as published."""

    value = forms.CharField(label="公共值（演练可不填）", max_length=400, required=False)


class ReasonForm(forms.Form):
    """Why a draw ends."""

    reason = forms.CharField(label="理由（不少于 10 个字）", max_length=500)


class PinForm(forms.Form):
    """One's own signature."""

    pin = forms.CharField(label="签名口令", widget=PIN)
