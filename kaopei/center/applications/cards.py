"""What the intake puts on the page of today."""

from typing import Any

from django.urls import reverse

from kaopei.center.applications import queries
from kaopei.center.applications.models import Intake
from kaopei.office.ui.cards import Card, Line


def for_person(user: Any) -> list[Card]:
    """For a clerk: intakes to confirm, held rows, or the first thing to do; for an institution: where its verdicts are."""
    if user.may("applications.decide"):
        return [_intakes(), _held()]
    if user.may("applications.own"):
        url = reverse("applications:own")
        return [Card("本机构报名", "Our applications", [Line("查看逐行结论，下载后更正", url)], url=url, weight=20)]
    return []


def _intakes() -> Card:
    url = reverse("applications:listing")
    waiting = queries.intakes().filter(status=Intake.Status.JUDGED)
    lines = [
        Line(f"受理 {one.number}：核对后确认", reverse("applications:intake", args=[one.number]), f"{one.counts.get('rows', 0)} 行")
        for one in waiting
    ]
    empty = "" if queries.intakes().exists() else "先上传本月的报名表格。"
    if not lines and not empty:
        return Card("报名受理", "Intake", [Line("上传下一批报名表格", reverse("applications:new"), "没有待确认的受理")], url=url, weight=60)
    place = reverse("applications:new") if empty else url
    return Card("待确认的受理", "Intakes to confirm", lines, count=len(lines), url=place, weight=15, empty=empty)


def _held() -> Card:
    url = reverse("applications:held")
    found = list(queries.held()[:5])
    lines = [
        Line(f"{one.batch.number} 序号 {one.serial}", reverse("applications:application", args=[one.batch.number, one.serial]), _why(one))
        for one in found
    ]
    return Card("待定的报名", "Held rows", lines, count=queries.held().count(), url=url, weight=20, empty="没有待定的报名。")


def _why(one: Any) -> str:
    return "；".join(CODES.get(code, code) for code in one.row.codes)


# Short words for reasons, for filters and cards.
CODES = {
    "name_missing": "姓名缺失",
    "id_mangled": "证号残缺",
    "id_checksum": "证号校验不符",
    "duplicate": "重复",
    "age_min": "未满年龄",
    "age_max": "超过年龄",
    "education": "学历",
    "place": "不在本市",
    "institution_unknown": "机构不明",
    "institution_not_registered": "机构未登记",
    "institution_scope": "超出业务范围",
    "hours": "学时不足",
    "sex_mismatch": "性别不符",
    "normalised": "已规范",
}
ENGLISH = {
    "name_missing": "no name",
    "id_mangled": "ID number damaged",
    "id_checksum": "ID check digit",
    "duplicate": "duplicate",
    "age_min": "too young",
    "age_max": "too old",
    "education": "education",
    "place": "not this city",
    "institution_unknown": "unknown institution",
    "institution_not_registered": "institution not registered",
    "institution_scope": "outside scope",
    "hours": "too few hours",
    "sex_mismatch": "sex differs",
    "normalised": "put right",
}
