"""Rules that a portfolio is looked through with: each measures one thing against one limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from common.errors import InvalidInput
from common.money import exact
from portfolios.domain import measures
from portfolios.domain.allocation import By
from portfolios.domain.measures import Measured, Subject, percent, plain
from portfolios.domain.status import Status

Measure = Callable[[Subject], Measured]


class Verdict(StrEnum):
    """Whether a limit is kept; a rule that lacks an input is never passed."""

    PASSED = "passed"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    OFF = "off"


class Unit(StrEnum):
    """How a measured value reads."""

    SHARE = "share"
    COUNT = "count"
    MONTHS = "months"
    INDEX = "index"


class LimitsRefused(InvalidInput):
    """The limits can't be those of the rules."""

    code = "limits-refused"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is measured, and the limit unless somebody sets another.

    Attributes:
        is_least: the limit is the least that is wanted, not the most that is borne.
    """

    id: str
    title: str
    unit: Unit
    limit: Decimal
    measure: Measure
    is_least: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A rule applied to a portfolio, with its numbers in words."""

    id: str
    title: str
    unit: Unit
    limit: Decimal | None
    is_least: bool
    value: Decimal | None
    verdict: Verdict
    explanation: str
    status: Status


def check(subject: Subject, *, limits: Mapping[str, Decimal | None]) -> tuple[Check, ...]:
    """Apply every rule, in the order of their list.

    Args:
        limits: by rule, where somebody set one; None switches the rule off.
    """
    with exact():
        return tuple(_applied(rule, subject, limits.get(rule.id, rule.limit)) for rule in RULES)


def check_limits(limits: Mapping[str, Decimal | None]) -> None:
    """Make sure that limits belong to rules and make sense.

    Raises:
        LimitsRefused: a name is no rule, a limit is below 0, or a share above 1.
    """
    units = {rule.id: rule.unit for rule in RULES}
    errors: dict[str, list[str]] = {}
    for name, limit in limits.items():
        if name not in units:
            errors[name] = ["There is no such rule."]
        elif limit is None:
            continue
        elif limit < 0:
            errors[name] = ["A limit isn't below 0."]
        elif units[name] in {Unit.SHARE, Unit.INDEX} and limit > 1:
            errors[name] = ["This limit is a fraction of up to 1: 0.25 is 25 %."]
    if errors:
        raise LimitsRefused(errors=errors)


def _applied(rule: Rule, subject: Subject, limit: Decimal | None) -> Check:
    measured = rule.measure(subject)
    words = measured.words
    if limit is None:
        verdict, words = Verdict.OFF, "This rule is switched off."
    elif measured.value is None:
        verdict = Verdict.UNAVAILABLE
    else:
        verdict = _verdict(rule, measured.value, limit)
        if verdict is Verdict.PASSED and measured.most is not None and measured.most > limit:
            verdict = Verdict.UNAVAILABLE
            words += (
                f" So much isn't classified that it could be up to {percent(measured.most)},"
                " which is more than the limit."
            )
    if limit is not None and measured.value is not None:
        words += (
            f" The limit is {'at least' if rule.is_least else 'at most'} {_shown(rule, limit)}."
        )
    return Check(
        id=rule.id,
        title=rule.title,
        unit=rule.unit,
        limit=limit,
        is_least=rule.is_least,
        value=None if verdict is Verdict.OFF else measured.value,
        verdict=verdict,
        explanation=words,
        status=Status.UNAVAILABLE if measured.value is None else measured.status,
    )


def _verdict(rule: Rule, value: Decimal, limit: Decimal) -> Verdict:
    is_kept = value >= limit if rule.is_least else value <= limit
    return Verdict.PASSED if is_kept else Verdict.FAILED


def _shown(rule: Rule, limit: Decimal) -> str:
    if rule.unit is Unit.SHARE:
        return percent(limit)
    return f"{plain(limit)} months" if rule.unit is Unit.MONTHS else plain(limit)


def _share(rule_id: str, title: str, limit: str, measure: Measure) -> Rule:
    return Rule(rule_id, title, Unit.SHARE, Decimal(limit), measure)


def _least(rule_id: str, title: str, unit: Unit, limit: str, measure: Measure) -> Rule:
    return Rule(rule_id, title, unit, Decimal(limit), measure, is_least=True)


RULES: tuple[Rule, ...] = (
    _share("largest-position", "Largest single position", "0.10", measures.largest_position),
    _share("asset-class", "Largest asset class", "0.80", measures.cluster(By.ASSET_CLASS)),
    _share("sector", "Largest sector", "0.35", measures.cluster(By.SECTOR)),
    _share("country", "Largest country", "0.65", measures.cluster(By.COUNTRY)),
    _share("foreign-currencies", "Foreign currencies", "0.75", measures.foreign_currencies),
    _share("foreign-currency", "Largest foreign currency", "0.60", measures.largest_foreign),
    _share("account", "Largest account", "0.75", measures.cluster(By.ACCOUNT)),
    _share("fees", "Fees", "0.01", measures.fee_ratio),
    _least("emergency-cash", "Emergency cash", Unit.MONTHS, "3", measures.emergency_months),
    _least("cash", "Cash", Unit.SHARE, "0.02", measures.cash_share),
    _least("positions", "Number of positions", Unit.COUNT, "5", measures.count),
    Rule("concentration", "Concentration", Unit.INDEX, Decimal("0.25"), measures.concentration),
    _share("unpriced", "Positions without a value", "0", measures.unpriced),
)
DEFAULT_LIMITS: Mapping[str, Decimal] = MappingProxyType({rule.id: rule.limit for rule in RULES})
