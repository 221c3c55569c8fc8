"""Settings of the test run: throw-away servers, fast hashing, tasks run where they are called."""

import base64
import os
import secrets

for _name in ("SECRET_KEY", "JWT_SIGNING_KEY"):
    os.environ.setdefault(_name, secrets.token_urlsafe(48))
os.environ.setdefault("BROKER_KEYS", "t1:" + base64.b64encode(secrets.token_bytes(32)).decode())
# The test run starts its own servers and writes their addresses here before Django reads this.
os.environ.setdefault("MONGODB_URI", "mongodb://127.0.0.1:1/?directConnection=true")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
os.environ.setdefault("HTTPS", "false")
os.environ.setdefault("LOG_STYLE", "plain")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from config.settings.base import *  # noqa: E402 - it reads the variables set above

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Nothing is collected for a test run: files are found where they are built.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
