"""People in the back office."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as ContribUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import preferences, services
from accounts.models import User
from common.choices import grouped_currencies

_PREFERENCES = ("base_currency", "time_zone", "locale")
_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class UserCreation(AdminUserCreationForm):
    """A new user; the address is compared in lower case."""

    class Meta:
        model = User
        fields = ("email",)
        field_classes: ClassVar[dict[str, Any]] = {}

    def clean_email(self) -> str:
        """Spell the address the one way it is stored, so that a second spelling is found."""
        return str(self.cleaned_data["email"]).lower()


class UserChange(UserChangeForm):  # type: ignore[type-arg]  # not generic when it runs
    """An existing user."""

    base_currency = forms.ChoiceField(choices=grouped_currencies)
    time_zone = forms.ChoiceField(choices=preferences.time_zone_choices)
    locale = forms.ChoiceField(choices=preferences.locale_choices)

    class Meta:
        model = User
        fields = "__all__"
        field_classes: ClassVar[dict[str, Any]] = {}

    def clean_email(self) -> str:
        """Spell the address the one way it is stored, so that a second spelling is found."""
        return str(self.cleaned_data["email"]).lower()


@admin.register(User)
class UserAdmin(ContribUserAdmin):  # type: ignore[type-arg]  # not generic when it runs
    """Who may sign in, and who may do more."""

    form = UserChange
    add_form = UserCreation
    list_display = ("email", "is_active", "is_staff", "base_currency", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email",)
    ordering = ("email",)
    readonly_fields = ("date_joined", "last_login")
    filter_horizontal = ("groups", "user_permissions")
    show_full_result_count = False
    actions = ("deactivate",)
    fieldsets = (
        (None, {"fields": ("email", "password", "is_active")}),
        ("Preferences", {"fields": _PREFERENCES}),
        ("What they may do", {"fields": _POWERS}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "usable_password", "password1", "password2")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Keep staff from giving themselves more than they were given."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if _may_do_everything(request) else (*fixed, *_POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep staff from taking over an account that may do everything, by its password."""
        allowed = super().has_change_permission(request, obj)
        if obj is not None and obj.is_superuser and not _may_do_everything(request):
            return False
        return allowed

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep staff from deleting themselves, or an account that may do everything."""
        allowed = super().has_delete_permission(request, obj)
        if obj is not None and obj.is_superuser and not _may_do_everything(request):
            return False
        return allowed and (obj is None or obj.pk != request.user.pk)

    @admin.action(description="Deactivate: end their sessions and let them in no more")
    def deactivate(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Deactivate users one by one, so that each one's live connections end too."""
        chosen = [user for user in users if self.has_change_permission(request, user)]
        for user in chosen:
            services.deactivate(user)
        self.message_user(request, f"{len(chosen)} deactivated.")


def _may_do_everything(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser
