"""Every default periodic job, one entry each, and how they get into the schedule's tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from common.transactions import run_in_transaction

_UNITS = (
    (timedelta(days=1), IntervalSchedule.DAYS),
    (timedelta(hours=1), IntervalSchedule.HOURS),
    (timedelta(minutes=1), IntervalSchedule.MINUTES),
    (timedelta(seconds=1), IntervalSchedule.SECONDS),
)
_CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
#: A job still waiting after this long is dropped: the next one does its work.
_SHORTEST_EXPIRY = timedelta(minutes=1)
_CRON_EXPIRY = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One periodic job: a task and its rhythm, either `every` so long or a `cron` line."""

    name: str
    task: str
    queue: str
    description: str
    every: timedelta | None = None
    cron: str | None = None
    #: Whose clock `cron` goes by; others than UTC for what follows a place's summer time.
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        if (self.every is None) == (self.cron is None):
            raise ValueError(f"{self.name}: give either every or cron.")


SCHEDULE: tuple[Job, ...] = (
    Job(
        name="Recalculate what is due",
        task="portfolios.tasks.recalculate_due",
        every=timedelta(seconds=10),
        queue="compute",
        description="Starts recalculations that were asked for but never ran.",
    ),
    Job(
        name="Value portfolios at the end of the day",
        task="portfolios.tasks.nightly_values",
        cron="30 0 * * *",
        queue="compute",
        description="Adds the past day to the values of every portfolio.",
    ),
    Job(
        name="Value portfolios minute by minute",
        task="portfolios.tasks.record_minute",
        every=timedelta(minutes=1),
        queue="compute",
        description="Stores what portfolios are worth while something of them is traded.",
    ),
    Job(
        name="Evaluate alerts",
        task="portfolios.tasks.evaluate_alerts",
        every=timedelta(minutes=1),
        queue="compute",
        description="Looks for silent feeds, and for falls and drifts of portfolios.",
    ),
    Job(
        name="Deliver alerts",
        task="portfolios.tasks.deliver_due",
        every=timedelta(seconds=30),
        queue="compute",
        description="Delivers alerts that were lost on the way, and tries failed mails again.",
    ),
    Job(
        name="Record daily closes",
        task="marketdata.tasks.record_closes",
        cron="10 0 * * *",
        queue="market",
        description="Stores the closes that are missing up to yesterday.",
    ),
    Job(
        name="Check histories",
        task="marketdata.tasks.check_histories",
        cron="40 0 * * *",
        queue="market",
        description="Looks for sessions without a close, and for closes that look wrong.",
    ),
    Job(
        name="Record reference rates",
        task="marketdata.tasks.record_reference_rates",
        # Published around 16:00 in Frankfurt; the later runs ask only if the day is still missing.
        cron="15 16-18 * * mon-fri",
        timezone="Europe/Berlin",
        queue="market",
        description="Stores the day's exchange rates from the sources in FX_SOURCES.",
    ),
    Job(
        name="Ask for histories",
        task="portfolios.tasks.request_histories",
        every=timedelta(minutes=1),
        queue="compute",
        description="Has the closes filled in of instruments that are held for the first time.",
    ),
    Job(
        name="Resume histories",
        task="marketdata.tasks.resume_backfills",
        every=timedelta(seconds=30),
        queue="market",
        description="Goes on with histories that had to wait, and takes on those that were lost.",
    ),
    Job(
        name="Fill minutes",
        task="marketdata.tasks.fill_minutes",
        every=timedelta(minutes=5),
        queue="market",
        description="Asks for the prices of minutes that were missed, or not told yet.",
    ),
    Job(
        name="Roll minutes up",
        task="marketdata.tasks.roll_up_minutes",
        cron="25 * * * *",
        queue="market",
        description="Makes hours of old minutes, and forgets old hours.",
    ),
    Job(
        name="Record corporate actions",
        task="marketdata.tasks.record_actions",
        # Before the markets of the United States open, on whose days most of them begin to count.
        cron="30 10 * * *",
        queue="market",
        description="Stores splits, dividends and the like from the sources in ACTION_SOURCES.",
    ),
    Job(
        name="Identify instruments",
        task="marketdata.tasks.identify_instruments",
        # A directory that anybody may ask answers about 250 instruments before it wants a pause.
        every=timedelta(minutes=10),
        queue="market",
        description="Asks the sources in IDENTITY_SOURCES for share classes that are missing.",
    ),
    Job(
        name="Follow merged instruments",
        task="marketdata.tasks.follow_merges",
        every=timedelta(minutes=5),
        queue="market",
        description="Goes on with merges of instruments that were lost on the way.",
    ),
    Job(
        name="Resume imports",
        task="brokers.tasks.resume_imports",
        every=timedelta(seconds=30),
        queue="sync",
        description="Takes on imports whose worker was lost.",
    ),
    Job(
        name="Sync what is due",
        task="brokers.tasks.sync_due",
        every=timedelta(minutes=1),
        queue="sync",
        description="Syncs each connected account by the hours of its broker's markets.",
    ),
    Job(
        name="Resume syncs",
        task="brokers.tasks.resume_syncs",
        every=timedelta(seconds=30),
        queue="sync",
        description="Goes on with syncs that had to wait, and takes on those that were lost.",
    ),
    Job(
        name="Note missed days",
        task="brokers.tasks.note_missed_days",
        every=timedelta(hours=1),
        queue="sync",
        description="Notes the trading days whose trades a broker can't tell any more.",
    ),
    Job(
        name="Clear brokers' answers",
        task="brokers.tasks.forget_payloads",
        every=timedelta(days=1),
        queue="sync",
        description="Deletes what brokers answered once its time is up.",
    ),
    Job(
        name="Clear expired sessions",
        task="config.tasks.clear_sessions",
        every=timedelta(days=1),
        queue="default",
        description="Deletes the sessions of people who signed in too long ago.",
    ),
    Job(
        name="Clear the log of sign-ins",
        task="config.tasks.clear_sign_in_log",
        every=timedelta(days=1),
        queue="default",
        description="Deletes what is logged of sign-ins more than 30 days ago.",
    ),
    Job(
        name="Clear old recalculations",
        task="portfolios.tasks.forget_runs",
        every=timedelta(days=1),
        queue="compute",
        description="Deletes how recalculations went more than 90 days ago, and minutes of 35.",
    ),
)


