"""Plain values for choosing a range on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from portfolios.domain.ranges import RangeName
from portfolios.performance_forms import RangeForm


def range_choice(
    form: RangeForm,
    *,
    chosen: RangeName | None,
    kept: Mapping[str, str],
    whole: str | None = None,
    is_open: bool = False,
) -> dict[str, Any]:
    """Describe the links to the ranges that have names, and the form for all others.

    Args:
        chosen: the range that is shown, if it has a name.
        kept: what else the address says, which another range doesn't change.
        whole: what no range at all is called, where that can be chosen; it is the longest then.
        is_open: whether the form is shown anyway.
    """
    names = [each for each in RangeName if whole is None or each is not RangeName.MAX]
    links = [
        _link(each.value, {"range": each.value.lower()} | dict(kept), chosen=each is chosen)
        for each in names
    ]
    shows_days = form.chosen() is not None and chosen is None
    if whole is not None:
        is_whole = chosen is None and not shows_days
        links.append(_link(whole, dict(kept), chosen=is_whole))
    named = {"range": chosen.value.lower()} if chosen else {}
    return {
        "form": form,
        "ranges": links,
        "kept": [{"name": name, "value": value} for name, value in (named | dict(kept)).items()],
        "is_open": is_open or shows_days or bool(form.errors),
    }


def _link(label: str, parameters: Mapping[str, str], *, chosen: bool) -> dict[str, Any]:
    return {"label": label, "query": urlencode(parameters), "chosen": chosen}
