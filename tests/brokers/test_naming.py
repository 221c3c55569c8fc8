"""Which instruments a broker's events speak of, as that broker spells them."""

from datetime import date
from decimal import Decimal

import pytest

from brokers.domain.events import BrokerEvent, InstrumentName
from brokers.services.naming import Instruments
from brokers.services.posting import draft_of
from marketdata import services as market
from marketdata.models import Instrument
from portfolios.domain.kinds import Kind
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

RENAMED = date(2026, 1, 15)


def bought(symbol, day="2026-01-05", currency="USD"):
    return BrokerEvent(
        external_id=f"{symbol} {day}",
        kind=Kind.BUY,
        trade_date=date.fromisoformat(day),
        currency=currency,
        instrument=InstrumentName(symbol),
        quantity=Decimal(1),
        price=Decimal(1),
    )


def meant(ada, events, *, source):
    names = Instruments(ada.pk, source=source).find_all(events, now=NOW)
    return [draft_of(each, account="", names=names).instrument_id for each in events]


def test_a_symbol_means_what_the_broker_meant_on_the_day(ada):
    old, new = factories.make_instrument("OLD"), factories.make_instrument("NEW")
    for instrument, alias in (
        (old, market.Alias(symbol="ABC", source="kite", valid_until=RENAMED)),
        (new, market.Alias(symbol="ABC", source="kite", valid_from=RENAMED)),
    ):
        market.name_instrument(instrument.pk, alias, now=NOW)
    days = [bought("ABC", "2026-01-14"), bought("ABC", "2026-01-15"), bought("NEW")]

    assert meant(ada, days, source="kite") == [str(old.pk), str(new.pk), str(new.pk)]
    assert Instrument.objects.count() == 2


def test_what_another_broker_calls_so_is_something_else(ada):
    factories.make_instrument("OLD")
    old = Instrument.objects.get()
    market.name_instrument(old.pk, market.Alias(symbol="ABC", source="kite"), now=NOW)

    assert meant(ada, [bought("ABC")], source="alpaca") != [str(old.pk)]
    assert Instrument.objects.get(symbol="ABC").owner_id == ada.pk


def test_a_class_of_shares_is_known_however_it_is_set_apart(ada):
    berkshire = factories.make_instrument("BRK.B")

    found = meant(ada, [bought("BRK B"), bought("BRK-B")], source="ibkr")

    assert found == [str(berkshire.pk)] * 2
