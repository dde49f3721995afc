"""Addresses of the center: one file an app, the office's own at the end."""

from django.conf import settings
from django.urls import include, path
from django.utils.module_loading import module_has_submodule

from kaopei.center.api import api
from kaopei.office.urls import handler404, handler500  # noqa: F401

__all__ = ["handler404", "handler500", "urlpatterns"]


def _app(label: str) -> list:
    """Pages of an app under its own name; an app without pages has none."""
    from importlib import import_module

    if not module_has_submodule(import_module(f"kaopei.center.{label}"), "urls"):
        return []
    return [path(f"{label}/", include(f"kaopei.center.{label}.urls"))]


urlpatterns = [path("api/v1/", api.urls), *(pattern for label in settings.NAV for pattern in _app(label)), path("", include("kaopei.office.urls"))]
