"""All settings, read from top to bottom; what differs between places comes from variables.

Every variable is explained in `.env.example`. A missing secret stops the start.
"""

from datetime import timedelta

from csp.constants import NONE, SELF
from django.urls import reverse_lazy

from common.logging import logging_settings
from config.env import ROOT, env

# --- Where it runs ---------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WEB_THREADS = env.int("WEB_THREADS", default=8)

# --- Parts -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.Admin",
    "config.apps.Auth",
    "config.apps.ContentTypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "allauth",
    "config.apps.AllauthAccount",
    "config.apps.Axes",
    "config.apps.CeleryBeat",
    "config.apps.Config",
    "common",
    "accounts",
    "marketdata",
    "portfolios",
    "brokers",
    "realtime",
]
MIGRATION_MODULES = {
    "admin": "config.mongo_migrations.admin",
    "auth": "config.mongo_migrations.auth",
    "contenttypes": "config.mongo_migrations.contenttypes",
    "account": "config.mongo_migrations.account",
    "axes": "config.mongo_migrations.axes",
    "django_celery_beat": "config.mongo_migrations.django_celery_beat",
}
DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"
SILENCED_SYSTEM_CHECKS: list[str] = []

MIDDLEWARE = [
    "common.middleware.RequestLog",
    "config.health.Probes",
    "common.uploads.BodyLimit",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "common.middleware.PrivatePages",
    "common.middleware.OwnWrites",
    "common.middleware.FailurePages",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["common.templatetags.money"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portfolios.context.inbox",
            ],
        },
    }
]

# --- MongoDB ---------------------------------------------------------------------------------

# A hung primary must cost seconds, not minutes: see docs/operations.md.
MONGODB_TIMEOUT_MS = env.int("MONGODB_TIMEOUT_MS", default=15_000)
DATABASES = {
    "default": {
        "ENGINE": "common.mongodb",
        "HOST": env.str("MONGODB_URI"),
        "NAME": env.str("MONGODB_NAME", default="livefolio"),
        "OPTIONS": {
            "appname": "livefolio",
            "retryWrites": True,
            "w": "majority",
            "connectTimeoutMS": 2_000,
            "serverSelectionTimeoutMS": 8_000,
            "socketTimeoutMS": MONGODB_TIMEOUT_MS,
            "heartbeatFrequencyMS": 2_000,
            "tz_aware": False,
        },
    }
}
DATABASE_ROUTERS = ["django_mongodb_backend.routers.MongoRouter"]

# --- Redis: cache, channel layer, latest quotes, leases, task queue ----------------------------

REDIS_URL = env.str("REDIS_URL")
BROKER_URL = env.str("BROKER_URL", default=REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "livefolio:cache",
        "TIMEOUT": 300,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
CHANNEL_LAYERS = {
    "default": {
        # Pub/sub loses nothing under load and outlives a Redis restart; the other layer drops
        # messages silently. The socket must outwait the layer's own blocking reads.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": 15, "socket_connect_timeout": 2}],
            "prefix": "livefolio:channels",
        },
    }
}

# --- Background work -------------------------------------------------------------------------

CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "livefolio:tasks:",
    # A lost worker's tasks come back after this long, and the sweep for them runs every 5 s.
    "visibility_timeout": 1_200,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# The hard limit stays below the visibility timeout, or a long task would be started twice.
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "portfolios.tasks.*": {"queue": "compute"},
    "marketdata.tasks.*": {"queue": "market"},
    "brokers.tasks.*": {"queue": "sync"},
}
CELERY_BEAT_SCHEDULER = "config.beat:LeasedScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- People ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", default="optional")
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Livefolio: "
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm"}
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("overview")
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Livefolio <livefolio@localhost>")

# A lockout counts the e-mail address together with where it came from.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "accounts.lockout.attempted_email"
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "common.clients.client_address"
AXES_RESET_ON_SUCCESS = True
# Trying again while locked out doesn't prolong the lock.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# One lockout for every way in: allauth's own would answer the sign-in page differently.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
AXES_VERBOSE = False

# --- Cookies and headers -----------------------------------------------------------------------

