"""The app of training."""

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "kaopei.center.training"
    label = "training"
    verbose_name = "培训"
