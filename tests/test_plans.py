"""Every list and look-up of our selectors uses an index, among rows enough to tell.

What can't: the text that a ledger is searched for stands anywhere in a note or an account, so all
rows of that one portfolio are looked at (`ledger_by_date` finds them); and the nightly jobs go
through all portfolios and all instruments, because they concern all.
"""

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from bson import ObjectId
from django.test import Client

from brokers import selectors as imports
from brokers.domain.imports import RowState
from marketdata import selectors as market
from marketdata.domain.classification import check_weights
from portfolios import selectors
from portfolios.domain.alerts import AlertKind
from portfolios.domain.kinds import Kind
from portfolios.models import (
    Alert,
    Disposal,
    Firing,
    IntradayValue,
    Portfolio,
    Position,
    Transaction,
    Watchlist,
)
from portfolios.selectors import TransactionFilter, watching
from portfolios.selectors.allocation import Spread
from portfolios.selectors.attribution import attribute_now, attribute_period
from portfolios.selectors.disposal_explanations import explain_disposals
from portfolios.selectors.disposals import (
    DISPOSAL_KEY,
    DisposalFilter,
    get_gains,
    list_disposals,
    list_disposals_of,
)
from portfolios.selectors.interests import Holders
from portfolios.selectors.ledger import purchases_for_statistics
from portfolios.selectors.splits import list_unrecorded_splits
from portfolios.selectors.whatif import Intention, consider_sale
from portfolios.services import (
    alerts,
    firings,
    intraday,
    ledger,
    plans,
    portfolios,
    recalculation,
    watchlists,
)
from tests import factories
from tests.crowd import DAYS, crowd
from tests.factories import NOW, TODAY
from tests.plans import assert_paged_by_index, explain_uses_index, watched

__all__ = ["crowd"]

pytestmark = pytest.mark.django_db

GOLD = check_weights({"sector": {"none": "1"}})


def test_lists_of_portfolios_and_their_values(crowd):
    of_ada = selectors.list_portfolios(crowd.ada.pk)

    assert_paged_by_index(of_ada, ("name",))
    explain_uses_index(of_ada)
    explain_uses_index(selectors.list_due(now=NOW))
    explain_uses_index(selectors.list_daily_values(crowd.portfolio.pk))
    explain_uses_index(selectors.list_daily_values(crowd.portfolio.pk, start=DAYS[20]))
    IntradayValue.objects.bulk_create(
        IntradayValue(
            portfolio=each, at=NOW - timedelta(minutes=minute), value=1, status="complete"
        )
        for each in Portfolio.objects.all()[:20]
        for minute in range(200)
    )
    with watched():
        selectors.list_intraday_values(crowd.portfolio.pk, since=NOW - timedelta(minutes=20))
        intraday.forget_minutes(now=NOW + intraday.KEPT - timedelta(minutes=190))
        selectors.get_portfolio(crowd.portfolio.pk, owner_id=crowd.ada.pk)
        selectors.find_portfolio_for(str(crowd.ada.pk), str(crowd.portfolio.pk))
        selectors.last_daily_value(crowd.portfolio.pk)
        selectors.first_partial_day(crowd.portfolio.pk, since=DAYS[40])
        list(selectors.list_all_ids())
        list(selectors.list_holders(crowd.instruments[0].pk, owner_id=crowd.ada.pk))


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"kind": Kind.BUY},
        {"instrument": True},
        {"kind": Kind.BUY, "instrument": True},
        {"start": DAYS[30], "end": DAYS[10]},
        {"kind": Kind.SELL, "start": DAYS[30]},
        {"instrument": True, "end": DAYS[10]},
        {"text": "note"},
    ],
    ids=lambda wanted: "+".join(wanted) or "all",
)
def test_lists_of_transactions(crowd, wanted):
    if "instrument" in wanted:
        wanted = {name: value for name, value in wanted.items() if name != "instrument"}
        wanted["instrument_id"] = crowd.instruments[0].pk
    rows = selectors.list_transactions(crowd.portfolio.pk, wanted=TransactionFilter(**wanted))

    assert_paged_by_index(rows, ("-trade_date", "-id"))
    explain_uses_index(rows[:8])
    explain_uses_index(rows.reverse())


