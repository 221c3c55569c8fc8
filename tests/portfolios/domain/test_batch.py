"""Many portfolios at once are worth, to the cent, what each is worth alone."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.money import Money, rounded
from marketdata.domain.fx import Rates
from portfolios.domain.batch import Held, OutdatedLayout, make_layout, make_prices, revalue
from portfolios.domain.status import Status
from portfolios.domain.valuation import Valuation, value
from tests.portfolios.domain.strategies import decimals
from tests.portfolios.domain.test_valuation import held, quoted

RATES = {("EUR", "USD"): Decimal("1.0837"), ("GBP", "EUR"): Decimal("1.17")}
YESTERDAYS_RATES = {("EUR", "USD"): Decimal("1.0791"), ("GBP", "EUR"): Decimal("1.17")}


class Market:
    """Portfolios valued both ways at the same prices."""

    def __init__(self, portfolios, quotes, rates=RATES, previous=YESTERDAYS_RATES):
        self.portfolios = portfolios
        self.quotes = quotes
        self.rates, self.previous = Rates(rates), Rates(previous)
        self.asked: list[int] = []

    def alone(self, place: int) -> Valuation:
        portfolio = self.portfolios[place]
        return value(
            portfolio.holdings,
            portfolio.cash,
            quotes=self.quotes,
            rates=self.rates,
            previous_rates=self.previous,
            base_currency=portfolio.base_currency,
        )

    def together(self):
        currencies = {key: quote.currency for key, quote in self.quotes.items()}
        layout = make_layout(self.portfolios, currencies)
        prices = make_prices(layout, self.quotes, self.rates, self.previous)

        def value_exactly(place):
            self.asked.append(place)
            return self.alone(place)

        return revalue(layout, prices, value_exactly=value_exactly)


def portfolio(*holdings, base="EUR", cash=None):
    balances = cash and {key: Decimal(amount) for key, amount in cash.items()}
    return Held(base, holdings, balances)


def cents(amount, currency="EUR"):
    return None if amount is None else rounded(Money(amount, currency)).amount


def test_portfolios_are_valued_with_the_change_of_the_day():
    market = Market(
        [
            portfolio(held("A", "10"), held("B", "3"), cash={"EUR": "0.1"}),
            portfolio(),
            portfolio(held("A", "1"), base="JPY"),
            portfolio(held("B", "2"), cash=None),
        ],
        quoted("A=12.34<12", "B=0.5<0.75"),
        rates={("EUR", "JPY"): Decimal(160)},
        previous={},
    )

    result = market.together()

    figures = [
        (each.value, each.day_change, each.missing, each.status, each.day_change_status)
        for each in map(result.at, range(4))
    ]
    complete, unavailable = Status.COMPLETE, Status.UNAVAILABLE
    assert figures == [
        (Decimal("125.00"), Decimal("2.65"), 0, complete, complete),
        (0, 0, 0, complete, complete),
        (1974, None, 0, complete, unavailable),
        (1, Decimal("-0.50"), 0, complete, complete),
    ]
    assert market.asked == []


def test_what_is_unknown_is_left_out_and_counted():
    market = Market(
        [portfolio(held("A", "10"), held("B", "3"), cash={"CHF": "5"}), portfolio(held("B", "1"))],
        quoted("A=12"),
    )

    some, none = map(market.together().at, range(2))

    assert (some.value, some.missing, some.status) == (120, 2, Status.PARTIAL)
    assert (some.day_change, some.day_change_status) == (None, Status.UNAVAILABLE)
    assert some.reason == "2 of 3 prices or rates are unknown."
    assert (none.value, none.missing, none.status) == (None, 1, Status.UNAVAILABLE)


@pytest.mark.parametrize(
    ("quantity", "price", "worth"),
    [
        ("0.5", "10.01", "5.00"),
        ("0.5", "10.03", "5.02"),
        ("-0.5", "10.01", "-5.00"),
        ("1", "0.0050000000000000000001", "0.01"),
        ("1", "0.0049999999999999999999", "0.00"),
        ("3", "33333333333333.335", "100000000000000.00"),
        ("1e17", "1e8", "1e25"),
        ("1e300", "1e300", "1e600"),
        ("1e400", "1e-400", "1"),
    ],
)
def test_what_floats_cannot_decide_is_computed_in_decimals(quantity, price, worth):
    market = Market(
        [portfolio(held("A", quantity)), portfolio(held("B", "1"))], quoted(f"A={price}<0", "B=1<1")
    )

    result = market.together()

    assert market.asked == [0]
    assert result.at(0).value == Decimal(worth)


def test_an_instrument_quoted_in_another_currency_needs_a_new_layout():
    layout = make_layout([portfolio(held("A", "10"))], {"A": "EUR"})

    with pytest.raises(OutdatedLayout, match="A is quoted in USD now"):
        make_prices(layout, quoted("A=12USD<11"), Rates(RATES))


NAMES = "ABCDEF"
CURRENCIES = ("EUR", "USD", "GBP", "JPY", "BTC")


@st.composite
def some_quotes(draw):
    texts = []
    for name in draw(st.sets(st.sampled_from(NAMES))):
        price = draw(decimals("-1", "100", places=3))
        before = draw(st.none() | decimals("0", "100", places=2))
        currency = draw(st.sampled_from(["EUR", "USD", "GBX", "CHF"]))
        texts.append(f"{name}={price}{currency}" + (f"<{before}" if before is not None else ""))
    return quoted(*texts)


@st.composite
def a_portfolio(draw):
    quantities = decimals("-1", "20", places=1) | decimals("0", "1e15", places=10)
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    balances = decimals("-100", "100", places=3)
    return portfolio(
        *(held(name, str(draw(quantities))) for name in names),
        base=draw(st.sampled_from(CURRENCIES)),
        cash=draw(st.none() | st.dictionaries(st.sampled_from(CURRENCIES), balances, max_size=3)),
    )


def assert_each_is_as_alone(market):
    result = market.together()

    for place, portfolio in enumerate(market.portfolios):
        alone, figures = market.alone(place), result.at(place)
        base = portfolio.base_currency
        assert figures.value == cents(alone.total, base)
        assert figures.day_change == cents(alone.day_change, base)
        assert figures.status is alone.status
        assert figures.day_change_status is alone.day_change_status
        assert (figures.missing > 0) == bool(alone.missing)


@given(st.lists(a_portfolio(), max_size=6), some_quotes())
@example([portfolio(held("A", "0.1"), held("B", "0.2"))], quoted("A=0.05<0", "B=0<0.3"))
def test_every_portfolio_is_worth_to_the_cent_what_it_is_worth_alone(portfolios, quotes):
    assert_each_is_as_alone(Market(portfolios, quotes))


@given(st.lists(st.tuples(decimals("0", "9", places=1), decimals("0", "9", places=2)), max_size=9))
def test_sums_that_end_at_half_a_cent_are_rounded_to_the_even_one(lines):
    holdings = [held(f"I{place}", str(quantity)) for place, (quantity, _) in enumerate(lines)]
    quotes = quoted(*(f"I{place}={price}<0" for place, (_, price) in enumerate(lines)))

    assert_each_is_as_alone(Market([portfolio(*holdings)], quotes))


def test_few_portfolios_need_decimals():
    market = Market(
        [portfolio(held("A", f"{n}.{n % 97}7"), held("B", f"{n}.3")) for n in range(1, 2_000)],
        quoted("A=123.4567USD<120.11", "B=9.8765<9.5"),
    )

    assert_each_is_as_alone(market)
    assert len(market.asked) < 20
