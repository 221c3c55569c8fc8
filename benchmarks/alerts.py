"""100,000 alerts held against a batch of 500 quotes."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

from bson import ObjectId

from benchmarks.measure import Figure, median_seconds
from marketdata.domain.quotes import MarketState, Quote
from portfolios.domain.alerts import AlertKind, AlertState, Rule
from portfolios.domain.thresholds import Thresholds
from portfolios.selectors.watching import measure_quotes

ALERTS = 100_000
QUOTES = 500
#: Of each so many alerts one is reached by the batch, far more than ever are.
_REACHED = 100
_KINDS = (AlertKind.PRICE_ABOVE, AlertKind.PRICE_BELOW, AlertKind.DAY_MOVE)


def run() -> list[Figure]:
    """Hold the alerts against a batch, and against one after another of what is reached."""
    dice = random.Random(7)
    ids = [str(ObjectId()) for _ in range(QUOTES)]
    thresholds = Thresholds()
    for number in range(ALERTS):
        rule = _rule(dice, is_reached=number % _REACHED == 0)
        place = (ids[number % QUOTES], rule.kind.measure)
        thresholds.put(str(ObjectId()), place, rule.line, AlertState.ARMED)
    quotes = [_quote(each) for each in ids]
    reached = len(list(thresholds.reached(measure_quotes(quotes))))
    seconds = median_seconds(lambda: list(thresholds.reached(measure_quotes(quotes))), runs=5)
    return [
        Figure("alerts.kept", len(thresholds), "alerts", ALERTS, at_least=True),
        Figure("alerts.reached", reached, "alerts", ALERTS / _REACHED, at_least=True),
        Figure("alerts.batch", seconds * 1_000, "ms", 50),
    ]


def _rule(dice: random.Random, *, is_reached: bool) -> Rule:
    kind = dice.choice(_KINDS)
    away = Decimal(f"{dice.uniform(0.01, 0.5):.4f}")
    if kind is AlertKind.DAY_MOVE:
        return Rule(kind, Decimal("0.01") if is_reached else Decimal("0.02") + away)
    up = (kind is AlertKind.PRICE_ABOVE) is not is_reached
    return Rule(kind, 102 * (1 + away) if up else 102 * (1 - away))


def _quote(instrument_id: str) -> Quote:
    return Quote(
        instrument_id=instrument_id,
        price=Decimal(102),
        currency="USD",
        at=datetime(2026, 1, 5, 15, tzinfo=UTC),
        source="benchmark",
        previous_close=Decimal(100),
        market_state=MarketState.OPEN,
    )
