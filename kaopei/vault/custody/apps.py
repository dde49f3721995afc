"""The app of custody: sealed packages, key shares, scorings."""

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class CustodyConfig(AppConfig):
    name = "kaopei.vault.custody"
    label = "custody"
    verbose_name = "保管"
    english = "Custody"
    nav = (NavItem("密封包与密钥", "Parcels and shares", "custody", "vault.view"),)
