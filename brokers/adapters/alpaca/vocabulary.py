"""Alpaca's words for what happens in an account, and what they are in ours."""

from __future__ import annotations

from collections.abc import Mapping

from portfolios.domain.kinds import Kind

#: The side of a fill. Buying back what was sold short is a plain purchase there and here.
SIDES: Mapping[str, Kind] = {
    "buy": Kind.BUY,
    "sell": Kind.SELL,
    "sell_short": Kind.SELL_SHORT,
    "buy_minus": Kind.BUY,
    "sell_plus": Kind.SELL,
    "sell_short_exempt": Kind.SELL_SHORT,
}

_TAX = (Kind.TAX_REFUND, Kind.TAX)
_FEE = (Kind.FEE_REFUND, Kind.FEE)
_MOVE = (Kind.DEPOSIT, Kind.WITHDRAWAL)
_DIVIDEND = (Kind.DIVIDEND, None)

#: What moves nothing but money: what it is when money comes, and when it goes. None where money
#: that goes takes back what came.
CASH_KINDS: Mapping[str, tuple[Kind, Kind | None]] = {
    "CSD": _MOVE,
    "CSW": _MOVE,
    "TRANS": _MOVE,
    "JNLC": _MOVE,
    "ACATC": _MOVE,
    "DIV": _DIVIDEND,
    "DIVCGL": _DIVIDEND,
    "DIVCGS": _DIVIDEND,
    "DIVTXEX": _DIVIDEND,
    "CGD": _DIVIDEND,
    "DIVROC": (Kind.RETURN_OF_CAPITAL, None),
    # What margin costs is a charge, not income below zero.
    "INT": (Kind.INTEREST, Kind.FEE),
    "DIVNRA": _TAX,
    "DIVTW": _TAX,
    "DIVFT": _TAX,
    "INTNRA": _TAX,
    "INTTW": _TAX,
    "FEE": _FEE,
    "CFEE": _FEE,
    "DIVFEE": _FEE,
    "PTC": _FEE,
    "PTR": _FEE,
}

_UNITS = "It moved units and isn't booked by itself yet; record it by hand."

#: How many shares came or went is told, not the ratio.
SPLITS = frozenset({"SPLIT", "SSP"})

#: What isn't booked by itself, and why.
OTHER_KINDS: Mapping[str, str] = {
    "SPIN": "A spin-off: Alpaca doesn't tell which part of the cost goes along. Record it by hand.",
    "SSO": "A spin-off: Alpaca doesn't tell which part of the cost goes along. Record it by hand.",
    "MA": "A merger. Record it by hand.",
    "SC": "A change of symbol that doesn't say of how many units. Record it by hand.",
    "NC": "A change of name that doesn't say of how many units. Record it by hand.",
    "REORG": "A reorganization. Record it by hand.",
    "JNL": _UNITS,
    "JNLS": _UNITS,
    "ACATS": _UNITS,
    "OPCA": "The terms of an option were adjusted. Record it by hand.",
    "OPCSH": "An option was settled in cash. Record it by hand.",
    "FOPT": "Alpaca doesn't say what it is. Record it by hand.",
    "MISC": "Alpaca doesn't say what it is. Record it by hand.",
}
