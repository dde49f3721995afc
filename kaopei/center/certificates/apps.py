"""The app of certificates."""

from datetime import datetime
from typing import Any

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class CertificatesConfig(AppConfig):
    name = "kaopei.center.certificates"
    label = "certificates"
    verbose_name = "证书"
    english = "Certificates"
    nav = [
        NavItem("证书", "Certificates", "certificates:listing", "certificates.view"),
        NavItem("跨市比对", "Across cities", "certificates:matching", "certificates.view"),
    ]

    def ready(self) -> None:
        """A form of number that cannot work stops the program at its start."""
        from kaopei.center.certificates import numbering

        numbering.pattern()

    def cards(self, user: Any, at: datetime) -> list[Any]:
        """Released sittings whose certificates are not issued yet."""
        from kaopei.center.certificates import queries

        return queries.cards(user, at)

    def resting_on_hours(self, person: str) -> list[dict[str, str]]:
        """For a lead of training that was upheld: the person's certificates."""
        from kaopei.center.certificates import queries

        return queries.resting_on_hours(person)
