"""The app of banks and items."""

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class BankConfig(AppConfig):
    name = "kaopei.vault.bank"
    label = "bank"
    verbose_name = "题库"
    english = "Item banks"
    nav = (
        NavItem("题库", "Banks", "banks", "vault.view"),
        NavItem("导入题库", "Import a bank", "bank_import", "vault.import"),
    )
