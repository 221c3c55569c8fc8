"""The worker application."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

app = Celery("livefolio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def keep_what_is_loaded(**_kwargs: Any) -> None:
    """Take all that is loaded by now out of the garbage collector's sight.

    It stays as long as the process, and each full collection would go through all of it: a
    computation that makes many objects sets off several.
    """
    gc.collect()
    gc.freeze()
