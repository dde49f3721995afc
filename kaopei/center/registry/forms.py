"""Forms of the register."""

from django import forms

from kaopei.law.rules.c3_2_sites import may_suspend


class SuspensionForm(forms.Form):
    """Asks a second person to suspend a site."""

    from_day = forms.DateField(label="起", widget=forms.DateInput(attrs={"type": "date"}))
    to_day = forms.DateField(label="止（含当日）", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label="事由和依据", min_length=10, widget=forms.Textarea(attrs={"rows": 3}), help_text="写明哪一种情形、何时发现、证据编号。"
    )

    def clean(self):
        """The same rule that the action obeys, said before anybody is asked to sign."""
        said = super().clean()
        if said.get("from_day") and said.get("to_day"):
            verdict = may_suspend(said["from_day"], said["to_day"], said.get("reason", ""))
            if not verdict.allowed:
                raise forms.ValidationError(f"{verdict.text}（{verdict.clause}）")
        return said
