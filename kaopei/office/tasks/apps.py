"""Long work: it survives the browser and a restart, shows how far it is, and can be cancelled."""

from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "kaopei.office.tasks"
    label = "tasks"
    verbose_name = "后台任务"
