"""Prices within days are kept, told, rolled up and forgotten, on the real database."""

import threading
from datetime import timedelta
from decimal import Decimal
from functools import reduce

import pytest
from django.db import connection
from django.urls import reverse

from common import clock
from common.remote.errors import RateLimited, Transient
from marketdata import selectors, services, tasks
from marketdata.domain.intraday import BarStatus, Interval, joined, of_quote, told
from marketdata.models import BarPack, MinuteFill
from tests import factories
from tests.factories import NOW
from tests.marketdata.streams import quote_of

pytestmark = pytest.mark.django_db

KEPT, HOURS_KEPT = timedelta(days=8), timedelta(days=92)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


def sampled(instrument, price, at, source="ticker"):
    listing = selectors.listing_of(instrument)
    return str(instrument.pk), of_quote(quote_of(listing, price, at=at, source=source))


def final(instrument, prices, at, source="archive"):
    numbers = tuple(map(Decimal, prices.split()))
    return str(instrument.pk), told(at, numbers, source=source)


def keep(*bars, interval=Interval.MINUTE):
    services.keep_bars(bars, interval=interval)


def read(instrument, interval=Interval.MINUTE, *, start=NOW - HOURS_KEPT, end=NOW + timedelta(1)):
    found = selectors.list_intraday_bars(instrument.pk, interval, start=start, end=end)
    return [
        (
            each.at,
            " ".join(str(n.normalize()) for n in (each.open, each.high, each.low, each.close)),
        )
        for each in found
    ]


def roll_up(now=NOW):
    return services.roll_up_minutes(now=now, minutes_kept=KEPT, hours_kept=HOURS_KEPT)


def test_what_two_processes_saw_of_a_minute_is_joined_and_kept_once(acme):
    seen = [
        sampled(acme, price, NOW + timedelta(seconds=second))
        for price, second in (("5", 20), ("9", 25), ("4", 3), ("7", 50), ("6", 31))
    ]

    keep(*seen[:2])
    keep(*seen[2:4])
    keep(seen[4], seen[0])
    keep(*seen)

    whole = reduce(joined, [bar for _, bar in seen])
    (bar,) = selectors.list_intraday_bars(acme.pk, Interval.MINUTE, start=NOW, end=NOW + MINUTE)
    assert bar == whole
    assert read(acme) == [(NOW, "4 9 4 7")]


def test_writers_at_the_same_moment_lose_nothing(acme):
    bars = [sampled(acme, str(number), NOW + timedelta(seconds=number)) for number in range(1, 25)]

    def write(some):
        try:
            for each in some:
                keep(each)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(bars[start::3],)) for start in range(3)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()

    assert read(acme) == [(NOW, "1 24 1 24")]
    assert BarPack.objects.count() == 1


def test_what_a_source_tells_replaces_what_was_sampled_and_not_the_other_way_round(acme):
    keep(sampled(acme, "5", NOW, source="archive"), sampled(acme, "6", NOW, source="other"))
    keep(final(acme, "5 9 1 3", NOW))
    keep(sampled(acme, "99", NOW, source="archive"))

    assert read(acme) == [(NOW, "5 9 1 3")]


def test_bars_of_others_and_of_other_times_stay_out(acme):
    other = factories.make_instrument("BOLT")
    keep(*(final(acme, "1 1 1 1", NOW + number * MINUTE) for number in range(-61, 62)))
    keep(final(other, "2 2 2 2", NOW))

    found = read(acme, start=NOW - 2 * MINUTE, end=NOW + MINUTE)

    assert [at for at, _ in found] == [NOW - 2 * MINUTE, NOW - MINUTE, NOW]
    assert selectors.newest_minute(acme.pk) == NOW + 61 * MINUTE
    assert selectors.newest_minute(factories.make_instrument("NONE").pk) is None


