"""What the owner of a portfolio aims at, and how that is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from common.money import plain
from marketdata.domain.instruments import AssetClass
from portfolios.domain.rules import check_limits
from portfolios.domain.targets import Bands, Target, TargetsRefused, check_targets

#: More would make a proposal slow; nobody has typed so many.
_MOST_TARGETS = 200


class TargetsBy(StrEnum):
    """What targets are set for."""

    HOLDING = "holding"
    ASSET_CLASS = "asset_class"


@dataclass(frozen=True, slots=True)
class Plan:
    """Targets, and limits of the rules.

    Attributes:
        targets: those for a class of assets may name no members: all that is held of it counts.
        limits: by rule, where they differ from the usual; None switches a rule off.
        monthly_spending: in the portfolio's currency.
    """

    by: TargetsBy = TargetsBy.HOLDING
    targets: tuple[Target, ...] = ()
    bands: Bands = field(default_factory=Bands)
    limits: Mapping[str, Decimal | None] = field(default_factory=dict)
    monthly_spending: Decimal | None = None


def check_plan(plan: Plan) -> None:
    """Make sure that a plan makes sense; one without targets does.

    Raises:
        TargetsRefused: the targets aren't possible, see `check_targets`.
        LimitsRefused: the limits aren't.
    """
    check_limits(plan.limits)
    if plan.monthly_spending is not None and plan.monthly_spending < 0:
        raise TargetsRefused(errors={"monthly_spending": ["Spending isn't below 0."]})
    bands = {"absolute": plan.bands.absolute, "relative": plan.bands.relative}
    wrong = {
        name: ["A band is between 0 and 1."] for name, band in bands.items() if not 0 <= band <= 1
    }
    if wrong:
        raise TargetsRefused(errors=wrong)
    if not plan.targets:
        return
    if len(plan.targets) > _MOST_TARGETS:
        raise TargetsRefused(f"At most {_MOST_TARGETS} targets can be set.")
    check_targets(plan.targets)
    classes = {each.value for each in AssetClass if each is not AssetClass.CURRENCY}
    for target in plan.targets:
        if plan.by is TargetsBy.ASSET_CLASS and target.key not in classes:
            raise TargetsRefused(f"{target.key[:40]!r} is no class of assets.")
        if plan.by is TargetsBy.HOLDING and target.members != (target.key,):
            raise TargetsRefused("A target for a holding has no members but that holding.")


def resolved(plan: Plan, *, held: Mapping[str, str]) -> tuple[Target, ...]:
    """Return the targets with all their members.

    A class of assets without members of its own takes everything of it that is held and that no
    other target names.

    Args:
        held: instrument → class of assets, of what is held.
    """
    taken = {member for each in plan.targets for member in each.members}
    return tuple(
        each
        if each.members or plan.by is TargetsBy.HOLDING
        else Target(each.key, each.weight, _members(each.key, held, taken))
        for each in plan.targets
    )


def _members(key: str, held: Mapping[str, str], taken: set[str]) -> tuple[str, ...]:
    return tuple(sorted(each for each, kind in held.items() if kind == key and each not in taken))


def stored_plan(plan: Plan) -> dict[str, Any]:
    """Write a plan the way it is stored: exact decimals as texts."""
    return {
        "by": plan.by.value,
        "targets": [
            {"key": each.key, "weight": plain(each.weight), "members": list(each.members)}
            for each in plan.targets
        ],
        "bands": {
            "absolute": plain(plan.bands.absolute),
            "relative": plain(plan.bands.relative),
        },
        "limits": {key: _text(limit) for key, limit in plan.limits.items()},
        "monthly_spending": _text(plan.monthly_spending),
    }


def read_plan(stored: Mapping[str, Any] | None) -> Plan:
    """Read a plan that was stored, or the empty one."""
    if not stored:
        return Plan()
    return Plan(
        by=TargetsBy(stored["by"]),
        targets=_targets(stored["targets"]),
        bands=Bands(**{name: Decimal(text) for name, text in stored["bands"].items()}),
        limits={key: _number(text) for key, text in stored["limits"].items()},
        monthly_spending=_number(stored["monthly_spending"]),
    )


def _targets(stored: Sequence[Mapping[str, Any]]) -> tuple[Target, ...]:
    return tuple(
        Target(each["key"], Decimal(each["weight"]), tuple(each["members"])) for each in stored
    )


def _text(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
