"""Figures of bare series of returns: those of empyrical's tests, or those that a case states."""

import json
import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from portfolios.domain import comparison, ratios, risk
from portfolios.domain.drawdown import growth_index, max_drawdown
from portfolios.domain.estimates import (
    LISTED,
    MONTHLY,
    WEEKLY,
    Estimate,
    gaps_as_no_change,
    per_observation,
)
from tests.portfolios.domain.return_series import (
    ALL_NEGATIVE,
    BENCHMARK,
    FLAT,
    MIXED,
    NEGATIVE,
    ONE,
    POSITIVE,
    TWO,
    UNBROKEN,
)

Series = list[float]
_AGAINST = r"\b(?:vs\.?|versus|against)\b"
#: How names and descriptions call the series, the longer names first.
_SERIES = {
    r"all.negative": ALL_NEGATIVE,
    r"benchmark": BENCHMARK,
    r"(?<!inverse_)mixed": MIXED,
    r"negative": NEGATIVE,
    r"positive": POSITIVE,
    r"flat": FLAT,
    r"one_return": [0.01],
    r"\bone\b": ONE,
    r"\btwo\b": TWO,
    r"weekly|monthly": UNBROKEN,
    r"inverse": [-each for each in MIXED],
}


def named_series(text):
    return next((each for name, each in _SERIES.items() if re.search(name, text)), None)


class RiskQuestion:
    """What a name like `daily_req1` or `all_negative_vs_mixed` asks of a measure."""

    def __init__(self, case, name):
        own, _, other = name.partition("_vs_")
        self.case = case
        self.name = name
        self.returns = (
            _stated_returns(case, name) or named_series(own) or _described_series(case) or MIXED
        )
        self.benchmark = named_series(other) if other else _described_benchmark(case)
        self.basis = _basis(name)
        self.meaning = case.expected[name].meaning
        self.required = _required(name, self.meaning)

    @property
    def filled(self):
        """The returns as empyrical annualizes them: a row without one is one without change."""
        return gaps_as_no_change(self.returns)


def _described_series(case):
    """Find the series that a description names; how often one is observed names none."""
    text = re.sub(r"weekly|monthly", "", case.description.lower())
    return named_series(re.split(_AGAINST, text)[0]) if case.project == "empyrical" else None


def _described_benchmark(case):
    _, *others = re.split(_AGAINST, case.description.lower())
    return named_series(others[0]) if others else None


def _required(name, meaning):
    """Read what is required of each return: 1 in a name is 1 %, 0_1 is 0.1."""
    stated = re.search(r"required (?:annual )?(?:return )?(?:of )?([\d.]+) ?(%?)", meaning)
    if stated:
        return float(stated[1]) / (100 if stated[2] else 1)
    named = re.search(r"req(?:uired)?_?(0[._]\d+|\d+)", name)
    if not named:
        return 0.0
    return float(named[1].replace("_", ".")) if named[1][0] == "0" else int(named[1]) / 100


def _stated_returns(case, name):
    """Read returns that the notes list, or the meaning of this figure or of the last one before."""
    names = list(case.expected)
    meanings = [case.expected[each].meaning for each in names[: names.index(name) + 1]]
    for text in (*reversed(meanings), case.notes):
        listed = re.search(r"returns:? (\[[^\]]*\])|^(\[[^\]]*\])", text, re.IGNORECASE)
        if listed:
            return json.loads(listed[1] or listed[2])
    return None


def _basis(name):
    return WEEKLY if "weekly" in name else MONTHLY if "monthly" in name else LISTED


def _volatility(asked):
    if asked.case.project == "portfolio":
        return risk.period_volatility(asked.returns)
    return risk.simple_volatility(asked.returns, asked.basis)


def _value_at_risk(asked):
    cutoff = re.search(r"cutoff ([\d.]+)", asked.case.expected[asked.name].meaning)
    return risk.value_at_risk(asked.returns, cutoff=float(cutoff[1]) if cutoff else 0.05)


def _depth(asked):
    levels = growth_index([each for each in asked.returns if not math.isnan(each)])
    days = [date(2024, 1, 1) + timedelta(place) for place in range(len(levels))]
    depth = max_drawdown(days, levels).depth
    # Portfolio Performance has it without a sign.
    return abs(depth) if asked.case.project == "portfolio" else depth


def _sharpe(asked):
    free = asked.benchmark if asked.benchmark is not None else 0.0
    return ratios.sharpe(asked.returns, asked.basis, risk_free=free)


def _omega(asked):
    """Compare with what is required per year and what is free of risk per observation."""
    free = re.search(r"(?:risk.?free|rf) ?=? ?([\d.]+)", asked.meaning)
    # Required of a year is no percentage: 10 is eleven times as much.
    plain = re.search(r"req_?([1-9]\d*)$", asked.name)
    required = float(plain[1]) if plain else asked.required
    threshold = per_observation(required, asked.basis) + (float(free[1]) if free else 0.0)
    return ratios.omega(asked.returns, threshold=threshold)


def _against(measure):
    """Compare with the benchmark that is named, or with empyrical's simple one."""

    def compared(asked, *basis):
        other = BENCHMARK if asked.benchmark is None else asked.benchmark
        return measure(asked.returns, other, *basis)

    return compared


_MEASURES: dict[str, Callable[[RiskQuestion], Any]] = {
    r"^series$": lambda asked: [each for each in asked.returns if not math.isnan(each)],
    r"semi.deviation": lambda asked: risk.semi_deviation(asked.returns),
    r"drawdown": _depth,
    r"calmar": lambda asked: ratios.calmar(asked.filled, asked.basis),
    r"sharpe": _sharpe,
    r"sortino": lambda asked: ratios.sortino(asked.returns, asked.basis, required=asked.required),
    r"downside": lambda asked: risk.downside_deviation(
        asked.returns, asked.basis, required=asked.required
    ),
    r"annual return|cagr": lambda asked: ratios.cagr(asked.filled, asked.basis),
    r"value at risk|\bvar\b": _value_at_risk,
    r"up.capture": lambda asked: _against(comparison.up_capture)(asked, asked.basis),
    r"down.capture": lambda asked: _against(comparison.down_capture)(asked, asked.basis),
    r"capture": lambda asked: comparison.capture(
        asked.filled, gaps_as_no_change(asked.benchmark), asked.basis
    ),
    r"alpha": lambda asked: _against(comparison.alpha)(asked, asked.basis),
    r"beta": _against(comparison.beta),
    r"omega": _omega,
    r"volatility|stdev": _volatility,
    r"expected shortfall|cvar|conditional": lambda asked: risk.expected_shortfall(asked.returns),
    r"cumulative|cum_return": lambda asked: growth_index(asked.filled)[-1] - 1,
}


def risk_figure(case, name):
    """Find the measure that a figure's name or, where that says nothing, its case is about."""
    for text in (name, case.description.lower()):
        for pattern, measure in _MEASURES.items():
            if re.search(pattern, text):
                return lambda measure=measure: _plain(measure(RiskQuestion(case, name)))
    return None


def _plain(answer):
    return answer.value if isinstance(answer, Estimate) else answer