def test_splits_are_read_in_and_not_stored(acme):
    factories.make_split(acme, "2", str(NOW.date()))
    keep(final(acme, "10 12 8 10", NOW - timedelta(days=1)), final(acme, "5 6 4 5", NOW))

    assert [prices for _, prices in read(acme)] == ["5 6 4 5", "5 6 4 5"]
    assert [prices for _, prices in read(acme, Interval.HOUR)] == ["5 6 4 5", "5 6 4 5"]


def test_minutes_out_of_their_window_become_hours(acme):
    old, new = NOW - KEPT - timedelta(hours=2), NOW - KEPT + timedelta(hours=2)
    keep(*(final(acme, "2 3 1 2", at + number * MINUTE) for at in (old, new) for number in (0, 7)))
    keep(sampled(acme, "9", old + 9 * MINUTE, source="archive"))
    before = read(acme, Interval.HOUR)

    assert roll_up() == 1

    assert (
        read(acme, Interval.HOUR)
        == before
        == [
            (Interval.HOUR.floor(old), "2 9 1 9"),
            (Interval.HOUR.floor(new), "2 3 1 2"),
        ]
    )
    assert [at for at, _ in read(acme)] == [new, new + 7 * MINUTE]
    assert roll_up() == 0
    (stored,) = selectors.list_intraday_bars(
        acme.pk, Interval.HOUR, start=old - MINUTE * 60, end=old + MINUTE * 60
    )
    assert stored.status is BarStatus.SAMPLED


def test_a_roll_up_that_is_stopped_goes_on_without_doubling_anything(acme, monkeypatch):
    old = NOW - KEPT - timedelta(hours=2)
    keep(*(final(acme, "2 3 1 2", old + number * MINUTE) for number in range(0, 180, 7)))
    before = read(acme, Interval.HOUR)
    monkeypatch.setattr("marketdata.services.intraday._AT_ONCE", 1)
    delete = BarPack.objects.filter().__class__.delete
    calls = iter([False, True])

    def fail_once(rows):
        if next(calls, False):
            raise KeyboardInterrupt
        return delete(rows)

    monkeypatch.setattr("django.db.models.query.QuerySet.delete", fail_once)
    with pytest.raises(KeyboardInterrupt):
        roll_up()
    assert read(acme, Interval.HOUR) == before
    monkeypatch.undo()

    roll_up()

    assert read(acme, Interval.HOUR) == before
    assert BarPack.objects.filter(interval="1m", start__lt=NOW - KEPT).count() == 0


def test_hours_out_of_their_window_are_forgotten(acme):
    keep(
        final(acme, "1 1 1 1", NOW - HOURS_KEPT - timedelta(days=1)),
        final(acme, "2 2 2 2", NOW - HOURS_KEPT + timedelta(days=1)),
        interval=Interval.HOUR,
    )

    roll_up()

    assert [prices for _, prices in read(acme, Interval.HOUR, start=NOW - 2 * HOURS_KEPT)] == [
        "2 2 2 2"
    ]


class Archive:
    """A source that knows each minute but those at the full hour."""

    def __init__(self, name="archive", *, knows=(), late=2, most=24 * 60):
        self.name = name
        self.knows = {str(each.pk) for each in knows}
        self.minutes_late = late
        self.most_minutes = most
        self.asked = []
        self.failures = []

    def covers(self, listing):
        return listing.instrument_id in self.knows

    def minute_bars(self, listing, *, start, end):
        self.asked.append((start, end))
        if self.failures and (failure := self.failures.pop(0)) is not None:
            raise failure
        count = int((end - start) / MINUTE)
        return [
            told(at, (Decimal(1),) * 4, source=self.name)
            for at in (start + number * MINUTE for number in range(count))
            if at.minute
        ]


def fill(*sources, wanted, now=NOW, kept=timedelta(hours=5)):
    ids = {str(each.pk) for each in wanted}
    return services.fill_minutes(sources, wanted=ids, kept=kept, clock=lambda: now)


