"""Alerts on the real database: stored once, delivered once, whoever decides and dies."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from smtplib import SMTPException

import pytest
from bson import ObjectId
from django.core import mail

from common import clock
from common.errors import NotFound
from marketdata.adapters import quote_cache
from marketdata.domain.quotes import MarketState
from portfolios import tasks
from portfolios.domain.alerts import AlertRefused
from portfolios.domain.plans import TargetsBy
from portfolios.domain.targets import Bands, Target
from portfolios.models import Alert, DailyValue, Firing
from portfolios.selectors import watching
from portfolios.services import alerts, ledger, plans, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, draft
from tests.failpoints import fail_point
from tests.portfolios.watching import acme, announced, confirmed, make_alert, quote_of, see

__all__ = ["acme", "announced", "confirmed", "fail_point"]

pytestmark = pytest.mark.django_db


class TestSteps:
    """What values do to stored alerts."""

    def test_each_firing_is_stored_with_its_number(self, ada, acme):
        alert = make_alert(ada, instrument_id=acme.pk, note="sell half")

        for minute, price in enumerate(["199", "201", "202", "198", "203"]):
            see(alert, price, minute=minute)

        stored = Firing.objects.order_by("number")
        assert [(each.number, str(each.value.normalize())) for each in stored] == [
            (1, "201"),
            (2, "203"),
        ]
        assert (stored[0].title, stored[0].detail, stored[0].note) == (
            "ACME at or above 200 USD",
            "It is at 201 USD.",
            "sell half",
        )
        assert Alert.objects.get().firings == 2

    def test_a_value_older_than_the_last_step_takes_none(self, ada, acme):
        alert = make_alert(ada, instrument_id=acme.pk)
        see(alert, "201", minute=5)

        # A process that was stopped for a while still has the price from before.
        see(alert, "190", minute=4)
        see(alert, "201", minute=6)

        assert Firing.objects.count() == 1

    def test_paused_and_ended_alerts_do_not_fire(self, ada, acme):
        paused = make_alert(ada, instrument_id=acme.pk)
        alerts.set_paused(paused.pk, owner_id=ada.pk, is_paused=True, now=NOW)
        ended = make_alert(ada, instrument_id=acme.pk, expires_at=NOW + timedelta(minutes=1))

        seen = [see(paused, "201", minute=2), see(ended, "201", minute=2)]

        assert [each.alert for each in seen] == [None, None]
        assert not Firing.objects.exists()
        alerts.set_paused(paused.pk, owner_id=ada.pk, is_paused=False, now=NOW)
        assert see(paused, "201", minute=3).firing_id

    def test_two_that_decide_at_once_store_one_firing(self, ada, acme):
        alert = make_alert(ada, instrument_id=acme.pk)
        ready = threading.Barrier(4)

        def decide():
            ready.wait()
            see(alert, "201")

        threads = [threading.Thread(target=decide) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert Firing.objects.count() == Alert.objects.get().firings == 1

    def test_a_commit_that_fails_stores_neither_the_step_nor_the_firing_twice(
        self, ada, acme, fail_point
    ):
        alert = make_alert(ada, instrument_id=acme.pk)
        fail_point("commitTransaction", times=1, closeConnection=True)

        see(alert, "201")
        see(alert, "202", minute=1)

        assert Firing.objects.count() == Alert.objects.get().firings == 1

    def test_what_was_told_outlives_its_alert(self, ada, acme):
        alert = make_alert(ada, instrument_id=acme.pk)
        see(alert, "201")

        alerts.delete_alert(alert.pk, owner_id=ada.pk)

        assert watching.count_unread(ada.pk) == 1
        assert alerts.mark_read(ada.pk) == 1
        assert watching.count_unread(ada.pk) == 0

    @pytest.mark.parametrize("kind", ["price_above", "drawdown"])
    def test_an_alert_without_its_subject_is_refused(self, ada, kind):
        with pytest.raises(AlertRefused):
            make_alert(ada, kind=kind, limit="0.5")

    def test_strangers_things_are_not_found(self, ada, bo):
        house = factories.make_instrument("HOUSE", owner=ada)
        portfolio = factories.make_portfolio(ada)

        with pytest.raises(NotFound):
            make_alert(bo, instrument_id=house.pk)
        with pytest.raises(NotFound):
            make_alert(bo, kind="drift", limit="0.1", portfolio_id=portfolio.pk)

    def test_there_is_an_end_to_alerts(self, ada, acme, monkeypatch):
        monkeypatch.setattr(alerts, "MOST_ALERTS", 1)
        make_alert(ada, instrument_id=acme.pk)

        with pytest.raises(alerts.TooManyAlerts):
            make_alert(ada, instrument_id=acme.pk)


class TestDelivery:
    """What becomes of a firing."""

    def test_it_is_announced_and_mailed_once(self, confirmed, acme, announced):
        firing_id = see(make_alert(confirmed, instrument_id=acme.pk), "201").firing_id

        for _ in range(3):
            tasks.deliver_alert(firing_id=firing_id)

        assert [each["id"] for each in announced] == [firing_id]
        assert announced[0]["unread"] == 1
        assert [(each.subject, each.to) for each in mail.outbox] == [
            ("Livefolio: ACME at or above 200 USD", [confirmed.email])
        ]
        assert "It is at 201 USD." in mail.outbox[0].body
        assert firing_id in mail.outbox[0].extra_headers["Message-ID"]

    def test_a_decider_that_died_before_the_delivery_is_made_up_for_once(
        self, confirmed, acme, announced
    ):
        alert = make_alert(confirmed, instrument_id=acme.pk, now=clock.now())
        fired = clock.now() - timedelta(minutes=1)
        # It stored the firing, and did not live to ask for the delivery.
        alerts.observe(alert.pk, value=Decimal(201), observed_at=fired, now=fired)

        # Another one takes over, sees the same price, and the sweeper comes by, twice.
        alerts.observe(alert.pk, value=Decimal(201), observed_at=fired, now=clock.now())
        tasks.deliver_due()
        tasks.deliver_due()

        assert (Firing.objects.count(), len(announced), len(mail.outbox)) == (1, 1, 1)

    def test_a_mail_that_fails_is_tried_again_and_announced_no_second_time(
        self, confirmed, acme, announced, monkeypatch
    ):
        firing_id = see(make_alert(confirmed, instrument_id=acme.pk), "201").firing_id
        with monkeypatch.context() as patched:
            patched.setattr(tasks.alert_mail, "send_alert", refuse)
            tasks.deliver_alert(firing_id=firing_id)
        tasks.deliver_due()
        assert not mail.outbox

        Firing.objects.update(deliver_after=NOW)
        tasks.deliver_due()
        tasks.deliver_due()

        assert (len(announced), len(mail.outbox)) == (1, 1)

    def test_nothing_is_mailed_to_an_address_that_is_not_confirmed(self, ada, acme, announced):
        tasks.deliver_alert(firing_id=see(make_alert(ada, instrument_id=acme.pk), "201").firing_id)

        assert (len(announced), len(mail.outbox)) == (1, 0)
        assert Firing.objects.get().deliver_after is None

    def test_nothing_is_mailed_by_an_alert_that_should_not(self, confirmed, acme):
        alert = make_alert(confirmed, instrument_id=acme.pk, by_email=False)

        tasks.deliver_alert(firing_id=see(alert, "201").firing_id)

        assert not mail.outbox


def refuse(*_args, **_options):
    raise SMTPException("no")


class TestPeriodicJob:
    """What a job looks at once a minute."""

    def test_a_silent_feed_is_told_while_the_market_is_open(self, ada, acme):
        closed, unheard = factories.make_instrument("SHUT"), factories.make_instrument("NONE")
        for each in (acme, closed, unheard):
            make_alert(ada, kind="stale", limit="10", instrument_id=each.pk)
        old = clock.now() - timedelta(minutes=11)
        quote_cache.write(
            [quote_of(acme, "1", at=old), quote_of(closed, "1", at=old, state=MarketState.CLOSED)]
        )

        tasks.evaluate_alerts()
        tasks.evaluate_alerts()
        assert [each.instrument_id for each in Firing.objects.all()] == [acme.pk]

        quote_cache.write([quote_of(acme, "2")])
        tasks.evaluate_alerts()
        assert not Alert.objects.filter(state="fired").exists()

    def test_a_fall_from_the_high_is_told(self, ada, acme):
        portfolio = factories.make_portfolio(ada, now=NOW)
        alert = make_alert(ada, kind="drawdown", limit="0.1", portfolio_id=portfolio.pk)
        for days_ago, worth in ((4, "100"), (3, "120"), (2, "115"), (1, "102")):
            DailyValue.objects.create(
                portfolio=portfolio,
                date=clock.now().date() - timedelta(days=days_ago),
                revision=0,
                value=Decimal(worth),
                inflow=Decimal(100 if days_ago == 4 else 0),
                outflow=Decimal(0),
                status="complete",
                computed_at=NOW,
            )

        fall = watching.measure_drawdown(portfolio, now=clock.now() - timedelta(days=1))
        see(alert, fall)

        assert fall.quantize(Decimal("0.0001")) == Decimal("0.15")
        assert Firing.objects.get().detail == "It is at 15 %."

    def test_a_drift_from_the_targets_is_told(self, ada, acme):
        bolt = factories.make_instrument("BOLT")
        portfolio = factories.make_portfolio(ada)
        for row in (
            draft("deposit", amount="1000", currency="USD"),
            buy(acme, "6", "10"),
            buy(bolt, "4", "10"),
        ):
            ledger.record_transaction(portfolio.pk, draft=row, now=NOW)
        recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)
        half = [
            Target(key=str(each.pk), weight=Decimal("0.5"), members=(str(each.pk),))
            for each in (acme, bolt)
        ]
        plans.set_targets(
            portfolio.pk, by=TargetsBy.HOLDING, targets=half, bands=Bands(), user_id=ada.pk, now=NOW
        )
        make_alert(ada, kind="drift", limit="0.08", portfolio_id=portfolio.pk)
        quote_cache.write([quote_of(acme, "10"), quote_of(bolt, "10")])

        tasks.evaluate_alerts()
        tasks.evaluate_alerts()

        assert Firing.objects.get().detail == "It is at 10 %."

    def test_a_portfolio_without_values_tells_nothing(self, ada):
        portfolio = factories.make_portfolio(ada)
        for kind in ("drift", "drawdown"):
            make_alert(ada, kind=kind, limit="0.1", portfolio_id=portfolio.pk)

        tasks.evaluate_alerts()
        tasks.evaluate_portfolio(portfolio_id=str(ObjectId()))

        assert not Firing.objects.exists()
