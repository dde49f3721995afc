"""The app of publications."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class PublicationConfig(AppConfig):
    name = "kaopei.center.publication"
    label = "publication"
    verbose_name = "公布"
    english = "Publication"
    nav = [NavItem("公布", "Publication", "publication:overview", "publication.view")]

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """What the law wants published by now and is not."""
        from kaopei.center.publication.cards import cards

        return cards(user, at)
