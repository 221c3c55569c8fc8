"""Figures of positions, sales and cash: what is held, what it cost, what it gained."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from common.money import exact
from portfolios.domain.gains import (
    Counting,
    average_investment,
    return_on_investment,
    simple_gain,
    trade_return,
)
from portfolios.domain.kinds import DELIVERIES, Kind
from portfolios.domain.money_weighted import Flow, xirr
from portfolios.domain.policy import OversellRule
from portfolios.domain.series import DayRow
from tests.portfolios.domain.published.questions import Question, total
from tests.portfolios.domain.published.translation import coupon_of, pair_of

Figure = Callable[[Question], Any]


def positions(question):
    return list(question.scenario.book.positions.values())


def open_lots(question):
    """The lots that are open, of the account that is named or of all."""
    lots = [lot for each in positions(question) for lot in each.lots]
    return [lot for lot in lots if question.account in {None, lot.account}]


def quantity(question):
    return total([lot.quantity for lot in open_lots(question)])


def cost(question):
    """What open lots cost, each in cents where the project keeps cents."""
    cents = question.scenario.cents
    lots = open_lots(question)
    if question.with_costs is False:
        return total([cents(lot.cost_base - lot.charges_base) for lot in lots])
    return total([cents(lot.cost_base) for lot in lots])


def investment(question):
    """What open lots cost without charges; "without currency effect" at today's rate."""
    question, rate = _in_effect(question)
    return total([each.invested_base for each in positions(question)]) * rate


def average_price(question):
    (position,) = positions(question)
    if not position.quantity:
        return Decimal(0)
    with exact():
        return position.invested / position.quantity / position.multiplier


def value(question):
    """What holdings are worth, without cash."""
    gains = question.scenario.attribution.positions.values()
    return question.scenario.cents(total([each.value for each in gains]))


def fees(question):
    return question.scenario.cents(question.scenario.book.totals.fees_base)


def taxes(question):
    return question.scenario.cents(question.scenario.book.totals.taxes_base)


def income(question):
    return question.scenario.cents(question.scenario.book.totals.income_base)


def cash(question):
    """The balance in the currency named, or in the only one."""
    balances = question.scenario.book.cash
    if question.currency:
        return balances[question.currency]
    (balance,) = balances.values()
    return balance


def contributed(question):
    return question.scenario.book.totals.contributed_base


def _in_effect(question):
    """Return whom to ask, and today's rate to take the answer at.

    Without its currency's effect an asset is looked at in that currency, and all at today's rate.
    """
    if question.with_currency_effect is not False:
        return question, Decimal(1)
    (position,) = positions(question)
    own = replace(question.scenario, base=position.currency)
    return replace(question, scenario=own), question.scenario.rate(position.currency)


def gross(question):
    """What prices and rates gained, realized or not: no income, no charges."""
    question, rate = _in_effect(question)
    scenario = question.scenario
    attribution = scenario.attribution
    if question.since:
        attribution = scenario.period(question.since, scenario.on).attribution
    return (attribution.price + attribution.currency) * rate


def net(question):
    """The same less the charges on instruments: those of an account count for themselves."""
    question, rate = _in_effect(question)
    scenario = question.scenario
    book = scenario.book
    if question.since:
        book = scenario.period(question.since, scenario.on).book
    own = replace(question, with_currency_effect=None)
    charged = total([each.fees_base + each.taxes_base for each in book.positions.values()])
    return (gross(own) - charged) * rate


def in_percent_of_investment(gain):
    """Ghostfolio's percentage: of what was invested on average."""

    def figure(question):
        if not question.is_percent:
            return gain(question)
        question, _ = _in_effect(question)
        question = replace(question, with_currency_effect=None)
        return return_on_investment(
            gain(question),
            invested_steps(question.scenario),
            end=question.scenario.on,
            counting=_counting(question),
        ).value

    return figure


def time_weighted_investment(question):
    question, rate = _in_effect(question)
    return rate * average_investment(
        invested_steps(question.scenario), end=question.scenario.on, counting=_counting(question)
    )


def _counting(question):
    """On the day of the first order there are no days between orders yet."""
    is_first_day = question.scenario.on == question.scenario.first
    is_whole = question.whole_range or is_first_day
    return Counting.CALENDAR_DAYS if is_whole else Counting.BETWEEN_ORDERS


def invested_steps(scenario):
    for event in scenario.events:
        book = scenario.after(event).book
        yield event.trade_date, total([each.invested_base for each in book.positions.values()])


def chosen(question):
    """Those disposals that the question is about."""
    disposals, events = question.scenario.disposals, question.scenario.events
    kind_of = {event.id: event.kind for event in events}
    if question.kinds == "long":
        return [each for each in disposals if not each.is_short]
    if question.kinds == "expiry":
        return [each for each in disposals if kind_of[each.event_id] is Kind.EXPIRY]
    if question.kinds:
        expired = {each.event_id for each in disposals if kind_of[each.event_id] is Kind.EXPIRY}
        return [each for each in disposals if each.is_short and each.event_id not in expired]
    return list(disposals)


