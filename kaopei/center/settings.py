"""Settings of the center: the shared ones, and the apps in the order of the flow."""

from pathlib import Path

from kaopei.office.settings_base import *  # noqa: F403
from kaopei.office.settings_base import OFFICE_APPS

# The order of the flow is the order in the left column of every page and of the migrations.
FLOW = ("registry", "training", "applications", "allocation", "sittings", "results", "certificates", "publication")
APPS_HERE = [app for app in FLOW if (Path(__file__).parent / app / "apps.py").exists()]

INSTALLED_APPS = ["django.contrib.postgres", *OFFICE_APPS, *(f"kaopei.center.{app}" for app in APPS_HERE)]
NAV = APPS_HERE
PROGRAM_NAME = "考培中心"
ROOT_URLCONF = "kaopei.center.urls"
WSGI_APPLICATION = "kaopei.center.wsgi.application"

# A month's pack with 6,000 rows is under 2 MB; scans of other cities were never above 20.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
