"""The app of assembled papers."""

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class AssemblyConfig(AppConfig):
    name = "kaopei.vault.assembly"
    label = "assembly"
    verbose_name = "组卷"
    english = "Assembly"
    nav = (NavItem("组卷比较", "Compare papers", "assemblies", "vault.view"),)
