"""Settings that center, portal and vault share; each program's settings module begins with `from … import *` and names its apps.

Environment (all settings: docs/settings.md): KAOPEI_DATA, DATABASE_URL, VAULT_DATABASE_URL, KAOPEI_HOSTS.
"""

from django.utils.csp import CSP

from kaopei.office.environment import (
    data_folder,
    database,
    database_variable,
    domain,
    hosts,
    package_folder,
    program,
    secret_key,
    tls,
)

DATA = data_folder()
# center, portal or vault: from the name of the settings module
PROGRAM = program()
# Files of this program: keys of its fields, uploads, exports
HOME = DATA / ("vault" if PROGRAM == "vault" else "center")

DEBUG = False
ALLOWED_HOSTS = hosts()
SECRET_KEY = secret_key(HOME / f"{PROGRAM}.secret")

OFFICE_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "kaopei.office.ui",
    "kaopei.office.accounts",
    "kaopei.office.audit",
    "kaopei.office.approvals",
    "kaopei.office.exports",
    "kaopei.office.tasks",
]
INSTALLED_APPS = OFFICE_APPS

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "kaopei.office.ui.middleware.Language",
    "kaopei.office.accounts.middleware.Idle",
    "kaopei.office.accounts.middleware.Lasting",
    "kaopei.office.accounts.middleware.CityScope",
    "kaopei.office.refused.ShowRefusals",
]

ROOT_URLCONF = "kaopei.office.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "kaopei.office.ui.context.frame",
            ],
        },
    }
]

DATABASES = {"default": database(database_variable(PROGRAM))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["kaopei.office.accounts.backend.ActivePeople"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
# 15 minutes without a click end the log-in of a person who decides; everybody else has two hours.
IDLE_MINUTES = 120
IDLE_MINUTES_PRIVILEGED = 15
# However busy, a log-in lasts a working day and no longer.
LOG_IN_HOURS = 12
# The domain to which passkeys belong (WebAuthn: RP ID); empty: the host under which the page was opened.
PASSKEY_DOMAIN = domain()

# Programs of one machine differ by port only, and cookies know no ports.
SESSION_COOKIE_NAME = f"{PROGRAM}_session"
CSRF_COOKIE_NAME = f"{PROGRAM}_csrf"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Behind a proxy that speaks HTTPS to browsers (KAOPEI_TLS): cookies go nowhere else, and the address is known as https.
if tls():
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_FAILURE_VIEW = "kaopei.office.ui.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
# Fonts come from a wheel and are never copied.
STATICFILES_DIRS = [("fonts", package_folder("manimgx_fonts_cjk"))]
FILE_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# Labels of apps in the order of the work; the left side of every page.
NAV: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