HTTPS = env.bool("HTTPS", default=True)
# Cookies whose name begins __Host- are accepted over HTTPS only, for this very host.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "livefolio-session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "livefolio-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3_600
# Not the cached engine: a sign-out that Redis missed would come undone.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "common.sessions.ObjectIdSerializer"
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- Uploads -----------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=25 * 1_048_576)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=100_000)
FILE_UPLOAD_HANDLERS = [
    "common.uploads.CappedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
UPLOAD_MAX_BYTES = IMPORT_MAX_BYTES

# --- API ---------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "common.api.authentication.JWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    # Nothing but JSON: forms can't tell a number from a text, nor an empty field from none.
    "DEFAULT_PARSER_CLASSES": ["common.api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {"tokens": "10/min"},
    "EXCEPTION_HANDLER": "common.api.problems.exception_handler",
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", default=0),
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "DEFAULT_GENERATOR_CLASS": "common.api.schema.Generator",
    "TITLE": "Livefolio API",
    "DESCRIPTION": "Portfolios, transactions, imports and prices.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Lists that several fields choose from.
    "ENUM_NAME_OVERRIDES": {
        "AnomalyKindEnum": ["return", "price", "holding", "unit", "split", "stale"],
        "BarStatusEnum": ["final", "sampled"],
        "StatusEnum": ["complete", "partial", "unavailable"],
        "AlertKindEnum": "portfolios.api.watching_serializers.KINDS",
        "KindEnum": "portfolios.api.serializers.KINDS",
        "ChargesEnum": ["included", "separate"],
        "MeasureEnum": "brokers.api.discrepancy_serializers.MEASURES",
        "StreamEnum": "brokers.api.connection_serializers.STREAMS",
        "TimeZoneEnum": "accounts.preferences.time_zone_choices",
    },
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": env.str("JWT_SIGNING_KEY"),
    "ISSUER": "livefolio",
    "AUDIENCE": "livefolio-api",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "UPDATE_LAST_LOGIN": False,
    # A changed password ends every token made before it.
    "CHECK_REVOKE_TOKEN": True,
    "CHECK_USER_IS_ACTIVE": True,
}

# --- Prices ------------------------------------------------------------------------------------

QUOTE_SOURCES = env.list("QUOTE_SOURCES", default=["simulated"])
FEED_SEED = env.int("FEED_SEED", default=20_260_101)
FEED_SPEED = env.float("FEED_SPEED", default=60.0)
FEED_STALE_SECONDS = env.int("FEED_STALE_SECONDS", default=8)
MINUTES_KEPT_DAYS = env.int("MINUTES_KEPT_DAYS", default=8)
HOURS_KEPT_DAYS = env.int("HOURS_KEPT_DAYS", default=92)
# Off unless named: real rates would make no sense beside a simulated market.
FX_SOURCES = env.list("FX_SOURCES", default=[])
BAR_SOURCES = env.list("BAR_SOURCES", default=[])
ACTION_SOURCES = env.list("ACTION_SOURCES", default=[])
ALPACA_KEY_ID = env.str("ALPACA_KEY_ID", default="")
ALPACA_SECRET_KEY = env.str("ALPACA_SECRET_KEY", default="")
ALPACA_FEED = env.str("ALPACA_FEED", default="iex")
ALPACA_MOST_SYMBOLS = env.int("ALPACA_MOST_SYMBOLS", default=30)
TWELVEDATA_KEY = env.str("TWELVEDATA_KEY", default="")
IDENTITY_SOURCES = env.list("IDENTITY_SOURCES", default=[])
OPENFIGI_KEY = env.str("OPENFIGI_KEY", default="")

# --- Brokers -----------------------------------------------------------------------------------

# Keys that encrypt what people give to connect their brokers; without any, nobody can.
BROKER_KEYS = env.str("BROKER_KEYS", default="")
# A broker of our own to develop against; it is offered to everybody where it is set.
BROKER_SANDBOX_URL = env.str("BROKER_SANDBOX_URL", default="")
# Its Kite, which wants a port of its own.
BROKER_SANDBOX_KITE_URL = env.str("BROKER_SANDBOX_KITE_URL", default="")

# --- Language, time, files ---------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
# The pages are English; without this, Django's own words would follow the browser's language.
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default="") or str(ROOT / "static" / "collected")
STATICFILES_DIRS = [("app", ROOT / "static" / "dist")]
# Names with a hash never change: those of Django (x.0123456789ab.css) and of the bundler
# (x-0AB1C2D3.js).
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+(\.[0-9a-f]{12}|-[0-9A-Z]{8})\..+$"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Logs --------------------------------------------------------------------------------------

LOGGING_CONFIG = "common.logging.configure"
LOGGING = logging_settings(
    level=env.str("LOG_LEVEL", default="INFO"), style=env.str("LOG_STYLE", default="json")
)
