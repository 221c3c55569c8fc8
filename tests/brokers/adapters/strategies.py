"""Ledgers as Hypothesis makes them: every kind, every field, texts that hurt."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from brokers.domain.statements import InstrumentIdentity, LedgerLine
from common.texts import hidden_character
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft, check

TODAY = date(2026, 11, 23)
INSTRUMENT_ID = "655f0c2b9e0a514a7c9f7c1f"

_ISINS = ["US0378331005", "DE0007164600", "IE00BK5BQT80", "US5949181045"]
#: What spreadsheets run, what CSV quotes, and what ends lines somewhere.
_NASTY = "=+-@'\"\t\r\n,;|\\ \u2028\x85\ufeff%äß🌱Az0"
#: The ledger keeps no character that nobody can see.
_TEXT = st.one_of(
    st.text(_NASTY, max_size=12),
    st.text(st.characters().filter(lambda char: not hidden_character(char)), max_size=40),
)
_CURRENCIES = st.sampled_from(["EUR", "USD", "GBP", "CHF", "JPY"])


def _decimals(*, above_zero: bool) -> st.SearchStrategy[Decimal]:
    digits = st.integers(min_value=1 if above_zero else 0, max_value=10**15)
    return st.builds(
        lambda number, places: Decimal(number).scaleb(-places), digits, st.integers(0, 10)
    )


_POSITIVE, _NOT_NEGATIVE = _decimals(above_zero=True), _decimals(above_zero=False)
_NEEDS = {
    Kind.BUY: {"quantity": _POSITIVE, "price": _NOT_NEGATIVE},
    Kind.SELL: {"quantity": _POSITIVE, "price": _NOT_NEGATIVE},
    Kind.SPLIT: {"ratio": _POSITIVE},
    Kind.TRANSFER_IN: {"quantity": _POSITIVE, "price": st.none() | _NOT_NEGATIVE},
    Kind.TRANSFER_OUT: {"quantity": _POSITIVE, "price": st.none() | _NOT_NEGATIVE},
}
_WITHOUT_INSTRUMENT = (Kind.DEPOSIT, Kind.WITHDRAWAL)
_OPTIONAL_INSTRUMENT = (Kind.INTEREST, Kind.FEE, Kind.TAX)
_WITHOUT_CHARGES = (Kind.FEE, Kind.TAX, Kind.SPLIT)

identities = st.builds(
    InstrumentIdentity,
    symbol=st.from_regex(r"[A-Z0-9][A-Z0-9.\-/^=]{0,15}", fullmatch=True)
    | st.sampled_from(["VWCE.DE", "US5949181045", "=SUM", "-X", "'Y", "EUR/USD", "A,B;C"]),
    currency=_CURRENCIES,
    isin=st.sampled_from(["", *_ISINS]),
    mic=st.sampled_from(["", "XETR", "XNAS", "XLON"]),
    asset_class=st.sampled_from([each.value for each in AssetClass]),
    name=_TEXT,
)


@st.composite
def ledger_lines(draw):
    """Make one transaction that could stand in a ledger."""
    kind = draw(st.sampled_from(Kind))
    identity = _drawn_identity(draw, kind)
    charges = {} if kind in _WITHOUT_CHARGES else {"fee": _NOT_NEGATIVE, "tax": _NOT_NEGATIVE}
    numbers = {**_NEEDS.get(kind, {"amount": _POSITIVE}), **charges}
    trade_date = draw(st.dates(date(1970, 1, 1), TODAY))
    draft = Draft(
        kind=kind,
        trade_date=trade_date,
        currency=draw(_CURRENCIES),
        executed_at=draw(st.none() | _instants_near(trade_date)),
        instrument_id=INSTRUMENT_ID if identity else None,
        fx_rate=draw(st.none() | _POSITIVE),
        account=draw(_TEXT),
        note=draw(_TEXT),
        sequence=draw(st.integers(0, 1_000_000)),
        **{name: draw(strategy) for name, strategy in numbers.items()},
    )
    return LedgerLine(draft, identity)


def _drawn_identity(draw, kind):
    if kind in _WITHOUT_INSTRUMENT:
        return None
    return draw(st.none() | identities if kind in _OPTIONAL_INSTRUMENT else identities)


def _instants_near(day: date) -> st.SearchStrategy[datetime]:
    """Make instants of the day before, the day and the day after, to the millisecond."""
    start = datetime.combine(day, time.min, tzinfo=UTC) - timedelta(days=1)
    milliseconds = st.integers(0, 3 * 86_400_000 - 1)
    return milliseconds.map(lambda each: start + timedelta(milliseconds=each))


def bookable(line: LedgerLine) -> bool:
    """Say whether the ledger would take a transaction."""
    return not check(line.draft, today=TODAY)


ledgers = st.lists(ledger_lines().filter(bookable), max_size=6)
