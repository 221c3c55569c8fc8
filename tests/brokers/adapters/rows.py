"""Brokers' events as one line each, to be held against lines written by hand."""

from brokers.domain.events import BrokerEvent


def line_of(event: BrokerEvent) -> str:
    """Write id, kind, day, symbol, quantity, price and amount; a dash for what isn't there."""
    numbers = (event.quantity, event.price, event.amount)
    symbol = event.instrument.symbol if event.instrument else "-"
    texts = [format(each.normalize(), "f") if each is not None else "-" for each in numbers]
    day = event.trade_date.isoformat()
    return " ".join([event.external_id, event.kind_name, day, symbol, *texts])
