"""The back office as a whole, and its pages that reach into several apps or mend others' faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse_lazy
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

from accounts.admin import UserAdmin
from accounts.models import User
from config import closing
from portfolios import selectors

admin.site.site_header = "Livefolio back office"
admin.site.site_title = "Livefolio"
admin.site.index_title = "Overview"
admin.site.site_url = reverse_lazy("overview")  # type: ignore[assignment]  # the template prints it
admin.site.unregister([PeriodicTask, User])


@admin.register(PeriodicTask)
class JobAdmin(PeriodicTaskAdmin):
    """Periodic jobs, on the admin's ordinary form.

    Upstream's own form writes the keys of all crontabs into a script, which raises for ObjectIds
    once there is a crontab, and which our Content-Security-Policy would not run anyway.
    """

    change_form_template = ""  # the admin looks for its own then


@admin.register(User)
class AccountAdmin(UserAdmin):
    """People, who can be deleted with all that is theirs.

    The admin's own deletion would ask for the right to delete each row of a ledger, which nobody
    has, and stop at instruments that ledgers speak of.
    """

    def get_deleted_objects(
        self, objs: QuerySet[User] | Sequence[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Name what goes along; the rows of a ledger are too many to be listed one by one."""
        listed: list[Any] = []
        count = 0
        forbidden = set()
        for user in objs:
            names = [each.name for each in selectors.list_portfolios(user.pk)]
            listed += [str(user), [f"{name}, with its ledger and imports" for name in names]]
            count += len(names)
            if not self.has_delete_permission(request, user):
                forbidden.add(self.opts.verbose_name)
        return listed, {"users": len(objs), "portfolios": count}, forbidden, []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Ask, then delete, without Django's `atomic` around it, inside which ours can't commit."""
        return self._delete_view(request, object_id, extra_context)  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete one account."""
        closing.delete_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete several accounts, one after the other."""
        for user in queryset:
            closing.delete_account(user)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[User]) -> list[LogEntry]:
        """Note who deleted an account and when, but not whose it was: nothing of it is to stay."""
        kind = ContentType.objects.get_for_model(User)
        return [
            LogEntry.objects.create(
                user_id=str(request.user.pk),
                content_type=kind,
                object_repr="an account",
                action_flag=DELETION,
            )
            for _ in queryset
        ]
