"""Ledgers as Hypothesis makes them: every kind, every field, texts that hurt."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from brokers.domain.statements import InstrumentIdentity, LedgerLine
from common.texts import hidden_character
from marketdata.domain.instruments import AssetClass
from portfolios.domain.checks import check
from portfolios.domain.kinds import RULES, Kind
from portfolios.domain.transactions import Draft

TODAY = date(2026, 11, 23)
INSTRUMENT_ID = "655f0c2b9e0a514a7c9f7c1f"
TO_INSTRUMENT_ID = "655f0c2b9e0a514a7c9f7c20"

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
_OTHERS = {"EUR": "USD", "USD": "EUR", "GBP": "EUR", "CHF": "USD", "JPY": "USD"}
_NUMBERS = {
    **dict.fromkeys(("quantity", "amount", "ratio", "to_amount"), _POSITIVE),
    **dict.fromkeys(("price", "accrued", "fee", "tax"), _NOT_NEGATIVE),
    "cost_share": st.integers(0, 10**10).map(lambda number: Decimal(number).scaleb(-10)),
}

identities = st.builds(
    InstrumentIdentity,
    symbol=st.from_regex(r"[A-Z0-9][A-Z0-9.\-/^=]{0,15}", fullmatch=True)
    | st.sampled_from(["VWCE.DE", "US5949181045", "=SUM", "-X", "'Y", "EUR/USD", "A,B;C"]),
    currency=_CURRENCIES,
    isin=st.sampled_from(["", *_ISINS]),
    mic=st.sampled_from(["", "XETR", "XNAS", "XLON"]),
    asset_class=st.sampled_from([each.value for each in AssetClass]),
    name=_TEXT,
    multiplier=st.sampled_from([Decimal(1), Decimal(100), Decimal("0.01")]),
)


@st.composite
def ledger_lines(draw):
    """Make one transaction that could stand in a ledger."""
    kind = draw(st.sampled_from(Kind))
    trade_date = draw(st.dates(date(1970, 1, 1), TODAY))
    currency = draw(_CURRENCIES)
    draft = Draft(
        kind=kind,
        trade_date=trade_date,
        currency=currency,
        executed_at=draw(st.none() | _instants_near(trade_date)),
        fx_rate=draw(st.none() | _POSITIVE),
        account=draw(_TEXT),
        note=draw(_TEXT),
        sequence=draw(st.integers(0, 1_000_000)),
        **_drawn_fields(draw, kind, currency),
    )
    return LedgerLine(
        draft,
        draw(identities) if draft.instrument_id else None,
        draw(identities) if draft.to_instrument_id else None,
    )


def _drawn_fields(draw, kind, currency):
    """Draw what a kind needs, and some of what it may have."""
    rule = RULES[kind]
    names = [*rule.needs, *(name for name in rule.allows if draw(st.booleans()))]
    fields = {name: draw(_NUMBERS[name]) for name in names if name in _NUMBERS}
    others = {
        "instrument_id": INSTRUMENT_ID,
        "to_instrument_id": TO_INSTRUMENT_ID,
        "to_account": draw(_TEXT),
        "to_currency": _OTHERS[currency],
        "lots": (("3", fields.get("quantity")),),
    }
    return fields | {name: others[name] for name in names if name in others}


def _instants_near(day: date) -> st.SearchStrategy[datetime]:
    """Make instants of the day before, the day and the day after, to the millisecond."""
    start = datetime.combine(day, time.min, tzinfo=UTC) - timedelta(days=1)
    milliseconds = st.integers(0, 3 * 86_400_000 - 1)
    return milliseconds.map(lambda each: start + timedelta(milliseconds=each))


def bookable(line: LedgerLine) -> bool:
    """Say whether the ledger would take a transaction."""
    return not check(line.draft, today=TODAY)


ledgers = st.lists(ledger_lines().filter(bookable), max_size=6)
