"""The words of Flex statements, and what they are in ours."""

from __future__ import annotations

from collections.abc import Mapping

from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

#: The name that people see; accounts are called by it and their number.
LABEL = "Interactive Brokers"

#: What is traded, by `assetCategory`.
ASSET_CLASSES: Mapping[str, AssetClass] = {
    "STK": AssetClass.STOCK,
    "FUND": AssetClass.FUND,
    "BOND": AssetClass.BOND,
    "BILL": AssetClass.BOND,
    "CRYPTO": AssetClass.CRYPTO,
    "CMDTY": AssetClass.COMMODITY,
    "OPT": AssetClass.OTHER,
    "FOP": AssetClass.OTHER,
    "WAR": AssetClass.OTHER,
    "IOPT": AssetClass.OTHER,
}
CURRENCIES = "CASH"
OPTIONS = frozenset({"OPT", "FOP", "WAR", "IOPT"})
#: Quoted in percent of their face, of which the quantity is told.
IN_PERCENT = frozenset({"BOND", "BILL"})

_MARGINED = "What it gains and loses is settled in cash day by day; record it by hand."
#: What isn't bought for its price, and so can't be booked as a purchase.
UNBOOKED_CATEGORIES: Mapping[str, str] = {
    "FUT": f"A future. {_MARGINED}",
    "FSFOP": f"An option settled like a future. {_MARGINED}",
    "FSOPT": f"An option settled like a future. {_MARGINED}",
    "CFD": f"A contract for difference. {_MARGINED}",
    "FXCFD": f"A contract for difference. {_MARGINED}",
}

#: Codes of trades that an option's end caused.
EXPIRED, EXERCISED = "Ep", frozenset({"A", "Ex", "AEx", "MEx"})

_DIVIDEND = (Kind.DIVIDEND, None)
_TAX = (Kind.TAX_REFUND, Kind.TAX)
_FEE = (Kind.FEE_REFUND, Kind.FEE)
_MOVE = (Kind.DEPOSIT, Kind.WITHDRAWAL)

#: The type of a cash transaction, in small letters: what it is when money comes, and when it goes.
#: None where money that goes takes back what came.
CASH_KINDS: Mapping[str, tuple[Kind, Kind | None]] = {
    "dividends": _DIVIDEND,
    "payment in lieu of dividends": _DIVIDEND,
    "withholding tax": _TAX,
    "871(m) withholding": _TAX,
    "transaction tax": _TAX,
    "sales tax": _TAX,
    "broker interest received": (Kind.INTEREST, None),
    # What margin costs is a charge, not income below zero.
    "broker interest paid": _FEE,
    "bond interest received": (Kind.INTEREST, None),
    # Interest that was bought along with a bond is.
    "bond interest paid": (Kind.INTEREST, None),
    "other fees": _FEE,
    "advisor fees": _FEE,
    "broker fees": _FEE,
    "client fees": _FEE,
    "commission adjustments": _FEE,
    "deposits & withdrawals": _MOVE,
    "deposits/withdrawals": _MOVE,
    "deposits and withdrawals": _MOVE,
}

#: Corporate actions that aren't booked by themselves, and why.
UNBOOKED_ACTIONS: Mapping[str, str] = {
    "SO": "A spin-off: which part of the cost goes along isn't told. Record it by hand.",
    "CO": "A spin-off: which part of the cost goes along isn't told. Record it by hand.",
    "IC": "The security got another number. Record a merger, 1 for 1, if its symbol changed too.",
    "RI": "Rights were given. Record what they cost and bring by hand.",
    "SR": "Rights were used. Record the purchase by hand.",
    "PV": "A vote; it moves nothing.",
}