def test_the_window_is_filled_in_chunks_and_later_only_what_is_new(acme):
    source = Archive(knows=[acme], most=100)

    told_first = fill(source, wanted=[acme])

    first = NOW - timedelta(hours=4)
    assert source.asked == [
        (first, first + 100 * MINUTE),
        (first + 100 * MINUTE, first + 200 * MINUTE),
        (first + 200 * MINUTE, NOW - 2 * MINUTE),
    ]
    assert told_first == len(read(acme)) == 4 * 60 - 2 - 4
    source.asked.clear()
    assert fill(source, wanted=[acme]) == 0
    assert fill(source, wanted=[acme], now=NOW + 10 * MINUTE) == 10 - 1
    assert source.asked == [(NOW - 2 * MINUTE, NOW + 8 * MINUTE)]
    row = MinuteFill.objects.get()
    assert (row.asked_until, row.source, row.written) == (
        NOW + 8 * MINUTE,
        "archive",
        told_first + 9,
    )


def test_what_was_missed_and_what_was_sampled_is_told_after_a_pause(acme):
    source = Archive(knows=[acme])
    fill(source, wanted=[acme])
    keep(sampled(acme, "7", NOW + MINUTE, source="archive"), sampled(acme, "8", NOW + 30 * MINUTE))

    fill(source, wanted=[acme], now=NOW + timedelta(hours=2))

    found = selectors.list_intraday_bars(
        acme.pk, Interval.MINUTE, start=NOW, end=NOW + timedelta(hours=2)
    )
    assert {each.status for each in found} == {BarStatus.FINAL}
    assert len(found) == 120 - 2 - 2


def test_only_what_is_wanted_and_known_is_asked_for(acme):
    other, unknown = factories.make_instrument("BOLT"), factories.make_instrument("CARD")
    source = Archive(knows=[acme, other])

    fill(source, wanted=[acme, unknown])

    assert (len(read(acme)) > 0, read(other), read(unknown)) == (True, [], [])
    assert MinuteFill.objects.count() == 1


@pytest.mark.parametrize("failure", [Transient("away"), RateLimited("slowly", until=NOW)])
def test_a_source_that_fails_is_asked_again_where_it_stopped(acme, failure):
    source = Archive(knows=[acme], most=100)
    source.failures = [None, failure]

    fill(source, wanted=[acme])

    row = MinuteFill.objects.get()
    assert (row.asked_until, bool(row.error)) == (NOW - timedelta(minutes=140), True)
    fill(source, wanted=[acme])
    row.refresh_from_db()
    assert (row.asked_until, row.error) == (NOW - 2 * MINUTE, "")
    assert len(read(acme)) == 4 * 60 - 2 - 4


def test_another_source_stands_in_and_those_that_wait_longest_go_first(acme, monkeypatch):
    bolt = factories.make_instrument("BOLT")
    monkeypatch.setattr("marketdata.services.minutes._AT_ONCE", 1)
    first, second = Archive("first", knows=[acme, bolt]), Archive("second", knows=[acme, bolt])
    first.failures = [Transient("away"), Transient("away")]

    for number in range(2):
        fill(first, second, wanted=[acme, bolt], now=NOW + number * MINUTE)

    assert {row.source for row in MinuteFill.objects.all()} == {"second"}
    assert (len(read(acme)) > 0, len(read(bolt)) > 0) == (True, True)


def test_the_jobs_fill_what_was_sampled_lately(acme, settings, monkeypatch):
    source = Archive(knows=[acme, factories.make_instrument("BOLT")])
    monkeypatch.setattr(tasks, "minute_sources", lambda: [source])
    settings.MINUTES_KEPT_DAYS = 1
    keep(sampled(acme, "5", clock.now()))

    tasks.fill_minutes()
    tasks.roll_up_minutes()

    assert [row.instrument_id for row in MinuteFill.objects.all()] == [acme.pk]
    assert len(source.asked) == 1


def ask(api, instrument, **query):
    answer = api.get(reverse("api-intraday-bars", args=[instrument.pk]), query)
    return answer.status_code, answer.json()