def install_schedule(jobs: tuple[Job, ...] = SCHEDULE) -> None:
    """Write the default jobs into the tables that staff edit, without undoing their edits.

    What runs and where is ours. Whether it runs is theirs, and so is the rhythm once they have
    changed it: the default last installed is told from the last line of the description.
    """
    for job in jobs:
        run_in_transaction(lambda job=job: _install(job))  # type: ignore[misc]


def _install(job: Job) -> None:
    rhythm = _rhythm(job)
    default = f"Default: {rhythm}"
    found = PeriodicTask.objects.filter(name=job.name).first()
    before = None if found is None else _editable(found)
    is_untouched = found is None or found.description.endswith(f"\nDefault: {found.scheduler}")
    row = found or PeriodicTask(name=job.name)
    row.task = job.task
    row.queue = job.queue
    row.description = f"{job.description}\n{default}"
    if is_untouched:
        row.interval = rhythm if isinstance(rhythm, IntervalSchedule) else None
        row.crontab = rhythm if isinstance(rhythm, CrontabSchedule) else None
        row.expire_seconds = int(_expiry(job).total_seconds())
    # Each save makes every beat read the whole schedule anew.
    if _editable(row) != before:
        row.save()


def _editable(row: PeriodicTask) -> tuple[Any, ...]:
    return (
        row.task,
        row.queue,
        row.description,
        row.interval_id,
        row.crontab_id,
        row.expire_seconds,
    )


def _rhythm(job: Job) -> IntervalSchedule | CrontabSchedule:
    if job.every is not None:
        unit, period = next(unit for unit in _UNITS if not job.every % unit[0])
        interval: IntervalSchedule = _first_or_new(
            IntervalSchedule, every=job.every // unit, period=period
        )
        return interval
    fields = dict(zip(_CRON_FIELDS, (job.cron or "").split(), strict=True))
    crontab: CrontabSchedule = _first_or_new(CrontabSchedule, timezone=job.timezone, **fields)
    return crontab


def _first_or_new(model: type[Any], **fields: Any) -> Any:
    # Nothing keeps two equal rows out of these tables, so get_or_create could find two.
    return model.objects.filter(**fields).order_by("pk").first() or model.objects.create(**fields)


def _expiry(job: Job) -> timedelta:
    return _CRON_EXPIRY if job.every is None else max(job.every, _SHORTEST_EXPIRY)
