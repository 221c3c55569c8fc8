"""The project's wiring; importing it makes the Celery application known to tasks."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
