"""What forms, choices and events say is in the English book: found here in a second, without walking every page."""

import importlib
import inspect
import pkgutil
import tomllib

import pytest
from django import forms
from django.apps import apps

import kaopei.center
import kaopei.office
from kaopei.office.environment import PROJECT
from kaopei.office.ui import english


def own_models():
    return [model for model in apps.get_models() if model.__module__.startswith("kaopei.")]


def choices():
    """Every label of a choice of a column."""
    return {str(label) for model in own_models() for field in model._meta.fields for _, label in field.choices or ()}


def form_texts():
    """Labels, help, placeholders and fixed choices of every form."""
    found = set()
    for package in (kaopei.center, kaopei.office):
        names = [one.name for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.") if one.name.endswith(".forms")]
        for module in map(importlib.import_module, names):
            for _, form in inspect.getmembers(module, lambda one: inspect.isclass(one) and issubclass(one, forms.BaseForm)):
                for field in form.base_fields.values():
                    found |= {field.label, field.help_text, field.widget.attrs.get("placeholder")}
                    fixed = getattr(field, "_choices", None)
                    found |= {label for _, label in fixed or ()} if isinstance(fixed, list | tuple) else set()
    return {text for text in found if isinstance(text, str)}


def events():
    """Names of the events of the center and the office."""
    listed = tomllib.loads((PROJECT / "kaopei" / "ledger" / "events.toml").read_text(encoding="utf-8"))
    return {one["zh"] for program in ("center", "office") for app in listed[program].values() for one in app.values()}


@pytest.mark.parametrize(("said", "least"), [(choices, 150), (form_texts, 150), (events, 150)])
def test_all_of_it_is_in_the_book(said, least):
    texts = {text for text in said() if english.HAN.search(text)}
    assert len(texts) >= least
    assert not [text for text in sorted(texts) if english.HAN.search(english.say(text))]
