"""Performance and risk from stored daily values, with numbers made by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from redis.exceptions import ConnectionError as RedisDown

from common import redis
from portfolios.domain.benchmark import Blend, Rebalancing
from portfolios.domain.ranges import RangeName
from portfolios.models import DailyValue
from portfolios.selectors import summarize
from portfolios.selectors.history import WantedDays
from portfolios.selectors.performance import get_report, period_return
from portfolios.services import ledger, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft

pytestmark = pytest.mark.django_db

MAX = WantedDays(name=RangeName.MAX)


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


def record(portfolio, *drafts, today=TODAY):
    for each in drafts:
        ledger.record_transaction(portfolio.pk, draft=each, now=NOW)
    recalculation.recalculate(portfolio.pk, today=today, now=NOW)
    portfolio.refresh_from_db()


def closes(instrument, first, *prices):
    day = date.fromisoformat(first)
    factories.make_closes(
        instrument,
        {(day + timedelta(days=place)).isoformat(): each for place, each in enumerate(prices)},
    )


def report(portfolio, wanted=MAX, *, day=TODAY, now=NOW, **options):
    return get_report(portfolio, wanted, day=day, now=now, **options)


def values(figures):
    return {name: each["value"] for name, each in figures.items()}


@pytest.fixture
def five_days(portfolio, acme):
    """1,000 that became 1,100, then 1,400 after 500 came in and 200 went out, then 1,400, 1,260.

    Monday to Thursday, and today, which is Friday.
    """
    closes(acme, "2026-02-23", "100", "110", "110", "99")
    record(
        portfolio,
        draft("deposit", "2026-02-23", amount="1000"),
        buy(acme, "10", "100", "2026-02-23"),
        draft("deposit", "2026-02-25", amount="500"),
        draft("withdrawal", "2026-02-25", amount="200"),
        today=date(2026, 2, 27),
    )
    return portfolio


FRIDAY = date(2026, 2, 27)
ON_FRIDAY = datetime(2026, 2, 27, 12, tzinfo=UTC)


def beside(portfolio, blend):
    return report(portfolio, day=FRIDAY, now=ON_FRIDAY, blend=blend)["benchmark"]


def test_a_range_is_reported_with_what_it_gained_and_how(five_days):
    found = report(five_days, day=FRIDAY, now=ON_FRIDAY)

    assert values(found["performance"]) == {
        # 1,290 at the end, 1,500 paid in, 200 taken out.
        "gain": "-10",
        # 1 × 1.1 × (1,400 + 200) ÷ (1,100 + 500) × 1,290 ÷ 1,400 × 1
        "time_weighted": "0.0135714286",
        "time_weighted_yearly": None,
        "money_weighted_yearly": None,
        "money_weighted": found["performance"]["money_weighted"]["value"],
        "opening_value": "0",
        "closing_value": "1290",
        "inflow": "1500",
        "outflow": "200",
    }
    assert float(found["performance"]["money_weighted"]["value"]) == pytest.approx(
        -0.0085, abs=3e-4
    )
    assert found["performance"]["time_weighted_yearly"]["reason"] == "too-short"
    assert found["performance"]["time_weighted"]["denominator"] == "daily-capital"
    assert [each["portfolio"] for each in found["index"]] == [
        "0", "0", "0.1", "0.1", "0.01357143", "0.01357143",
    ]  # fmt: skip
    assert (found["start"], found["end"], found["days"]) == ("2026-02-23", "2026-02-27", 5)
    assert found["status"] == "complete"


def test_today_closes_a_range_at_live_prices_unless_the_ledger_has_moved_on(five_days, acme):
    acme.last_close, acme.last_close_date = Decimal(110), FRIDAY
    acme.save()

    live = report(five_days, day=FRIDAY, now=ON_FRIDAY)
    ledger.record_transaction(
        five_days.pk, draft=draft("deposit", "2026-02-27", amount="1"), now=ON_FRIDAY
    )
    five_days.refresh_from_db()
    over = report(five_days, day=FRIDAY, now=ON_FRIDAY)

    assert live["performance"]["closing_value"]["value"] == "1400"
    assert live["performance"]["closing_value"]["as_of"] == "2026-02-27"
    assert live["valued_at"] == ON_FRIDAY.isoformat()
    assert over["performance"]["closing_value"]["value"] == "1290"
    assert (over["as_of"], over["valued_at"]) == ("2026-02-26", None)


def test_the_deepest_fall_has_its_dates(five_days):
    found = report(five_days, day=FRIDAY, now=ON_FRIDAY)["drawdown"]

    # 1.01357 of 1.1
    assert found["depth"]["value"] == "-0.0785714286"
    assert (found["peak_date"], found["trough_date"]) == ("2026-02-24", "2026-02-26")
    assert found["recovery_date"] is None


def test_months_and_years_are_listed(portfolio, acme):
    closes(acme, "2026-01-30", "100", "120", "90", "90")
    record(
        portfolio,
        draft("deposit", "2026-01-30", amount="1000"),
        buy(acme, "10", "100", "2026-01-30"),
        today=date(2026, 2, 3),
    )
    day = date(2026, 2, 3)

    found = report(portfolio, day=day, now=datetime(2026, 2, 3, 12, tzinfo=UTC))

    def shown(rows):
        return [(each["period"], each["return"]["value"]) for each in rows]

    assert shown(found["months"]) == [("2026-01", "0.2"), ("2026-02", "-0.25")]
    assert shown(found["years"]) == [("2026", "-0.1")]


def test_a_day_known_in_part_is_unknown_and_named(five_days):
    DailyValue.objects.filter(portfolio=five_days, date=date(2026, 2, 24)).update(status="partial")

    found = report(five_days, day=FRIDAY, now=ON_FRIDAY)

    assert found["unknown_days"] == ["2026-02-24"]
    # Money flowed on the day after it: nobody knows what it was worth then.
    total = found["performance"]["time_weighted"]
    assert (total["value"], total["reason"]) == (None, "value-unknown")
    assert total["missing"] == ["2026-02-24"]
    assert found["performance"]["gain"]["value"] == "-10"
    assert found["index"][2]["portfolio"] is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (WantedDays(name=RangeName.DAY), ("2026-02-27", "2026-02-27", "1290")),
        (WantedDays(name=RangeName.WEEK_TO_DATE), ("2026-02-23", "2026-02-27", "0")),
        (WantedDays(name=RangeName.FIVE_YEARS), ("2026-02-23", "2026-02-27", "0")),
        (
            WantedDays(start=date(2026, 2, 24), end=date(2026, 2, 25)),
            ("2026-02-24", "2026-02-25", "1000"),
        ),
        (
            WantedDays(start=date(2026, 2, 25), end=date(2030, 1, 1)),
            ("2026-02-25", "2026-02-27", "1100"),
        ),
    ],
)
def test_a_range_is_measured_from_the_close_before_it(five_days, wanted, expected):
    found = report(five_days, wanted, day=FRIDAY, now=ON_FRIDAY)

    opening = found["performance"]["opening_value"]["value"]
    assert (found["start"], found["end"], opening) == expected


def test_nobody_is_shown_a_day_that_has_not_begun_where_days_are_counted(five_days):
    in_kiritimati = FRIDAY + timedelta(days=1)

    found = report(five_days, day=in_kiritimati, now=ON_FRIDAY)

    assert found["end"] == "2026-02-27"


def test_behind_the_count_of_days_the_stored_day_stands(five_days):
    in_honolulu = FRIDAY - timedelta(days=1)

    found = report(five_days, day=in_honolulu, now=ON_FRIDAY)

    assert (found["end"], found["valued_at"]) == ("2026-02-26", None)


def test_without_a_day_there_is_nothing_to_report(portfolio):
    found = report(portfolio)

    assert (found["status"], found["days"], found["performance"]) == ("unavailable", 0, {})


@pytest.mark.parametrize(
    "wanted", [WantedDays(start=date(2027, 1, 1)), WantedDays(end=date(2026, 1, 1))]
)
def test_a_range_outside_of_what_is_stored_has_no_days(five_days, wanted):
    found = report(five_days, wanted, day=FRIDAY, now=ON_FRIDAY)

    assert (found["status"], found["days"], found["index"]) == ("unavailable", 0, [])


def test_a_benchmark_goes_beside_it_in_the_currency_of_the_portfolio(five_days):
    index = factories.make_instrument("INDEX", currency="EUR")
    closes(index, "2026-02-22", "100", "100", "100", "110", "110")
    pair = factories.make_pair("EUR/USD")
    closes(pair, "2026-02-22", "1", "1", "1", "1", "1.5")

    found = report(five_days, day=FRIDAY, now=ON_FRIDAY, blend=Blend.alone(str(index.pk)))[
        "benchmark"
    ]

    assert found["symbol"] == "INDEX"
    # 110 × 1.5 to 100 × 1
    assert found["time_weighted"]["value"] == "0.65"
    # 1,000 stay; (1,000 + 500) × 1.1 − 200 = 1,450; × 1.5
    assert found["same_flows_value"]["value"] == "2175"
    assert found["lead"]["value"] == "-0.4068965517"
    assert found["beta"]["status"] == "unavailable"
    assert "20 are needed" in found["beta"]["explanation"]


@pytest.mark.parametrize(
    ("rebalancing", "name", "total"),
    [
        # Up 100 % and 0 %, then down 50 % and 0 %: 1.5 × 0.75, or where it was.
        (Rebalancing.DAILY, "A blend, rebalanced daily", "0.125"),
        (Rebalancing.NEVER, "A blend, left alone since the start", "0"),
    ],
)
def test_a_blend_goes_beside_it_with_each_part_in_its_own_currency(
    five_days, rebalancing, name, total
):
    near = factories.make_instrument("NEAR")
    far = factories.make_instrument("FAR", currency="EUR")
    closes(near, "2026-02-22", "10", "10", "20", "10", "10")
    closes(far, "2026-02-22", "10", "10", "20", "10", "5")
    closes(factories.make_pair("EUR/USD"), "2026-02-22", "1", "1", "0.5", "1", "2")
    half = Decimal("0.5")
    blend = Blend({str(near.pk): half, str(far.pk): half}, rebalancing)

    found = beside(five_days, blend)

    assert (found["symbol"], found["name"]) == ("50% NEAR + 50% FAR", name)
    assert (found["instrument_id"], found["rebalancing"]) == (None, rebalancing.value)
    assert [(each["symbol"], each["weight"]) for each in found["parts"]] == [
        ("NEAR", "0.5"),
        ("FAR", "0.5"),
    ]
    assert found["time_weighted"]["value"] == total


def test_of_a_blend_the_instrument_without_prices_is_named(five_days):
    known, unknown = factories.make_instrument("KNOWN"), factories.make_instrument("UNKNOWN")
    closes(known, "2026-02-22", "10", "10", "10", "10", "10")
    blend = Blend({str(known.pk): Decimal("0.5"), str(unknown.pk): Decimal("0.5")})

    found = beside(five_days, blend)

    assert found["time_weighted"]["missing"] == [str(unknown.pk)]


def test_a_benchmark_without_prices_is_named(five_days):
    index = factories.make_instrument("INDEX")

    found = report(five_days, day=FRIDAY, now=ON_FRIDAY, blend=Blend.alone(str(index.pk)))[
        "benchmark"
    ]

    for name in ("time_weighted", "same_flows_value"):
        assert (found[name]["value"], found[name]["reason"]) == (None, "close-missing")
        assert found[name]["missing"] == [str(index.pk)]


@pytest.fixture
def zigzag(portfolio, acme):
    """Ten weeks of +1 % and −1 % in turn from Monday to Friday; weekends stand still."""
    monday, price, prices = date(2025, 12, 1), Decimal(100), {}
    for place in range(70):
        day = monday + timedelta(days=place)
        if place and day.weekday() < 5:
            price *= Decimal("1.01") if len(prices) % 2 else Decimal("0.99")
        if day.weekday() < 5:
            prices[day.isoformat()] = str(price.quantize(Decimal("0.00000001")))
    factories.make_closes(acme, prices)
    record(
        portfolio,
        draft("deposit", "2025-12-01", amount="1000"),
        buy(acme, "10", "100", "2025-12-01"),
        today=date(2026, 2, 7),
    )
    return portfolio


SATURDAY = {"day": date(2026, 2, 7), "now": datetime(2026, 2, 7, 12, tzinfo=UTC)}


def test_risk_is_made_of_the_returns_of_weekdays(zigzag, acme):
    found = report(zigzag, blend=Blend.alone(str(acme.pk)), **SATURDAY)

    # 50 weekdays: 0 on the first, then 25 times +1 % and 24 times −1 %.
    risk = found["risk"]
    assert {each["observations"] for each in risk.values()} - {None} == {50}
    assert float(risk["volatility"]["value"]) == pytest.approx(0.01 * 261**0.5, rel=0.02)
    assert float(risk["downside_deviation"]["value"]) == pytest.approx(
        0.01 * (24 / 50 * 261) ** 0.5, rel=1e-6
    )
    assert float(risk["value_at_risk"]["value"]) == pytest.approx(-0.01, abs=1e-8)
    # A mean of 0.02 % and a deviation of 0.99980 %: 0.0002 − 1.644854 × 0.0099980.
    assert float(risk["normal_value_at_risk"]["value"]) == pytest.approx(-0.016245, abs=1e-6)
    assert float(risk["best_day"]["value"]) == pytest.approx(0.01, abs=1e-8)
    assert risk["best_day"]["as_of"] == "2025-12-02"
    assert "261 a year" in risk["volatility"]["method"]
    against = found["benchmark"]
    assert float(against["beta"]["value"]) == pytest.approx(1, abs=1e-6)
    assert float(against["correlation"]["value"]) == pytest.approx(1, abs=1e-6)
    assert float(against["tracking_error"]["value"]) == pytest.approx(0, abs=1e-6)


def test_what_was_chosen_for_the_portfolio_applies(zigzag):
    report(zigzag, **SATURDAY)
    zigzag.policy = {"day_count": "act/360"}
    zigzag.save()

    found = report(zigzag, **SATURDAY)

    shown = values(found["performance"])
    total, yearly = float(shown["time_weighted"]), float(shown["time_weighted_yearly"])
    assert yearly == pytest.approx((1 + total) ** (360 / found["days"]) - 1)
    assert found["policy"]["day_count"] == "act/360"


def test_a_report_is_kept_until_something_changes(five_days, django_assert_num_queries):
    first = report(five_days, day=FRIDAY, now=ON_FRIDAY)

    with django_assert_num_queries(1):
        assert report(five_days, day=FRIDAY, now=ON_FRIDAY) == first
    record(five_days, draft("fee", "2026-02-26", amount="10"), today=FRIDAY)

    assert report(five_days, day=FRIDAY, now=ON_FRIDAY)["performance"]["gain"]["value"] == "-20"


def test_reports_are_made_without_redis(five_days, monkeypatch):
    expected = report(five_days, day=FRIDAY, now=ON_FRIDAY)

    class Down:
        def __getattr__(self, name):
            raise RedisDown

    monkeypatch.setattr(redis, "client", Down)

    assert report(five_days, day=FRIDAY, now=ON_FRIDAY) == expected


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, "0.0135714286"),
        (date(2026, 2, 24), "-0.0785714286"),
        (date(2026, 2, 27), None),
        (date(2027, 1, 1), None),
    ],
)
def test_the_return_since_a_day_is_measured_from_its_close(five_days, since, expected):
    summary = summarize(five_days, now=ON_FRIDAY)

    found = period_return(summary, since=since, day=FRIDAY)

    assert (found.value and str(found.value)) == expected


def test_there_is_no_return_without_a_day(portfolio):
    assert period_return(summarize(portfolio, now=NOW), since=None, day=TODAY) is None
