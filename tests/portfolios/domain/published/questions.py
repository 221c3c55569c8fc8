"""From the name of an expected figure to what is asked, and of which scenario.

A name is a figure and what it is asked of: `realized_avg_fx_part_eur` is the figure `realized` by
average cost, its part that the rate made, in euro. Each such word is a modifier.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from portfolios.domain.kinds import DELIVERIES, Kind
from portfolios.domain.policy import Charges, CostMethod
from portfolios.domain.transactions import Event
from tests.portfolios.domain.published.cases import Case, Expected
from tests.portfolios.domain.published.scenario import Scenario
from tests.portfolios.domain.published.translation import pair_of, points_of

_DAY = timedelta(days=1)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        currency: the one that is named, if any.
        is_percent: whether the figure is one of a fraction.
        with_costs: whether charges count; None is as the project does. `with_taxes` likewise.
        part: which part of a gain: "currency", "price", or the whole where it is empty.
        with_currency_effect: None where nothing is said.
        since: the day at whose close a range begins, if it is one.
        whole_range: whether averages run over all calendar days.
        by_method: whether the way to choose lots is named.
        account: whose lots, where one is named.
        kinds: which disposals: "long", "short" or "cover", "expiry".
        at_zero: whether everything is worth nothing.
    """

    scenario: Scenario
    expected: Expected
    currency: str = ""
    is_percent: bool = False
    with_costs: bool | None = None
    with_taxes: bool | None = None
    by_method: bool = False
    account: str | None = None
    part: str = ""
    with_currency_effect: bool | None = None
    since: date | None = None
    whole_range: bool = False
    kinds: str = ""
    at_zero: bool = False

    @property
    def case(self) -> Case:
        return self.scenario.case


Modifier = Callable[[Question, re.Match[str]], Question | None]


def ordinal(text: str) -> int:
    """Read 1, first, second …, counting from 1."""
    return int(text) if text.isdigit() else _ORDINALS.index(text) + 1


def currencies_of(case: Case) -> set[str]:
    paired = {each for name in case.fx for each in pair_of(name)}
    return paired | {row["currency"] for row in case.rows if row.get("currency")}


def reported_period(case: Case) -> tuple[date, date]:
    """The first and the last of the days that names of figures have, or of the whole report."""
    if case.report:
        return case.report
    named = [re.search(r"_(\d{4})_(\d\d)_(\d\d)$", name) for name in case.expected]
    days = sorted(date(*map(int, each.groups())) for each in named if each)
    if not days:
        # Otherwise from the first price on.
        days = sorted(day for each in case.prices.values() for day, _ in points_of(each))
    return days[0], days[-1]


def _method(question: Question, found: re.Match[str]) -> Question:
    name = {"avg": "average", "acb": "average"}.get(found[1], found[1])
    return replace(question, scenario=question.scenario.by(CostMethod(name)), by_method=True)


def _currency(question: Question, found: re.Match[str]) -> Question | None:
    name = found[1].upper()
    if name not in currencies_of(question.case):
        return None
    return replace(question, currency=name, scenario=replace(question.scenario, base=name))


def _account(question: Question, found: re.Match[str]) -> Question | None:
    """Look at one account's lots, where accounts have their own."""
    names = {row["account"] for row in question.case.rows if row.get("account")}
    accounts = {part.lower(): part for name in names for part in name.split("->")}
    return replace(question, account=accounts[found[1]]) if found[1] in accounts else None


def _on(question: Question, day: date) -> Question:
    return replace(question, scenario=replace(question.scenario, on=day))


def _full_date(question: Question, found: re.Match[str]) -> Question:
    return _on(question, date(*map(int, found.groups())))


def _month_day(question: Question, found: re.Match[str]) -> Question:
    """Take the last such day of the case's."""
    last = question.scenario.on
    month, day = map(int, found.groups())
    is_later = (month, day) > (last.month, last.day)
    return _on(question, date(last.year - is_later, month, day))


def _buy_date(question: Question, _: re.Match[str]) -> Question:
    buys = (each for each in question.scenario.events if each.kind is Kind.BUY)
    return _on(question, next(buys).trade_date)


def _after_buys(question: Question, _: re.Match[str]) -> Question:
    sales = (each for each in question.scenario.events if each.kind is Kind.SELL)
    return replace(question, scenario=question.scenario.before(next(sales)))


def _step(question, found):
    """Look at the day on which the rate changes, or at the one before."""
    points = next(iter(question.case.fx.values()), {})
    steps = (
        date.fromisoformat(day)
        for (_, before), (day, after) in pairwise(points.items())
        if before != after
    )
    step = next(steps, None)
    return step and _on(question, step if found[1] == "after" else step - _DAY)


def _range(question: Question, found: re.Match[str]) -> Question:
    """Begin at the close of the day before a day, week, month or year."""
    on = question.scenario.on
    match found[1]:
        case "wtd":
            since = on - timedelta(on.weekday() + 1)
        case "mtd":
            since = on.replace(day=1) - _DAY
        case "ytd":
            since = date(on.year - 1, 12, 31)
        case "1y":
            since = on.replace(year=on.year - 1)
        case days:
            since = on - timedelta(int(days[:-1]))
    return replace(question, since=since)


