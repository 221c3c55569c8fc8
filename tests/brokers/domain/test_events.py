"""What is stored of a broker's events."""

from datetime import date
from decimal import Decimal

import pytest

from brokers.domain.events import BrokerEvent, InstrumentName, as_content, digest_of
from portfolios.domain.kinds import Kind

ACME = InstrumentName("ACME")


def event(**fields):
    known = {
        "external_id": "1",
        "kind": Kind.BUY,
        "trade_date": date(2026, 3, 2),
        "currency": "USD",
        "instrument": ACME,
        "quantity": Decimal(4),
        "price": Decimal("36.5"),
    }
    return BrokerEvent(**(known | fields))


def test_the_digest_of_a_stored_event_stays_what_it_was():
    # Another one would make each row of each ledger look corrected by its broker.
    assert digest_of(event()) == "dc192d916bf2dc25b3fa0753bd22af2f"


@pytest.mark.parametrize(
    "fields",
    [
        {"instrument": InstrumentName("ACME", currency="EUR")},
        {"instrument": InstrumentName("ACME", multiplier=Decimal(100))},
        {"to_instrument": ACME},
        {"to_currency": "EUR"},
        {"to_amount": Decimal(1)},
        {"account": "Second"},
    ],
)
def test_the_digest_changes_with_whatever_a_broker_tells(fields):
    assert digest_of(event(**fields)) != digest_of(event())


def test_what_is_not_told_is_not_stored():
    content = as_content(event())

    assert content["instrument"] == {
        "symbol": "ACME",
        "asset_class": "stock",
        "isin": "",
        "name": "",
    }
    assert not {"to_instrument", "to_currency", "to_amount", "account"} & set(content)
