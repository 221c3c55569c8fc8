"""People: an e-mail address to sign in with, and how they want money and time shown."""

from __future__ import annotations

from typing import Any, ClassVar

from bson import ObjectId
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django_mongodb_backend.fields import ObjectIdField

from common import clock


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
    base_currency = models.CharField(max_length=3, default="EUR")
    time_zone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=16, default="en-US")
    is_staff = models.BooleanField("may use the admin", default=False)
    is_active = models.BooleanField("may sign in", default=True)
    date_joined = models.DateTimeField(default=clock.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "user"

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the address in lower case, so that its unique index knows no second spelling."""
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)