def test_the_api_lists_bars_with_their_source_and_status(acme, program_of, ada):
    api = program_of(ada)
    keep(final(acme, "5 7 4 6.5", NOW), sampled(acme, "8", NOW + 2 * MINUTE))
    keep(final(acme, "1 1 1 1", NOW - timedelta(hours=30)))
    until = (NOW + timedelta(hours=1)).isoformat()

    status, answer = ask(api, acme, until=until)

    assert (status, answer["currency"], answer["interval"]) == (200, "USD", "1m")
    first, second = answer["bars"]
    assert first == {
        "at": "2026-03-02T12:00:00Z",
        "open": "5",
        "high": "7",
        "low": "4",
        "close": "6.5",
        "source": "archive",
        "status": "final",
    }
    assert (second["source"], second["status"]) == ("ticker", "sampled")
    _, merged = ask(api, acme, until=until, interval="5m")
    assert [(each["source"], each["status"]) for each in merged["bars"]] == [
        ("archive, ticker", "sampled")
    ]
    _, hours = ask(api, acme, until=until, interval="1h", hours=48)
    assert [each["close"] for each in hours["bars"]] == ["1", "8"]


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("hours", {"hours": 73}),
        ("hours", {"hours": 0}),
        ("hours", {"interval": "5m", "hours": 14 * 24 + 1}),
        ("interval", {"interval": "1d"}),
        ("until", {"until": "yesterday"}),
        ("until", {"until": "0001-01-01T00:00:00Z"}),
    ],
)
def test_the_api_refuses_what_it_can_not_answer(acme, program_of, ada, field, query):
    status, answer = ask(program_of(ada), acme, **query)

    assert (status, list(answer["errors"])) == (422, [field])


@pytest.mark.parametrize(
    ("name", "words", "count"),
    [("1d", "Prices of each minute from archive", 3), ("1w", "Prices of five minutes each", 3)],
)
def test_the_page_draws_the_last_days_that_had_prices(acme, browser_of, ada, name, words, count):
    friday = clock.now().replace(second=0, microsecond=0) - timedelta(days=3)
    ages = (0, 10, 20) if name == "1d" else (0, 10, 24 * 60 * 6)
    keep(*(final(acme, "5 7 4 6", friday - age * MINUTE) for age in ages))
    keep(final(acme, "9 9 9 9", friday - timedelta(days=7, minutes=5)))
    browser = browser_of(ada)

    page = browser.get(reverse("instrument", args=[acme.pk]), {"range": name})

    assert len(page.context["values"]) == count
    text = page.content.decode()
    assert words in text
    assert f'?range={name}"' in text
    assert "made of the quotes" not in text
    assert 'data-zone="UTC"' in text


def test_the_page_says_what_was_sampled_and_that_there_is_nothing_yet(acme, browser_of, ada):
    browser = browser_of(ada)
    address = reverse("instrument", args=[acme.pk])
    assert (
        "Prices within the day are kept while"
        in browser.get(f"{address}?range=1d").content.decode()
    )
    keep(*(sampled(acme, "8", clock.now() - number * MINUTE) for number in range(2)))

    text = browser.get(f"{address}?range=1d").content.decode()

    assert "Prices of each minute from ticker; 2 of them made of the quotes seen so far." in text


def test_an_own_instrument_has_no_prices_within_days(browser_of, ada):
    house = factories.make_instrument("HOUSE", owner=ada)

    text = browser_of(ada).get(reverse("instrument", args=[house.pk])).content.decode()

    assert "range=1d" not in text


def test_staff_see_how_far_sources_have_told(acme, browser_of):
    source = Archive(knows=[acme])
    source.failures = [Transient("It is away.")]
    fill(source, wanted=[acme])
    root = factories.make_user("root@example.test", is_staff=True, is_superuser=True)

    page = browser_of(root).get(reverse("admin:marketdata_minutefill_changelist"))

    assert "It is away." in page.content.decode()
