"""What holdings and cash are worth, and what is said where something is unknown."""

from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain.fx import Rates
from marketdata.domain.quotes import MarketState, Quote
from portfolios.domain.status import Status
from portfolios.domain.valuation import Holding, value
from tests.portfolios.domain.strategies import decimals

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def held(instrument_id: str, quantity: str, cost: str | None = "0", currency: str = "EUR"):
    return Holding(instrument_id, currency, Decimal(quantity), Decimal(cost) if cost else None)


def quoted(*texts: str) -> dict[str, Quote]:
    """`quoted("A=12<10", "B=5USD")`: A at 12 EUR after 10, B at 5 USD after nobody knows what."""
    quotes = {}
    for text in texts:
        key, _, price = text.partition("=")
        price, _, before = price.partition("<")
        number = price.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        quotes[key] = Quote(
            instrument_id=key,
            price=Decimal(number),
            currency=price[len(number) :] or "EUR",
            at=NOW,
            source="test",
            previous_close=Decimal(before) if before else None,
            market_state=MarketState.OPEN,
        )
    return quotes


def worth(holdings, quotes, cash=MappingProxyType({}), rates=None, previous=None, **options):
    return value(
        holdings,
        None if cash is None else {key: Decimal(amount) for key, amount in cash.items()},
        quotes=quotes,
        rates=rates or Rates({}),
        previous_rates=previous,
        base_currency="EUR",
        **options,
    )


def test_a_portfolio_is_worth_its_holdings_and_its_cash():
    result = worth(
        [held("A", "10", "80"), held("B", "4", "30")], quoted("A=12<8", "B=5<5"), {"EUR": "60"}
    )

    assert (result.total, result.holdings_value, result.cash) == (200, 140, 60)
    assert (result.day_change, result.day_change_rate) == (40, Decimal("0.25"))
    assert result.unrealized == 30
    assert (result.status, result.missing) == (Status.COMPLETE, ())
    first, second = result.positions
    assert (first.value, first.value_base, first.day_change_base) == (120, 120, 40)
    assert (first.unrealized_base, first.weight) == (40, Decimal("0.6"))
    assert (second.unrealized_base, second.weight) == (-10, Decimal("0.1"))


def test_cash_that_is_not_tracked_is_left_out():
    result = worth([held("A", "10")], quoted("A=12<10"), None)

    assert (result.total, result.cash) == (120, None)
    assert result.positions[0].weight == 1
    assert result.status is Status.COMPLETE


def test_prices_and_cash_are_converted_at_todays_rate():
    result = worth(
        [held("A", "10", "80", "USD")],
        quoted("A=12USD<10"),
        {"USD": "20"},
        rates=Rates({("EUR", "USD"): Decimal("1.25")}),
        previous=Rates({("EUR", "USD"): Decimal("1.6")}),
    )

    assert result.positions[0].value == 120
    assert (result.total, result.holdings_value, result.cash) == (112, 96, 16)
    # 120 / 1.25 − 100 / 1.6 of the position, 20 / 1.25 − 20 / 1.6 of the cash
    assert result.positions[0].day_change_base == Decimal("33.5")
    assert result.day_change == Decimal(37)
    assert result.positions[0].unrealized_base == 16


def test_without_rates_of_the_previous_close_only_prices_change():
    result = worth(
        [held("A", "10", "80", "USD")],
        quoted("A=12USD<10"),
        rates=Rates({("EUR", "USD"): Decimal("1.25")}),
    )

    assert result.day_change == 16


def test_an_instrument_without_a_price_is_left_out_and_named():
    result = worth([held("A", "10"), held("B", "4")], quoted("A=12<10"), {"EUR": "1"})

    assert (result.total, result.status, result.missing) == (121, Status.PARTIAL, ("B",))
    assert result.day_change_status is Status.PARTIAL
    unpriced = result.positions[1]
    assert unpriced.status is Status.UNAVAILABLE
    assert (unpriced.price, unpriced.price_currency) == (None, None)
    assert (unpriced.value, unpriced.value_base, unpriced.weight) == (None, None, None)
    assert (unpriced.day_change_base, unpriced.unrealized_base) == (None, None)


