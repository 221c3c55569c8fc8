"""People: an e-mail address to sign in with, and how they want money and time shown."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from bson import ObjectId
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django_mongodb_backend.fields import ObjectIdField

from accounts import events
from common import clock

# What decides whether a session or a token still lets its owner in.
_ACCESS = frozenset({"password", "is_active"})


class UserManager(BaseUserManager["User"]):
    """Makes users; the address is compared in lower case everywhere."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store a new user."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store a new user who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Look a user up the way the sign-in form does."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """One person.

    The key is an ObjectIdField and not the automatic one because third-party helpers (password
    reset links among them) turn keys into text through `Field.to_python`, which the automatic
    field does as a number.
    """

    id = ObjectIdField(primary_key=True, default=ObjectId, db_column="_id", editable=False)
    email = models.EmailField("e-mail address", unique=True)
    base_currency = models.CharField(max_length=5, default="EUR")
    time_zone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=16, default="en-US")
    is_staff = models.BooleanField("may use the admin", default=False)
    is_active = models.BooleanField("may sign in", default=True)
    date_joined = models.DateTimeField(default=clock.now, editable=False)

    #: Password hash and activity as stored; None for a user who isn't stored yet.
    _stored_access: tuple[str | None, bool | None] | None = None

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "user"

    def __str__(self) -> str:
        return self.email

    def day_of(self, moment: datetime) -> date:
        """Return the day that an instant falls on for them; of the present one that is today."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any]) -> Self:
        """Remember what the stored user could sign in with."""
        user = super().from_db(db, field_names, values)
        user._stored_access = user._access()  # noqa: SLF001 - its own class
        return user

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the user, and announce the end of their sessions if they can't go on.

        The address is kept in lower case, so that its unique index knows no second spelling.
        """
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)
        written = kwargs.get("update_fields")
        if written is not None and _ACCESS.isdisjoint(written):
            return
        before, self._stored_access = self._stored_access, self._access()
        if before is not None and before != self._stored_access:
            events.signed_out.send_robust(sender=None, user_id=str(self.pk))

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the user, and announce the end of their sessions."""
        user_id = str(self.pk)
        deleted = super().delete(*args, **kwargs)
        events.signed_out.send_robust(sender=None, user_id=user_id)
        return deleted

    def _access(self) -> tuple[str | None, bool | None]:
        # Reading a deferred field here would ask the database once more.
        return self.__dict__.get("password"), self.__dict__.get("is_active")
