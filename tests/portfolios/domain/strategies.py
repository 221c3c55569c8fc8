"""Ledgers of every shape, for properties that hold of all of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from portfolios.domain.transactions import Event, Kind
from tests.portfolios.domain.notation import FIRST_DAY

INSTRUMENTS = ("X", "Y", "Z")
_RATIOS = tuple(map(Decimal, ("0.1", "0.5", "2", "3", "1.05")))


def decimals(low: str, high: str, places: int = 4):
    """Decimals between two; drawn as whole numbers, which is quick."""
    scale = 10**places
    whole = st.integers(int(Decimal(low) * scale), int(Decimal(high) * scale))
    return whole.map(lambda number: Decimal(number).scaleb(-places))


@st.composite
def an_event(draw, event_id: str, kinds, currencies) -> Event:
    kind = draw(st.sampled_from(kinds))
    number, price = draw(decimals("0.0001", "1000")), draw(decimals("0", "1000"))
    fields = {"amount": number}
    if kind in {Kind.BUY, Kind.SELL, Kind.TRANSFER_IN, Kind.TRANSFER_OUT}:
        fields = {"quantity": number, "price": price}
    elif kind is Kind.SPLIT:
        fields = {"ratio": draw(st.sampled_from(_RATIOS))}
    if kind is Kind.TRANSFER_IN and price > 500:
        fields["price"] = None
    if kind not in {Kind.SPLIT, Kind.FEE, Kind.TAX}:
        fields["fee"] = draw(decimals("0", "5", places=2))
    day = FIRST_DAY + timedelta(days=draw(st.integers(0, 12)))
    hour = draw(st.integers(6, 17))
    return Event(
        id=event_id,
        kind=kind,
        trade_date=day,
        executed_at=datetime(day.year, day.month, day.day, hour, tzinfo=UTC) if hour > 7 else None,
        instrument_id=None
        if kind in {Kind.DEPOSIT, Kind.WITHDRAWAL}
        else draw(st.sampled_from(INSTRUMENTS)),
        currency=draw(st.sampled_from(currencies)),
        sequence=draw(st.integers(0, 2)),
        created_at=datetime(2025, 1, 1, hour, tzinfo=UTC),
        **fields,
    )


@st.composite
def some_events(draw, kinds=tuple(Kind), currencies=("EUR",)):
    """Events with ids of their own; their order means nothing."""
    count = draw(st.integers(0, 12))
    return [draw(an_event(f"e{place:03}", kinds, currencies)) for place in range(count)]
