"""From an instrument that is held for the first time to what its history makes of portfolios."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from marketdata import services as market
from marketdata.adapters.base import DailyClose
from marketdata.models import Backfill, PriceBar
from marketdata.services import backfills
from portfolios import selectors, tasks
from portfolios.models import Portfolio
from portfolios.services import histories, ledger, recalculation
from tests import factories
from tests.factories import NOW, TODAY, buy, sell

pytestmark = pytest.mark.django_db

YESTERDAY = TODAY - timedelta(days=1)


class Flat:
    """A source in whose memory everything has always cost the same."""

    name = "flat"
    most_days = 10_000

    def daily_closes(self, listing, *, start, end):
        days = (end - start).days + 1
        return [DailyClose(start + timedelta(days=count), Decimal(12)) for count in range(days)]


def holding(owner, name, *drafts):
    made = factories.make_portfolio(owner, name=name, tracks_cash=False)
    for draft in drafts:
        ledger.record_transaction(made.pk, draft=draft, now=NOW)
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return made


def asked():
    rows = Backfill.objects.order_by("instrument__symbol").select_related("instrument")
    return [(each.instrument.symbol, each.start, each.end) for each in rows]


def test_what_is_held_for_the_first_time_gets_its_history_from_the_first_trade_on(ada, bo):
    old, new = factories.make_instrument("OLD"), factories.make_instrument("NEW")
    factories.make_instrument("IDLE")
    house = factories.make_instrument("HOUSE", owner=ada, mic="")
    holding(ada, "A", buy(old, "1", "10", "2010-05-03"), buy(house, "1", "100"))
    # Sold long ago, it still made the past of a portfolio.
    holding(bo, "B", buy(old, "1", "10", "2011-01-03"), sell(old, "1", "11"), buy(new, "1", "10"))

    first = histories.request_histories(now=NOW)
    second = histories.request_histories(now=NOW + timedelta(minutes=1))

    assert asked() == [
        ("NEW", TODAY - market.HISTORY, YESTERDAY),
        ("OLD", date(2010, 5, 3), YESTERDAY),
    ]
    assert (len(first), second) == (2, [])


def test_a_row_of_an_earlier_day_has_the_history_begin_there(ada):
    acme = factories.make_instrument("ACME")
    portfolio = holding(ada, "A", buy(acme, "1", "10", "2026-01-05"))
    (first,) = histories.request_histories(now=NOW)
    backfills.run(first.pk, sources=[Flat()], clock=lambda: NOW)
    usual = TODAY - market.HISTORY

    ledger.record_transaction(portfolio.pk, draft=buy(acme, "1", "9", "2012-05-03"), now=NOW)
    (more,) = histories.request_histories(now=NOW)
    again = histories.request_histories(now=NOW)
    backfills.run(more.pk, sources=[Flat()], clock=lambda: NOW)

    assert (more.start, more.end) == (date(2012, 5, 3), usual - timedelta(days=1))
    assert again == histories.request_histories(now=NOW) == []
    days = PriceBar.objects.filter(instrument=acme).values_list("date", flat=True)
    assert (min(days), max(days)) == (date(2012, 5, 3), YESTERDAY)
    # Not a day is missing, and none was asked for twice.
    assert len(days) == len(set(days)) == (YESTERDAY - date(2012, 5, 3)).days + 1


def test_one_on_its_way_is_made_longer(ada):
    acme = factories.make_instrument("ACME")
    portfolio = holding(ada, "A", buy(acme, "1", "10", "2026-01-05"))
    (job,) = histories.request_histories(now=NOW)

    ledger.record_transaction(portfolio.pk, draft=buy(acme, "1", "9", "2012-05-03"), now=NOW)
    assert [each.pk for each in histories.request_histories(now=NOW)] == [job.pk]

    assert asked() == [("ACME", date(2012, 5, 3), YESTERDAY)]


def test_neither_a_later_row_nor_one_that_is_void_asks_for_more(ada):
    acme = factories.make_instrument("ACME")
    portfolio = holding(ada, "A", buy(acme, "1", "10", "2012-05-03"))
    histories.request_histories(now=NOW)

    ledger.record_transaction(portfolio.pk, draft=buy(acme, "1", "9", "2013-05-03"), now=NOW)
    wrong = ledger.record_transaction(
        portfolio.pk, draft=buy(acme, "1", "9", "1999-05-03"), now=NOW
    )
    ledger.void_transaction(
        portfolio.pk,
        transaction_id=wrong.pk,
        revision=wrong.revision,
        changed_by=ada.pk,
        now=NOW,
    )

    assert histories.request_histories(now=NOW) == []
    assert asked() == [("ACME", date(2012, 5, 3), YESTERDAY)]


def test_portfolios_are_valued_anew_once_the_history_is_there(ada, bo, monkeypatch):
    queued = []
    monkeypatch.setattr(
        tasks.recalculate_portfolio,
        "apply_async",
        lambda **given: queued.append(given["kwargs"]["portfolio_id"]),
    )
    acme = factories.make_instrument("ACME")
    mine = holding(ada, "A", buy(acme, "2", "10", "2026-01-05"))
    others = holding(bo, "B", buy(acme, "1", "10", "2026-01-05"))
    apart = holding(bo, "C", buy(factories.make_instrument("BOLT"), "1", "10"))
    assert selectors.list_daily_values(mine.pk).first().value is None
    (job, _) = histories.request_histories(now=NOW)

    backfills.run(job.pk, sources=[Flat()], clock=lambda: NOW)
    for key in queued:
        recalculation.recalculate(Portfolio.objects.get(pk=key).pk, today=TODAY, now=NOW)

    assert sorted(queued) == sorted([str(mine.pk), str(others.pk)])
    assert not Portfolio.objects.get(pk=apart.pk).is_recalculating
    values = {each.date: each.value for each in selectors.list_daily_values(mine.pk)}
    assert values[date(2026, 1, 5)] == values[YESTERDAY] == 24


def test_without_a_source_of_closes_nothing_is_asked_for(ada, settings):
    holding(ada, "A", buy(factories.make_instrument("ACME"), "1", "10"))

    settings.QUOTE_SOURCES = settings.BAR_SOURCES = []
    tasks.request_histories()
    assert asked() == []

    settings.BAR_SOURCES = ["binance"]
    tasks.request_histories()
    assert len(asked()) == 1
