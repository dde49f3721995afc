"""Forms of the register; what they ask for is decided by the actions."""

import datetime as dt
from typing import Any

from django import forms

from kaopei.center.registry.actions.standing import BARRING
from kaopei.center.registry.models import ExamBody, Institution, Site, WrittenReport
from kaopei.center.registry.reporting import Upload
from kaopei.center.registry.sheets import LISTS
from kaopei.law import operations, terms
from kaopei.law.duties import all_duties
from kaopei.law.rules.c2_5_staff import POSTS
from kaopei.law.rules.c3_2_sites import may_suspend, may_withdraw

NEED = {"required": "请填写。", "invalid": "格式不对，请核对。", "invalid_choice": "请从列表中选择。"}


def _day(**more: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), error_messages=NEED, **more)


def _text(rows: int = 0, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(widget=widget, error_messages=NEED, max_length=more.pop("max_length", 500), **more)


def _operations() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every work type of the catalogue under its category."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in operations.catalogue().values():
        groups.setdefault(f"{one.category_no} {one.category}", []).append((one.name, f"{one.code} {one.name}"))
    return list(groups.items())


class Files(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """What was chosen, read whole; type and size are judged by the action."""

    def __init__(self, **options: Any) -> None:
        widget = Files(attrs={"multiple": True, "accept": ".pdf,.jpg,.jpeg,.png"})
        super().__init__(widget=widget, allow_empty_file=True, error_messages=NEED, **options)

    def clean(self, data: Any, initial: Any = None) -> list[Upload]:
        chosen = data if isinstance(data, list | tuple) else [data] if data else []
        if not chosen and self.required:
            raise forms.ValidationError("请选择文件。")
        return [Upload(file.name, file.read()) for file in chosen]


class Worded(forms.Form):
    """Labels in the language of the page: `words` maps a field to its Chinese and English label and, if need be, help."""

    words: dict[str, tuple[str, ...]] = {}

    def __init__(self, *args: Any, lang: str = "zh", **options: Any) -> None:
        super().__init__(*args, **options)
        for name, said in self.words.items():
            self.fields[name].label = said[1 if lang == "en" else 0]
            if len(said) == 4:
                self.fields[name].help_text = said[3 if lang == "en" else 2]


class SuspensionForm(Worded):
    """Asks a second person to suspend a site."""

    words = {
        "from_day": ("起", "From"),
        "to_day": ("止（含当日）", "To (included)"),
        "reason": ("事由和依据", "Reason and ground", "写明哪一种情形、何时发现、证据编号。", "Which case, when found, number of the evidence."),
    }
    from_day = _day()
    to_day = _day()
    reason = _text(3, min_length=10)

    def clean(self):
        """The same rule that the action obeys, said before anybody is asked to sign."""
        said = super().clean()
        if said.get("from_day") and said.get("to_day"):
            verdict = may_suspend(said["from_day"], said["to_day"], said.get("reason", ""))
            if not verdict.allowed:
                raise forms.ValidationError(f"{verdict.text}（{verdict.clause}）")
        return said


class ResumeForm(Worded):
    """Ends a suspension before its day."""

    words = {"from_day": ("自何日恢复", "Resumed from"), "reason": ("复查情况和理由", "Re-check and reason")}
    from_day = _day()
    reason = _text(2, min_length=10)


class BarForm(Worded):
    """Asks a second person to bar an institution or a platform."""

    words = {
        "clause": ("依据条款", "Clause"),
        "from_day": ("起", "From"),
        "to_day": ("止（含当日；空着为另行通知）", "To (included; empty: until further notice)"),
        "reason": ("事由和依据", "Reason and ground", "写明查实的问题、何时发现、证据或案件编号。", "What was found, when, evidence or case."),
    }
    clause = forms.ChoiceField(error_messages=NEED)
    from_day = _day()
    to_day = _day(required=False)
    reason = _text(3, min_length=10)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = all_duties()
        self.fields["clause"].choices = [(number, f"{terms.cite(number)} {known[number].text}") for number in BARRING]

    def clean(self):
        """The same rule that the action obeys."""
        said = super().clean()
        if said.get("from_day") and said.get("to_day") and said["to_day"] < said["from_day"]:
            self.add_error("to_day", "止日早于起日，请核对。")
        return said


class WithdrawalForm(Worded):
    """Asks a second person to take a site's qualification away."""

    words = {
        "from_day": ("取消自", "Withdrawn from"),
        "order_due_on": ("责令整改的期限", "Last day of the order", "须先责令整改，期满没有改好的才取消。", "Only after an order that was not met."),
        "corrected": ("复查时已整改到位", "Found corrected at the re-check"),
        "reason": ("事由、整改文书编号和复查情况", "Reason, number of the order, result of the re-check"),
    }
    from_day = _day()
    order_due_on = _day()
    corrected = forms.BooleanField(required=False)
    reason = _text(3, min_length=10)

    def __init__(self, *args: Any, today: dt.date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean(self):
        """The same rule that the action obeys, said before anybody is asked to sign."""
        said = super().clean()
        if said.get("order_due_on"):
            verdict = may_withdraw(said["order_due_on"], said.get("corrected", False), self.today)
            if not verdict.allowed:
                raise forms.ValidationError(f"{verdict.text}（{verdict.clause}）")
        return said


class ReportForm(Worded):
    """A written report; which fields count depends on its kind."""

    words = {
        "code": ("统一社会信用代码", "Credit code"),
        "kind_of_body": ("报告主体", "Who reports"),
        "name": ("名称", "Name"),
        "district": ("所在区县", "District"),
        "address": ("地址", "Address"),
        "phone": ("联系电话", "Telephone"),
        "website": ("网址（网络培训平台必填）", "Website (platforms must)"),
        "changed_on": ("发生日期", "Day of the change"),
        "scope": ("业务范围（全部操作项目，不是只选增加的）", "Scope (all operations, not only the new ones)"),
        "plan": (
            "学员去向",
            "What becomes of trainees",
            "逐班写明：办完，或转到哪家机构。没有未结束的班可不填。",
            "Class by class; leave empty if none is open.",
        ),
        "files": (
            "盖章的书面材料",
            "Stamped papers",
            "PDF、JPG、PNG，每个不超过 20 MB，至多 10 个；加密保存。",
            "PDF, JPG, PNG; at most 20 MB each, 10 files; kept encrypted.",
        ),
    }
    code = _text(max_length=18, min_length=18)
    kind_of_body = forms.ChoiceField(choices=Institution.Kind.choices)
    name = _text(required=False)
    district = _text(required=False)
    address = _text(required=False)
    phone = _text(required=False)
    website = _text(required=False)
    scope = forms.MultipleChoiceField(required=False, choices=_operations, widget=forms.SelectMultiple(attrs={"size": 10}), error_messages=NEED)
    plan = _text(4, required=False, max_length=4000)
    changed_on = _day()
    files = FilesField()

    SHOWN = {
        "first": ("kind_of_body", "name", "district", "address", "phone", "website", "scope"),
        "scope": ("scope",),
        "change": ("name", "district", "address", "phone", "website"),
        "deregistration": ("plan",),
    }

    def __init__(self, *args: Any, kind: str, own: str, **options: Any) -> None:
        super().__init__(*args, **options)
        keep = {"code", "changed_on", "files", *self.SHOWN[kind]}
        for name in list(self.fields):
            if name not in keep:
                del self.fields[name]
        if own:
            self.fields["code"].disabled = True
            self.initial["code"] = own

    def said(self) -> dict[str, Any]:
        """What the report says, by field."""
        found = {name: value for name, value in self.cleaned_data.items() if name not in ("code", "changed_on", "files", "kind_of_body")}
        return found | ({"kind": self.cleaned_data["kind_of_body"]} if "kind_of_body" in self.cleaned_data else {})


class VerifyForm(Worded):
    """Verifies a report, or returns it."""

    CHECKS = (
        ("papers", "盖章材料齐全、清晰"), ("code", "信用代码与营业执照一致"), ("place", "场所地址属实"),
        ("teachers", "师资与业务范围相符"), ("scope", "业务范围与材料一致"), ("conditions", "培训条件符合要求"),
    )  # fmt: skip
    words = {
        "checked": ("核对了什么", "What was checked"),
        "from_day": ("自何日起登记（登记时填）", "In force from (to register)"),
        "reasons": ("结论的理由", "Reasons", "不少于 10 个字；退回时写明要补什么。", "At least 10 characters; when returning, what is missing."),
    }
    checked = forms.MultipleChoiceField(required=False, choices=CHECKS, widget=forms.CheckboxSelectMultiple)
    from_day = _day(required=False)
    reasons = _text(3, min_length=10)
    revision = forms.IntegerField(widget=forms.HiddenInput)


class SiteFactsForm(Worded):
    """What may change about a site."""

    words: dict[str, tuple[str, ...]] = {
        "name": ("名称", "Name"),
        "district": ("所在区县", "District"),
        "theory_seats": ("理论机位", "Seats"),
        "longitude": ("经度", "Longitude"),
        "latitude": ("纬度", "Latitude"),
        "theory": ("验收可考的理论项目", "Accepted for theory"),
        "practical": ("验收可考的实操项目", "Accepted for practical"),
        "agreement": ("考点协议编号", "Agreement"),
        "agreement_from": ("协议起", "Agreement from"),
        "agreement_to": ("协议止", "Agreement to"),
        "accepted_on": ("验收日期", "Accepted on"),
    }
    name = _text(max_length=100)
    district = _text(max_length=40, required=False)
    theory_seats = forms.IntegerField(min_value=0, max_value=5000, error_messages=NEED)
    longitude = forms.DecimalField(min_value=100, max_value=130, decimal_places=6, required=False, error_messages=NEED)
    latitude = forms.DecimalField(min_value=15, max_value=35, decimal_places=6, required=False, error_messages=NEED)
    accepted_on = _day(required=False)
    agreement = _text(max_length=60, required=False)
    agreement_from = _day(required=False)
    agreement_to = _day(required=False)
    theory = forms.MultipleChoiceField(required=False, choices=_operations, widget=forms.SelectMultiple(attrs={"size": 8}))
    practical = forms.MultipleChoiceField(required=False, choices=_operations, widget=forms.SelectMultiple(attrs={"size": 8}))


class NewSiteForm(SiteFactsForm):
    """A site to be accepted, with the road of the exception."""

    words = SiteFactsForm.words | {
        "number": ("考试点编号", "Number"),
        "kind": ("类型", "Kind"),
        "host_code": ("依托单位信用代码", "Host's credit code"),
        "exception_code": ("例外理由代码", "Code of the exception"),
        "exception_to": ("例外有效至", "Exception until"),
        "exception_text": (
            "例外理由",
            "Reason of the exception",
            "只有依托培训机构新设时需要，不少于 20 个字。",
            "Only for a new site on an institution; 20 characters.",
        ),
        "files": ("例外的证明材料", "Proof of the exception"),
        "over_cap": ("超过本市上限的理由", "Why above the city's figure"),
    }
    CODES = (("", "—"), ("no_public_base", "辖区内没有公共考试基地"), ("special_equipment", "实操设备只有该机构具备"), ("distance", "考生路程过远"))
    number = _text(max_length=20)
    kind = forms.ChoiceField(choices=Site.Kind.choices)
    host_code = _text(max_length=18, required=False)
    accepted_on = _day()
    exception_code = forms.ChoiceField(choices=CODES, required=False)
    exception_text = _text(3, required=False)
    exception_to = _day(required=False)
    files = FilesField(required=False)
    over_cap = _text(2, required=False)
    field_order = ["number", "name", "kind", "host_code", "district", "theory_seats", "theory", "practical", "accepted_on"]


class AmendSiteForm(SiteFactsForm):
    """A change of a site, from a day on."""

    words = SiteFactsForm.words | {"day": ("自何日起", "In force from")}
    day = _day()
    revision = forms.IntegerField(widget=forms.HiddenInput)


class CapForm(Worded):
    """How many sites the city wants at most; empty: it has set no figure."""

    words = {
        "most": (
            "本市考试点上限（个）",
            "At most",
            "空着表示本市没有设定；文件没有规定数字。",
            "Empty: the city has set none; the notice gives no figure.",
        ),
        "source": ("依据", "Source"),
        "day": ("自何日起", "From"),
    }
    most = forms.IntegerField(min_value=0, max_value=1000, required=False, error_messages=NEED)
    source = _text(required=False)
    day = _day()


class StaffForm(Worded):
    """A person of the staff file."""

    words = {
        "post": ("岗位", "Post"),
        "full_time": ("专职", "Full time"),
        "institution_code": ("关联培训机构信用代码", "Tied institution"),
        "trained_on": ("最近培训日期", "Last training"),
        "appraisal": ("年度考核", "Yearly appraisal"),
        "has_pledge": ("已签工作责任书", "Pledge signed"),
        "pledge_until": ("责任书有效至", "Pledge until"),
        "has_agreement": ("已签保密协议", "Secrecy agreement signed"),
        "agreement_until": ("保密协议有效至", "Agreement until"),
        "day": ("自何日起", "In force from"),
    }
    post = forms.ChoiceField(choices=[(post, post) for post in POSTS], error_messages=NEED)
    full_time = forms.BooleanField(required=False)
    institution_code = _text(max_length=18, required=False)
    trained_on = _day(required=False)
    appraisal = _text(max_length=40, required=False)
    has_pledge = forms.BooleanField(required=False)
    pledge_until = _day(required=False)
    has_agreement = forms.BooleanField(required=False)
    agreement_until = _day(required=False)
    day = _day()
    revision = forms.IntegerField(widget=forms.HiddenInput)


class ExamBodyForm(Worded):
    """The exam body of a city."""

    words = {
        "name": ("名称", "Name"),
        "nature": ("性质", "Nature"),
        "document": ("明确它的文件（名称、文号）", "Document of designation"),
        "premises": ("办公场所和设备", "Premises and equipment"),
        "budget": ("经费来源（预算文号）", "Budget"),
        "from_day": ("自何日起", "From"),
        "reason": ("性质不是内设机构或直属单位的理由", "Reason for another nature"),
        "attachment": ("证明材料编号", "Proof"),
        "until": ("例外有效至", "Exception until"),
    }
    name = _text(max_length=100)
    nature = forms.ChoiceField(choices=ExamBody.Nature.choices)
    document = _text(max_length=200)
    premises = _text(2, required=False)
    budget = _text(max_length=200, required=False)
    from_day = _day()
    reason = _text(2, required=False)
    attachment = _text(max_length=100, required=False)
    until = _day(required=False)

    def said(self) -> dict[str, str]:
        """As text, by field."""
        return {name: value.isoformat() if isinstance(value, dt.date) else value or "" for name, value in self.cleaned_data.items()}


class SheetForm(Worded):
    """A spreadsheet of one list."""

    words = {"list": ("哪一种表", "Which list"), "file": ("表格文件（xlsx、xls、ods、csv）", "Spreadsheet")}
    list = forms.ChoiceField(choices=[(name, name) for name in LISTS])
    file = forms.FileField(allow_empty_file=True, error_messages=NEED)


KINDS = dict(WrittenReport.Kind.choices)
