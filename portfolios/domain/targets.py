"""What a portfolio should consist of, and how far it has drifted from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.errors import InvalidInput
from common.money import exact, plain
from portfolios.domain.status import Status

_ZERO, _ONE = Decimal(0), Decimal(1)


class TargetsRefused(InvalidInput):
    """The targets can't be those of a portfolio."""

    code = "targets-refused"


@dataclass(frozen=True, slots=True)
class Target:
    """The share that one holding, or several together, should have.

    Attributes:
        key: names it: an instrument, or a class of assets.
        weight: a fraction of everything that targets name.
        members: the instruments that count, each in one target only.
    """

    key: str
    weight: Decimal
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bands:
    """How far a weight may be off before it counts as drifted; the narrower band decides.

    Attributes:
        absolute: in weights: 0.05 is five percentage points.
        relative: as a fraction of the target: 0.25 of a target of 8 % are two percentage points.
    """

    absolute: Decimal = Decimal("0.05")
    relative: Decimal = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Drift:
    """How one target stands.

    Attributes:
        value: of its members, over what is known; None where nothing is.
        weight: value ÷ the value of everything that targets name.
        absolute: weight − target.
        relative: the same as a fraction of the target; None for a target of 0.
        amount: what would have to be bought, or sold where it is below 0.
    """

    key: str
    target: Decimal
    value: Decimal | None
    weight: Decimal | None
    absolute: Decimal | None
    relative: Decimal | None
    amount: Decimal | None
    is_outside: bool
    status: Status


def check_targets(targets: Sequence[Target]) -> None:
    """Make sure that targets can be reached.

    Raises:
        TargetsRefused: there are none, one is named twice or lies outside 0 to 1, an instrument
            counts for two of them, or they don't add up to exactly 1.
    """
    keys = [each.key for each in targets]
    members = [member for each in targets for member in each.members]
    if not targets:
        raise TargetsRefused("There are no targets.")
    if len(set(keys)) < len(keys):
        raise TargetsRefused("A target is named twice.")
    if any(not 0 <= each.weight <= 1 for each in targets):
        raise TargetsRefused("A target is a fraction between 0 and 1.")
    if len(set(members)) < len(members):
        raise TargetsRefused("An instrument counts for two targets.")
    with exact():
        whole = sum((each.weight for each in targets), _ZERO)
    if whole != _ONE:
        raise TargetsRefused(f"The targets add up to {plain(whole.scaleb(2))} %, not to 100 %.")


def drifts(
    targets: Sequence[Target],
    *,
    values: Mapping[str, Decimal | None],
    bands: Bands | None = None,
) -> tuple[Drift, ...]:
    """Compare what is held with the targets, in their order.

    What no target names doesn't count: neither for the weights nor for what is to be done.

    Args:
        values: of each holding in the portfolio's currency; None is unknown, and what isn't
            there isn't held.
    """
    bands = bands or Bands()
    with exact():
        known = {
            each.key: [values.get(member, _ZERO) for member in each.members] for each in targets
        }
        sums = {
            key: sum((value for value in parts if value is not None), _ZERO)
            for key, parts in known.items()
        }
        scale = _Scale(
            whole=sum(sums.values(), _ZERO),
            is_whole_known=all(value is not None for parts in known.values() for value in parts),
            bands=bands,
        )
        return tuple(_drift(each, known[each.key], sums[each.key], scale) for each in targets)


@dataclass(frozen=True, slots=True)
class _Scale:
    """What every drift is measured by."""

    whole: Decimal
    is_whole_known: bool
    bands: Bands


def _drift(target: Target, parts: Sequence[Decimal | None], value: Decimal, scale: _Scale) -> Drift:
    is_known = not parts or any(part is not None for part in parts)
    whole = scale.whole
    weight = value / whole if is_known and whole > 0 else None
    absolute = None if weight is None else weight - target.weight
    relative = None if absolute is None or not target.weight else absolute / target.weight
    return Drift(
        key=target.key,
        target=target.weight,
        value=value if is_known else None,
        weight=weight,
        absolute=absolute,
        relative=relative,
        amount=target.weight * whole - value if is_known else None,
        is_outside=_is_outside(absolute, relative, scale.bands),
        status=_status(is_known=is_known, scale=scale),
    )


def _status(*, is_known: bool, scale: _Scale) -> Status:
    if not is_known:
        return Status.UNAVAILABLE
    # A weight is as uncertain as the whole it is a part of.
    return Status.COMPLETE if scale.is_whole_known else Status.PARTIAL


def _is_outside(absolute: Decimal | None, relative: Decimal | None, bands: Bands) -> bool:
    if absolute is None:
        return False
    is_far = abs(absolute) > bands.absolute
    return is_far or (relative is not None and abs(relative) > bands.relative)