def test_a_missing_rate_keeps_the_worth_in_the_foreign_currency():
    result = worth([held("A", "10"), held("B", "4")], quoted("A=12<10", "B=5USD<4"))

    foreign = result.positions[1]
    assert (foreign.value, foreign.value_base, foreign.status) == (20, None, Status.PARTIAL)
    assert (result.total, result.status, result.missing) == (120, Status.PARTIAL, ("USD/EUR",))


def test_cash_without_a_rate_is_left_out_and_named_once():
    result = worth([held("B", "4")], quoted("B=5USD<4"), {"USD": "3", "EUR": "2"})

    assert (result.total, result.holdings_value, result.cash) == (2, None, 2)
    assert (result.status, result.missing) == (Status.PARTIAL, ("USD/EUR",))


def test_a_portfolio_of_which_nothing_is_known_is_worth_nobody_knows_what():
    result = worth([held("A", "10")], {})

    assert (result.total, result.holdings_value) == (None, None)
    assert (result.day_change, result.day_change_rate, result.unrealized) == (None, None, None)
    assert (result.status, result.day_change_status) == (Status.UNAVAILABLE, Status.UNAVAILABLE)


def test_an_empty_portfolio_is_worth_exactly_nothing():
    result = worth([], {})

    assert (result.total, result.day_change, result.unrealized) == (0, 0, 0)
    assert (result.day_change_rate, result.status) == (None, Status.COMPLETE)


def test_what_is_empty_needs_no_price_and_no_rate():
    result = worth([held("A", "0")], {}, {"USD": "0"})

    assert (result.positions, result.missing, result.status) == ((), (), Status.COMPLETE)


def test_an_unknown_previous_close_leaves_the_day_open_and_the_worth_complete():
    result = worth([held("A", "10"), held("B", "4")], quoted("A=12<10", "B=5"))

    assert (result.total, result.status) == (140, Status.COMPLETE)
    assert result.positions[1].day_change_base is None
    assert (result.day_change, result.day_change_rate) == (20, Decimal("0.2"))
    assert result.day_change_status is Status.PARTIAL


def test_an_unknown_cost_leaves_the_gain_open():
    result = worth([held("A", "10", None)], quoted("A=12<10"))

    assert (result.unrealized, result.positions[0].unrealized_base) == (None, None)
    assert result.status is Status.COMPLETE


@pytest.mark.parametrize(
    ("price", "total", "weight"), [("0", 0, None), ("-3", -30, None), ("1e15", 10**16, 1)]
)
def test_odd_prices_are_taken_as_they_are(price, total, weight):
    result = worth([held("A", "10", "80")], quoted(f"A={price}<1"))

    assert (result.total, result.unrealized) == (total, total - 80)
    assert result.positions[0].weight == weight
    assert result.status is Status.COMPLETE


def test_debt_has_no_weights_and_no_rate_of_change():
    result = worth([held("A", "10")], quoted("A=12<10"), {"EUR": "-500"})

    assert result.total == -380
    assert result.positions[0].weight is None
    assert result.day_change_rate is None


@given(
    st.lists(st.tuples(decimals("0.0001", "900"), decimals("0.0001", "900")), min_size=1),
    decimals("0", "1000"),
)
def test_weights_of_a_portfolio_without_cash_add_up_to_one(lines, factor):
    holdings = [held(f"I{place}", str(quantity)) for place, (quantity, _) in enumerate(lines)]
    quotes = quoted(*(f"I{place}={price}<1" for place, (_, price) in enumerate(lines)))

    result = worth(holdings, quotes)

    assert abs(sum(each.weight for each in result.positions) - 1) < Decimal("1e-20")
    assert abs(sum(each.value_base for each in result.positions) - result.total) < Decimal("1e-20")