def test_look_ups_in_a_ledger(crowd):
    row = Transaction.objects.filter(portfolio=crowd.portfolio, is_void=False).first()

    explain_uses_index(selectors.list_revisions(row.pk))
    with watched():
        selectors.get_transaction(crowd.portfolio.pk, transaction_id=row.pk)
        selectors.list_events(crowd.portfolio.pk)
    # Counting brings equal fingerprints together, adding up equal days, and their order with it.
    with watched(may_sort=("portfolios_transaction",)):
        purchases_for_statistics(crowd.portfolio.pk, since=DAYS[-1])
        selectors.count_fingerprints(
            crowd.portfolio.pk, fingerprints=[f"{5:032}", f"{7:032}"], excluding_run="none"
        )


def test_summaries(crowd):
    recalculation.recalculate(crowd.portfolio.pk, today=TODAY, now=NOW, extend=True)
    found = list(selectors.list_portfolios(crowd.ada.pk))

    with watched():
        summaries = selectors.summarize_all(found, now=NOW)
        selectors.live_holdings(str(crowd.portfolio.pk))
        Spread(crowd.portfolio, now=NOW).checks()
        held = next(position for each in summaries for position in each.positions)
        selectors.list_lots(crowd.portfolio.pk, instrument_id=ObjectId(held.instrument.id))
        consider_sale(
            crowd.portfolio,
            instrument_id=ObjectId(held.instrument.id),
            intention=Intention(quantity=held.quantity, price=Decimal(1)),
            today=TODAY,
            now=NOW,
        )


@pytest.mark.parametrize(
    "wanted", [{}, {"year": 2026}, {"instrument_id": True}, {"year": 2026, "instrument_id": True}]
)
def test_lists_of_disposals(crowd, wanted):
    instruments = crowd.instruments[:10]
    Disposal.objects.bulk_create(
        Disposal(
            portfolio_id=portfolio_id,
            transaction_id=str(ObjectId()),
            instrument=instruments[number % 10],
            revision=1,
            date=DAYS[number % 60].replace(year=2020 + number % 7),
            currency="USD",
            quantity=1,
        )
        for portfolio_id in Portfolio.objects.order_by("id").values_list("pk", flat=True)[:3]
        for number in range(300)
    )
    if "instrument_id" in wanted:
        wanted = wanted | {"instrument_id": instruments[0].pk}
    rows = list_disposals(crowd.portfolio.pk, wanted=DisposalFilter.of_year(**wanted))

    assert_paged_by_index(rows, DISPOSAL_KEY)
    explain_uses_index(rows)
    with watched():
        get_gains(crowd.portfolio)
        attribute_now(crowd.portfolio, now=NOW)
        attribute_period(crowd.portfolio, start=DAYS[30], end=DAYS[10])
        list_disposals_of(crowd.portfolio.pk, transaction_id=ObjectId(rows.first().transaction_id))
        explain_disposals(crowd.portfolio, list(rows[:10]))


def test_splits_that_are_not_recorded(crowd):
    for instrument in crowd.instruments[:30]:
        factories.make_split(instrument, "2", "2026-02-20")

    with watched():
        assert list_unrecorded_splits(crowd.portfolio, today=TODAY) is not None
        market.splits_by_instrument(
            [str(each.pk) for each in crowd.instruments[:30]], start=DAYS[30], end=TODAY
        )
    assert_paged_by_index(market.list_actions(crowd.instruments[0].pk), ("-ex_date", "-id"))


def test_lists_and_look_ups_of_imports(crowd):
    assert_paged_by_index(imports.list_imports(crowd.portfolio.pk), ("-created_at", "-id"))
    assert_paged_by_index(imports.list_rows(crowd.run.pk), ("number",))
    assert_paged_by_index(imports.list_rows(crowd.run.pk, state=RowState.NEW), ("number",))
    explain_uses_index(imports.list_lost(now=NOW))
    with watched():
        imports.get_import(crowd.run.pk, portfolio_id=crowd.portfolio.pk, owner_id=crowd.ada.pk)


def test_holders_are_counted_by_an_index(crowd):
    Position.objects.bulk_create(
        Position(
            portfolio=portfolio,
            instrument=each,
            revision=1,
            quantity=1,
            currency="USD",
            status="complete",
            created_at=NOW,
            updated_at=NOW,
        )
        for portfolio in Portfolio.objects.order_by("id")[:10]
        for each in crowd.instruments[:100]
    )
    holders = Holders(moment=count().__next__, at_once=300)
    with watched():
        parts = [holders.count() for _ in range(4)]
    assert set(parts[-1].values()) == {10}


