"""The kinds of transaction there are, and which fields each needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happened."""

    BUY = "buy"
    SELL = "sell"
    SELL_SHORT = "sell_short"
    BUY_TO_COVER = "buy_to_cover"
    REDEMPTION = "redemption"
    DIVIDEND = "dividend"
    REINVESTMENT = "reinvestment"
    NOTIONAL_DISTRIBUTION = "notional_distribution"
    INTEREST = "interest"
    FEE = "fee"
    FEE_REFUND = "fee_refund"
    TAX = "tax"
    TAX_REFUND = "tax_refund"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    EXCHANGE = "exchange"
    SPLIT = "split"
    SPIN_OFF = "spin_off"
    MERGER = "merger"
    RETURN_OF_CAPITAL = "return_of_capital"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    TRANSFER = "transfer"
    EXPIRY = "expiry"
    EXERCISE_BUY = "exercise_buy"
    EXERCISE_SELL = "exercise_sell"

    @property
    def label(self) -> str:
        """Return the name shown to people."""
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())


_LABELS = {
    Kind.REINVESTMENT: "Reinvested dividend",
    Kind.EXCHANGE: "Currency exchange",
    Kind.SPIN_OFF: "Spin-off",
    Kind.TRANSFER: "Transfer between own accounts",
    Kind.EXPIRY: "Option expiry",
    Kind.EXERCISE_BUY: "Exercise or assignment: buy",
    Kind.EXERCISE_SELL: "Exercise or assignment: sell",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Which fields a kind must have, and which it may have beside them."""

    needs: tuple[str, ...]
    allows: tuple[str, ...] = ()


_CHARGES = ("fee", "tax")
_TRADE = ("instrument_id", "quantity", "price")
_ON_INSTRUMENT = ("instrument_id", "amount")
_BUY = Rule(_TRADE, ("accrued", *_CHARGES))
_SELL = Rule(_TRADE, ("accrued", "lots", *_CHARGES))
_DELIVERY = Rule(("instrument_id", "quantity"), ("price", *_CHARGES))
_CHARGE = Rule(("amount",), ("instrument_id",))
_EXERCISE = Rule(("instrument_id", "quantity", "to_instrument_id", "price"), ("ratio", *_CHARGES))

RULES = {
    Kind.BUY: _BUY,
    Kind.SELL: _SELL,
    Kind.SELL_SHORT: _BUY,
    Kind.BUY_TO_COVER: _SELL,
    Kind.REDEMPTION: _SELL,
    Kind.DIVIDEND: Rule(_ON_INSTRUMENT, _CHARGES),
    Kind.REINVESTMENT: Rule(_TRADE, _CHARGES),
    Kind.NOTIONAL_DISTRIBUTION: Rule(_ON_INSTRUMENT, _CHARGES),
    Kind.INTEREST: Rule(("amount",), ("instrument_id", *_CHARGES)),
    Kind.FEE: _CHARGE,
    Kind.FEE_REFUND: _CHARGE,
    Kind.TAX: _CHARGE,
    Kind.TAX_REFUND: _CHARGE,
    Kind.DEPOSIT: Rule(("amount",), _CHARGES),
    Kind.WITHDRAWAL: Rule(("amount",), _CHARGES),
    Kind.EXCHANGE: Rule(("amount", "to_currency", "to_amount"), _CHARGES),
    Kind.SPLIT: Rule(("instrument_id", "ratio"), ("amount", *_CHARGES)),
    Kind.SPIN_OFF: Rule(("instrument_id", "to_instrument_id", "ratio"), ("cost_share", *_CHARGES)),
    # Shares, cash or both: what it must have is more than a list of fields can say.
    Kind.MERGER: Rule(
        ("instrument_id",), ("to_instrument_id", "ratio", "amount", "price", *_CHARGES)
    ),
    Kind.RETURN_OF_CAPITAL: Rule(_ON_INSTRUMENT, _CHARGES),
    Kind.TRANSFER_IN: _DELIVERY,
    Kind.TRANSFER_OUT: _DELIVERY,
    Kind.TRANSFER: Rule(("instrument_id", "quantity", "to_account"), _CHARGES),
    Kind.EXPIRY: Rule(("instrument_id", "quantity"), ("lots",)),
    Kind.EXERCISE_BUY: _EXERCISE,
    Kind.EXERCISE_SELL: _EXERCISE,
}

#: Within one instant, what comes first: what makes units and money be there, then what takes them.
RANKS = {
    kind: rank
    for rank, kind in enumerate(
        (
            Kind.SPLIT,
            Kind.SPIN_OFF,
            Kind.MERGER,
            Kind.DEPOSIT,
            Kind.TRANSFER_IN,
            Kind.TRANSFER,
            Kind.EXCHANGE,
            Kind.BUY,
            Kind.EXERCISE_BUY,
            Kind.REINVESTMENT,
            Kind.SELL_SHORT,
            Kind.SELL,
            Kind.EXERCISE_SELL,
            Kind.BUY_TO_COVER,
            Kind.REDEMPTION,
            Kind.EXPIRY,
            Kind.TRANSFER_OUT,
            Kind.RETURN_OF_CAPITAL,
            Kind.NOTIONAL_DISTRIBUTION,
            Kind.DIVIDEND,
            Kind.INTEREST,
            Kind.FEE,
            Kind.FEE_REFUND,
            Kind.TAX,
            Kind.TAX_REFUND,
            Kind.WITHDRAWAL,
        )
    )
}
#: Without a time of day these count before the rows that have one.
ARRIVALS = frozenset(
    {Kind.DEPOSIT, Kind.TRANSFER_IN, Kind.BUY, Kind.EXERCISE_BUY, Kind.REINVESTMENT}
)
#: They take effect before trading.
BEFORE_TRADING = frozenset({Kind.SPLIT, Kind.SPIN_OFF, Kind.MERGER})
#: Whose worth is an amount, not quantity times price.
HAS_AMOUNT = frozenset(
    kind for kind, rule in RULES.items() if "amount" in (*rule.needs, *rule.allows)
)
CASH_IN = frozenset(
    {
        Kind.SELL,
        Kind.SELL_SHORT,
        Kind.REDEMPTION,
        Kind.EXERCISE_SELL,
        Kind.DIVIDEND,
        Kind.INTEREST,
        Kind.FEE_REFUND,
        Kind.TAX_REFUND,
        Kind.DEPOSIT,
        Kind.SPLIT,
        Kind.MERGER,
        Kind.RETURN_OF_CAPITAL,
    }
)
CASH_OUT = frozenset(
    {
        Kind.BUY,
        Kind.BUY_TO_COVER,
        Kind.EXERCISE_BUY,
        Kind.FEE,
        Kind.TAX,
        Kind.WITHDRAWAL,
        Kind.EXCHANGE,
    }
)
#: They bring units of a second instrument.
RECEIVING = frozenset(
    kind for kind, rule in RULES.items() if "to_instrument_id" in (*rule.needs, *rule.allows)
)
EXERCISES = frozenset({Kind.EXERCISE_BUY, Kind.EXERCISE_SELL})
DELIVERIES = frozenset({Kind.TRANSFER_IN, Kind.TRANSFER_OUT})
PAYMENTS = frozenset({Kind.DEPOSIT, Kind.WITHDRAWAL})
