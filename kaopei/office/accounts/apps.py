"""People, roles, log-in."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "kaopei.office.accounts"
    label = "accounts"
    verbose_name = "人员与岗位"
