"""依据 of a page: duties, and the dated numbers that they decide by, each with its days, source, article and how far it was seen."""

import re
from datetime import date, datetime

import pytest
from django.template import Context, Template

from kaopei.law import duties, numbers
from kaopei.office.clock import CHINA
from kaopei.office.ui import figures

DAY = date(2026, 11, 23)


def panel(*numbers_, day=DAY, **more):
    said = " ".join(f'"{one}"' for one in numbers_)
    found = Template(f"{{% load ui %}}{{% basis {said} %}}").render(Context({"now": datetime(day.year, day.month, day.day, tzinfo=CHINA), **more}))
    return re.sub(r"\s+", " ", found)


def test_numbers_of_a_duty_come_with_days_source_and_article():
    said = panel("N3.2.0b")
    for word in ("暂停考试业务下限", "3 个月", "2023-08-10 起至 2028-08-10", "三（二）", "见过原文", 'data-number="ep.suspension_max"'):
        assert word in said, word


def test_further_number_is_named_by_its_key():
    assert 'data-number="ep.camera_lead"' not in panel("N2.3.2") and 'data-number="ep.camera_lead"' in panel("N2.3.2", "ep.camera_lead")


def test_value_that_nobody_has_verified_says_so():
    found = figures.of_law("ti.capacity", DAY)
    assert not numbers.of("ti.capacity", DAY).may_refuse and not found.is_verified and ("未核实" in found.standing or "尚未录入" in found.value)
    late = figures.of_law("ep.suspension_min", date(2029, 1, 1))
    assert not late.is_verified and "依据已失效" in late.standing


def test_setting_is_never_shown_as_law():
    said = panel("N1.2.7")
    assert "设置（不是法定值）" in said and "本系统的建议设置" in said


@pytest.mark.parametrize("key", sorted(numbers.all_numbers()))
def test_every_number_can_be_shown(key):
    assert figures.of_law(key, DAY).title and figures.of_law(key, date(1999, 1, 1)).source


def test_every_number_that_a_duty_names_exists():
    assert {key for duty in duties.all_duties().values() for key in duty.numbers} <= set(numbers.all_numbers())


def test_every_office_template_has_a_panel_or_takes_the_common_one():
    """依据 stands on every page that somebody sees who has logged in."""
    from kaopei.office.environment import PROJECT

    pages = [path for path in (PROJECT / "kaopei").rglob("templates/**/*.html") if 'extends "ui/page.html"' in path.read_text(encoding="utf-8")]
    assert len(pages) > 80
    empty = [path.name for path in pages if re.search(r"\{% block (basis|aside) %\}\s*\{% endblock %\}", path.read_text(encoding="utf-8"))]
    # Nobody has logged in yet who sees these.
    assert sorted(empty) == ["code.html", "login.html", "recover.html", "unseal.html"]
