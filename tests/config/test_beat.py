"""Beats: who sends, what is recorded, and what becomes of faults."""

from datetime import timedelta

import pytest
from celery import Celery
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from kombu import Queue

from common import clock, keys
from common.redis import client
from config.beat import LeasedScheduler
from tests.failpoints import fail_point

__all__ = ["fail_point"]

pytestmark = pytest.mark.django_db
QUEUE = "test-beat"


@pytest.fixture(autouse=True)
def _nobody_leads():
    client().delete(keys.BEAT_LEASE.of())
    yield
    client().delete(keys.BEAT_LEASE.of())


@pytest.fixture
def app():
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.timezone = "UTC"
    with app.connection_for_write() as connection:
        queue = connection.SimpleQueue(QUEUE)
        queue.clear()
        queue.close()
    return app


@pytest.fixture
def beat(app):
    """Return a function that starts one of several beats."""
    beats = []

    def start():
        beats.append(LeasedScheduler(app=app))
        return beats[-1]

    yield start
    for each in beats:
        each.close()


@pytest.fixture
def sweep():
    """Return a job that is due."""
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    return PeriodicTask.objects.create(
        name="Sweep",
        task="tests.sweep",
        queue=QUEUE,
        interval=hourly,
        last_run_at=clock.now() - timedelta(hours=2),
    )


def make_due_again(job):
    PeriodicTask.objects.filter(pk=job.pk).update(last_run_at=clock.now() - timedelta(hours=2))


def let_lease_run_out():
    """What time does after a kill."""
    client().delete(keys.BEAT_LEASE.of())


def run(beat):
    """Let a beat send all that is due; return for how long it would wait."""
    for _ in range(50):
        if wait := beat.tick():
            return wait
    raise AssertionError("The beat never came to rest.")


def sent(app):
    """Count the messages that wait for workers."""
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(QUEUE)
        count = queue.qsize()
        queue.close()
    return count


def test_of_two_beats_one_sends(app, beat, sweep):
    first, second = beat(), beat()

    run(first)
    run(second)

    assert sent(app) == 1


def test_the_last_run_is_recorded_at_once(beat, sweep):
    started_at = clock.now()

    run(beat())

    sweep.refresh_from_db()
    assert started_at <= sweep.last_run_at <= clock.now()
    assert sweep.total_run_count == 1


def test_the_default_jobs_are_there_once_a_beat_leads(beat):
    run(beat())

    assert PeriodicTask.objects.filter(task="portfolios.tasks.nightly_values").exists()


def test_another_beat_takes_over_from_one_that_died(app, beat, sweep):
    dead, second = beat(), beat()
    run(dead)
    run(second)
    let_lease_run_out()
    make_due_again(sweep)

    run(second)

    assert sent(app) == 2


def test_whoever_takes_over_does_not_repeat_what_was_sent(app, beat, sweep):
    dead, second = beat(), beat()
    run(second)
    second.close()
    run(dead)
    let_lease_run_out()

    run(second)

    assert sent(app) == 1


def test_a_beat_that_stops_hands_over_at_once(app, beat, sweep):
    first, second = beat(), beat()
    run(first)
    make_due_again(sweep)

    first.close()
    run(second)

    assert sent(app) == 2


def test_a_beat_that_slept_past_its_lease_does_not_send_again(app, beat, sweep):
    sleeper, second = beat(), beat()
    sleeper._leads()
    entry = sleeper.schedule["Sweep"]
    sleeper.reserve(entry)
    let_lease_run_out()
    run(second)

    sleeper.apply_entry(entry, producer=sleeper.producer)

    assert sent(app) == 1
    sweep.refresh_from_db()
    assert sweep.total_run_count == 1


def test_a_job_that_staff_switched_off_is_not_sent(app, beat, sweep):
    leader = beat()
    leader._leads()
    entry = leader.schedule["Sweep"]
    leader.reserve(entry)
    sweep.enabled = False
    sweep.save()

    leader.apply_entry(entry, producer=leader.producer)

    assert sent(app) == 0


def test_a_rhythm_that_staff_changes_is_followed(beat, sweep):
    leader = beat()
    run(leader)
    run(leader)

    sweep.refresh_from_db()
    sweep.interval = IntervalSchedule.objects.create(every=7, period=IntervalSchedule.DAYS)
    sweep.save()
    run(leader)

    assert leader.schedule["Sweep"].schedule.run_every == timedelta(days=7)


def test_without_redis_a_beat_waits(app, beat, sweep, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    wait = beat().tick()

    assert wait > 0
    assert sent(app) == 0


# The driver repeats a read by itself, so it takes two faults to notice; a write takes one.
@pytest.mark.parametrize(("command", "times"), [("aggregate", 2), ("update", 1)])
def test_what_the_database_did_not_hear_of_is_sent_later_and_once(
    app, beat, sweep, fail_point, command, times
):
    leader = beat()
    leader._leads()
    fail_point(command, times=times, closeConnection=True)

    run(leader)
    before = sent(app)
    run(leader)

    assert (before, sent(app)) == (0, 1)


def test_a_run_that_can_not_be_sent_stays_due_and_keeps_no_other_waiting(app, beat, sweep):
    app.conf.update(task_create_missing_queues=False, task_queues=[Queue(QUEUE)])
    long_ago = clock.now() - timedelta(days=1)
    lost = PeriodicTask.objects.create(
        name="Lost",
        task="tests.lost",
        queue="nowhere",
        interval=sweep.interval,
        last_run_at=long_ago,
    )

    run(beat())

    assert sent(app) == 1
    lost.refresh_from_db()
    assert (lost.last_run_at, lost.total_run_count) == (long_ago, 0)


@pytest.mark.parametrize("shape", ["{hour}", "{hour:02}", "*", "{hour}-{hour}"])
def test_a_crontab_of_this_hour_is_read_however_it_is_written(beat, shape):
    hour = clock.now().hour
    crontab = CrontabSchedule.objects.create(minute="*", hour=shape.format(hour=hour))
    PeriodicTask.objects.create(name="Now", task="tests.now", queue=QUEUE, crontab=crontab)
    leader = beat()
    leader._leads()

    assert "Now" in leader.schedule
