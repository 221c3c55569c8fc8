"""The schedule's pages in the back office, where upstream's don't work on MongoDB."""

from django.contrib import admin
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class JobAdmin(PeriodicTaskAdmin):
    """Periodic jobs, on the admin's ordinary form.

    Upstream's own form writes the keys of all crontabs into a script, which raises for ObjectIds
    once there is a crontab, and which our Content-Security-Policy would not run anyway.
    """

    change_form_template = ""  # the admin looks for its own then
