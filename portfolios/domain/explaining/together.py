"""How it comes about how alike holdings move, and what that makes of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from portfolios.domain.estimates import Floats
from portfolios.domain.explaining.chains import decimal_of
from portfolios.domain.explaining.formulas import Formula
from portfolios.domain.explaining.observing import listed_returns
from portfolios.domain.explaining.trees import Node, given, made
from portfolios.domain.observations import Observations

_METHOD = "diversification"


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Holdings side by side.

    Attributes:
        returns: of each, by instrument, one an observation; NaN is unknown.
        weights: of each, in the same order, as fractions.
        labels: what instruments are called.
    """

    observed: Observations
    returns: Mapping[str, Floats]
    weights: Sequence[float]
    labels: Mapping[str, str]


def explain_diversification(held: Together) -> Node:
    """Explain the diversification ratio, of the observations that all holdings have."""
    label = "Diversification ratio"
    if not held.returns:
        return given(label, None, _METHOD)
    table = _common(list(held.returns.values()))
    names = [held.labels[key] for key in held.returns]
    parts = [
        made(
            name,
            Formula.PRODUCT,
            _METHOD,
            (
                given(f"Weight of {name}", decimal_of(weight), _METHOD),
                _deviation(held, returns, f"Returns of {name} on days that all have"),
            ),
        )
        for name, weight, returns in zip(names, held.weights, table, strict=True)
    ]
    apart = made("Each by itself, weighted", Formula.SUM, _METHOD, parts)
    joined = np.asarray(held.weights, dtype=np.float64) @ table
    together = _deviation(held, joined, "Returns together: those of each, weighted")
    return made(label, Formula.QUOTIENT, _METHOD, (apart, together))


def explain_correlation(held: Together, first: str, second: str) -> Node | None:
    """Explain the correlation of two holdings; None where one of them isn't compared."""
    if first not in held.returns or second not in held.returns:
        return None
    own, other = _common([held.returns[first], held.returns[second]])
    names = (held.labels[first], held.labels[second])
    own_list, other_list = (
        listed_returns(held.observed, returns, f"Returns of {name}")
        for name, returns in zip(names, (own, other), strict=True)
    )
    label = f"Correlation of {names[0]} and {names[1]}"
    return correlation(label, own_list, other_list, _METHOD)


def correlation(label: str, own: Node, other: Node, method: str) -> Node:
    """Explain Pearson's correlation of two lists of observations."""
    covariance = made("Covariance", Formula.COVARIANCE, method, (own, other))
    spreads = (
        made(f"Deviation of {each.label.lower()}", Formula.DEVIATION, method, (each,))
        for each in (own, other)
    )
    both = made("Both deviations", Formula.PRODUCT, method, spreads)
    return made(label, Formula.QUOTIENT, method, (covariance, both))


def _deviation(held: Together, returns: Floats, label: str) -> Node:
    known = listed_returns(held.observed, returns, label)
    return made(f"Deviation of {label[0].lower()}{label[1:]}", Formula.DEVIATION, _METHOD, (known,))


def _common(series: Sequence[Floats]) -> Floats:
    """Make unknown of all what is unknown of one."""
    table = np.stack(series)
    table[:, ~np.isfinite(table).all(axis=0)] = np.nan
    return table
