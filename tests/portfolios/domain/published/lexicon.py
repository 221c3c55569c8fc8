"""Which figure of the engine each name of an expected figure means."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.portfolios.domain.published import holding_figures as holdings
from tests.portfolios.domain.published import lot_figures as lots
from tests.portfolios.domain.published import statistic_figures as statistics
from tests.portfolios.domain.published.questions import Question, currencies_of, parse
from tests.portfolios.domain.published.risk_figures import risk_figure
from tests.portfolios.domain.published.scenario import Scenario

_BY_FIGURE: dict[Callable[[Question], Any], str] = {
    holdings.quantity: "quantity qty position shares residual_qty remaining_qty remaining_quantity",
    lambda question: abs(holdings.quantity(question)): "open_shares",
    holdings.cost: "cost basis cost_basis residual_basis remaining_cost purchase_value book_value",
    holdings.investment: "investment invested gross_value",
    holdings.average_price: "average_price avg_price",
    holdings.value: "value current_value market_value securities_value initial_value "
    "final_securities_value",
    holdings.fees: "fee fees fees_total total_fees account_fees",
    holdings.taxes: "tax taxes taxes_total withholding_tax",
    holdings.income: "income income_gross dividend_gross gross_income gross_dividend earnings "
    "dividend dividends total_dividend total_dividends interest",
    lambda question: -holdings.income(question): "accrued_interest",
    holdings.coupon: "coupon",
    holdings.cash: "cash final_cash cash_balance",
    holdings.contributed: "net_contribution contributed net_deposits",
    holdings.in_percent_of_investment(holdings.gross): "gross gross_performance",
    holdings.in_percent_of_investment(holdings.net): "net net_performance",
    holdings.time_weighted_investment: "time_weighted_investment twi",
    holdings.realized: "realized realized_gain realized_pnl total_realized closed_profit",
    holdings.unrealized: "unrealized unrealized_gain unrealized_pnl total_unrealized open_profit",
    holdings.gain: "gain delta total_gain absolute_performance",
    holdings.value_return: "value_return",
    holdings.closed_return: "closed_return",
    holdings.closed_irr: "closed_irr",
    holdings.short_basis: "short_basis",
    holdings.transfers: "transfers",
    holdings.last_sale("proceeds"): "proceeds net_proceeds",
    holdings.last_sale("cost_base"): "entry_cost entry_value cover_cost relieved relieved_cost "
    "cost_relieved",
    holdings.whole: "total total_value final_value equity",
    holdings.sold: "sold_qty sold_quantity disposed_qty disposed_quantity",
    holdings.shortfall: "shortfall missing missing_qty missing_quantity missing_acquisition "
    "unmatched_qty unmatched_quantity oversold_qty oversold_quantity",
    lambda question: question.scenario.attribution.residual: "residual",
    holdings.rate: "rate fx_rate",
    holdings.currency_effect: "fx_effect currency_effect fx_gain currency_gain",
    lambda question: question.scenario.attribution.cash_currency: "cash_fx_gain",
    lambda question: question.scenario.attribution.price: "price_effect price_gain",
    lots.remaining: "remaining remaining_lots open_lots",
    lots.gain_of_each_sale: "pnl",
    lots.cost_after_each_sale: "total_acb_after",
    statistics.twr: "twr ttwror total_return",
    statistics.twr_per_year: "annualized ttwror_annualized twr_annualized annualized_return",
    statistics.irr: "irr xirr mwr money_weighted",
    statistics.irr_of_period: "irr_period mwr_period",
    statistics.daily_returns: "daily",
    statistics.accumulated: "accumulated",
    statistics.values: "values",
    statistics.drawdowns: "series",
    statistics.deepest_drawdown: "max_drawdown",
    statistics.volatility_per_year: "volatility",
    statistics.volatility_per_day: "daily_log_stdev",
}
FIGURES = {name: figure for figure, names in _BY_FIGURE.items() for name in names.split()}
_ORDINAL = r"first|second|third|fourth|fifth|\d+"
#: Names that hold a number or a word that no other name does.
_PATTERNS: dict[str, Callable[[Question, re.Match[str]], Any]] = {
    r"slice(\d+)_(pnl|gain|cost|proceeds|qty|quantity)(_base)?": lots.numbered_slice,
    r"sell(\d+)_(pnl|gain|realized|cost|proceeds|qty|quantity)(_base)?": lots.numbered_sale,
    rf"after_({_ORDINAL})_(?:sell|sale)": lots.lots_after_sale,
    rf"remaining_({_ORDINAL})_lot": lots.rest_of_lot,
    r"(tax_?free|taxable)_(cost|qty|quantity|proceeds|pnl|gain|profit)": lots.by_holding_time,
    r"weekly_week(\d+)": statistics.week,
    r"irr_(one|two|three|four|with)_.+": statistics.documented_irr,
}


def find_figure(case, name):
    """Find out how the engine is asked for a figure; None if no rule says so."""
    if case.kind == "xirr":
        return lambda: statistics.published_rate(case)
    if not case.rows and not case.fx:
        return risk_figure(case, name)
    question = Question(Scenario.of(case), case.expected[name])
    if name.upper() in currencies_of(case):
        # A currency by itself: the return in it.
        scenario = replace(question.scenario, base=name.upper())
        return lambda: statistics.accumulated(replace(question, scenario=scenario))
    parsed = parse(name, question, set(FIGURES))
    if parsed:
        return lambda: FIGURES[parsed[0]](parsed[1])
    for pattern, figure in _PATTERNS.items():
        found = re.fullmatch(pattern, name)
        if found:
            return lambda: figure(question, found)
    return None