def _in_period(question: Question, _: re.Match[str]) -> Question:
    start, end = reported_period(question.case)
    return replace(_on(question, end), since=start)


def _of_kind(question: Question, found: re.Match[str]) -> Question:
    kinds = {
        "dividend": {Kind.DIVIDEND},
        "delivery": DELIVERIES,
        "buy": {Kind.BUY},
        "sell": {Kind.SELL},
        "sale": {Kind.SELL},
    }[found[1]]

    def chooses(event: Event) -> bool:
        return event.kind in kinds

    return replace(question, scenario=question.scenario.only(chooses))


def _costs(question: Question, found: re.Match[str]) -> Question:
    return replace(question, with_costs=found[1] in {"incl", "with", "including", "after"})


def _taxes(question: Question, found: re.Match[str]) -> Question:
    return replace(question, with_taxes=found[1] in {"incl", "with", "including", "after"})


def _charges(question: Question, found: re.Match[str]) -> Question:
    """Count fees and taxes by themselves, or inside of what was paid and received."""
    charges = Charges.INCLUDED if found[1] == "included" else Charges.SEPARATE
    policy = replace(question.scenario.policy, fees=charges, taxes=charges)
    return replace(question, scenario=replace(question.scenario, policy=policy))


def _effect(question: Question, found: re.Match[str]) -> Question:
    return replace(question, with_currency_effect=found[1] == "with")


def _part(question: Question, found: re.Match[str]) -> Question:
    return replace(question, part="price" if found[1] == "price" else "currency")


_MODIFIERS: tuple[tuple[str, Modifier], ...] = (
    (r"_(with|without)(?:_currency_effect)?$", _effect),
    (r"_at_zero_price$", lambda question, _: replace(question, at_zero=True)),
    (r"_on_buy_date$", _buy_date),
    (r"_(?:at_)?end$", lambda question, _: question),
    (r"_after_buys$", _after_buys),
    (r"_(before|after)(?:_step)?$", _step),
    (r"_(\d{4})_(\d\d)_(\d\d)$", _full_date),
    (r"_(\d\d)_(\d\d)$", _month_day),
    (r"_in_period$", _in_period),
    (r"_of_last_sale$", lambda question, _: question),
    (r"_max_range$", lambda question, _: replace(question, whole_range=True)),
    (r"_(\d+d|wtd|mtd|ytd|1y)(?=_|$)", _range),
    (r"_(incl|with|including|after|excl|without|excluding|before)_(?:costs|fees)(?=_|$)", _costs),
    (r"_(incl|with|including|after|excl|without|excluding|before)_tax(?:es)?(?=_|$)", _taxes),
    (r"_(gross|net)$", lambda question, found: replace(question, with_costs=found[1] == "net")),
    (r"_(?:(?:fees?|charges|costs)_)?(included|separate)(?=_|$)", _charges),
    (r"_(fx|currency|price)_(?:part|gain|effect)(?=_|$)", _part),
    (r"_(fx)(?=_|$)", _part),
    (r"_(?:pct|percent)(?=_|$)", lambda question, _: replace(question, is_percent=True)),
    (r"_(fifo|lifo|hifo|avg|average|acb)(?=_|$)", _method),
    (r"_base$", lambda question, _: replace(question, currency=question.scenario.base)),
    (
        r"_(long|short|cover|expiry)$",
        lambda question, found: replace(question, kinds=found[1]),
    ),
    (r"_(dividend|buy|sell|sale|delivery)s?$", _of_kind),
    (r"^(delivery)_", _of_kind),
    (r"_([a-z]{3,6})(?=_|$)", _currency),
    (r"_(?:account_)?([a-z0-9]+)(?=_|$)", _account),
)


def parse(name: str, question: Question, figures: set[str]) -> tuple[str, Question] | None:
    """Take modifiers off a name until a known figure is left; None if none is."""
    while name not in figures:
        changes = (
            (found, modifier(question, found))
            for pattern, modifier in _MODIFIERS
            for found in re.finditer(pattern, name)
        )
        step = next(((found, changed) for found, changed in changes if changed), None)
        if step is None:
            return None
        found, question = step
        name = name[: found.start()] + name[found.end() :]
    return name, question


def days_named(expected: Expected, scenario: Scenario) -> list[date]:
    """The days that a list of figures is of: those its meaning names, else the last so many."""
    count = len(expected.value)
    named = re.findall(r"\b(?:(\d{4})-)?(\d\d)-(\d\d)\b", expected.meaning)
    if len(named) == count:
        year = scenario.first.year
        return [date(int(each[0] or year), int(each[1]), int(each[2])) for each in named]
    return [scenario.on - timedelta(count - 1 - place) for place in range(count)]


def total(amounts):
    """Add amounts, of which none may be unknown."""
    return None if None in amounts else sum(amounts, Decimal(0))