def realized(question):
    """What sales gained, with charges unless the question leaves them out.

    Of a period the gain is over what was worth at its beginning, and charges count apart.
    """
    scenario = question.scenario
    if question.since:
        gains = scenario.period(question.since, scenario.on).attribution.positions.values()
        return total([each.realized_price + each.realized_currency for each in gains])
    cents, disposals = scenario.cents, chosen(question)
    if question.part == "currency":
        return cents(total([each.currency_gain_base for each in disposals]))
    if question.part == "price":
        return cents(total([each.price_gain_base for each in disposals]))
    if question.with_costs is False:
        parts = [each.price_gain_base + each.currency_gain_base for each in disposals]
        return total([cents(each) for each in parts])
    return total([_in_cents(scenario, each.proceeds_base, each.cost_base) for each in disposals])


def _in_cents(scenario, proceeds, cost):
    if proceeds is None or cost is None:
        return None
    return scenario.cents(proceeds) - scenario.cents(cost)


def unrealized(question):
    """What open lots are worth more than they cost, or the part of it that the rate made."""
    scenario = question.scenario
    if question.since:
        gains = scenario.period(question.since, scenario.on).attribution.positions.values()
        return total([each.unrealized_price + each.unrealized_currency for each in gains])
    prices = dict.fromkeys(scenario.book.positions, Decimal(0))
    attribution = scenario.attributed(prices) if question.at_zero else scenario.attribution
    gains = attribution.positions.values()
    if question.part:
        return scenario.cents(
            total([getattr(each, f"unrealized_{question.part}") for each in gains])
        )
    return scenario.cents(total([each.value for each in gains])) - cost(question)


def whole(question):
    """What all is worth; by a method of choosing lots, all that was gained by it."""
    if question.by_method:
        return realized(question) + unrealized(question)
    return question.scenario.days[-1].value


def sold(question):
    return total([each.quantity for each in question.scenario.disposals])


def shortfall(question):
    """How many of the units sold nobody knows of."""
    policy = replace(question.scenario.policy, oversell=OversellRule.REPORT)
    scenario = replace(question.scenario, policy=policy)
    wanted = [each.quantity for each in scenario.events if each.kind is Kind.SELL]
    return total(wanted) - sold(replace(question, scenario=scenario))


def currency_effect(question):
    """What rates made of holdings and, where cash counts, of idle cash."""
    found = question.scenario.attribution
    return found.currency + (found.cash_currency if question.scenario.tracks_cash else 0)


def rate(question):
    """The rate that counts on a day."""
    ((source, target),) = [pair_of(name) for name in question.case.fx]
    scenario = question.scenario
    return scenario.rates.on(scenario.on, scenario.policy.max_rate_age_days).rate(source, target)


def gain(question):
    """Closing value − what went in + what came out; in percent of what went in."""
    scenario = question.scenario
    rows = [DayRow(day.date, day.value, day.inflow, day.outflow) for day in scenario.days]
    amount = scenario.cents(simple_gain(rows).amount)
    if not question.is_percent:
        return amount
    return trade_return(amount, scenario.cents(total([row.inflow for row in rows]))).value


def value_return(question):
    """The same in percent of what there was at first."""
    return trade_return(gain(question), question.scenario.days[0].inflow).value


def closed_return(question):
    lots = [(each, lot) for each in question.scenario.disposals for lot in each.lots]
    return trade_return(realized(question), total([_entry(*each) for each in lots])).value


def closed_irr(question):
    """What an entry grew to; of a short sale what came in counts as if it had been put in."""
    flows: list[Flow] = []
    for disposal in question.scenario.disposals:
        for lot in disposal.lots:
            entry = _entry(disposal, lot)
            flows += [(lot.opened_on, -entry), (disposal.date, entry + lot.gain_base)]
    return xirr(flows).annual.value


def _entry(disposal, lot):
    return lot.proceeds_base if disposal.is_short else lot.cost_base


def short_basis(question):
    """What was received for units sold short, when there were most of them."""
    scenario = question.scenario
    return min(
        position.cost
        for event in scenario.events
        for position in scenario.after(event).book.positions.values()
    )


def transfers(question):
    """What came from outside by deliveries, with what they were charged."""
    only = question.scenario.only(lambda event: event.kind in DELIVERIES)
    return total([day.net_flow for day in only.valued(tracks_cash=False)])


def coupon(question):
    """What the bond pays in a year: as many days' interest as a year has."""
    (event,) = question.scenario.events
    return event.quantity * coupon_of(event.instrument_id)


def last_sale(field):
    return lambda question: question.scenario.cents(getattr(question.scenario.disposals[-1], field))
