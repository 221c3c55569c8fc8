"""Write another instrument in the place of one that turned out to be it, in what is stored of both.

Pure: lists of plain values go in and come out, as watchlists and plans are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from common.money import exact, plain


def replaced_entries(
    entries: Sequence[Mapping[str, Any]], old: str, new: str
) -> list[dict[str, Any]]:
    """Replace an instrument on a watchlist; one that is on it already stays where it is."""
    has_new = any(each["instrument"] == new for each in entries)
    return [
        dict(each) | ({"instrument": new} if each["instrument"] == old else {})
        for each in entries
        if not (has_new and each["instrument"] == old)
    ]


def replaced_targets(plan: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """Replace an instrument in the targets of a stored plan; the weights of two become one."""
    targets: dict[str, dict[str, Any]] = {}
    taken: set[str] = set()
    for each in plan.get("targets", ()):
        key = new if each["key"] == old else each["key"]
        named = [new if member == old else member for member in each["members"]]
        # An instrument counts for one target only: the first that names it.
        members = [member for member in dict.fromkeys(named) if member not in taken]
        taken.update(members)
        if key in targets:
            targets[key]["weight"] = _sum(targets[key]["weight"], each["weight"])
            targets[key]["members"] += members
        else:
            targets[key] = {"key": key, "weight": each["weight"], "members": members}
    return {**plan, "targets": list(targets.values())}


def _sum(first: str, second: str) -> str:
    with exact():
        return plain(Decimal(first) + Decimal(second))
