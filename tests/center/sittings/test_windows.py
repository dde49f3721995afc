"""Whether scores are shown at a site is a setting that travels in the sealed paper."""

from datetime import datetime

import pytest
from django.core.exceptions import ImproperlyConfigured

from kaopei.center.sittings import windows
from kaopei.office.clock import CHINA

START, END = datetime(2026, 12, 7, 9, tzinfo=CHINA), datetime(2026, 12, 7, 11, tzinfo=CHINA)


@pytest.mark.parametrize(("said", "expected"), [("", "never"), ("never", "never"), ("at_close", "at_close")])
def test_the_setting_goes_into_the_policy_and_onto_the_page(monkeypatch, said, expected):
    monkeypatch.setenv(windows.SCORE_DISPLAY, said)
    assert windows.policy(START, END)["score_display"] == expected
    assert windows.SHOWN[expected] in [term.value for term in windows.terms(START, END)]


def test_another_word_stops_the_program(monkeypatch):
    monkeypatch.setenv(windows.SCORE_DISPLAY, "always")
    with pytest.raises(ImproperlyConfigured, match="KAOPEI_SCORE_DISPLAY"):
        windows.policy(START, END)


def test_practical_settings_start_empty(monkeypatch):
    assert windows.policy(START, END, "P")["practical"] == {"examiners": 2, "difference": None, "combine": "", "third": ""}
    assert "practical" not in windows.policy(START, END)
    told = {term.title: term.value for term in windows.terms(START, END, "P")}
    assert told["每名考生的考评员"] == "2 人" and "总分须相等" in told["允许分差"]
    for name, value in (("EXAMINERS", "3"), ("DIFFERENCE", "5"), ("COMBINE", "lower"), ("THIRD", "median")):
        monkeypatch.setenv(f"KAOPEI_PRACTICAL_{name}", value)
    assert windows.practical() == {"examiners": 3, "difference": 5, "combine": "lower", "third": "median"}
    assert "5 分，取较低分" in [term.value for term in windows.terms(START, END, "P")]


@pytest.mark.parametrize(
    ("name", "value"), [("EXAMINERS", "0"), ("EXAMINERS", "6"), ("EXAMINERS", "两"), ("DIFFERENCE", "-1"), ("COMBINE", "mean"), ("THIRD", "first")]
)
def test_a_practical_setting_that_is_none_stops_the_program(monkeypatch, name, value):
    monkeypatch.setenv(f"KAOPEI_PRACTICAL_{name}", value)
    with pytest.raises(ImproperlyConfigured, match="KAOPEI_PRACTICAL"):
        windows.practical()
