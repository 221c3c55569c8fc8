"""Who wants which price, as the feed is told."""

from __future__ import annotations

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


def test_holders_are_counted_the_more_seldom_the_longer_it_takes(ada, bo):
    acme, bolt = factories.make_instrument("ACME"), factories.make_instrument("BOLT")
    # One count takes three seconds: for a minute only what is new is looked for.
    moments = iter([100, 103, 110, 162, 163, 164])
    holders = Holders(moment=lambda: next(moments))

    held(acme, ada, "1")
    first = holders.count()
    held(acme, bo, "1")
    held(bolt, ada, "1", name="New")
    meanwhile = [holders.count(), holders.count()]
    later = holders.count()

    assert first == {str(acme.pk): 1}
    assert meanwhile == [{str(acme.pk): 1, str(bolt.pk): 1}] * 2
    assert later == {str(acme.pk): 2, str(bolt.pk): 1}


def held(instrument, owner, quantity, *, name="Long term"):
    Position.objects.create(
        portfolio=factories.make_portfolio(owner, name),
        instrument=instrument,
        revision=1,
        quantity=quantity,
        currency="USD",
        status="complete",
        created_at=factories.NOW,
        updated_at=factories.NOW,
    )
