"""Contrib and third-party apps with ObjectId keys, and the project itself as an app.

Each names its own automatic key, an integer, which MongoDB doesn't make; hence the subclasses,
and migrations of our own for them in `config.mongo_migrations`.
"""

from allauth.account.apps import AccountConfig
from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig
from django_celery_beat.apps import BeatConfig

_OBJECT_ID = "django_mongodb_backend.fields.ObjectIdAutoField"


class Admin(AdminConfig):
    """The back office."""

    default_site = "config.back_office.BackOffice"
    default_auto_field = _OBJECT_ID


class Auth(AuthConfig):
    """Groups and permissions; the users are ours."""

    default_auto_field = _OBJECT_ID


class ContentTypes(ContentTypesConfig):
    """Names of models, which permissions point to."""

    default_auto_field = _OBJECT_ID


class AllauthAccount(AccountConfig):
    """E-mail addresses and their confirmation."""

    default_auto_field = _OBJECT_ID


class Axes(AxesConfig):
    """Sign-in attempts and lockouts."""

    default_auto_field = _OBJECT_ID


class CeleryBeat(BeatConfig):
    """The job schedule, which staff may change."""

    default_auto_field = _OBJECT_ID


class Config(AppConfig):
    """The project itself, so that Django finds its management commands."""

    name = "config"
    verbose_name = "Livefolio"
