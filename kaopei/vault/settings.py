"""Settings of the vault: the shared ones, with everything in the vault's own folder as on its own machine."""

from kaopei.office.settings_base import *  # noqa: F403
from kaopei.office.settings_base import HOME, OFFICE_APPS

# Trust list, keys and clock of the vault are its own files: nothing is read from the center's folder.
DATA = HOME
PROGRAM_NAME = "考培题库室"

INSTALLED_APPS = [*OFFICE_APPS, "kaopei.vault.bank", "kaopei.vault.practical", "kaopei.vault.assembly", "kaopei.vault.custody"]
NAV = ["bank", "practical", "assembly", "custody"]
ROOT_URLCONF = "kaopei.vault.urls"
WSGI_APPLICATION = "kaopei.vault.wsgi.application"

# How a multiple-choice item pays: all_or_nothing, or half_for_part (half the points, rounded down, for a correct part).
MULTIPLE_RULE = "all_or_nothing"

# A bank of 100,000 items is about 20 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
