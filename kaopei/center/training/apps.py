"""The app of training."""

from django.apps import AppConfig

from kaopei.office.ui.cards import NavItem


class TrainingConfig(AppConfig):
    name = "kaopei.center.training"
    label = "training"
    verbose_name = "培训"
    english = "Training"
    nav = [NavItem("大纲学时", "Syllabus hours", "training:hours", "training.view")]
