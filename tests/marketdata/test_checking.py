"""Stored closes are looked through: what is missing, what looks wrong, and what staff say of it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import User
from marketdata import histories, tasks
from marketdata.adapters import calendars
from marketdata.adapters.base import DailyClose
from marketdata.domain.backfills import Trigger
from marketdata.domain.doubts import Verdict
from marketdata.domain.instruments import AssetClass
from marketdata.models import Backfill, CloseDoubt, CloseYear, HistoryCheck, PriceBar
from marketdata.services import backfills, checking
from tests import factories
from tests.factories import NOW

FIRST = date(2025, 12, 1)
#: In the middle of the United States' holidays.
CHRISTMAS = date(2025, 12, 25)


@pytest.mark.parametrize(
    ("mic", "asset_class", "days"),
    [
        ("XNAS", AssetClass.STOCK, [24, 26, 29]),
        ("IEXG", AssetClass.ETF, [24, 26, 29]),
        ("XETR", AssetClass.STOCK, [29]),
        # The exchanges of Mumbai keep the same holidays, and the library knows one of them.
        ("XNSE", AssetClass.STOCK, [24, 26, 29]),
        ("", AssetClass.CRYPTO, [24, 25, 26, 27, 28, 29]),
        ("", AssetClass.CURRENCY, None),
        ("ABCD", AssetClass.STOCK, None),
    ],
)
def test_each_market_has_its_own_sessions(mic, asset_class, days):
    found = calendars.sessions(
        mic=mic, asset_class=asset_class, start=date(2025, 12, 24), end=date(2025, 12, 29)
    )

    assert (found and [day.day for day in found]) == days


def test_days_that_no_calendar_knows_any_more_are_left_out():
    found = calendars.sessions(
        mic="XNAS", asset_class=AssetClass.STOCK, start=date(1970, 1, 1), end=date(1990, 1, 3)
    )

    assert found == [date(1990, 1, 2), date(1990, 1, 3)]


def sessions(*, start, end, **_market):
    """Trade on every day but Christmas."""
    days = (start + timedelta(days=count) for count in range((end - start).days + 1))
    return [day for day in days if day != CHRISTMAS]


def make_history(symbol="ACME", *, without=(), count=50, **changed):
    """Make a history of quiet closes; `changed` has other ones: `d40="5000"`."""
    instrument = factories.make_instrument(symbol)
    closes = {
        str(FIRST + timedelta(days=number)): changed.get(f"d{number}", str(100 + number * 7 % 3))
        for number in range(count)
        if number not in without
    }
    factories.make_closes(instrument, closes)
    return instrument


def check(now=NOW, **options):
    return checking.check_histories(sessions, now=now, **options)


def doubts():
    rows = CloseDoubt.objects.order_by("date")
    return [((each.date - FIRST).days, each.doubt, each.verdict) for each in rows]


@pytest.mark.django_db
class TestChecks:
    """What a look finds, and what the next one makes of it."""

    def test_missing_sessions_are_noted_and_a_holiday_is_none(self):
        # The 25th day is Christmas.
        make_history("GAPS", without=(10, 11, 24, 30))
        make_history("GOOD", without=(24,))
        factories.make_instrument("NONE")

        noted = check()

        checks = HistoryCheck.objects.order_by("instrument__symbol").select_related("instrument")
        assert [(each.instrument.symbol, each.missing) for each in checks] == [
            ("GAPS", 3),
            ("GOOD", 0),
        ]
        assert checks[0].gaps == [
            ["2025-12-11", "2025-12-12", 2],
            ["2025-12-31", "2025-12-31", 1],
        ]
        assert noted == 1

    def test_where_nobody_knows_the_sessions_nothing_is_said_to_be_missing(self):
        make_history(without=(10,))

        checking.check_histories(lambda **_market: None, now=NOW)

        assert HistoryCheck.objects.get().missing is None

    def test_a_back_fill_closes_the_gaps(self):
        instrument = make_history(without=(10, 11))
        check()

        class Source:
            name, most_days = "source", 100

            def daily_closes(self, listing, *, start, end):
                days = (end - start).days + 1
                return [
                    DailyClose(start + timedelta(days=count), Decimal(100)) for count in range(days)
                ]

        job, _ = backfills.request_backfill(
            instrument.pk,
            start=FIRST + timedelta(days=10),
            end=FIRST + timedelta(days=11),
            trigger=Trigger.GAP,
            now=NOW,
        )
        backfills.run(job.pk, sources=[Source()], clock=lambda: NOW)
        check()

        assert HistoryCheck.objects.get().missing == 0

    def test_closes_that_look_wrong_are_flagged_once_and_never_changed(self):
        instrument = make_history(d40="10000", d45="51")
        before = list(PriceBar.objects.order_by("date").values_list("date", "close", "source"))

        check()
        check()

        assert doubts() == [
            (40, "unit", "open"),
            (41, "unit", "open"),
            (45, "split", "open"),
            (46, "split", "open"),
        ]
        after = list(PriceBar.objects.order_by("date").values_list("date", "close", "source"))
        assert after == before
        assert "about 100 times" in CloseDoubt.objects.order_by("date").first().sentence
        assert instrument.symbol in CloseDoubt.objects.order_by("date").first().sentence

    def test_a_doubt_goes_with_the_close_it_was_about_unless_somebody_decided(self):
        instrument = make_history(d40="10000", d45="10000")
        check()
        decided = CloseDoubt.objects.get(date=FIRST + timedelta(days=45))
        user = factories.make_user()
        checking.decide([decided.pk], verdict=Verdict.DISMISSED, user_id=user.pk, now=NOW)

        PriceBar.objects.filter(instrument=instrument).delete()
        CloseYear.objects.all().delete()
        factories.make_closes(
            instrument,
            {
                str(FIRST + timedelta(days=number)): "10000"
                if number == 45
                else str(100 + number * 7 % 3)
                for number in range(50)
            },
        )
        check()

        assert doubts() == [(45, "unit", "dismissed"), (46, "unit", "open")]

    def test_a_split_that_is_recorded_is_no_doubt_and_takes_back_the_one_there_was(self):
        instrument = factories.make_instrument("ACME")
        closes = {number: 100 + number * 7 % 3 for number in range(40)} | {40: 50, 41: 51, 42: 50}
        factories.make_closes(
            instrument,
            {str(FIRST + timedelta(days=day)): str(close) for day, close in closes.items()},
        )
        check()
        before = doubts()
        factories.make_split(instrument, "2", str(FIRST + timedelta(days=40)))

        check()

        assert before == [(40, "split", "open")]
        assert doubts() == []

    def test_what_was_looked_at_is_history_for_what_is_new(self):
        instrument = make_history(count=40, d20="10000")
        check()
        CloseDoubt.objects.all().delete()
        factories.make_closes(instrument, {str(FIRST + timedelta(days=40)): "10000"})

        check()

        # The old ones weren't looked at again.
        assert doubts() == [(40, "unit", "open")]

    def test_a_close_that_repeats_for_longer_stays_one_doubt(self):
        instrument = make_history(count=40)
        for number in range(40, 52):
            factories.make_closes(instrument, {str(FIRST + timedelta(days=number)): "101.5"})
            if number >= 44:
                check()

        assert doubts() == [(40, "stale", "open")]
        assert "12 days in a row" in CloseDoubt.objects.get().sentence

    def test_only_one_is_looked_at_when_one_is_meant(self):
        one, _ = make_history("ONE"), make_history("OTHER")

        tasks.check_histories(instrument_id=str(one.pk))

        assert HistoryCheck.objects.get().instrument_id == one.pk


@pytest.mark.django_db
class TestPeople:
    """What staff decide, and what everybody sees."""

    @pytest.fixture
    def browser(self, browser_of):
        return browser_of(User.objects.create_superuser("root@example.test", "correct horse"))

    def test_staff_decide_and_everybody_sees_what_stands(self, browser, browser_of, ada):
        instrument = make_history(d40="10000", d45="171")
        check()
        unit, _, outlier, _ = CloseDoubt.objects.order_by("date")
        listing = reverse("admin:marketdata_closedoubt_changelist")

        browser.post(listing, {"action": "dismiss", "_selected_action": [str(outlier.pk)]})
        browser.post(listing, {"action": "accept", "_selected_action": [str(unit.pk)]})

        assert [verdict for _, _, verdict in doubts()] == ["accepted", "open", "dismissed", "open"]
        unit.refresh_from_db()
        assert unit.decided_by.email == "root@example.test"
        page = browser_of(ada).get(f"/instruments/{instrument.pk}/?range=max").content.decode()
        assert unit.sentence in page
        assert outlier.sentence not in page
        assert page.count("confirmed") == 1

    def test_the_chart_of_other_days_has_no_sign(self, ada, browser_of):
        instrument = make_history(d40="10000")
        check()

        assert list(histories.list_doubts(instrument.pk, start=NOW.date(), end=NOW.date())) == []

    def test_staff_see_the_gaps_and_have_them_filled(self, browser, monkeypatch):
        started = []
        monkeypatch.setattr(
            tasks.run_backfill, "apply_async", lambda **given: started.append(given["kwargs"])
        )
        make_history("GAPS", without=(10, 11, 30))
        make_history("GOOD")
        check()
        listing = reverse("admin:marketdata_historycheck_changelist")

        shown = browser.get(listing, {"gaps": "yes"}).content.decode()
        chosen = [str(key) for key in HistoryCheck.objects.values_list("pk", flat=True)]
        browser.post(listing, {"action": "fill_gaps", "_selected_action": chosen})

        assert "2025-12-31, 2025-12-11 to 2025-12-12" in shown
        assert "GOOD" not in shown
        job = Backfill.objects.get()
        assert (str(job.start), str(job.end), job.trigger) == ("2025-12-11", "2025-12-31", "gap")
        assert started == [{"backfill_id": str(job.pk)}]
