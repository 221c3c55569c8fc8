"""100,000 portfolios of 25 positions each revalued at new prices, against the same in decimals."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
from bson import ObjectId

from benchmarks.measure import Figure, median_seconds, stopwatch
from common.bulk import insert_missing
from common.money import Money, rounded
from marketdata.domain.fx import Rates
from marketdata.domain.quotes import MarketState, Quote
from portfolios.domain.batch import (
    Held,
    Layout,
    Revaluation,
    make_layout,
    make_prices,
    revalue,
)
from portfolios.domain.valuation import Holding, Valuation, value
from portfolios.models import IntradayValue

PORTFOLIOS, POSITIONS = 100_000, 25
#: How many are valued in decimals; all of them would take a minute.
SAMPLE = 1_000
_INSTRUMENTS = 10_000
_CURRENCIES = ("EUR", "USD", "GBP", "CHF")
_RATES = Rates(
    {
        ("EUR", "USD"): Decimal("1.0837"),
        ("EUR", "GBP"): Decimal("0.8512"),
        ("EUR", "CHF"): Decimal("0.9621"),
    }
)


def run() -> list[Figure]:
    """Revalue everything with numpy, and a sample with the decimal engine; compare both."""
    dice = np.random.default_rng(7)
    quotes = _make_quotes(dice)
    portfolios = [_make_portfolio(dice) for _ in range(SAMPLE)]
    currencies = {key: quote.currency for key, quote in quotes.items()}
    with stopwatch() as layout_seconds:
        sample = make_layout(portfolios, currencies)
    layout = _repeated(sample, PORTFOLIOS // SAMPLE)
    prices = make_prices(layout, quotes, _RATES)

    def alone(place: int) -> Valuation:
        return _value(portfolios[place % SAMPLE], quotes)

    result = revalue(layout, prices, value_exactly=alone)
    batch = median_seconds(lambda: revalue(layout, prices, value_exactly=alone))
    with stopwatch() as loop:
        expected = [alone(place) for place in range(SAMPLE)]
    for place, valuation in enumerate(expected):
        assert result.at(place).value == _payable(valuation.total, valuation.currency)
        assert result.at(place).day_change == _payable(valuation.day_change, valuation.currency)
    ratio = loop() * PORTFOLIOS / SAMPLE / batch
    return [
        Figure("revalue.portfolios", PORTFOLIOS, "portfolios"),
        Figure("revalue.batch", batch, "s", 0.1),
        Figure("revalue.times_decimal", ratio, "×", 50, at_least=True),
        Figure("revalue.in_decimals", len(result.exactly), "portfolios"),
        Figure("revalue.layout", layout_seconds() * PORTFOLIOS / SAMPLE, "s"),
        Figure("revalue.write", _write(result), "s", 15),
    ]


def _write(result: Revaluation) -> float:
    """Store the values of all portfolios as those of one minute, and return how long that took."""
    minute = datetime(2026, 3, 2, 12, tzinfo=UTC)
    rows = (
        IntradayValue(
            portfolio_id=ObjectId(),
            at=minute,
            value=worth.value,
            status=worth.status.value,
        )
        for worth in map(result.at, range(PORTFOLIOS))
        if worth.value is not None
    )
    with stopwatch() as seconds:
        insert_missing(rows)
    return seconds()


def _make_quotes(dice: np.random.Generator) -> dict[str, Quote]:
    quotes = {}
    for number in range(_INSTRUMENTS):
        cents, change = int(dice.integers(100, 50_000)), int(dice.integers(-99, 100))
        quotes[f"I{number}"] = Quote(
            instrument_id=f"I{number}",
            price=Decimal(cents + change).scaleb(-2),
            currency=_CURRENCIES[number % len(_CURRENCIES)],
            at=datetime(2026, 3, 2, 12, tzinfo=UTC),
            source="benchmark",
            previous_close=Decimal(cents).scaleb(-2),
            market_state=MarketState.OPEN,
        )
    return quotes


def _make_portfolio(dice: np.random.Generator) -> Held:
    chosen = dice.choice(_INSTRUMENTS, POSITIONS, replace=False)
    quantities = dice.integers(1, 10_000_000, POSITIONS)
    holdings = [
        Holding(f"I{number}", "EUR", Decimal(int(quantity)).scaleb(-4), None)
        for number, quantity in zip(chosen, quantities, strict=True)
    ]
    return Held(_CURRENCIES[int(dice.integers(len(_CURRENCIES)))], holdings, {})


def _repeated(layout: Layout, times: int) -> Layout:
    """Return the same portfolios several times, without making millions of holdings."""
    positions = layout.lines.size
    starts = layout.offsets[:-1] + positions * np.arange(times)[:, np.newaxis]
    return Layout(
        layout.instruments,
        layout.pairs,
        layout.line_instruments,
        layout.line_pairs,
        np.append(starts.ravel(), positions * times),
        np.tile(layout.lines, times),
        np.tile(layout.quantities, times),
        np.tile(layout.digits, times),
    )


def _value(portfolio: Held, quotes: dict[str, Quote]) -> Valuation:
    return value(
        portfolio.holdings,
        portfolio.cash,
        quotes=quotes,
        rates=_RATES,
        previous_rates=None,
        base_currency=portfolio.base_currency,
    )


def _payable(amount: Decimal | None, currency: str) -> Decimal | None:
    return None if amount is None else rounded(Money(amount, currency)).amount
