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
