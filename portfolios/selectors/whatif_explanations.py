"""Ask how it comes about what a sale would realize."""

from __future__ import annotations

from portfolios.domain.books import Disposal
from portfolios.domain.explaining.disposals import Amounts, Closed, LotClosed
from portfolios.domain.explaining.whatif import AlternativeTrees, explain_alternative
from portfolios.domain.figures import of_ratio
from portfolios.domain.gains import trade_return
from portfolios.selectors.disposal_explanations import Rows
from portfolios.selectors.whatif import WhatIf


def explain_what_if(found: WhatIf) -> dict[str, AlternativeTrees]:
    """Say what each cost method's figures are made of, by the method."""
    base = found.portfolio.base_currency
    rows = Rows([*found.ledger.events, found.sale], found.policy, base, found.ledger.rates)
    label = f"{found.instrument.symbol} on {found.sale.trade_date.isoformat()}"
    return {
        each.method.value: explain_alternative(_closed(each.disposal, rows, label, base))
        for each in found.alternatives
    }


def _closed(sale: Disposal, rows: Rows, label: str, base: str) -> Closed:
    entry = sale.proceeds_base if sale.is_short else sale.cost_base
    return Closed(
        label=label,
        currency=sale.currency,
        base=base,
        is_short=sale.is_short,
        closed=rows.sold(sale.event_id, sale),
        lots=[
            LotClosed(
                opened_on=lot.opened_on,
                held_days=lot.held_days,
                quantity=lot.quantity,
                opened=rows.sold(lot.event_id, sale),
                proceeds=Amounts(lot.proceeds, lot.proceeds_base),
                cost=Amounts(lot.cost, lot.cost_base),
            )
            for lot in sale.lots
        ],
        gain=Amounts(sale.gain, sale.gain_base),
        return_rate=of_ratio(trade_return(sale.gain_base, entry), sale.date),
        price_gain=sale.price_gain_base,
        currency_gain=sale.currency_gain_base,
        charges=sale.charges_base,
    )
