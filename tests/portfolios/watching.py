"""An instrument that is watched, and who is told of it: what tests of alerts share."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress

from common import clock
from marketdata.domain.quotes import MarketState, Quote
from portfolios import events
from portfolios.domain.alerts import AlertKind, Rule
from portfolios.services import alerts
from portfolios.services.alerts import Wanted
from tests import factories
from tests.factories import NOW


def quote_of(instrument, price, *, at=None, state=MarketState.OPEN):
    return Quote(
        instrument_id=str(instrument.pk),
        price=Decimal(price),
        currency="USD",
        at=at or clock.now(),
        source="test",
        previous_close=Decimal(100),
        market_state=state,
    )


def make_alert(owner, *, kind="price_above", limit="200", now=NOW, **more):
    rule = Rule(AlertKind(kind), Decimal(limit), more.pop("reference", None))
    return alerts.create_alert(owner.pk, wanted=Wanted(rule=rule, **more), now=now)


def see(alert, value, *, minute=0, seconds=0):
    at = NOW + timedelta(minutes=minute, seconds=seconds)
    return alerts.observe(alert.pk, value=Decimal(value), observed_at=at, now=at)


@pytest.fixture
def acme(db):
    return factories.make_instrument("ACME")


@pytest.fixture
def confirmed(ada):
    EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)
    return ada


@pytest.fixture
def announced():
    """Collect what is told over the live stream."""
    heard = []

    def hear(*, firing, **_more):
        heard.append(firing)

    events.alert_fired.connect(hear)
    yield heard
    events.alert_fired.disconnect(hear)
