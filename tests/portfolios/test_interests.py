"""Who wants which price, as the feed is told."""

from __future__ import annotations

from itertools import count

from marketdata import selectors as market
from marketdata.domain.routing import Interest
from portfolios.models import Alert, Position
from portfolios.selectors.interests import Holders, list_interests
from portfolios.services import watchlists
from tests import factories
from tests.portfolios.watching import make_alert


def test_alerts_holdings_and_watchlists_are_counted_by_instrument(ada, bo):
    acme, bolt = factories.make_instrument("ACME"), factories.make_instrument("BOLT")
    held(acme, ada, "1")
    held(acme, bo, "-2")
    held(bolt, ada, "0", name="Sold")
    make_alert(ada, instrument_id=bolt.pk)
    Alert.objects.filter(pk=make_alert(ada, instrument_id=acme.pk).pk).update(is_paused=True)
    mine = watchlists.create_watchlist(ada.pk, name="Mine", now=factories.NOW)
    watchlists.put_entry(mine.pk, owner_id=ada.pk, instrument_id=bolt.pk, now=factories.NOW)

    interests = list_interests(Holders())

    assert interests == market.list_interests()
    assert interests == {
        Interest.ALERT: {str(bolt.pk): 1},
        Interest.HOLDING: {str(acme.pk): 2},
        Interest.WATCHLIST: {str(bolt.pk): 1},
    }


def test_holders_are_counted_some_at_a_time(ada, bo):
    acme, bolt, card = (factories.make_instrument(each) for each in ("ACME", "BOLT", "CARD"))
    # Each look at the clock is a second later, so that each call counts two positions.
    holders = Holders(moment=count().__next__, at_once=2)
    for number, (instrument, quantity) in enumerate(
        [(acme, "1"), (acme, "-1"), (bolt, "1"), (card, "0"), (acme, "1")]
    ):
        held(instrument, ada, quantity, name=f"P{number}")

    calls = [holders.count() for _ in range(3)]
    held(bolt, bo, "1")
    meanwhile = holders.count()
    later = [holders.count() for _ in range(3)]

    keys = [str(each.pk) for each in (acme, bolt, card)]
    # What hasn't been counted yet is believed to be held by one.
    assert calls == [
        dict(zip(keys, (2, 1, 1), strict=True)),
        dict(zip(keys, (2, 1, 1), strict=True)),
        dict(zip(keys[:2], (3, 1), strict=True)),
    ]
    assert meanwhile == calls[-1]
    assert later[-1] == dict(zip(keys[:2], (3, 2), strict=True))


def test_what_is_held_for_the_first_time_and_again_is_known_before_all_is_counted(ada, bo):
    acme, bolt, card = (factories.make_instrument(each) for each in ("ACME", "BOLT", "CARD"))
    holders = Holders(moment=count().__next__, at_once=2)
    held(bolt, ada, "1")
    held(bolt, bo, "1")
    held(bolt, ada, "1", name="Other")
    # Counted last, so that what is being counted doesn't tell of it.
    sold = held(acme, ada, "0", name="Sold")
    for _ in range(3):
        counted = holders.count()
    assert counted == {str(bolt.pk): 3}

    held(card, bo, "1", name="New")
    sold.quantity = 5
    sold.save()

    assert holders.count() == {str(bolt.pk): 3, str(card.pk): 1, str(acme.pk): 1}


def held(instrument, owner, quantity, *, name="Long term"):
    return Position.objects.create(
        portfolio=factories.make_portfolio(owner, name),
        instrument=instrument,
        revision=1,
        quantity=quantity,
        currency="USD",
        status="complete",
        created_at=factories.NOW,
        updated_at=factories.NOW,
    )
