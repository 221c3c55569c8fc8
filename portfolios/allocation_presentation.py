"""Plain values for the allocation page; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portfolios.domain.allocation import Allocation, By, Slice
from portfolios.domain.rebalancing import Proposal
from portfolios.domain.rules import Check, Verdict
from portfolios.domain.targets import Drift
from portfolios.presentation import portfolio_line
from portfolios.selectors.allocation import Spread, Wishes, slice_label

_TITLES = {
    By.ASSET_CLASS: "Asset classes",
    By.SECTOR: "Sectors",
    By.COUNTRY: "Countries",
    By.CURRENCY: "Currencies",
    By.ACCOUNT: "Accounts",
}
_VERDICTS = {
    Verdict.PASSED: ("Kept", "gain", "check"),
    Verdict.FAILED: ("Over the limit", "warn", "alert"),
    Verdict.UNAVAILABLE: ("Can't be said", "", "info"),
    Verdict.OFF: ("Off", "", "close"),
}
#: How many slices are shown before the rest folds away, and how many parts of one are named.
_MOST_SLICES, _MOST_PARTS = 8, 4


def allocation_page(spread: Spread, *, wishes: Wishes | None) -> dict[str, Any]:
    """Describe everything on the page but its forms."""
    targets = spread.targets()
    return {
        "portfolio": portfolio_line(spread.portfolio),
        "as_of": spread.as_of,
        "total": spread.summary.valuation.total,
        "is_held": bool(spread.summary.positions or spread.summary.cash),
        "allocations": [_allocation(spread.allocation(by), spread) for by in spread.dimensions],
        "missing": [spread.symbol(each) for each in spread.allocation(By.ASSET_CLASS).missing],
        "checks": [_check(each) for each in spread.checks()],
        "drifts": _drifts(targets.drifts, spread),
        "proposal": _proposal(spread.proposal(wishes), spread) if wishes else None,
    }


def _allocation(allocation: Allocation, spread: Spread) -> dict[str, Any]:
    slices = [_slice(each, allocation, spread) for each in allocation.slices]
    return {
        "by": allocation.by.value,
        "title": _TITLES[allocation.by],
        "slices": slices[:_MOST_SLICES],
        "more": slices[_MOST_SLICES:],
        "owes": any(each.short for each in allocation.slices),
    }


def _slice(part: Slice, allocation: Allocation, spread: Spread) -> dict[str, Any]:
    names = [
        spread.symbol(each.instrument_id) if each.instrument_id else each.currency or ""
        for each in part.contributions
    ]
    named = names[:_MOST_PARTS]
    return {
        "key": part.key,
        "label": slice_label(allocation.by, part.key),
        "value": part.value,
        "weight": part.weight,
        "gross_weight": part.gross_weight,
        "parts": ", ".join(named) + (f" and {len(names) - len(named)} more" * (named != names)),
    }


def _check(check: Check) -> dict[str, Any]:
    words, tone, icon = _VERDICTS[check.verdict]
    if check.verdict is Verdict.FAILED and check.is_least:
        words = "Below the limit"
    is_measured = check.value is not None
    return {
        "id": check.id,
        "title": check.title,
        "is_measured": is_measured,
        # So much isn't classified that what is known doesn't decide.
        "is_open": is_measured and check.verdict is Verdict.UNAVAILABLE,
        "words": words,
        "tone": tone,
        "icon": icon,
        "explanation": check.explanation,
        "is_partial": check.status.value == "partial",
    }


def _drifts(drifts: Iterable[Drift], spread: Spread) -> list[dict[str, Any]]:
    return [
        {
            "key": each.key,
            "label": spread.target_label(each.key),
            "target": each.target,
            "value": each.value,
            "weight": each.weight,
            "absolute": each.absolute,
            "relative": each.relative,
            "amount": each.amount,
            "is_outside": each.is_outside,
        }
        for each in drifts
    ]


def _proposal(proposal: Proposal, spread: Spread) -> dict[str, Any]:
    return {
        "outcome": proposal.outcome.value,
        "reason": proposal.reason,
        "trades": [
            {
                "symbol": spread.symbol(each.instrument_id),
                "instrument_id": each.instrument_id,
                "side": each.side.value,
                "quantity": each.quantity,
                "price": each.price,
                "amount": each.amount,
                "fee": each.fee,
            }
            for each in proposal.trades
        ],
        "fees": proposal.fees,
        "cash_left": proposal.cash_left,
        "deviation_before": proposal.deviation_before,
        "deviation_after": proposal.deviation_after,
        "accuracy": proposal.accuracy,
        "drifts": _drifts(proposal.drift_after, spread),
    }
