"""Books of a few rows, and the figures that tables look at."""

from decimal import Decimal

from marketdata.domain.fx import RateHistory
from portfolios.domain.attribution import attribute
from portfolios.domain.engine import (
    Ledger,
    Policy,
    PoolScope,
    compute,
)
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Event
from tests.portfolios.domain.notation import CREATED_AT, day, events

NUMBERS = {
    *("quantity", "price", "amount", "ratio", "cost_share", "accrued", "to_amount"),
    *("fee", "tax", "multiplier", "to_multiplier"),
}


BY_ACCOUNT = Policy(pool_scope=PoolScope.ACCOUNT)


def row(kind: str, number: int = 9, instrument: str | None = "X", **fields) -> Event:
    """One row on the n-th day, the 9th unless told; numbers may be given as texts."""
    known = {
        name: Decimal(value) if name in NUMBERS and value is not None else value
        for name, value in ({"currency": "USD"} | fields).items()
    }
    return Event(
        id=f"{kind}{number}{known.get('account', '')}",
        created_at=CREATED_AT,
        kind=Kind(kind),
        trade_date=day(number),
        instrument_id=instrument,
        **known,
    )


def book_of(rows: str, *more: Event, policy: Policy | None = None, base="USD", rates=None):
    found = [*events(rows), *more]
    return compute(Ledger(found, base, rates or RateHistory()), policy=policy or Policy())


def figures(book) -> dict[str, Decimal | None]:
    """Name what a table looks at: of X plainly, of Y with its name."""
    found = {"cash": book.cash.get("USD"), "income": book.totals.income_base}
    for key, prefix in (("X", ""), ("Y", "y ")):
        position = book.positions.get(key)
        if position is not None:
            for name in ("quantity", "cost", "realized"):
                found[f"{prefix}{name}"] = getattr(position, name)
    return found


def assert_figures(book, expected):
    found = figures(book)
    rounded = {name: None if found[name] is None else round(found[name], 6) for name in expected}
    assert rounded == {
        name: None if text is None else Decimal(text) for name, text in expected.items()
    }


def assert_nothing_left_over(book):
    """Assert that every change of value is explained by prices, income, rates or charges."""
    prices = {"X": Decimal(7), "Y": Decimal(3)}
    found = attribute(book, prices=prices, rates=RateHistory().on(day(9), 99))
    assert round(found.residual, 9) == 0


SPIN_OFF = {"to_instrument_id": "Y", "ratio": "0.5", "cost_share": "0.2"}
