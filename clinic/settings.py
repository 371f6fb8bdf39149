"""One settings file for every place that this runs; the environment tells them apart (see .env.example)."""

import contextlib
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from clinic import localservices

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
TESTING = "pytest" in sys.modules

env = environ.Env()
if not TESTING:
    env.read_env(BASE_DIR / ".env", overwrite=False)
localservices.ensure()  # sets DATABASE_URL and REDIS_URL where the environment does not


def secret_key() -> str:
    """The secret of this installation: from the environment, or made once for a local checkout.

    An installation that is reached over TLS must bring its own: a key in the project folder is no secret there.
    """
    key = env.str("SECRET_KEY", default="")
    if key:
        return key
    if env.bool("CLINIC_TLS", default=False):
        raise ImproperlyConfigured("SECRET_KEY is not set. Make one with: openssl rand -base64 48")
    file = VAR_DIR / "secret_key"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            file.write_text(secrets.token_urlsafe(48))
    return file.read_text()


SECRET_KEY = secret_key()
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
BASE_URL = env.str("BASE_URL", default="http://127.0.0.1:" + env.str("PORT", default="8000"))

INSTALLED_APPS = [
    "treatments.reminders",
    "treatments.visits",
    "treatments.schedule",
    "treatments.courses",
    "treatments.catalogue",
    "contraindications",
    "patients",
    "clinic",
    "clinic.admin_config.CatalogueAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "import_export",
    "pgtrigger",
    "pghistory",
    "phonenumber_field",
]

MIDDLEWARE = [
    "clinic.middleware.RoomForCalls",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "clinic.middleware.NoStore",
    "clinic.middleware.NoNulBytes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.middleware.SessionLimits",
    "clinic.middleware.LoginRequired",
    "allauth.account.middleware.AccountMiddleware",
    "clinic.middleware.SecondFactor",
    "clinic.middleware.OwnActs",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.context.clinic",
                "clinic.context.theme",
                "treatments.reminders.context.late_messages",
                "treatments.reminders.context.patients_changed",
            ],
        },
    }
]
FORM_RENDERER = "clinic.widgets.Renderer"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

# The database holds everything; see docs/decisions.
DATABASES = {"default": env.db("DATABASE_URL")}
DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True, ATOMIC_REQUESTS=False)
DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
    "options",
    "-c lock_timeout=5000 -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000",
)
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
# The cache counts failed logins, for all processes together. It is a table: Redis may be down, logging in may not.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "clinic_cache"},
    # What each process may know for a few seconds without asking again; nothing that a person relies on.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "process"},
}
NOTICE_KEPT_SECONDS = 0 if TESTING else 5  # what every page says: that messages are late, how much waits
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People
AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["clinic.backends.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "start"
ACCOUNT_ADAPTER = "clinic.accounts.StaffAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
MFA_ADAPTER = "clinic.accounts.StaffMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Mesotherapy clinic"

# Time: stored in UTC, shown and reckoned in the clinic's zone. `timezone.localdate(at)` is the clinic's day.
USE_TZ = True
TIME_ZONE = env.str("CLINIC_TIME_ZONE", default="Europe/Warsaw")
USE_I18N = True
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en-gb")
LANGUAGES = [("en-gb", "English")]
LOCALE_PATHS = [BASE_DIR / "clinic" / "locale"]

# Files
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Messages. Without EMAIL_URL they become files, so that a demo never writes to anybody.
# How many times as fast the machinery turns: ticks, time limits, leases and pauses, all alike, so that their order
# stays. 1 in earnest; `make chaos` has no patience for minutes.
MESSAGE_PACE = env.int("MESSAGE_PACE", default=1)
TICK_SECONDS = 60 / MESSAGE_PACE
EMAIL_TIMEOUT = 20 / MESSAGE_PACE
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("CLINIC_EMAIL", default="clinic@localhost.localdomain")
# One that django-anymail knows, by its name there: postmark.
EMAIL_PROVIDER = env.str("EMAIL_PROVIDER", default="")
ANYMAIL: dict[str, Any] = {"REQUESTS_TIMEOUT": EMAIL_TIMEOUT, "IGNORE_RECIPIENT_STATUS": False}
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
    # What the provider wants to know, by its names there: ANYMAIL_POSTMARK_SERVER_TOKEN, ANYMAIL_WEBHOOK_SECRET ...
    ANYMAIL.update(
        {
            name.removeprefix("ANYMAIL_"): value
            for name, value in os.environ.items()
            if name.startswith("ANYMAIL_")
        }
    )
elif env.str("EMAIL_URL", default=""):
    vars().update(env.email("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
# Text messages, in the same way: files without a gateway. The one there is speaks like Twilio's.
SMS_GATEWAY = env.str("SMS_GATEWAY", default="files")
SMS_FILE_PATH = str(VAR_DIR / "sms")
SMS_API = env.str("SMS_API", default="https://api.twilio.com").rstrip("/")
SMS_ACCOUNT, SMS_TOKEN = env.str("SMS_ACCOUNT", default=""), env.str("SMS_TOKEN", default="")
SMS_FROM = env.str("SMS_FROM", default="")
# At most so many in any minute, all workers together; 0 is no limit.
MESSAGES_PER_MINUTE = {
    "email": env.int("MESSAGES_PER_MINUTE_EMAIL", default=0),
    "sms": env.int("MESSAGES_PER_MINUTE_SMS", default=0),
}

# Celery only hurries what PostgreSQL promises: ids only, delivered at least once, results thrown away.
CELERY_BROKER_URL = env.str("REDIS_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker that is away for a night must not end the worker
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300 / MESSAGE_PACE,
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Longer than a letter may take, shorter than its lease, and that shorter than the broker's patience: `checks.py`.
# At the soft limit a task gives back what it has not begun; at the other one its process is killed.
CELERY_TASK_SOFT_TIME_LIMIT = 45 / MESSAGE_PACE
CELERY_TASK_TIME_LIMIT = 60 / MESSAGE_PACE
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10  # seconds to finish what is under way when even SIGQUIT asks to stop
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}

# Security. TLS ends at the proxy; CLINIC_TLS says that there is one.
TLS = env.bool("CLINIC_TLS", default=False)
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=TLS)
# How many proxies stand before us and may be believed about the address that a request comes from.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=1 if TLS else 0)
SESSION_ENGINE = "clinic.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_SECONDS = 60 * env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "__Host-session" if TLS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if TLS else "csrf"
ACTED_COOKIE_NAME = "__Host-acted" if TLS else "acted"
CSRF_FAILURE_VIEW = "clinic.errors.csrf_failure"
SECURE_SSL_REDIRECT = TLS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # asked from inside, where there is no proxy yet
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
# What Prometheus says to read /metrics; without it there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
PHONENUMBER_DEFAULT_REGION = env.str("CLINIC_PHONE_REGION", default="PL")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "class": "clinic.logs.WithoutSecrets",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}

if TESTING:
    WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True  # nothing was collected
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # Nothing that tests write has to outlive the server; the clinic's own sessions wait for the disk as ever. And a
    # machine that is busy with other things may keep a test waiting for longer than anybody in the clinic waits.
    DATABASES["default"]["OPTIONS"]["options"] += (
        " -c synchronous_commit=off"
        " -c lock_timeout=120000 -c statement_timeout=300000 -c idle_in_transaction_session_timeout=600000"
    )
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    LOGGING["root"]["level"] = "WARNING"
