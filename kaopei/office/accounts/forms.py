"""Forms of log-in and of people."""

from django import forms


class LoginForm(forms.Form):
    """Staff number and password."""

    username = forms.CharField(label="用户名", max_length=150, widget=forms.TextInput({"autocomplete": "username", "autofocus": True}))
    password = forms.CharField(label="密码", max_length=200, widget=forms.PasswordInput({"autocomplete": "current-password"}))
