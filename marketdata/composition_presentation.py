"""Plain values for pages that show what an instrument consists of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common.money import exact
from marketdata.domain.classification import Dimension, label_of, read_weights
from marketdata.models import Instrument

_TITLES = {
    Dimension.SECTOR: "By sector",
    Dimension.COUNTRY: "By country",
    Dimension.ASSET_CLASS: "By kind",
    Dimension.CURRENCY: "By currency",
}
#: Shown at once; smaller parts are counted.
_MOST_PARTS = 5


def composition(instrument: Instrument) -> dict[str, Any]:
    """Describe what is known of an instrument's parts, the largest first."""
    weights = read_weights(instrument.weights)
    return {
        "groups": [
            _group(dimension, title, weights[dimension])
            for dimension, title in _TITLES.items()
            if dimension in weights
        ],
        "source": instrument.weights_source,
    }


def _group(dimension: Dimension, title: str, fractions: Any) -> dict[str, Any]:
    parts = sorted(fractions.items(), key=lambda part: (-part[1], part[0]))
    with exact():
        known = sum(fractions.values(), Decimal(0))
        smaller = sum((fraction for _, fraction in parts[_MOST_PARTS:]), Decimal(0))
        unknown = 1 - known
    return {
        "title": title,
        "parts": [
            {"label": label_of(dimension, key), "weight": fraction}
            for key, fraction in parts[:_MOST_PARTS]
        ],
        "smaller": {"count": len(parts) - _MOST_PARTS, "weight": smaller} if smaller else None,
        "unknown": unknown or None,
    }