def test_watchlists_alerts_and_the_inbox(crowd, bo):
    instruments = crowd.instruments[:20]
    for person in (crowd.ada, bo):
        Watchlist.objects.bulk_create(
            Watchlist(owner=person, name=f"L{number:02}", created_at=NOW, updated_at=NOW)
            for number in range(40)
        )
        for number in range(300):
            at = NOW - timedelta(minutes=number)
            kind = list(AlertKind)[number % 5]
            Alert(
                owner=person,
                kind=kind.value,
                instrument=instruments[number % 20],
                limit=5,
                is_paused=number % 3 == 0,
                created_at=at,
                updated_at=at,
            ).save()
        Firing.objects.bulk_create(
            Firing(
                owner=person,
                alert_key=str(person.pk),
                number=number,
                kind="price_above",
                instrument=instruments[0],
                value=5,
                observed_at=NOW,
                fired_at=NOW,
                is_read=number % 5 > 0,
                deliver_after=None if number % 9 else NOW,
            )
            for number in range(300)
        )
    alert, firing = Alert.objects.first(), Firing.objects.first()

    assert_paged_by_index(watching.list_watchlists(crowd.ada.pk), ("name",))
    assert_paged_by_index(watching.list_alerts(crowd.ada.pk), ("-id",))
    assert_paged_by_index(watching.list_firings(crowd.ada.pk), ("-id",))
    of_one = watching.list_alerts(crowd.ada.pk, instrument_id=instruments[0].pk)
    explain_uses_index(of_one)
    with watched():
        found = watching.list_watchlists(crowd.ada.pk).first()
        watching.list_entries(watching.get_watchlist(found.pk, owner_id=crowd.ada.pk))
        watchlists.put_entry(
            found.pk, owner_id=crowd.ada.pk, instrument_id=instruments[0].pk, now=NOW
        )
        watching.with_subjects(list(of_one))
        watching.list_quoted_alerts()
        watching.list_quoted_alerts(changed_since=NOW - timedelta(minutes=5))
        watching.list_job_alerts()
        watching.list_portfolio_alerts(crowd.portfolio.pk)
        watching.count_unread(crowd.ada.pk)
        watching.list_undelivered(now=NOW, limit=50)
        alerts.observe(alert.pk, value=Decimal(9), observed_at=NOW, now=NOW)
        alerts.set_paused(alert.pk, owner_id=alert.owner_id, is_paused=True, now=NOW)
        firings.claim_delivery(firing.pk, now=NOW)
        alerts.mark_read(crowd.ada.pk)
        alerts.delete_alert(alert.pk, owner_id=alert.owner_id)


def test_changes_find_what_they_change_by_an_index(crowd):
    row = Transaction.objects.filter(portfolio=crowd.portfolio, is_void=False).first()
    change = {"changed_by": crowd.ada.pk, "now": NOW}

    with watched():
        ledger.record_transaction(
            crowd.portfolio.pk, draft=factories.draft("deposit", amount="5"), now=NOW
        )
        ledger.void_transaction(
            crowd.portfolio.pk, transaction_id=row.pk, revision=row.revision, **change
        )
        ledger.void_imported(crowd.portfolio.pk, run_id=str(crowd.portfolio.pk), limit=50, **change)
        recalculation.recalculate(crowd.portfolio.pk, today=TODAY, now=NOW)
        recalculation.claim_due(now=NOW + timedelta(hours=1))
        portfolios.change_portfolio(crowd.portfolio.pk, name="Other", tracks_cash=False, now=NOW)
        plans.set_limits(crowd.portfolio.pk, limits={}, monthly_spending=None, now=NOW)
        portfolios.delete_portfolio(crowd.portfolio.pk)


def test_signing_in_and_being_signed_in(crowd):
    browser = Client()
    secret = {"login": crowd.ada.email, "password": "correct horse battery staple"}

    with watched():
        entered = browser.post("/accounts/login/", secret)
        shown = browser.get("/api/v1/me/")

    assert (entered.status_code, shown.status_code) == (302, 200)
