"""Settings of the portal: no log-in, no session, no write; of all tables only those of published rows.

It works as the database role `kaopei_portal`, on the center's server or a read replica of it.
"""

from kaopei.office.settings_base import *  # noqa: F403
from kaopei.office.settings_base import DATABASES, PROGRAM
from kaopei.portal.limits import LARGEST_UPLOAD

INSTALLED_APPS = ["django.contrib.staticfiles", "kaopei.office.ui", "kaopei.center.publication", "kaopei.portal"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kaopei.office.ui.middleware.Language",
    "kaopei.portal.middleware.Public",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request", "kaopei.portal.context.frame"]},
    }
]
PROGRAM_NAME = "安全生产资格考试公开查询"
PROGRAM_ENGLISH = "Work-safety examinations: public information"
ROOT_URLCONF = "kaopei.portal.urls"
WSGI_APPLICATION = "kaopei.portal.wsgi.application"

# Nothing here has a reason to write; the database is told so as well.
_options = DATABASES["default"]["OPTIONS"]
if PROGRAM == "portal":
    _options["options"] = f"{_options.get('options', '')} -cdefault_transaction_read_only=on".strip()
    # A public page that takes longer than this is a fault or an attack.
    _options["options"] += " -cstatement_timeout=10000"

DATA_UPLOAD_MAX_MEMORY_SIZE = LARGEST_UPLOAD + 64 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20
DATA_UPLOAD_MAX_NUMBER_FILES = 1
