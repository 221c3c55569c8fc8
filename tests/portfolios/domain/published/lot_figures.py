"""Figures of single lots and sales, which names number: `slice2_pnl`, `after_first_sell`."""

from portfolios.domain.kinds import Kind
from tests.portfolios.domain.published.holding_figures import open_lots
from tests.portfolios.domain.published.questions import ordinal, total

#: A lot is free of tax if it was held for longer.
_YEAR = 365
_FIELDS = {
    "pnl": "gain",
    "gain": "gain",
    "profit": "gain",
    "realized": "gain",
    "cost": "cost",
    "proceeds": "proceeds",
    "qty": "quantity",
    "quantity": "quantity",
}


def numbered_slice(question, found):
    """The n-th part of a lot that was sold, over all sales, in its own currency or in the base."""
    slices = [lot for each in question.scenario.disposals for lot in each.lots]
    return _field(slices[int(found[1]) - 1], found)


def numbered_sale(question, found):
    return _field(question.scenario.disposals[int(found[1]) - 1], found)


def _field(sold, found):
    return getattr(sold, _FIELDS[found[2]] + ("_base" if found[3] else ""))


def gain_of_each_sale(question):
    """The gains one by one, or all together where one figure is expected."""
    gains = [each.gain for each in question.scenario.disposals]
    return gains if isinstance(question.expected.value, list) else total(gains)


def remaining(question):
    """The units of each lot that is open in the end."""
    lots = sorted(open_lots(question), key=lambda lot: lot.opened_on)
    return [lot.quantity for lot in lots]


def cost_after_each_sale(question):
    scenario = question.scenario
    sales = [event for event in scenario.events if event.kind is Kind.SELL]
    books = [scenario.after(event).book for event in sales]
    return [total([each.cost for each in book.positions.values()]) for book in books]


def lots_after_sale(question, found):
    """The units of each lot that is open after the n-th sale, oldest first."""
    scenario = question.scenario
    sales = [event for event in scenario.events if event.kind is Kind.SELL]
    book = scenario.after(sales[ordinal(found[1]) - 1]).book
    lots = [lot for each in book.positions.values() for lot in each.lots]
    return [lot.quantity for lot in sorted(lots, key=lambda lot: lot.opened_on)]


def rest_of_lot(question, found):
    """What is left of the lot that the n-th purchase opened."""
    scenario = question.scenario
    buys = [event.id for event in scenario.events if event.kind is Kind.BUY]
    lots = [lot for each in scenario.book.positions.values() for lot in each.lots]
    wanted = buys[ordinal(found[1]) - 1]
    return total([lot.quantity for lot in lots if lot.event_id == wanted])


def by_holding_time(question, found):
    """Sum what was sold of lots held for more than a year, or of the others."""
    is_free = found[1].startswith("tax") and "free" in found[1]
    lots = [
        lot
        for each in question.scenario.disposals
        for lot in each.lots
        if (lot.held_days > _YEAR) == is_free
    ]
    return total([getattr(lot, _FIELDS[found[2]]) for lot in lots])
