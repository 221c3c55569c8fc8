"""Ledgers of every shape, for properties that hold of all of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from portfolios.domain.kinds import DELIVERIES, RULES, Kind
from portfolios.domain.transactions import Event
from tests.portfolios.domain.notation import FIRST_DAY

INSTRUMENTS = ("X", "Y", "Z")
#: What others turn into.
RECEIVED = "W"
ACCOUNTS = ("", "A", "B")
_RATIOS = tuple(map(Decimal, ("0.1", "0.5", "2", "3", "1.05")))


def decimals(low: str, high: str, places: int = 4):
    """Decimals between two; drawn as whole numbers, which is quick."""
    scale = 10**places
    whole = st.integers(int(Decimal(low) * scale), int(Decimal(high) * scale))
    return whole.map(lambda number: Decimal(number).scaleb(-places))


def _fields(draw, kind: Kind, number: Decimal, price: Decimal) -> dict[str, object]:
    """Draw what the kind of a row needs, and of what it may have all or nothing."""
    rule = RULES[kind]
    drawn = {
        "quantity": number,
        "amount": number,
        "price": None if kind in DELIVERIES and price > 500 else price,
        "ratio": draw(st.sampled_from(_RATIOS)),
        "cost_share": draw(decimals("0", "1", places=2)),
        "to_instrument_id": RECEIVED,
        "to_account": "C",
        "to_amount": price,
        "fee": draw(decimals("0", "5", places=2)),
    }
    names = (*rule.needs, *rule.allows) if draw(st.booleans()) else rule.needs
    if kind is Kind.MERGER:
        names = (*names, "to_instrument_id", "ratio")
    return {name: drawn[name] for name in names if name in drawn}


@st.composite
def an_event(draw, event_id: str, kinds, currencies) -> Event:
    kind = draw(st.sampled_from(kinds))
    number, price = draw(decimals("0.0001", "1000")), draw(decimals("0", "1000"))
    fields = _fields(draw, kind, number, price)
    currency = draw(st.sampled_from(currencies))
    if kind is Kind.EXCHANGE:
        fields["to_currency"] = "EUR" if currency == "USD" else "USD"
    day = FIRST_DAY + timedelta(days=draw(st.integers(0, 12)))
    hour = draw(st.integers(6, 17))
    return Event(
        id=event_id,
        kind=kind,
        trade_date=day,
        executed_at=datetime(day.year, day.month, day.day, hour, tzinfo=UTC) if hour > 7 else None,
        instrument_id=None
        if kind in {Kind.DEPOSIT, Kind.WITHDRAWAL, Kind.EXCHANGE}
        else draw(st.sampled_from(INSTRUMENTS)),
        account=draw(st.sampled_from(ACCOUNTS)),
        currency=currency,
        sequence=draw(st.integers(0, 2)),
        created_at=datetime(2025, 1, 1, hour, tzinfo=UTC),
        **fields,
    )


@st.composite
def some_events(draw, kinds=tuple(Kind), currencies=("EUR",)):
    """Events with ids of their own; their order means nothing."""
    count = draw(st.integers(0, 12))
    return [draw(an_event(f"e{place:03}", kinds, currencies)) for place in range(count)]
