"""Forms of publications. They read; what may be done is decided by the actions."""

from django import forms


class WithdrawForm(forms.Form):
    """Why a statement is taken back."""

    reason = forms.CharField(label="撤回的理由（不少于 10 个字）", max_length=300)
