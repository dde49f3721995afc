"""Forms of log-in and of people."""

from django import forms

from kaopei.law import places
from kaopei.office.accounts import roles


class LoginForm(forms.Form):
    """Staff number and password."""

    username = forms.CharField(label="用户名", max_length=150, widget=forms.TextInput({"autocomplete": "username", "autofocus": True}))
    password = forms.CharField(label="密码", max_length=200, widget=forms.PasswordInput({"autocomplete": "current-password"}))


class CodeForm(forms.Form):
    """The second step: a code from the phone, or a recovery code."""

    code = forms.CharField(
        label="动态口令或恢复码", max_length=20, widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "text", "autofocus": True})
    )


class RecoveryForm(forms.Form):
    """Asking a second administrator to let somebody in again."""

    reason = forms.CharField(label="恢复原因与核对本人身份的方式", max_length=300, min_length=5, widget=forms.Textarea({"rows": 2}))


class BeginAgainForm(forms.Form):
    """The person himself, with the word that two administrators made."""

    username = forms.CharField(label="用户名", max_length=32, widget=forms.TextInput({"autocomplete": "username"}))
    word = forms.CharField(label="恢复口令", max_length=40, widget=forms.TextInput({"autocomplete": "off"}))
    password = forms.CharField(
        label="新密码", min_length=10, max_length=200, widget=forms.PasswordInput({"autocomplete": "new-password"}), help_text="至少 10 个字符。"
    )


def _cities() -> list[tuple[str, str]]:
    return [("", "（无）"), (roles.PROVINCE, "全省"), *((code, city.name) for code, city in places.cities().items())]


def _roles() -> list[tuple[str, str]]:
    return [(role.code, role.zh) for role in roles.catalogue().roles.values() if role.code != roles.SYSTEM_ROLE]


class PersonForm(forms.Form):
    """A new person. The action judges separation of duties."""

    username = forms.RegexField(
        r"^[a-z0-9._-]{2,32}$",
        label="用户名（工号）",
        help_text="小写字母、数字、点、横线，2 至 32 个字符；不得用姓名或证件号码，它会写入台账。",
        error_messages={"invalid": "只能用小写字母、数字、点、横线，2 至 32 个字符。"},
    )
    name = forms.CharField(label="姓名", max_length=64)
    city = forms.ChoiceField(label="工作范围", choices=_cities, required=False)
    institution = forms.CharField(label="所属机构的统一社会信用代码", max_length=18, required=False, help_text="仅培训机构的人员填写。")
    held = forms.MultipleChoiceField(label="岗位", choices=_roles, required=False, widget=forms.CheckboxSelectMultiple)
    password = forms.CharField(
        label="初始密码",
        min_length=10,
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="至少 10 个字符。",
        error_messages={"min_length": "密码至少 10 个字符。"},
    )


class RoleForm(forms.Form):
    """One more role for a person."""

    role = forms.ChoiceField(label="增加岗位", choices=_roles)


class SealForm(forms.Form):
    """An emergency account to be sealed."""

    role = forms.ChoiceField(label="岗位（只给一个）", choices=_roles)
    city = forms.CharField(label="范围", max_length=6, help_text="六位城市代码；全省填 *。")
    first = forms.CharField(label="第一持有人（用户名）", max_length=32)
    second = forms.CharField(label="第二持有人（用户名）", max_length=32, help_text="两人各自登录后领取一份口令，封入信封，分开保管。")


class UnsealForm(forms.Form):
    """Both halves of an emergency account's key."""

    username = forms.CharField(label="应急账号（见信封）", max_length=32)
    first = forms.CharField(label="第一份口令", max_length=40, widget=forms.PasswordInput({"autocomplete": "off"}))
    second = forms.CharField(label="第二份口令", max_length=40, widget=forms.PasswordInput({"autocomplete": "off"}))
    reason = forms.CharField(
        label="紧急情况", max_length=1000, widget=forms.Textarea({"rows": 3}), help_text="不少于 10 个字：为什么没有人能按平常的办法登录。"
    )  # fmt: skip
