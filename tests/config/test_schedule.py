"""The default jobs, and what becomes of them in the tables that staff edit."""

from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
)

from config.schedule import SCHEDULE, Job, install_schedule

pytestmark = pytest.mark.django_db


def job(**changes):
    fields = {
        "name": "Sweep",
        "task": "tests.sweep",
        "queue": "default",
        "description": "Sweeps.",
        "every": timedelta(seconds=10),
    }
    return Job(**{**fields, **changes})


def installed(wanted):
    install_schedule((wanted,))
    return PeriodicTask.objects.get(name="Sweep")


def test_every_default_job_is_installed():
    install_schedule()

    assert {row.name for row in PeriodicTask.objects.all()} == {job.name for job in SCHEDULE}
    assert all(row.enabled and row.schedule for row in PeriodicTask.objects.all())


def test_every_default_job_names_a_task_that_workers_know():
    current_app.loader.import_default_modules()

    assert {job.task for job in SCHEDULE} <= set(current_app.tasks)


def test_every_default_job_goes_to_the_queue_of_its_task():
    for each in SCHEDULE:
        route = settings.CELERY_TASK_ROUTES.get(f"{each.task.rpartition('.')[0]}.*", {})
        assert each.queue == route.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE), each.name


@pytest.mark.parametrize(
    ("every", "shown"),
    [
        (timedelta(seconds=10), "every 10 seconds"),
        (timedelta(seconds=90), "every 90 seconds"),
        (timedelta(minutes=5), "every 5 minutes"),
        (timedelta(hours=1), "every hour"),
        (timedelta(days=1), "every day"),
    ],
)
def test_an_interval_is_shown_in_the_largest_unit(every, shown):
    row = installed(job(every=every))

    assert str(row.interval) == shown
    assert row.description == f"Sweeps.\nDefault: {shown}"


def test_a_cron_line_is_read_in_utc():
    row = installed(job(every=None, cron="30 0 * * 1-5"))

    assert (row.crontab.minute, row.crontab.hour, row.crontab.day_of_week) == ("30", "0", "1-5")
    assert str(row.crontab.timezone) == "UTC"


def test_a_job_may_go_by_the_clock_of_a_place():
    row = installed(job(every=None, cron="15 16 * * *", timezone="Europe/Berlin"))

    assert str(row.crontab.timezone) == "Europe/Berlin"
    assert row.description.endswith(f"Default: {row.crontab}")


@pytest.mark.parametrize("wrong", [{"every": None}, {"cron": "* * * * *"}])
def test_a_job_has_one_rhythm(wrong):
    with pytest.raises(ValueError, match="either every or cron"):
        job(**wrong)


def test_installing_again_changes_nothing_and_wakes_nobody():
    install_schedule()
    before = list(PeriodicTask.objects.order_by("name").values())
    woken_at = PeriodicTasks.last_change()

    install_schedule()

    assert list(PeriodicTask.objects.order_by("name").values()) == before
    assert PeriodicTasks.last_change() == woken_at
    assert IntervalSchedule.objects.count() == len({job.every for job in SCHEDULE if job.every})
    crons = {(job.cron, job.timezone) for job in SCHEDULE if job.cron}
    assert CrontabSchedule.objects.count() == len(crons)


def test_a_new_default_replaces_the_old_one():
    installed(job(every=timedelta(seconds=10)))

    row = installed(job(every=None, cron="0 4 * * *"))

    assert row.interval is None
    assert row.crontab.hour == "4"
    assert row.description.endswith(f"Default: {row.crontab}")


def test_a_job_that_staff_switched_off_stays_off():
    row = installed(job())
    row.enabled = False
    row.save()

    assert not installed(job(queue="market")).enabled


def test_a_rhythm_that_staff_changed_stays():
    row = installed(job())
    row.interval = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    row.save()

    again = installed(job(every=timedelta(seconds=20), queue="market"))
    and_again = installed(job(every=timedelta(seconds=30), queue="market"))

    assert str(again.interval) == str(and_again.interval) == "every hour"
    assert again.queue == "market"
    assert again.description.endswith("Default: every 20 seconds")


def test_a_rhythm_that_staff_set_back_follows_the_default_again():
    row = installed(job())
    default = row.interval
    row.interval = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    row.save()
    row.interval = default
    row.save()

    assert str(installed(job(every=timedelta(seconds=20))).interval) == "every 20 seconds"


def test_a_description_that_staff_rewrote_leaves_the_rhythm_to_them():
    row = installed(job())
    row.description = "Ours now."
    row.save()

    again = installed(job(every=timedelta(seconds=20)))

    assert str(again.interval) == "every 10 seconds"


def test_a_waiting_job_expires_when_the_next_ones_have_come():
    assert installed(job()).expire_seconds == 60
    assert installed(job(every=timedelta(hours=2))).expire_seconds == 7_200
