"""When syncs come due, as a table: by the clock of the exchange, in its own time."""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.brokers import BROKERS
from brokers.domain.schedule import AlwaysOpen, ExchangeHours, OnceADay, next_sync_at
from marketdata.adapters.calendars import trading_days

NEW_YORK, INDIA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
ALPACA, KITE = BROKERS["alpaca"].capabilities.hours, BROKERS["kite"].capabilities.hours
STATEMENTS = OnceADay(NEW_YORK, time(4, 30))


def soonest(least, _most):
    return least


def middle(least, most):
    return (least + most) / 2


def latest(_least, most):
    return most


def due_after(text, zone, hours, *, jitter=middle, has_failed=False):
    """Return when the next sync is due, as the clock of the exchange shows it then."""
    now = datetime.fromisoformat(text).replace(tzinfo=zone)
    days = ()
    if isinstance(hours, ExchangeHours):
        around = timedelta(days=12)
        days = trading_days(mic=hours.mic, start=now.date() - around, end=now.date() + around)
    due = next_sync_at(now.astimezone(UTC), hours, days=days, has_failed=has_failed, jitter=jitter)
    return due.astimezone(zone).strftime("%a %d %H:%M")


@pytest.mark.parametrize(
    ("synced", "due"),
    [
        # Every half an hour while shares are traded.
        ("2026-11-23 09:30", "Mon 23 10:00"),
        ("2026-11-23 15:29", "Mon 23 15:59"),
        # The last sync of a day waits for the last trade, a quarter of an hour after the close.
        ("2026-11-23 15:31", "Mon 23 16:30"),
        ("2026-11-23 16:10", "Mon 23 16:30"),
        # Every four hours at night, and then once the bell has rung.
        ("2026-11-23 16:30", "Mon 23 20:30"),
        ("2026-11-24 04:30", "Tue 24 08:30"),
        ("2026-11-24 08:30", "Tue 24 09:45"),
        # Thanksgiving, and the short day after it.
        ("2026-11-26 10:00", "Thu 26 14:00"),
        ("2026-11-27 12:40", "Fri 27 13:30"),
        ("2026-11-28 12:00", "Sat 28 16:00"),
        ("2026-11-30 06:00", "Mon 30 09:45"),
    ],
)
def test_an_account_in_new_york_is_due_by_the_hours_of_its_exchange(synced, due):
    assert due_after(synced, NEW_YORK, ALPACA) == due


@pytest.mark.parametrize(
    ("synced", "has_failed", "due"),
    [
        ("2026-03-02 09:20", False, "Mon 02 09:50"),
        # Today's trades are told today only: none may be missed after the close.
        ("2026-03-02 15:10", False, "Mon 02 16:00"),
        ("2026-03-02 15:40", False, "Mon 02 16:00"),
        # Then there is nothing new until the morning, over Holi, a weekend.
        ("2026-03-02 16:00", False, "Wed 04 09:30"),
        ("2026-03-06 20:00", False, "Mon 09 09:30"),
        # What failed in the evening is tried while the day lasts.
        ("2026-03-06 16:00", True, "Fri 06 20:00"),
    ],
)
def test_an_account_in_india_is_due_after_each_close_and_rests_then(synced, has_failed, due):
    assert due_after(synced, INDIA, KITE, has_failed=has_failed) == due


@pytest.mark.parametrize(
    ("synced", "due"),
    [("2026-03-02 12:00", "Mon 02 12:30"), ("2026-03-07 23:50", "Sun 08 00:20")],
)
def test_coins_are_traded_day_and_night(synced, due):
    assert due_after(synced, UTC, AlwaysOpen()) == due


@pytest.mark.parametrize(
    ("synced", "has_failed", "earliest", "last"),
    [
        ("2026-03-02 03:00", False, "Mon 02 04:30", "Mon 02 06:30"),
        ("2026-03-02 04:30", False, "Tue 03 04:30", "Tue 03 06:30"),
        # The clocks go forward on the 8th.
        ("2026-03-07 20:00", False, "Sun 08 04:30", "Sun 08 06:30"),
        ("2026-03-02 12:00", True, "Mon 02 15:12", "Mon 02 16:48"),
    ],
)
def test_statements_are_asked_for_once_a_day_when_they_are_ready(
    synced, has_failed, earliest, last
):
    found = [
        due_after(synced, NEW_YORK, STATEMENTS, jitter=jitter, has_failed=has_failed)
        for jitter in (soonest, latest)
    ]

    assert found == [earliest, last]


@pytest.mark.parametrize(
    ("synced", "earliest", "last"),
    [
        ("2026-11-23 11:00", "Mon 23 11:24", "Mon 23 11:36"),
        ("2026-11-23 15:59", "Mon 23 16:15", "Mon 23 16:45"),
        ("2026-11-23 18:00", "Mon 23 21:12", "Mon 23 22:48"),
        ("2026-11-24 09:29", "Tue 24 09:30", "Tue 24 10:00"),
    ],
)
def test_chance_spreads_those_that_would_come_together(synced, earliest, last):
    found = [due_after(synced, NEW_YORK, ALPACA, jitter=each) for each in (soonest, latest)]

    assert found == [earliest, last]


def test_of_two_hundred_that_wait_for_the_bell_few_come_in_the_same_minute():
    chance = random.Random(5)  # noqa: S311 - no secret
    minutes = [
        due_after("2026-11-24 09:20", NEW_YORK, ALPACA, jitter=chance.uniform) for _ in range(200)
    ]

    assert max(map(minutes.count, minutes)) <= 20


@given(
    moment=st.integers(0, 700 * 24 * 60),
    hours=st.sampled_from([ALPACA, KITE, AlwaysOpen(), STATEMENTS]),
    has_failed=st.booleans(),
    lot=st.floats(0, 1),
)
def test_the_next_sync_always_comes_and_never_passes_over_a_close(moment, hours, has_failed, lot):
    now = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=moment)
    days = ()
    if isinstance(hours, ExchangeHours):
        around = timedelta(days=12)
        days = trading_days(mic=hours.mic, start=(now - around).date(), end=(now + around).date())

    due = next_sync_at(
        now,
        hours,
        days=days,
        has_failed=has_failed,
        jitter=lambda least, most: least + (most - least) * lot,
    )

    assert now < due <= now + timedelta(days=6)
    for each in days:
        evening = each.closes_at + timedelta(minutes=45)
        if each.opens_at <= now <= each.closes_at:
            assert due <= evening


def test_beyond_what_is_known_of_holidays_weekdays_count():
    far = trading_days(mic="XNSE", start=date(2031, 3, 7), end=date(2031, 3, 10))

    assert [(each.day.day, each.is_assumed) for each in far] == [(7, True), (10, True)]
    opens, closes = (each.astimezone(INDIA).time() for each in (far[0].opens_at, far[0].closes_at))
    assert (opens, closes) == (time(9, 15), time(15, 30))


def test_of_an_unknown_market_nothing_is_said_and_syncs_come_all_the_same():
    assert trading_days(mic="XXXX", start=date(2026, 3, 2), end=date(2026, 3, 9)) == ()
    hours = ExchangeHours("XXXX", "nowhere", rests=True)
    assert due_after("2026-03-02 12:00", UTC, hours) == "Mon 02 16:00"
