"""The returns that statistics are made of, as a list."""

from __future__ import annotations

from math import isfinite

from portfolios.domain.estimates import Floats
from portfolios.domain.explaining.chains import decimal_of
from portfolios.domain.explaining.trees import Ask, Node, given, listed
from portfolios.domain.observations import Observations
from portfolios.domain.series import ValueSeries


def listed_returns(
    observed: Observations,
    returns: Floats,
    label: str,
    *,
    figure: str = "",
    series: ValueSeries | None = None,
) -> Node:
    """List the returns that are known, one an observation.

    Args:
        figure: what to ask for to be told more of one, for its days of `series`.
    """
    spans = observed.spans(series) if series else {}
    lines = []
    for day, value in zip(observed.days, returns.tolist(), strict=True):
        if isfinite(value):
            ask = Ask(figure, *spans[day]) if series else None
            lines.append(given(day.isoformat(), decimal_of(value), "risk", ask=ask))
    return listed(label, "risk", lines, note=observed.basis.label)
